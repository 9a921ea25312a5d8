"""Of every pipeline: at most three times what it usually costs, whichever keys are set."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from app import costs
from app.pipelines.catalog import all_pipelines
from app.routes import routes_for
from app.settings import KEY_SETTINGS
from harness import forget_settings

NOWHERE = "http://127.0.0.1:9/v1"
BASE_URLS = {
    "gateway": "AI_GATEWAY_BASE_URL",
    "gemini": "GOOGLE_AI_BASE_URL",
    "anthropic": "ANTHROPIC_BASE_URL",
    "openai": "OPENAI_BASE_URL",
    "leonardo": "LEONARDO_BASE_URL",
}
ROWS = "name,details\n" + "\n".join(f"Kettle {n},Steel kettle of one litre number {n}" for n in range(20))
CONTACTS = "email,name,company\n" + "\n".join(f"a{n}@example.com,Person {n},Firm {n}" for n in range(50))
TOLD = "\n".join(f"00:{n // 60:02d}:{n % 60:02d} Hello, this is sentence {n} of the talk" for n in range(0, 1200, 5))
LONG = "Nobody knows how it came about. " * 30
ORDERS: dict[str, list[dict[str, Any]]] = {
    "full-post": [{"topic": "Sleep well"}, {"topic": "Sleep well", "slides": 5}, {"topic": "x" * 200, "caption": True}],
    "ad": [{"brief": "A kettle for people who drink tea"}, {"brief": "A kettle for tea", "caption": True}],
    "images": [{"prompts": ["A harbour at dawn"] * count} for count in (1, 10, 100)],
    "hero-image": [{"title": "How to brew tea"}, {"url": "https://example.com/a"}],
    "product-photo": [{"brief": "A kettle for people who drink tea"}],
    "video-summary": [{"transcript": TOLD}, {"transcript": TOLD, "length_s": 300}],
    "news-brief": [{"urls": [f"https://example.com/{n}" for n in range(count)]} for count in (1, 3, 10)],
    "email-campaign": [
        {"contacts_csv": CONTACTS, "offer": "A kettle for people who drink tea", "sender": "Tea shop"},
        {"contacts_csv": CONTACTS, "offer": "A kettle for tea", "sender": "Tea", "segments": ["Cafes", "Hotels"]},
    ],
    "linkedin-post": [{"topic": "Sleep well"}, {}, {"posts": 1}],
    "product-listing": [{"product": LONG}, {"csv": ROWS}],
    "answer": [{"question": "Why is the sky blue?", "depth": depth} for depth in ("auto", "quick", "deep")],
    "design": [{"brief": "A poster for a tea shop", "images": count} for count in (1, 3, 6)],
}
CASES = [(name, body, is_checked) for name, bodies in ORDERS.items() for body in bodies for is_checked in (False, True)]


def use_keys(monkeypatch: pytest.MonkeyPatch, *providers: str) -> None:
    """Set a made-up key for each; nothing is asked, and nobody is reached."""
    for provider in providers:
        monkeypatch.setenv(KEY_SETTINGS[provider][0], "made-up")
        monkeypatch.setenv(BASE_URLS[provider], NOWHERE)
    forget_settings()


@pytest.fixture(params=[(*KEY_SETTINGS,), ("gateway",)], ids=["all keys", "the gateway alone"])
def _keys(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    use_keys(monkeypatch, *request.param)
    yield
    monkeypatch.undo()
    forget_settings()


def test_every_pipeline_is_here() -> None:
    assert set(ORDERS) == set(all_pipelines())


@pytest.mark.usefixtures("_keys")
@pytest.mark.parametrize(
    ("name", "body", "is_checked"), CASES, ids=[f"{name}-{n}" for n, (name, *_) in enumerate(CASES)]
)
def test_a_run_may_cost_at_most_three_times_what_it_usually_does(
    name: str, body: dict[str, Any], *, is_checked: bool
) -> None:
    pipeline = all_pipelines()[name]
    request = pipeline.request.model_validate(body | ({"validate_first": True} if is_checked else {}))

    quoted = costs.quote(pipeline, request)

    assert 0 < quoted.expected_micro_usd < quoted.worst_micro_usd <= 3 * quoted.expected_micro_usd
    assert quoted.expected_micro_usd == sum(line.expected_micro_usd for line in quoted.lines)
    assert all(line.worst_micro_usd <= quoted.worst_micro_usd for line in quoted.lines)


@pytest.mark.usefixtures("_keys")
@pytest.mark.parametrize(
    ("name", "body", "is_checked"), CASES, ids=[f"{name}-{n}" for n, (name, *_) in enumerate(CASES)]
)
def test_each_usual_call_finds_the_room_to_leave_after_all_others(
    name: str, body: dict[str, Any], *, is_checked: bool
) -> None:
    pipeline = all_pipelines()[name]
    request = pipeline.request.model_validate(body | ({"validate_first": True} if is_checked else {}))
    counts = pipeline.counts(request)
    asked = [stage for kind, stage in pipeline.all_stages if counts.get(kind) and costs.is_asked(stage)]

    quoted = costs.quote(pipeline, request)

    for stage in asked:
        first = routes_for(str(stage.purpose))[0]
        assert quoted.expected_micro_usd + costs.least_call_micro_usd(stage, first) <= quoted.worst_micro_usd
