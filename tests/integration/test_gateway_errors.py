"""What the gateway answers besides what was asked for; see test_gateway.py for requests."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest

from app.domain.provider_errors import ModelRetired, ProviderAccount, ProviderDown, ProviderError
from app.settings import settings
from harness import Sandbox
from loopback import Loopback
from scripted_gateway import MODEL, chat, scripted_gateway
from workers.providers.gateway import gateway
from workers.providers.provider import Answer, Call, Message, Schema

PAINTER = "google/gemini-3.1-flash-image"


@pytest.fixture
def server() -> Iterator[Loopback]:
    """A gateway that says what the test tells it to."""
    with scripted_gateway() as made:
        yield made


def paint() -> Answer:
    return gateway().picture(Call(PAINTER, 5), "a boat", aspect_ratio="4:5")


def completion(content: str | None = "hello", **message: Any) -> dict[str, Any]:
    return {
        "id": "gen_1",
        "choices": [
            {"index": 0, "message": {"role": "assistant", "content": content, **message}, "finish_reason": "stop"}
        ],
        "usage": {"prompt_tokens": 300, "completion_tokens": 240},
    }


def priced(**money: object) -> dict[str, Any]:
    return {"gateway": {**money, "generationId": "gen_9"}}


@pytest.mark.parametrize("usage", [7, "many", [], {"prompt_tokens": "many"}, {"prompt_tokens": -5}], ids=str)
def test_a_text_whose_usage_cannot_be_read_is_still_a_text(server: Loopback, usage: object) -> None:
    server.says(200, completion("hello") | {"usage": usage})

    answer = chat()

    assert answer.text == "hello"
    assert answer.usage is None or answer.usage.tokens_in >= 0


@pytest.mark.parametrize("cut_after", [0, 20])
def test_a_reply_that_breaks_off_may_have_been_charged(server: Loopback, cut_after: int) -> None:
    server.says(200, completion())
    server.cut_after = cut_after

    with pytest.raises(ProviderDown) as down:
        chat()

    assert down.value.charged is None


def test_a_redirect_is_not_followed(server: Loopback) -> None:
    server.says(302, b"", location=f"{server.url}/elsewhere")

    with pytest.raises(ProviderError):
        chat()

    assert len(server.received) == 1


def test_the_text_is_the_content(server: Loopback) -> None:
    server.says(200, completion("hello"))

    assert chat().text == "hello"


@pytest.mark.parametrize("content", [None, "", []])
def test_no_content_is_an_empty_text(server: Loopback, content: Any) -> None:
    server.says(200, completion(content))

    assert chat().text == ""


def test_a_filtered_reply_is_blocked(server: Loopback) -> None:
    body = completion("")
    body["choices"][0]["finish_reason"] = "content_filter"
    server.says(200, body)

    assert chat().is_blocked


MONEY: list[tuple[str, dict[str, Any], int | None]] = [
    ("cost", {"message": priced(cost="0.0045405", marketCost="1")}, 4541),
    ("cost of 0 and a market cost", {"message": priced(cost="0", marketCost="0.0045405")}, 4541),
    ("a number", {"message": priced(cost=0.06735)}, 67_350),
    ("at the top", {"reply": priced(cost="0.00613")}, 6_130),
    ("usage.cost", {"usage": 0.5}, 500_000),
    ("nothing", {}, None),
    ("words", {"message": priced(cost="free")}, None),
    ("0", {"message": priced(cost="0", marketCost="0")}, None),
    ("negative", {"message": priced(cost="-1")}, None),
    ("NaN", {"message": priced(cost="NaN")}, None),
    ("infinite", {"message": priced(cost="Infinity")}, None),
    ("absurd", {"message": priced(cost="1e30")}, None),
]


@pytest.mark.parametrize(("where", "micro_usd"), [(m[1], m[2]) for m in MONEY], ids=[m[0] for m in MONEY])
def test_the_cost_is_read_wherever_the_gateway_puts_it(
    server: Loopback, where: dict[str, Any], micro_usd: int | None
) -> None:
    body = completion()
    if "message" in where:
        body["choices"][0]["message"]["provider_metadata"] = where["message"]
    if "reply" in where:
        body["provider_metadata"] = where["reply"]
    if "usage" in where:
        body["usage"]["cost"] = where["usage"]
    server.says(200, body)

    assert chat().cost_micro_usd == micro_usd


def test_the_tokens_are_read(server: Loopback) -> None:
    body = completion()
    body["usage"]["prompt_tokens_details"] = {"cached_tokens": 40}
    server.says(200, body)

    usage = chat().usage

    assert usage is not None
    assert (usage.tokens_in, usage.tokens_out, usage.cached_in, usage.image_out) == (300, 240, 40, 0)


def test_the_generation_is_named_to_reconcile_with(server: Loopback) -> None:
    server.says(200, completion(provider_metadata=priced(cost="1")))

    assert chat().ref == "gen_9"


def picture(url: str) -> dict[str, Any]:
    return completion("Here is your image.", images=[{"type": "image_url", "image_url": {"url": url}}])


def test_the_picture_of_a_data_url_is_decoded(server: Loopback) -> None:
    server.says(200, picture(f"data:image/png;base64,{base64.b64encode(b'bytes').decode()}"))

    assert paint().picture == b"bytes"


@pytest.mark.parametrize("url", ["data:image/svg+xml,<svg/>", "https://example.com/a.png", "data:image/png;base64,@@@"])
def test_a_picture_that_is_not_base64_comes_as_it_is_for_the_gates_to_refuse(server: Loopback, url: str) -> None:
    server.says(200, picture(url))

    assert paint().picture in (b"<svg/>", url.encode(), b"@@@")


def test_no_picture_is_none(server: Loopback) -> None:
    server.says(200, completion("I cannot."))

    assert paint().picture is None


def test_a_picture_is_asked_for_with_its_ratio_in_the_options_and_in_the_prompt(server: Loopback) -> None:
    server.says(200, picture("data:,x"))
    paint()

    asked = json.loads(server.received[0])

    assert asked["providerOptions"]["google"]["imageConfig"] == {"aspectRatio": "4:5"}
    assert "4:5" in asked["messages"][0]["content"]
    assert asked["modalities"] == ["text", "image"]


def test_a_structured_reply_is_asked_for_with_its_schema(server: Loopback) -> None:
    server.says(200, completion("{}"))
    schema = {"type": "object", "properties": {}, "required": [], "additionalProperties": False}

    gateway().chat(Call(MODEL, 5), [Message("user", "hi")], schema=Schema("post", schema), max_tokens=9)

    asked = json.loads(server.received[0])
    assert asked["response_format"]["json_schema"] == {"name": "post", "strict": True, "schema": schema}
    assert asked["max_tokens"] == 9


def test_a_wrong_key_is_the_operators_business(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AI_GATEWAY_API_KEY", "wrong")
    monkeypatch.setenv("AI_GATEWAY_BASE_URL", f"{sandbox.url}/v1")
    settings.cache_clear()

    with pytest.raises(ProviderAccount) as refused:
        chat()

    assert refused.value.status == 401


def test_a_model_that_the_gateway_does_not_know_is_retired(sandbox: Sandbox) -> None:
    assert sandbox

    with pytest.raises(ModelRetired, match=r"google/gemini-2\.0-flash-exp"):
        gateway().chat(Call("google/gemini-2.0-flash-exp", 5), [Message("user", "x")], schema=None, max_tokens=9)
