"""Every provider against the sandbox, which speaks all their formats: what leaves is understood, what comes is read."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from PIL import Image

from app.domain.capabilities import PROVIDER_CAPABILITIES, Capability
from app.domain.provider_errors import (
    ModelRetired,
    ProviderAccount,
    ProviderBlocked,
    ProviderBusy,
    ProviderDown,
    ProviderError,
)
from app.pipelines.full_post import FullPostRequest, content_prompt
from app.pipelines.post_content import Content
from harness import Sandbox
from workers.providers.provider import Answer, Call, Message, Schema
from workers.providers.registry import moderator_named, provider_named

WRITERS = {
    "gateway": "google/gemini-2.5-flash",
    "gemini": "gemini-2.5-flash",
    "anthropic": "claude-sonnet-4-6",
    "openai": "gpt-5.4-nano",
}
PAINTERS = [
    ("gateway", "google/gemini-3.1-flash-image"),
    ("gateway", "openai/gpt-image-2"),
    ("gemini", "gemini-3.1-flash-image"),
    ("openai", "gpt-image-2"),
    ("leonardo", "de7d3faf-762f-48e0-b3b7-9d0ac3a3fcf3"),
]
FIRST_PAINTERS = {"gateway": PAINTERS[0][1], **dict(PAINTERS[2:])}
RATIOS = ("4:5", "1:1", "16:9", "9:16")


def paint(vendor: str, model: str, ratio: str, reference: bytes | None = None) -> Answer:
    options = {"poll_s": 0.05, "polls": 100} if vendor == "leonardo" else {}
    call = Call(model, 20, options)
    return provider_named(vendor).picture(call, "A quiet harbour at dawn", aspect_ratio=ratio, reference=reference)


@pytest.mark.usefixtures("sandbox")
@pytest.mark.parametrize("vendor", WRITERS)
def test_everyone_who_writes_writes_to_a_schema(vendor: str) -> None:
    prompt = content_prompt(FullPostRequest(topic="Why backups fail"), "plain")
    answer = provider_named(vendor).chat(
        Call(WRITERS[vendor], 20),
        [Message("system", prompt.system), Message("user", prompt.user)],
        schema=Schema("full_post_content", Content.model_json_schema()),
        max_tokens=8000,
    )
    content = Content.model_validate(json.loads(answer.text))
    assert len(content.slides) == 11
    assert answer.usage is not None
    assert answer.usage.tokens_out > 100
    assert answer.ref
    assert (answer.cost_micro_usd is not None) == (vendor == "gateway")


@pytest.mark.usefixtures("sandbox")
@pytest.mark.parametrize(("vendor", "model"), PAINTERS)
def test_everyone_who_paints_paints_in_the_ratio(vendor: str, model: str) -> None:
    for ratio in RATIOS:
        answer = paint(vendor, model, ratio)
        assert answer.picture is not None
        width, height = Image.open(io.BytesIO(answer.picture)).size
        across, down = map(int, ratio.split(":"))
        assert abs(width / height - across / down) < 0.1 * across / down, (ratio, width, height)
        if vendor in ("gemini", "openai"):
            assert answer.usage is not None
            assert answer.usage.image_out > 0
        else:
            assert answer.cost_micro_usd is not None
            assert answer.cost_micro_usd > 0


@pytest.mark.usefixtures("sandbox")
@pytest.mark.parametrize(
    ("vendor", "model"), [(v, m) for v, m in PAINTERS if Capability.EDIT in PROVIDER_CAPABILITIES[v]]
)
def test_everyone_who_edits_takes_a_picture_along(vendor: str, model: str) -> None:
    before = paint(vendor, model, "1:1").picture
    after = paint(vendor, model, "1:1", before).picture
    assert after is not None
    assert after != before


@pytest.mark.usefixtures("sandbox")
@pytest.mark.parametrize("vendor", WRITERS)
def test_everyone_who_sees_is_shown_a_picture(vendor: str) -> None:
    picture = paint("gemini", "gemini-3.1-flash-image", "1:1").picture
    assert picture is not None
    message = Message("user", "Describe this picture.", (picture,))
    assert provider_named(vendor).chat(Call(WRITERS[vendor], 20), [message], schema=None, max_tokens=200).text


@pytest.mark.usefixtures("sandbox")
def test_research_brings_sources() -> None:
    message = Message("user", "How often do backups fail?")
    answer = provider_named("gateway").chat(Call("perplexity/sonar", 20), [message], schema=None, max_tokens=500)
    assert answer.sources
    assert all(source.url.startswith("https://") for source in answer.sources)


@pytest.mark.usefixtures("sandbox")
def test_a_picture_is_judged() -> None:
    picture = paint("openai", "gpt-image-2", "1:1").picture
    verdict = moderator_named("openai").moderate(Call("omni-moderation-latest", 20), picture, "A quiet harbour")
    assert (verdict.flagged, verdict.categories) == (False, ())


def test_a_job_is_resumed_and_charged_once(sandbox: Sandbox) -> None:
    noted: list[str] = []
    call = Call(PAINTERS[-1][1], 20, {"poll_s": 0.05, "polls": 100})
    leonardo = provider_named("leonardo")
    first = leonardo.picture(call, "A quiet harbour", aspect_ratio="4:5", note_ref=noted.append)
    again = leonardo.resume(call, noted[0])
    assert again.picture == first.picture
    assert len([one for one in sandbox.log() if one["billed_micro_usd"]]) == 1


@pytest.mark.usefixtures("sandbox")
@pytest.mark.parametrize("vendor", WRITERS)
def test_a_model_that_is_gone_is_retired(vendor: str) -> None:
    with pytest.raises(ModelRetired):
        provider_named(vendor).chat(
            Call("google/gemini-1.5-pro-latest" if vendor == "gateway" else "gemini-1.5-pro-latest", 20),
            [Message("user", "hi")],
            schema=None,
            max_tokens=50,
        )


def ask(vendor: str) -> Answer:
    if vendor in FIRST_PAINTERS:
        return paint(vendor, FIRST_PAINTERS[vendor], "1:1")
    return provider_named(vendor).chat(Call(WRITERS[vendor], 20), [Message("user", "hi")], schema=None, max_tokens=50)


EVERYONE = ("gateway", "gemini", "anthropic", "openai", "leonardo")
MONEY = {
    "gateway": ("insufficient_funds", "quota_for_entity_exceeded"),
    "openai": ("insufficient_quota", "credit_balance_exhausted"),
    "gemini": ("per_day", "spend_cap"),
    "anthropic": ("billing_error", "low_credit", "enforced_spend_limit_reached", "organization_on_hold"),
    "leonardo": ("credits", "credits_402"),
}
REFUSALS: list[tuple[str, str, Any, type[ProviderError], bool | None]] = [
    *((vendor, "auth", {}, ProviderAccount, False) for vendor in EVERYONE),
    *(
        (vendor, "auth", {"variant": "forbidden"}, ProviderAccount, False)
        for vendor in ("openai", "gemini", "anthropic")
    ),
    ("leonardo", "auth", {"variant": "hook"}, ProviderAccount, False),
    *((vendor, "no_money", {"variant": way}, ProviderAccount, False) for vendor in EVERYONE for way in MONEY[vendor]),
    *((vendor, "rate_limited", {}, ProviderBusy, False) for vendor in EVERYONE),
    ("gateway", "rate_limited", {"variant": "upstream"}, ProviderBusy, False),
    ("anthropic", "rate_limited", {"variant": "ramp_limit_exceeded"}, ProviderBusy, False),
    *((vendor, "overloaded", {}, ProviderBusy, False) for vendor in EVERYONE if vendor != "leonardo"),
    ("leonardo", "overloaded", {}, ProviderBusy, None),
    ("gateway", "overloaded", {"variant": "424"}, ProviderDown, False),
    ("gemini", "overloaded", {"variant": "504"}, ProviderDown, None),
    ("anthropic", "overloaded", {"variant": "504"}, ProviderDown, None),
    *((vendor, "internal_error", {}, ProviderDown, False) for vendor in EVERYONE if vendor != "leonardo"),
    ("leonardo", "internal_error", {}, ProviderDown, None),
    *((vendor, "model_retired", {}, ModelRetired, False) for vendor in EVERYONE),
    *((vendor, fault, {}, ProviderDown, None) for vendor in EVERYONE for fault in ("html_502", "disconnect")),
    ("openai", "blocked", {}, ProviderBlocked, False),
    ("leonardo", "blocked", {}, ProviderBlocked, False),
    ("leonardo", "blocked", {"variant": "moderation_403"}, ProviderBlocked, False),
]


@pytest.mark.parametrize(("vendor", "fault", "params", "kind", "charged"), REFUSALS)
def test_each_way_of_refusing_is_understood(
    sandbox: Sandbox,
    vendor: str,
    fault: str,
    params: Any,
    kind: type[ProviderError],
    charged: bool | None,  # noqa: FBT001 - a column of the table
) -> None:
    sandbox.fail({"match": {"vendor": vendor}, "fault": fault, "params": params})
    with pytest.raises(ProviderError) as caught:
        ask(vendor)
    assert (type(caught.value), caught.value.charged) == (kind, charged), str(caught.value)


@pytest.mark.parametrize(
    ("vendor", "form"),
    [
        ("gemini", "body"),
        *(
            (vendor, form)
            for vendor in ("gateway", "gemini", "openai", "anthropic")
            for form in ("seconds", "http_date")
        ),
    ],
)
def test_a_wait_is_understood_in_every_form(sandbox: Sandbox, vendor: str, form: str) -> None:
    params = {"retry_after": 7, "retry_form": form}
    sandbox.fail({"match": {"vendor": vendor}, "fault": "rate_limited", "params": params})
    with pytest.raises(ProviderBusy) as caught:
        ask(vendor)
    assert caught.value.retry_after_s == pytest.approx(7, abs=1.5)


@pytest.mark.parametrize(
    ("vendor", "variant"),
    [
        ("gateway", "content_filter"),
        *(
            ("gemini", way)
            for way in ("prompt", "image_safety", "image_prohibited_content", "recitation", "model_armor")
        ),
        ("anthropic", "refusal"),
        ("leonardo", "nsfw"),
    ],
)
def test_what_was_held_back_is_blocked(sandbox: Sandbox, vendor: str, variant: str) -> None:
    sandbox.fail({"match": {"vendor": vendor}, "fault": "blocked", "params": {"variant": variant}})
    answer = ask(vendor)
    assert (answer.is_blocked, answer.picture) == (True, None)


@pytest.mark.parametrize(
    ("vendor", "variant"),
    [
        *(
            ("gemini", way)
            for way in ("no_image", "image_other", "other", "malformed_response", "no_candidates", "no_parts")
        ),
        *((vendor, "no_image") for vendor in ("gateway", "openai", "leonardo")),
    ],
)
def test_a_reply_without_a_picture_is_empty(sandbox: Sandbox, vendor: str, variant: str) -> None:
    sandbox.fail({"match": {"vendor": vendor}, "fault": "empty", "params": {"variant": variant}})
    answer = ask(vendor)
    assert (answer.is_blocked, answer.picture) == (False, None)


@pytest.mark.parametrize("fault", ["job_failed", "flagged"])
def test_a_job_that_ended_without_a_picture_is_over(sandbox: Sandbox, fault: str) -> None:
    sandbox.fail({"match": {"vendor": "leonardo"}, "fault": fault})
    answer = ask("leonardo")
    assert (answer.picture, answer.is_blocked) == (None, fault == "flagged")
    assert answer.cost_micro_usd


def test_a_job_that_does_not_end_may_have_been_charged(sandbox: Sandbox) -> None:
    sandbox.fail({"match": {"vendor": "leonardo"}, "fault": "job_stuck"})
    with pytest.raises(ProviderDown, match="resume it") as caught:
        provider_named("leonardo").picture(
            Call(PAINTERS[-1][1], 0.5, {"poll_s": 0.05}), "A harbour", aspect_ratio="1:1"
        )
    assert caught.value.charged is None


@pytest.mark.parametrize("place", ["citations", "search_results", "annotations", "provider_metadata", "inline"])
def test_sources_are_found_wherever_they_stand(sandbox: Sandbox, place: str) -> None:
    sandbox.fail({"fault": "citations", "params": {"place": place}})
    message = Message("user", "How often do backups fail?")
    sources = (
        provider_named("gateway").chat(Call("perplexity/sonar", 20), [message], schema=None, max_tokens=500).sources
    )
    assert sources
    assert len({source.url for source in sources}) == len(sources)


def test_what_is_flagged_is_named(sandbox: Sandbox) -> None:
    sandbox.fail({"fault": "flagged", "params": {"categories": ["violence"]}})
    verdict = moderator_named("openai").moderate(Call("omni-moderation-latest", 20), None, "a text")
    assert (verdict.flagged, verdict.categories) == (True, ("violence",))
