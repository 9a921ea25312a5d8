"""What each adapter reads from the samples of wire.md, and from replies with odd parts."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from provider_loopback import PNG, SAMPLES, Loopback, paint, write

from app.domain.prices import Usage
from app.domain.provider_errors import ProviderDown
from workers.providers import chat_completions, citations, gemini, pictures
from workers.providers.provider import Answer, Call, Message, Source
from workers.providers.registry import moderator_named, provider_named


def sample(name: str) -> Any:
    return copy.deepcopy(SAMPLES[name])


def test_a_gateway_text(vendor_server: Loopback) -> None:
    vendor_server.say(sample("gw_chat_ok"))
    assert write("gateway") == Answer(
        text='{"title":"Hi"}',
        picture=None,
        usage=Usage(tokens_in=300, tokens_out=240),
        cost_micro_usd=4541,
        ref="gen_01K8KPJ0FZA7172X6CSGNZGDWY",
        status=200,
    )


def test_a_gateway_picture_through_chat(vendor_server: Loopback) -> None:
    vendor_server.say(sample("gw_chat_image_ok"))
    answer = paint("gateway")
    assert (answer.picture, answer.cost_micro_usd, answer.text) == (PNG, 67_350, "Here is your image.")
    assert answer.usage == Usage(tokens_in=300, tokens_out=1120)


def test_a_gateway_picture_of_an_image_only_model(vendor_server: Loopback) -> None:
    vendor_server.say(sample("gw_images_ok"))
    answer = provider_named("gateway").picture(Call("openai/gpt-image-2", 5), "A cat", aspect_ratio="1:1")
    assert (answer.picture, answer.cost_micro_usd, answer.ref) == (PNG, 6130, "gen_01K8KPJ0FZA7172X6CSGNZGDX0")
    assert answer.usage == Usage(tokens_in=50, tokens_out=196, image_out=196)


GATEWAY_COST: dict[str, Any] = {"cost": "0.5"}


@pytest.mark.parametrize(
    ("inner", "outer", "usage_cost", "cost"),
    [
        ({"cost": "0.002", "marketCost": "0.003"}, None, None, 2000),
        ({"cost": "0", "marketCost": "0.003"}, None, None, 3000),
        (None, {"cost": "0.004"}, None, 4000),
        (None, None, 0.005261, 5261),
        (None, None, {"total_cost": 0.005261}, 5261),
        (None, None, None, None),
        ({"cost": "0"}, None, None, None),
        ({"cost": "NaN", "marketCost": "Infinity"}, {"cost": [1]}, True, None),
        ({"cost": "-1"}, {"cost": "1e9"}, "much", None),
    ],
)
def test_the_cost_is_read_from_wherever_it_stands(
    vendor_server: Loopback, inner: Any, outer: Any, usage_cost: Any, cost: int | None
) -> None:
    reply = sample("gw_chat_ok")
    reply["choices"][0]["message"]["provider_metadata"] = {"gateway": inner}
    reply["provider_metadata"] = {"gateway": outer}
    reply["usage"]["cost"] = usage_cost
    vendor_server.say(reply)
    assert write("gateway").cost_micro_usd == cost


@pytest.mark.parametrize(
    "change",
    [
        {"finish_reason": "content_filter"},
        {"message": {"content": None, "provider_metadata": {"google": {"finishReason": "IMAGE_SAFETY"}}}},
        {"message": {"provider_metadata": {"google": {"promptFeedback": {"blockReason": "OTHER"}}}}},
        {"message": {"content": None, "refusal": "I cannot help with that."}},
    ],
)
def test_a_reply_that_was_held_back_says_so(vendor_server: Loopback, change: dict[str, Any]) -> None:
    reply = sample("gw_chat_ok")
    reply["choices"][0] |= change
    vendor_server.say(reply)
    answer = paint("gateway")
    assert answer.is_blocked
    assert answer.picture is None


def test_a_chat_without_a_picture_is_empty_and_not_blocked(vendor_server: Loopback) -> None:
    vendor_server.say(sample("gw_chat_ok"))
    answer = paint("gateway")
    assert (answer.picture, answer.is_blocked) == (None, False)


# ---- research


def research(server: Loopback, reply: Any) -> tuple[Source, ...]:
    server.say(reply)
    call = Call("perplexity/sonar", 5)
    return provider_named("gateway").chat(call, [Message("user", "?")], schema=None, max_tokens=9).sources


def test_sources_come_once_each_with_the_title_that_any_place_gives(vendor_server: Loopback) -> None:
    assert research(vendor_server, sample("pplx_ok")) == (
        Source("https://en.wikipedia.org/wiki/San_Francisco", "San Francisco"),
        Source("https://fred.stlouisfed.org/series/CASANF0POP", None),
    )


@pytest.mark.parametrize("place", ["annotations", "message", "inner", "outer", "inline"])
def test_sources_are_found_in_every_place(vendor_server: Loopback, place: str) -> None:
    reply = sample("pplx_ok")
    del reply["citations"], reply["search_results"]
    message = reply["choices"][0]["message"]
    listed = {"citations": ["https://example.org/a", "https://example.org/a", "ftp://no", 7, None]}
    match place:
        case "annotations":
            message["annotations"] = [{"type": "url_citation", "url_citation": {"url": "https://example.org/a"}}]
        case "message":
            message |= listed
        case "inner":
            message["provider_metadata"] = {"perplexity": listed}
        case "outer":
            reply["provider_metadata"] = {"perplexity": listed}
        case _:
            message["content"] = "As [said](https://example.org/a), it grows (https://example.org/a)."
    assert research(vendor_server, reply) == (Source("https://example.org/a"),)


def test_an_answer_without_sources_is_unsourced_and_no_error(vendor_server: Loopback) -> None:
    assert research(vendor_server, sample("gw_chat_ok")) == ()


def test_a_text_that_mentions_an_address_is_no_research(vendor_server: Loopback) -> None:
    reply = sample("gw_chat_ok")
    reply["choices"][0]["message"]["content"] = "See https://example.org"
    vendor_server.say(reply)
    assert write("gateway").sources == ()


def test_the_number_of_sources_is_bounded() -> None:
    assert len(citations.sources({"citations": [f"https://e.org/{n}" for n in range(999)]}, "")) == 50


# ---- Gemini


def test_a_gemini_text_counts_its_thinking_as_output(vendor_server: Loopback) -> None:
    vendor_server.say(sample("gem_text_ok"))
    assert write("gemini") == Answer(
        '{"title":"Tides"}', None, Usage(tokens_in=9, tokens_out=28 + 244), None, "Un6LacrVMcjUxs0PmJfWoQc", 200
    )


def test_a_gemini_picture_tells_its_image_tokens_apart(vendor_server: Loopback) -> None:
    vendor_server.say(sample("gem_image_ok"))
    answer = paint("gemini")
    assert answer.picture == PNG
    assert answer.usage == Usage(tokens_in=300, tokens_out=1120 + 319, image_out=1120)


def test_gemini_thoughts_are_neither_text_nor_picture(vendor_server: Loopback) -> None:
    reply = sample("gem_image_ok")
    draft = {"inlineData": {"mimeType": "image/png", "data": "AAAA"}, "thought": True}
    reply["candidates"][0]["content"]["parts"] = [
        {"text": "Hm.", "thought": True},
        draft,
        *reply["candidates"][0]["content"]["parts"],
    ]
    vendor_server.say(reply)
    answer = paint("gemini")
    assert (answer.text, answer.picture) == ("Here you go.", PNG)


@pytest.mark.parametrize("name", ["gem_prompt_block", "gem_image_block"])
def test_a_blocked_gemini_reply_is_paid_and_blocked(vendor_server: Loopback, name: str) -> None:
    vendor_server.say(sample(name))
    answer = paint("gemini")
    assert (answer.is_blocked, answer.picture, answer.usage) == (True, None, Usage(tokens_in=12, tokens_out=0))


@pytest.mark.parametrize(
    ("reason", "is_blocked"),
    [
        *(
            (reason, True)
            for reason in [
                "SAFETY",
                "IMAGE_SAFETY",
                "PROHIBITED_CONTENT",
                "IMAGE_PROHIBITED_CONTENT",
                "BLOCKLIST",
                "SPII",
                "MODEL_ARMOR",
                "ESCALATION",
                "RECITATION",
                "IMAGE_RECITATION",
            ]
        ),
        *(
            (reason, False)
            for reason in ("NO_IMAGE", "IMAGE_OTHER", "OTHER", "MALFORMED_RESPONSE", "STOP", "NEW", None)
        ),
    ],
)
def test_geminis_finish_reasons(vendor_server: Loopback, reason: str | None, is_blocked: bool) -> None:  # noqa: FBT001
    vendor_server.say({"candidates": [{"finishReason": reason}]})
    answer = paint("gemini")
    assert (answer.is_blocked, answer.picture) == (is_blocked, None)


@pytest.mark.parametrize("candidates", [None, []])
def test_a_gemini_reply_without_candidates_is_empty_and_counted(vendor_server: Loopback, candidates: object) -> None:
    vendor_server.say({"candidates": candidates, "usageMetadata": {"promptTokenCount": 12}})
    answer = paint("gemini")
    assert (answer.picture, answer.is_blocked, answer.usage) == (None, False, Usage(tokens_in=12, tokens_out=0))


def test_a_gemini_text_that_ran_out_of_tokens_comes_as_far_as_it_got(vendor_server: Loopback) -> None:
    reply = sample("gem_text_ok")
    reply["candidates"][0] |= {"content": {"parts": [{"text": '{"title":"Ti'}]}, "finishReason": "MAX_TOKENS"}
    vendor_server.say(reply)
    assert write("gemini").text == '{"title":"Ti'


def test_gemini_fields_in_snake_case_are_read_too(vendor_server: Loopback) -> None:
    part = {"inline_data": {"mime_type": "image/png", "data": "iVBORw0KGgo="}}
    vendor_server.say({"candidates": [{"content": {"parts": [part]}}]})
    assert paint("gemini").picture == PNG


# ---- Anthropic, OpenAI


def test_an_anthropic_text(vendor_server: Loopback) -> None:
    vendor_server.say(sample("ant_ok"))
    assert write("anthropic") == Answer(
        '{"title":"Tides"}', None, Usage(tokens_in=12, tokens_out=29), None, "msg_01VdEjxAP5ahtHKrrRdNBteQ", 200
    )


def test_an_anthropic_refusal_is_blocked_and_counted(vendor_server: Loopback) -> None:
    vendor_server.say(sample("ant_refusal"))
    answer = write("anthropic")
    assert (answer.is_blocked, answer.text, answer.usage) == (True, "", Usage(tokens_in=18, tokens_out=5))


def test_anthropics_three_counters_of_input_are_added(vendor_server: Loopback) -> None:
    reply = sample("ant_ok")
    reply["usage"] |= {"cache_creation_input_tokens": 100, "cache_read_input_tokens": 1000}
    vendor_server.say(reply)
    assert write("anthropic").usage == Usage(tokens_in=1112, tokens_out=29, cached_in=1000)


def test_an_openai_text(vendor_server: Loopback) -> None:
    vendor_server.say(sample("oai_chat_ok"))
    answer = write("openai")
    assert (answer.text, answer.usage) == ('{"title":"Tides"}', Usage(tokens_in=16, tokens_out=363))
    assert (answer.ref, answer.cost_micro_usd) == ("chatcmpl-D8Z5f52zQqikDBEKQMQoYcWMcWPeU", None)


def test_an_openai_picture(vendor_server: Loopback) -> None:
    vendor_server.say(sample("oai_images_ok"))
    answer = paint("openai")
    assert (answer.picture, answer.usage) == (PNG, Usage(tokens_in=50, tokens_out=1056, image_out=1056, image_in=40))


def test_an_openai_reply_without_pictures_is_empty(vendor_server: Loopback) -> None:
    vendor_server.say({"created": 1, "data": []})
    answer = paint("openai")
    assert (answer.picture, answer.is_blocked, answer.usage) == (None, False, None)


def test_a_moderation_names_what_it_flags(vendor_server: Loopback) -> None:
    vendor_server.say(sample("oai_moderation_ok"))
    verdict = moderator_named("openai").moderate(Call("omni-moderation-latest", 5), PNG, "text")
    assert (verdict.flagged, verdict.categories) == (True, ("violence",))


@pytest.mark.parametrize("results", [None, [], [{}], [{"flagged": "no"}], [{"flagged": False}, 3]])
def test_a_moderation_that_cannot_be_read_lets_nothing_pass(vendor_server: Loopback, results: object) -> None:
    vendor_server.say({"results": results})
    with pytest.raises(ProviderDown):
        moderator_named("openai").moderate(Call("omni-moderation-latest", 5), None, "text")


# ---- whatever they send


def test_texts_come_as_the_database_takes_them(vendor_server: Loopback) -> None:
    reply = sample("oai_chat_ok")
    reply["choices"][0]["message"]["content"] = "a\x00b\ud800c"
    vendor_server.say(reply)
    assert write("openai").text == "ab?c"


@pytest.mark.parametrize(
    "usage", [None, "many", [], {}, {"prompt_tokens": "5"}, {"total_tokens": 9}, {"prompt_tokens": -5}]
)
def test_a_usage_that_cannot_be_read_is_unknown_and_not_zero(vendor_server: Loopback, usage: object) -> None:
    reply = sample("oai_chat_ok")
    reply["usage"] = usage
    vendor_server.say(reply)
    assert write("openai").usage is None


def test_token_counts_are_bounded_by_what_the_journal_holds(vendor_server: Loopback) -> None:
    reply = sample("oai_chat_ok")
    reply["usage"] = {"prompt_tokens": 10**30, "completion_tokens": 1e300}
    vendor_server.say(reply)
    assert write("openai").usage == Usage(tokens_in=2**31 - 1, tokens_out=2**31 - 1)


@pytest.mark.parametrize(
    ("url", "data"),
    [
        ("data:image/png;base64,iVBORw0KGgo=", PNG),
        ("data:image/png;base64,iVBO\nRw0K Ggo=", PNG),
        ("data:image/png,%89PNG%0D%0A%1A%0A", PNG),
        ("iVBORw0KGgo=", PNG),
        ("data:image/png;base64,iVBORw0KGg", b"iVBORw0KGg"),
        ("https://example.org/cat.png", b"https://example.org/cat.png"),
        ("data:image/png;base64,", b""),
    ],
)
def test_pictures_in_urls(url: str, data: bytes) -> None:
    assert pictures.from_data_url(url) == data


def test_the_bytes_say_what_they_are_whatever_they_are_called() -> None:
    assert pictures.media_type(b"\xff\xd8\xff\xe0") == "image/jpeg"
    assert pictures.media_type(b"RIFF1234WEBPVP8 ") == "image/webp"
    assert pictures.media_type(PNG) == pictures.media_type(b"") == "image/png"


def test_the_adapters_read_their_replies_without_a_server() -> None:
    """Pure readers: what the fuzzer turns over."""
    assert chat_completions.answer("openai", sample("oai_chat_ok"), 200).text
    assert gemini._answer(sample("gem_text_ok"), 200).text
