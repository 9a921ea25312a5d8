"""The books of a user for tests: what must hold of quota, money, pieces and events after any change whatever."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db.models import (
    Budget,
    BudgetEntry,
    BudgetMonth,
    Call,
    Event,
    Notification,
    Piece,
    QuotaEntry,
    QuotaMonth,
    Run,
)
from app.db.session import transaction
from app.domain.budgets import BudgetEntryKind
from app.domain.states import CallState, CostBasis, PieceState, QuotaEntryKind, QuotaUnit, RunState
from app.pipelines.catalog import all_pipelines
from orders import pieces_of, run_of

GIVEN_BACK = (QuotaEntryKind.REFUNDED, QuotaEntryKind.RELEASED)
Settled = tuple[CallState, int, int | None, CostBasis | None]


class Books:
    """All rows of one user, read in one transaction."""

    def __init__(self, session: Session, user_id: uuid.UUID) -> None:
        def of_user(kind: Any) -> Sequence[Any]:
            return session.scalars(select(kind).where(kind.user_id == user_id)).all()

        self.runs: dict[uuid.UUID, Run] = {run.id: run for run in of_user(Run)}
        self.calls: Sequence[Call] = of_user(Call)
        self.ledger: Sequence[QuotaEntry] = of_user(QuotaEntry)
        self.months: Sequence[QuotaMonth] = of_user(QuotaMonth)
        self.notifications: Sequence[Notification] = of_user(Notification)
        mine = list(self.runs)
        self.pieces = session.scalars(select(Piece).where(Piece.run_id.in_(mine))).all()
        numbered = select(Event.run_id, Event.number).where(Event.run_id.in_(mine)).order_by(Event.number)
        self.events = session.execute(numbered).all()
        self.budgets = {budget.id for budget in of_user(Budget)}
        self.budget_ledger = session.scalars(select(BudgetEntry).where(BudgetEntry.budget_id.in_(self.budgets))).all()
        self.budget_months = session.scalars(select(BudgetMonth).where(BudgetMonth.budget_id.in_(self.budgets))).all()

    def settled(self) -> dict[uuid.UUID, Settled]:
        """Return the calls of which everything is known."""
        return {
            call.id: (call.state, call.worst_micro_usd, call.cost_micro_usd, call.cost_basis)
            for call in self.calls
            if call.state in (CallState.SUCCEEDED, CallState.FAILED) and call.cost_micro_usd is not None
        }

    def is_over(self, run_id: uuid.UUID, round_: int) -> bool:
        run = self.runs[run_id]
        return run.state.is_terminal or run.round != round_

    def check(self) -> None:
        """Raise AssertionError for the first rule that does not hold."""
        self.the_months_are_the_sum_of_the_ledger()
        self.the_runs_money_is_that_of_its_calls()
        self.a_round_that_is_over_has_taken_what_its_calls_cost()
        self.only_what_was_never_delivered_has_its_quota_back()
        self.budgets_are_the_sum_of_their_ledger()
        self.pieces_have_what_their_state_says()
        self.terminal_runs_hold_nothing()
        self.events_are_numbered_without_gaps()

    def the_months_are_the_sum_of_the_ledger(self) -> None:
        used: Counter[tuple[Any, QuotaUnit]] = Counter()
        for entry in self.ledger:
            used[entry.month, entry.unit] += -entry.amount if entry.kind in GIVEN_BACK else entry.amount
        assert {(row.month, row.unit): row.used for row in self.months} == dict(used)

    def the_runs_money_is_that_of_its_calls(self) -> None:
        for run in self.runs.values():
            calls = [call for call in self.calls if call.run_id == run.id]
            in_doubt = [call for call in calls if call.state in (CallState.INTENT, CallState.UNKNOWN)]
            assert run.held_micro_usd == sum(call.worst_micro_usd for call in in_doubt)
            assert run.spent_micro_usd == at_worst(call for call in calls if call not in in_doubt)
            cap = run.reserved_micro_usd + run.overrun_micro_usd
            assert run.spent_micro_usd + run.held_micro_usd <= cap
            if run.state.is_terminal:
                assert run.reserved_micro_usd == run.spent_micro_usd + run.held_micro_usd

    def a_round_that_is_over_has_taken_what_its_calls_cost(self) -> None:
        rounds = {(entry.run_id, entry.round) for entry in self.ledger if entry.unit is QuotaUnit.MONEY}
        assert {(call.run_id, call.round) for call in self.calls} <= rounds
        for run_id, round_ in rounds:
            lines = {
                entry.kind: entry.amount
                for entry in self.ledger
                if (entry.run_id, entry.round, entry.unit) == (run_id, round_, QuotaUnit.MONEY)
            }
            taken = lines.pop(QuotaEntryKind.RESERVED) + lines.pop(QuotaEntryKind.RECONCILED, 0)
            taken -= sum(lines.values())
            cost = at_worst(call for call in self.calls if (call.run_id, call.round) == (run_id, round_))
            if self.is_over(run_id, round_):
                assert taken == cost, (run_id, round_, lines)

    def only_what_was_never_delivered_has_its_quota_back(self) -> None:
        """A run that was delivered once keeps what it took when another picture fails; no round takes it twice."""
        for run in self.runs.values():
            pipeline = all_pipelines()[run.pipeline]
            charges = pipeline.charges_of(pipeline.request.model_validate(run.request))
            taken = {
                (entry.unit, entry.round, entry.kind): entry.amount
                for entry in self.ledger
                if entry.run_id == run.id and entry.unit is not QuotaUnit.MONEY
            }
            left = sum(-amount if kind in GIVEN_BACK else amount for (*_, kind), amount in taken.items())
            is_free = (run.state is RunState.FAILED or self.was_refunded(run)) and not self.was_delivered(run)
            assert left == (0 if is_free else sum(charges.values())), (run.state, taken)

    def was_delivered(self, run: Run) -> bool:
        """Return whether a round of the run ended with something to show."""
        ends = {told.payload["state"] for told in self.notifications if told.run_id == run.id}
        return not ends.isdisjoint({RunState.READY, RunState.PARTIAL})

    def was_refunded(self, run: Run) -> bool:
        """Return whether a canceled run had delivered nothing."""
        delivered = any(piece.is_picture and piece.state is PieceState.READY for piece in self.of_run(run))
        return run.state is RunState.CANCELED and not delivered

    def of_run(self, run: Run) -> list[Piece]:
        return [piece for piece in self.pieces if piece.run_id == run.id]

    def budgets_are_the_sum_of_their_ledger(self) -> None:
        used: Counter[Any] = Counter()
        spent: Counter[Any] = Counter()
        ended = {(entry.run_id, entry.round) for entry in self.budget_ledger if entry.kind is BudgetEntryKind.SETTLED}
        for entry in self.budget_ledger:
            if entry.kind is BudgetEntryKind.RESERVED:
                used[entry.month] += 0 if (entry.run_id, entry.round) in ended else entry.amount
            else:
                used[entry.month] += entry.amount
                spent[entry.month] += entry.amount
        for row in self.budget_months:
            assert (row.used, row.spent) == (used[row.month], spent[row.month])
        for run_id, round_ in ended:
            lines = [entry for entry in self.budget_ledger if (entry.run_id, entry.round) == (run_id, round_)]
            taken = sum(entry.amount for entry in lines if entry.kind is not BudgetEntryKind.RESERVED)
            cost = at_worst(call for call in self.calls if (call.run_id, call.round) == (run_id, round_))
            assert self.is_over(run_id, round_)
            assert taken == cost

    def pieces_have_what_their_state_says(self) -> None:
        for piece in self.pieces:
            if piece.state is PieceState.READY and piece.is_picture:
                assert piece.picture is not None
                assert piece.picture["key"]
                track = all_pipelines()[self.runs[piece.run_id].pipeline].tracks[piece.kind]
                assert piece.composed is not None or not any(stage.fills == "composed" for stage in track)
            if piece.state is PieceState.FAILED:
                assert piece.failure is not None
                assert piece.failure["code"]
            assert (piece.step is None) == piece.state.is_terminal
            assert piece.round <= self.runs[piece.run_id].round
            assert piece.lease_token is None or not piece.state.is_terminal

    def terminal_runs_hold_nothing(self) -> None:
        for run in self.runs.values():
            if run.state.is_terminal:
                assert all(piece.lease_token is None and piece.state.is_terminal for piece in self.of_run(run))
                assert not [c for c in self.calls if c.run_id == run.id and c.state is CallState.INTENT]
                assert (run.id, run.round) in {(told.run_id, told.round) for told in self.notifications}
        ends = Counter((told.run_id, told.round) for told in self.notifications)
        assert set(ends.values()) <= {1}

    def events_are_numbered_without_gaps(self) -> None:
        for run in self.runs.values():
            numbers = [event.number for event in self.events if event.run_id == run.id]
            assert numbers == list(range(1, run.last_event + 1))


def at_worst(calls: Iterable[Call]) -> int:
    """Return what calls cost; those of which nobody knows at their worst."""
    return sum(call.worst_micro_usd if call.cost_micro_usd is None else call.cost_micro_usd for call in calls)


def books_of(user_id: uuid.UUID) -> Books:
    """Return the user's books as they are now."""
    with transaction() as session:
        return Books(session, user_id)


def claimable_pieces(run_id: uuid.UUID) -> list[Piece]:
    """Return the pieces of a run that is not over which nobody has a live lease of, in order."""
    if run_of(run_id).state.is_terminal:
        return []
    now = datetime.now(UTC)
    free = [piece for piece in pieces_of(run_id) if piece.lease_until is None or piece.lease_until < now]
    return [piece for piece in free if piece.step is not None]
