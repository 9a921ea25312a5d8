"""A gateway whose books are slow, busy, closed or broken: what is asked again, and what is told."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from app.domain.states import CallState
from app.runs.claims import Claim
from app.settings import settings
from journaling import Journal
from loopback import Loopback, loopback
from making import asked, unknown
from next_rounds import cancel
from reconciling import LONG_AGO, MODEL, call_now, days, note, reconciled, with_labels
from workers.reconcile import reports
from workers.reconcile.__main__ import main

Reconcile = Callable[..., dict[str, Any]]
GENERATION = {"data": {"id": "gen_1", "model": MODEL, "total_cost": 0.06, "native_tokens_prompt": 1}}
REPORT = {"results": [{"model": MODEL, "total_cost": 0.06, "request_count": 1}]}
BOTH = GENERATION | REPORT  # one body serves both questions


@pytest.fixture
def gateway(held: Claim, monkeypatch: pytest.MonkeyPatch) -> Iterator[Loopback]:
    """A gateway of one test's own, and a journal with one call to it."""
    assert held
    monkeypatch.setattr(reports, "WAITS_S", (0.01, 0.02, 0.03))
    Journal().add(provider="gateway", model=MODEL, provider_ref="gen_1", ago=LONG_AGO)
    with loopback() as made:
        monkeypatch.setenv("AI_GATEWAY_API_KEY", "vck_test")
        monkeypatch.setenv("AI_GATEWAY_BASE_URL", f"{made.url}/v1")
        settings.cache_clear()
        yield made


@pytest.fixture
def reconcile(capsys: pytest.CaptureFixture[str]) -> Reconcile:
    """Return a function that compares and returns the report."""
    return partial(reconciled, capsys)


def test_a_gateway_that_is_busy_is_asked_again(gateway: Loopback, reconcile: Reconcile) -> None:
    gateway.says(200, BOTH)
    gateway.replies = [(429, {"error": {"message": "Rate limit exceeded", "type": "rate_limit_exceeded"}})] * 2

    report = reconcile()

    assert (report["agrees"], report["matched"]["calls"], report["notes"]) == (True, 1, [])
    assert len(gateway.received) == 4


def test_a_gateway_that_stays_busy_leaves_calls_uncompared_and_says_so(gateway: Loopback, reconcile: Reconcile) -> None:
    gateway.says(429, {"error": {"message": "Rate limit exceeded", "type": "rate_limit_exceeded"}}, retry_after="0")

    report = reconcile()

    assert (report["not_compared"], report["missing"]["calls"], report["models"]) == (1, 0, [])
    assert "1 look-ups were not answered" in report["notes"][0]
    assert "report did not come" in report["notes"][1]
    assert not report["agrees"], "what was not compared does not agree"


@pytest.mark.parametrize("status", [402, 403, 404])
def test_an_account_without_reports_compares_call_by_call(gateway: Loopback, reconcile: Reconcile, status: int) -> None:
    gateway.says(status, {"error": {"message": "Custom reporting needs a paying plan", "type": "forbidden"}})
    gateway.replies = [(200, GENERATION)]

    report = reconcile()

    assert (report["agrees"], report["matched"]["calls"], report["models"]) == (True, 1, [])
    assert "the account has no reports" in report["notes"][0]


def test_a_wrong_key_ends_it_at_once(gateway: Loopback, capsys: pytest.CaptureFixture[str]) -> None:
    gateway.says(401, {"error": {"message": "Invalid API key", "type": "authentication_error"}})

    assert main(days()) == 1
    assert "Invalid API key" in capsys.readouterr().err
    assert len(gateway.received) == 1


@pytest.mark.parametrize("error", ["Usage event not found", {"message": "Usage event not found"}])
def test_not_found_is_known_in_both_forms(gateway: Loopback, reconcile: Reconcile, error: object) -> None:
    gateway.says(200, {"results": []})
    gateway.replies = [(404, {"error": error})]

    report = reconcile()

    assert (report["missing"]["calls"], report["not_compared"]) == (1, 0)


@pytest.mark.parametrize("body", [{}, {"data": []}, {"data": None}, [], "?", 7])
def test_a_reply_that_is_none_does_not_count_as_found_or_missing(
    gateway: Loopback, reconcile: Reconcile, body: object
) -> None:
    gateway.says(200, body)

    report = reconcile()

    assert (report["matched"]["calls"], report["missing"]["calls"], report["not_compared"]) == (0, 0, 1)
    assert not report["agrees"]


def test_an_own_key_or_promotion_is_compared_at_what_it_would_cost(gateway: Loopback, reconcile: Reconcile) -> None:
    free = {"data": {**GENERATION["data"], "total_cost": 0, "market_cost": 0.06}}
    gateway.says(200, {"results": [{"model": MODEL, "total_cost": 0, "market_cost": 0.06, "request_count": 1}]})
    gateway.replies = [(200, free)]

    report = reconcile()

    assert (report["agrees"], report["drift"]) == (True, [])


def test_a_report_that_names_other_tags_than_were_asked_for_settles_nothing(
    gateway: Loopback, held: Claim, reconcile: Reconcile, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_labels(monkeypatch)
    call_id = unknown(held, asked(model=MODEL, is_sandbox=False))
    note(call_id, started_at=datetime.now(UTC) - LONG_AGO)
    tags = [{"tag": "pressroom:another", "total_cost": 0.05, "request_count": 1}]
    gateway.says(200, GENERATION | {"results": tags})

    report = reconcile("--dry-run")

    assert (report["settled"]["calls"], report["in_doubt"]["calls"]) == (0, 1)


def test_a_call_that_the_gateway_did_not_answer_for_is_not_written_off(
    gateway: Loopback, held: Claim, reconcile: Reconcile
) -> None:
    old = datetime.now(UTC) - timedelta(days=31)
    unanswered, nameless = (unknown(held, asked(model=MODEL, is_sandbox=False)) for _ in range(2))
    note(nameless, started_at=old)
    note(unanswered, started_at=old, provider_ref="gen_2")
    cancel(held.run.id)
    gateway.says(503, {"error": {"message": "Service unavailable", "type": "service_unavailable"}})

    report = reconcile("--write-off-after=30", "--write-off-at=zero")

    assert [row["id"] for row in report["written_off"]["rows"]] == [str(nameless)]
    assert [row["id"] for row in report["in_doubt"]["rows"]] == [str(unanswered)]
    assert call_now(held, unanswered).state == CallState.UNKNOWN
    assert "1 calls were not written off" in report["notes"][-1]

    gateway.says(404, {"error": "Usage event not found"})

    assert [row["id"] for row in reconcile("--write-off-after=30")["written_off"]["rows"]] == [str(unanswered)]


def test_progress_is_told_after_each_look_up(gateway: Loopback, capsys: pytest.CaptureFixture[str]) -> None:
    gateway.says(200, BOTH)
    for n in range(5):
        Journal().add(provider="gateway", model=MODEL, provider_ref=f"gen_{n}", ago=LONG_AGO)

    main(days())

    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()][:-1]
    assert told == [{"done": n, "total": 6} for n in range(1, 7)]
