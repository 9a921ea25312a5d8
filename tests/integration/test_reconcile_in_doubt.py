"""Calls in doubt: settled when the provider names them, and never by a guess."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from app import settlement
from app.domain.provider_errors import ProviderDown
from app.domain.states import CallState, CostBasis
from app.runs.claims import Claim
from asking import act, fault
from harness import Sandbox
from making import WORST, asked, money_of, succeed, unknown
from next_rounds import cancel
from orders import calls_of
from reconciling import LONG_AGO, MODEL, ask, call_now, charged, export, lost, note, reconciled, with_labels
from rendering import to_render

Reconcile = Callable[..., dict[str, Any]]


@pytest.fixture
def labels(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Calls are labelled."""
    assert sandbox
    with_labels(monkeypatch)


@pytest.fixture
def reconcile(capsys: pytest.CaptureFixture[str]) -> Reconcile:
    """Return a function that compares and returns the report."""
    return partial(reconciled, capsys)


@pytest.mark.usefixtures("labels")
def test_a_call_in_doubt_that_was_charged_is_settled_at_what_the_gateway_took(
    held: Claim, sandbox: Sandbox, reconcile: Reconcile
) -> None:
    call_id = lost(held, sandbox, is_charged=True)
    assert money_of(held) == (WORST, 0)

    report = reconcile()

    assert (report["settled"]["calls"], report["settled"]["micro_usd"]) == (1, charged(sandbox))
    assert report["agrees"]
    call = call_now(held, call_id)
    assert (call.state, call.cost_micro_usd, call.cost_basis) == (
        CallState.SUCCEEDED,
        charged(sandbox),
        CostBasis.PROVIDER,
    )
    assert money_of(held) == (0, charged(sandbox))


@pytest.mark.usefixtures("labels")
@pytest.mark.parametrize("kind", ["text", "picture"])
def test_what_a_worker_lost_the_answer_to_is_found_by_the_label_that_it_sent(
    writing: Claim, sandbox: Sandbox, reconcile: Reconcile, kind: str
) -> None:
    held = writing if kind == "text" else to_render()
    sandbox.fail(fault("disconnect_after_charge", times=1))
    with pytest.raises(ProviderDown):
        act(held)
    (call,) = calls_of(held.run.id)
    note(call.id, started_at=datetime.now(UTC) - LONG_AGO)

    assert reconcile()["settled"]["calls"] == 1

    assert call_now(held, call.id).cost_micro_usd == charged(sandbox) > 0
    assert money_of(held) == (0, charged(sandbox))


@pytest.mark.usefixtures("labels")
def test_a_second_comparison_changes_nothing(held: Claim, sandbox: Sandbox, reconcile: Reconcile) -> None:
    lost(held, sandbox, is_charged=True)
    reconcile()
    before = money_of(held)

    report = reconcile()

    assert (report["agrees"], report["settled"]["calls"], report["in_doubt"]["calls"]) == (True, 0, 0)
    assert money_of(held) == before


@pytest.mark.usefixtures("labels")
def test_a_dry_run_settles_nothing(held: Claim, sandbox: Sandbox, reconcile: Reconcile) -> None:
    call_id = lost(held, sandbox, is_charged=True)

    report = reconcile("--dry-run", "--write-off-after=1")

    assert report["settled"]["rows"][0]["micro_usd"] == charged(sandbox)
    assert call_now(held, call_id).state == CallState.UNKNOWN
    assert money_of(held) == (WORST, 0)


@pytest.mark.usefixtures("labels")
def test_a_call_in_doubt_that_the_gateway_does_not_name_stays_in_doubt_at_its_worst_case(
    held: Claim, sandbox: Sandbox, reconcile: Reconcile
) -> None:
    call_id = lost(held, sandbox, is_charged=False)

    report = reconcile()

    assert [row["id"] for row in report["in_doubt"]["rows"]] == [str(call_id)]
    assert report["in_doubt"]["worst_micro_usd"] == WORST
    assert call_now(held, call_id).state == CallState.UNKNOWN


