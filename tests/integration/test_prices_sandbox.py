"""What we book for a call by our table is what the sandbox billed for it, whoever was asked, to the micro-dollar."""

from __future__ import annotations

import io
from typing import Any

import pytest
from PIL import Image

from app.domain.capabilities import Capability
from app.domain.prices import cost_micro_usd
from app.prices import SHIPPED, price_of, read_prices
from harness import Sandbox
from sounds import wav
from workers.providers.provider import Answer, Call, Message, Recording
from workers.providers.registry import moderator_named, provider_named, transcriber_named

DIRECT = [
    ("gemini", "gemini-2.5-flash"),
    ("gemini", "gemini-3.1-flash-image"),
    ("gemini", "gemini-3-pro-image"),
    ("anthropic", "claude-sonnet-4-6"),
    ("anthropic", "claude-haiku-4-5"),
    ("openai", "gpt-5.4-nano"),
    ("openai", "gpt-4o"),
    ("openai", "gpt-image-2"),
    ("openai", "gpt-image-1.5"),
]
OLD = "openai/gpt-image-1"  # retired on 2026-12-01; the sizes that we ask the gateway for are not among its three
TABLE = [(provider, model) for use in read_prices(SHIPPED) for provider, _, model in [use.partition("/")]]
GATEWAY = [(provider, model) for provider, model in TABLE if provider == "gateway" and not model.startswith(OLD)]
EVERYWHERE = [*DIRECT, *GATEWAY]


def able_to(*wanted: Capability) -> list[tuple[str, str]]:
    found = [(provider, model, price_of(provider, model)) for provider, model in EVERYWHERE]
    return [(provider, model) for provider, model, price in found if price and price.can.issuperset(wanted)]


@pytest.fixture
def shown() -> bytes:
    """A picture to look at, or to change."""
    packed = io.BytesIO()
    Image.effect_noise((256, 320), 60).convert("RGB").save(packed, "PNG")
    return packed.getvalue()


def assert_booked_as_billed(sandbox: Sandbox, provider: str, model: str, answer: Answer, **options: Any) -> None:
    booked = cost_micro_usd(price_of(provider, model, options), answer.usage, pictures=int(answer.picture is not None))

    assert booked == sandbox.bill()["total_micro_usd"]
    assert booked is not None
    assert booked > 0
    if provider in ("gateway", "leonardo"):
        assert answer.cost_micro_usd == booked, "its own word is the same"


@pytest.mark.parametrize(("provider", "model"), able_to(Capability.TEXT))
def test_a_text(sandbox: Sandbox, provider: str, model: str) -> None:
    answer = provider_named(provider).chat(Call(model, 20), [Message("user", "Say hi.")], schema=None, max_tokens=300)

    assert_booked_as_billed(sandbox, provider, model, answer)


@pytest.mark.parametrize(("provider", "model"), able_to(Capability.TEXT, Capability.VISION))
def test_a_look_at_a_picture(sandbox: Sandbox, shown: bytes, provider: str, model: str) -> None:
    message = Message("user", "What is this?", (shown,))
    answer = provider_named(provider).chat(Call(model, 20), [message], schema=None, max_tokens=300)

    assert_booked_as_billed(sandbox, provider, model, answer)


@pytest.mark.parametrize("ratio", ["4:5", "16:9"])
@pytest.mark.parametrize(("provider", "model"), able_to(Capability.IMAGE))
def test_a_picture(sandbox: Sandbox, provider: str, model: str, ratio: str) -> None:
    answer = provider_named(provider).picture(Call(model, 20), "a quiet harbour", aspect_ratio=ratio)

    assert_booked_as_billed(sandbox, provider, model, answer)


@pytest.mark.parametrize(("provider", "model"), able_to(Capability.EDIT))
def test_a_picture_that_is_changed(sandbox: Sandbox, shown: bytes, provider: str, model: str) -> None:
    answer = provider_named(provider).picture(Call(model, 20), "make it night", aspect_ratio="4:5", reference=shown)

    assert_booked_as_billed(sandbox, provider, model, answer)


@pytest.mark.parametrize(
    ("provider", "model", "options"),
    [
        ("gemini", "gemini-3.1-flash-image", {"imageSize": "512"}),
        ("gemini", "gemini-3.1-flash-image", {"imageSize": "2K"}),
        ("openai", "gpt-image-2", {"quality": "low"}),
        ("openai", "gpt-image-2", {"quality": "high"}),
        ("gateway", "openai/gpt-image-2", {"quality": "low"}),
    ],
)
def test_a_picture_of_another_size_or_quality(
    sandbox: Sandbox, provider: str, model: str, options: dict[str, str]
) -> None:
    answer = provider_named(provider).picture(Call(model, 20, options), "a quiet harbour", aspect_ratio="1:1")

    assert_booked_as_billed(sandbox, provider, model, answer, **options)


def test_a_picture_that_is_made_as_a_job(sandbox: Sandbox) -> None:
    ((provider, model),) = (known for known in TABLE if (price := price_of(*known)) and Capability.JOBS in price.can)
    call = Call(model, 20, {"poll_s": 0.05, "polls": 100})
    answer = provider_named(provider).picture(call, "a quiet harbour", aspect_ratio="4:5")

    assert_booked_as_billed(sandbox, provider, model, answer)


@pytest.mark.parametrize("model", ["whisper-1", "gpt-transcribe"])
def test_a_recording(sandbox: Sandbox, model: str) -> None:
    answer = transcriber_named("openai").transcribe(
        Call(model, 20), Recording("talk.wav", wav(30.5), "audio/wav"), about="a quiet harbour"
    )

    assert_booked_as_billed(sandbox, "openai", model, answer)


def test_a_judgement_is_free(sandbox: Sandbox, shown: bytes) -> None:
    moderator_named("openai").moderate(Call("omni-moderation-latest", 20), shown, "a boat")

    assert cost_micro_usd(price_of("openai", "omni-moderation-latest"), None) == 0
    assert sandbox.bill()["total_micro_usd"] == 0
