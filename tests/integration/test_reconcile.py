"""The journal beside the gateway's books, which the sandbox keeps: over HTTP, on a real database."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.domain.states import CostBasis
from app.runs.claims import Claim
from app.settings import SANDBOX_KEY
from harness import Sandbox
from journaling import Journal
from reconciling import LONG_AGO, MODEL, ask, booked, charged, days, export, reconciled, with_labels
from workers.reconcile import reports
from workers.reconcile.__main__ import main

Reconcile = Callable[..., dict[str, Any]]

pytestmark = pytest.mark.usefixtures("sandbox")


@pytest.fixture
def journal(held: Claim) -> Journal:
    """A journal without calls."""
    assert held
    return Journal()


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reports, "WAITS_S", (0.3, 0.6, 0.9))


@pytest.fixture
def reconcile(capsys: pytest.CaptureFixture[str]) -> Reconcile:
    """Return a function that compares and returns the report."""
    return partial(reconciled, capsys)


# ---- settled calls


def test_calls_that_both_books_have_match_to_the_micro_dollar(
    journal: Journal, sandbox: Sandbox, reconcile: Reconcile
) -> None:
    for words in ("one", "two", "three"):
        booked(journal, ask(words))

    report = reconcile()

    assert report["agrees"]
    assert report["matched"] == {"calls": 3, "micro_usd": charged(sandbox)}
    (line,) = report["models"]
    assert (line["calls"], line["their_calls"], line["verdict"]) == (3, 3, "matched")


def test_a_call_that_the_gateway_does_not_know_is_missing(
    journal: Journal, sandbox: Sandbox, reconcile: Reconcile
) -> None:
    booked(journal, ask())
    sandbox.reset()

    report = reconcile()

    assert not report["agrees"]
    assert (report["missing"]["calls"], report["matched"]["calls"]) == (1, 0)
    assert report["models"][0]["verdict"] == "missing"


def test_a_call_that_the_journal_does_not_know_is_extra(journal: Journal, reconcile: Reconcile) -> None:
    booked(journal, ask())
    ask("by somebody else")

    report = reconcile()

    assert not report["agrees"]
    assert report["matched"]["calls"] == 1
    assert [(line["calls"], line["their_calls"], line["verdict"]) for line in report["models"]] == [(1, 2, "extra")]


def test_a_price_that_is_not_ours_any_more_is_told_by_model(journal: Journal, reconcile: Reconcile) -> None:
    answer = ask()
    assert answer.cost_micro_usd is not None
    booked(journal, answer, cost_micro_usd=answer.cost_micro_usd + 500, cost_basis=CostBasis.TABLE)

    report = reconcile()

    assert not report["agrees"]
    assert report["drift"] == [
        {
            "model": MODEL,
            "calls": 1,
            "our_micro_usd": answer.cost_micro_usd + 500,
            "their_micro_usd": answer.cost_micro_usd,
        }
    ]
    assert report["models"][0]["verdict"] == "drift"


def test_what_the_cache_brought_and_what_other_providers_made_is_not_asked_for(
    journal: Journal, reconcile: Reconcile
) -> None:
    journal.cached(provider="gateway", model=MODEL, is_sandbox=True, worst_micro_usd=0)
    journal.add(provider="gemini", is_sandbox=True, provider_ref="r1")
    journal.add(provider="gateway", model=MODEL, is_sandbox=False, provider_ref="gen_of_a_real_key")

    report = reconcile()

    assert (report["agrees"], report["matched"]["calls"], report["models"]) == (True, 0, [])


# ---- the gateway's moods


def test_a_call_that_the_gateways_books_have_a_moment_later_is_found(
    journal: Journal, sandbox: Sandbox, reconcile: Reconcile
) -> None:
    sandbox.configure(usage_after_s=1)
    booked(journal, ask(), ago=timedelta(0))

    report = reconcile()

    assert (report["agrees"], report["matched"]["calls"], report["not_compared"]) == (True, 1, 0)


def test_a_fresh_call_that_does_not_come_in_time_is_not_missing(
    journal: Journal, sandbox: Sandbox, reconcile: Reconcile
) -> None:
    sandbox.configure(usage_after_s=3600)
    booked(journal, ask(), ago=timedelta(0))

    report = reconcile()

    assert (report["agrees"], report["missing"]["calls"], report["not_compared"]) == (True, 0, 1)


@pytest.mark.parametrize("provider", ["gemini", "anthropic", "openai", "leonardo"])
def test_a_provider_without_a_report_says_what_to_do_instead(
    journal: Journal, provider: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert journal
    assert main([*days(), f"--provider={provider}"]) == 1
    assert f"--provider {provider} --usage-csv FILE" in capsys.readouterr().err


# ---- usage exports


def test_a_usage_export_is_compared_without_asking_anybody(
    journal: Journal, sandbox: Sandbox, reconcile: Reconcile, tmp_path: Path
) -> None:
    began = datetime.now(UTC) - LONG_AGO
    journal.add(provider="openai", model="gpt-image-2", provider_ref="r1", ago=LONG_AGO)
    journal.add(provider="openai", model="gpt-image-2", ago=LONG_AGO, tokens_in=7, tokens_out=9)
    journal.add(provider="openai", model="gpt-image-2", provider_ref="r3", ago=LONG_AGO)

    report = reconcile(
        "--provider=openai",
        export(
            tmp_path,
            f"r1,{began.isoformat()},gpt-image-2-2026-04-21,0.061,1,1",
            f"r2,{began.isoformat()},gpt-image-2-2026-04-21,0.06,7,9",
            f"r4,{began.isoformat()},gpt-image-2-2026-04-21,0.02,1,1",
        ),
    )

    assert (report["matched"]["calls"], report["missing"]["rows"][0]["ref"]) == (2, "r3")
    assert [row["ref"] for row in report["extra"]["rows"]] == ["r4"]
    assert report["drift"][0]["their_micro_usd"] - report["drift"][0]["our_micro_usd"] == 1_000
    assert sandbox.log() == []


def test_an_export_with_the_day_of_each_call_is_compared_with_all_calls_of_the_day(
    journal: Journal, reconcile: Reconcile, tmp_path: Path
) -> None:
    noon = datetime.now(UTC).replace(hour=12, minute=0) - timedelta(days=1)
    ago = datetime.now(UTC) - noon
    of_doubtful_cost = {"cost_micro_usd": None, "cost_basis": CostBasis.UNKNOWN}
    journal.add(provider="openai", model="gpt-image-2", provider_ref="r1", ago=ago)
    journal.add(provider="openai", model="gpt-image-2", provider_ref="r2", ago=ago, **of_doubtful_cost)
    rows = (f"{ref},{noon:%Y-%m-%d},gpt-image-2,0.06,1,1" for ref in ("r1", "r2"))

    report = reconcile("--provider=openai", "--dry-run", export(tmp_path, *rows))

    assert (report["agrees"], report["matched"]["calls"], report["settled"]["calls"]) == (True, 1, 1)
    assert f"to {noon + timedelta(days=1):%Y-%m-%d} 00:00 UTC" in report["notes"][0]


def test_sums_of_an_export_are_compared_by_model(journal: Journal, reconcile: Reconcile, tmp_path: Path) -> None:
    file = tmp_path / "sums.csv"
    file.write_text("date,model,num_model_requests,amount_value\n2026-11-20,painter-2026-01-01,2,0.12\n")
    for _ in range(2):
        journal.add(ago=LONG_AGO)

    report = reconcile("--provider=gemini", f"--usage-csv={file}")

    (line,) = report["models"]
    assert (line["model"], line["calls"], line["their_calls"], line["verdict"]) == ("painter", 2, 2, "matched")


# ---- what the account is asked


def test_only_the_journals_id_leaves_as_a_label_and_only_when_it_is_wished(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    call_id = uuid.uuid4()
    ask("without", call_id)
    with_labels(monkeypatch)
    ask("with", call_id)

    query = {"start_date": "2020-01-01", "end_date": "2099-12-31", "group_by": "tag"}
    headers = {"Authorization": f"Bearer {SANDBOX_KEY}"}
    reply = httpx.get(f"{sandbox.url}/v1/report", params=query, headers=headers, trust_env=False).json()

    assert [(row["tag"], row["request_count"]) for row in reply["results"]] == [(f"pressroom:{call_id}", 1)]