def test_without_labels_nothing_is_guessed_and_the_report_says_how_to_have_them(
    held: Claim, sandbox: Sandbox, reconcile: Reconcile
) -> None:
    call_id = lost(held, sandbox, is_charged=True)

    report = reconcile()

    assert call_now(held, call_id).state == CallState.UNKNOWN
    assert report["agrees"], "the gateway's extra call may be the one in doubt"
    assert "PRESSROOM_GATEWAY_LABELS" in " ".join(report["notes"])


@pytest.mark.usefixtures("labels")
def test_a_call_that_may_still_be_under_way_is_left_alone(held: Claim, sandbox: Sandbox, reconcile: Reconcile) -> None:
    call_id = lost(held, sandbox, is_charged=True)
    note(call_id, started_at=datetime.now(UTC))

    report = reconcile()

    assert (report["settled"]["calls"], report["in_doubt"]["calls"]) == (0, 1)


def test_a_call_in_doubt_whose_id_is_known_is_looked_up_once_nobody_waits_for_it(
    held: Claim, sandbox: Sandbox, reconcile: Reconcile
) -> None:
    answer = ask()
    call_id = unknown(held, asked(model=MODEL))
    note(call_id, provider_ref=answer.ref, started_at=datetime.now(UTC) - LONG_AGO)
    assert reconcile()["settled"]["calls"] == 0
    cancel(held.run.id)

    assert reconcile()["settled"]["calls"] == 1
    assert call_now(held, call_id).cost_micro_usd == answer.cost_micro_usd == charged(sandbox)


# ---- what an operator decides


@pytest.mark.parametrize(("at", "expected"), [("worst", WORST), ("zero", 0)])
def test_an_old_call_in_doubt_can_be_written_off(
    held: Claim, sandbox: Sandbox, reconcile: Reconcile, at: str, expected: int
) -> None:
    old, young = (lost(held, sandbox, is_charged=False) for _ in range(2))
    note(old, started_at=datetime.now(UTC) - timedelta(days=31))

    report = reconcile("--write-off-after=30", f"--write-off-at={at}")

    assert [row["id"] for row in report["written_off"]["rows"]] == [str(old)]
    assert [row["id"] for row in report["in_doubt"]["rows"]] == [str(young)]
    assert call_now(held, old).cost_micro_usd == expected
    assert money_of(held) == (WORST, expected)


def test_the_one_row_that_a_call_in_doubt_can_be_settles_it_and_a_second_run_changes_nothing(
    held: Claim, sandbox: Sandbox, reconcile: Reconcile, tmp_path: Path
) -> None:
    call_id = lost(held, sandbox, is_charged=False)
    note(call_id, is_sandbox=False)
    file = export(tmp_path, f"gen_9,{call_now(held, call_id).started_at.isoformat()},{MODEL},0.0123,5,5")

    first, second = reconcile(file), reconcile(file)

    assert (first["settled"]["calls"], first["agrees"]) == (1, True)
    assert (second["settled"]["calls"], second["matched"]["calls"], second["agrees"]) == (0, 1, True)
    call = call_now(held, call_id)
    assert (call.cost_micro_usd, call.provider_ref) == (12_300, "gen_9")


def test_a_reply_whose_cost_nobody_knew_gets_the_one_of_the_gateway(
    held: Claim, sandbox: Sandbox, reconcile: Reconcile
) -> None:
    answer = ask()
    call_id = succeed(held, asked(model=MODEL), cost=None)
    note(call_id, provider_ref=answer.ref, started_at=datetime.now(UTC) - LONG_AGO)
    assert money_of(held) == (0, WORST)

    report = reconcile()

    assert (report["settled"]["calls"], report["agrees"]) == (1, True)
    assert call_now(held, call_id).state == CallState.SUCCEEDED
    assert money_of(held) == (0, charged(sandbox))


@pytest.mark.usefixtures("labels")
def test_what_an_answer_settles_meanwhile_is_not_settled_again(
    held: Claim, sandbox: Sandbox, reconcile: Reconcile, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost(held, sandbox, is_charged=True)
    monkeypatch.setattr(settlement, "settle_late", lambda *_: False)  # as it says when somebody was faster

    assert reconcile()["settled"]["calls"] == 0
