"""Whatever fails and whenever it becomes known: no run passes its worst case, and every sum is the same everywhere."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from app import journal, settlement
from app.db.models import Budget, BudgetMonth, Call, QuotaEntry, QuotaMonth, User
from app.db.session import transaction
from app.domain.budgets import BudgetScope
from app.domain.errors import BudgetReached, Conflict, MoneyHeld, NotClaimed
from app.domain.plans import Plan
from app.domain.states import CallState, CostBasis, PieceState, QuotaEntryKind, QuotaUnit
from app.runs import claims
from app.runs.claims import Claim
from budgeting import no_budgets_left
from making import asked, expire_lease, intend, journaled, opened, outcome, pictures_of, piece_now, take
from making import end as end_round
from next_rounds import cancel, resume
from orders import a_user, calls_of, run_of

pytestmark = pytest.mark.usefixtures("database")
PLANS = [Plan.FREE, Plan.BUSINESS]
ROUTES = [("gemini", "a"), ("gemini", "b"), ("openai", "c"), ("leonardo", "d"), ("gateway", "e")]
SIGNS = {
    QuotaEntryKind.RESERVED: 1,
    QuotaEntryKind.RELEASED: -1,
    QuotaEntryKind.REFUNDED: -1,
    QuotaEntryKind.RECONCILED: 1,
}


@dataclass
class Shop:
    """One run, and everything that can happen to its money."""

    user: User
    budgets: list[uuid.UUID]
    run_id: uuid.UUID
    held: list[Claim]
    under_way: list[uuid.UUID] = field(default_factory=list)

    @classmethod
    def of(cls, plan: Plan, cap_usd: float | None) -> Shop:
        """Order a post of five slides, within two budgets."""
        user = a_user(plan)
        scopes = [(BudgetScope.USER, str(user.id), user.id), (BudgetScope.PROVIDER, "gateway", None)]
        with transaction() as session:
            rows = [
                Budget(scope=scope, subject=subject, user_id=owner, limit_micro_usd=10**12)
                for scope, subject, owner in scopes
            ]
            session.add_all(rows)
        run_id = opened(user, slides=5, **({} if cap_usd is None else {"max_cost_usd": cap_usd}))
        return cls(user, [row.id for row in rows], run_id, [take(piece) for piece in pictures_of(run_id)])

    def ask(self, at: int, route: int, worst: int, kept: int) -> None:
        """Have a call leave, if there is room."""
        provider, model = ROUTES[route % len(ROUTES)]
        question = asked(
            provider=provider,
            model=model,
            worst_micro_usd=worst,
            least_micro_usd=worst // 3 if kept % 2 else None,
            kept_micro_usd=kept,
            kept_again_micro_usd=2 * kept,
        )
        with suppress(BudgetReached, MoneyHeld, NotClaimed):
            self.under_way.append(intend(self._claim(at), question))

    def _claim(self, at: int) -> Claim:
        return self.held[at % len(self.held)]

    def answer(self, at: int, share: int, *, is_known: bool) -> None:
        """A reply comes; it costs up to what its call might."""
        if call := self._next(at):
            cost = call.worst_micro_usd * min(share, 100) // 100 if is_known else None
            journaled(journal.succeeded, call.id, outcome(cost))

    def reject(self, at: int) -> None:
        """The provider refuses a call."""
        if call := self._next(at):
            journaled(journal.rejected, call.id, "provider_down", "503", 503)

    def lose(self, at: int) -> None:
        """No answer comes."""
        if call := self._next(at):
            journaled(journal.unknown, call.id, "provider_down", "no answer", None)

    def _next(self, at: int) -> Call | None:
        if not self.under_way:
            return None
        call_id = self.under_way.pop(at % len(self.under_way))
        return next(call for call in calls_of(self.run_id) if call.id == call_id)

    def cached(self, at: int) -> None:
        """A picture was there already."""
        held = self._claim(at)
        journaled(journal.from_cache, self.run_id, held.piece, asked(), "posts/x/a.png", 9)

    def crash(self, at: int) -> None:
        """A worker dies; another one takes its piece."""
        piece = piece_now(self._claim(at).piece.id)
        if piece.step is not None and not run_of(self.run_id).state.is_terminal:
            expire_lease(piece)
            self.held[at % len(self.held)] = take(piece)
            open_now = {call.id for call in calls_of(self.run_id) if call.state is CallState.INTENT}
            self.under_way = [call_id for call_id in self.under_way if call_id in open_now]

    def settle_late(self, at: int, share: int) -> None:
        """What a call in doubt cost becomes known."""
        doubtful = [call for call in calls_of(self.run_id) if call.cost_micro_usd is None]
        if doubtful:
            call = doubtful[at % len(doubtful)]
            cost = call.worst_micro_usd * min(share, 100) // 100
            with transaction() as session:
                settlement.settle_late(session, call.id, cost, CostBasis.PROVIDER)

    def end(self, *, is_canceled: bool) -> None:
        """The round ends, with calls under way; the next one begins."""
        if run_of(self.run_id).state.is_terminal:
            return
        if is_canceled:
            cancel(self.run_id)
            return
        for held in self.held:
            piece = piece_now(held.piece.id)
            if piece.state is not PieceState.FAILED:
                with transaction() as session:
                    claims.fail(session, held, "timed_out", "it did not work")
        end_round(self.run_id)

    def again(self) -> None:
        """The user has what failed made again."""
        with suppress(Conflict):
            resume(self.run_id, self.user)
            self.held = [take(piece) for piece in pictures_of(self.run_id)]

    # ---- what must hold at every moment

    def check(self) -> None:
        """Find every sum the same wherever it is read."""
        run, calls = run_of(self.run_id), calls_of(self.run_id)
        assert run.spent_micro_usd + run.held_micro_usd <= run.reserved_micro_usd
        assert run.overrun_micro_usd == 0, "no provider charged more than its worst case"
        doubtful = [call for call in calls if call.state in (CallState.INTENT, CallState.UNKNOWN)]
        assert run.held_micro_usd == sum(call.worst_micro_usd for call in doubtful)
        settled = [call for call in calls if call not in doubtful]
        assert run.spent_micro_usd == sum(paid(call) for call in settled)
        used, ledger = self.months()
        assert used == ledger
        spent = sum(paid(call) for call in calls)
        if run.state.is_terminal:
            assert used == spent, "nothing but what was or may have been charged"
            assert run.reserved_micro_usd == spent
            at_gateway = sum(paid(call) for call in calls if call.provider == "gateway")
            assert self.in_budgets() == {self.budgets[0]: (spent, spent), self.budgets[1]: (at_gateway, at_gateway)}
        else:
            assert used >= spent

    def months(self) -> tuple[int, int]:
        """Return what the user's months hold, and what the ledger's lines make."""
        with transaction() as session:
            mine = QuotaMonth.user_id == self.user.id, QuotaMonth.unit == QuotaUnit.MONEY
            used = session.scalar(select(func.sum(QuotaMonth.used)).where(*mine))
            lines = session.execute(
                select(QuotaEntry.kind, QuotaEntry.amount).where(
                    QuotaEntry.user_id == self.user.id, QuotaEntry.unit == QuotaUnit.MONEY
                )
            ).all()
        return int(used or 0), sum(SIGNS[kind] * amount for kind, amount in lines)

    def in_budgets(self) -> dict[uuid.UUID, tuple[int, int]]:
        """Return what each budget's months hold and what was spent."""
        with transaction() as session:
            query = (
                select(BudgetMonth.budget_id, func.sum(BudgetMonth.used), func.sum(BudgetMonth.spent))
                .where(BudgetMonth.budget_id.in_(self.budgets))
                .group_by(BudgetMonth.budget_id)
            )
            found = {budget: (int(used), int(spent)) for budget, used, spent in session.execute(query)}
        return {budget: found.get(budget, (0, 0)) for budget in self.budgets}


def paid(call: Call) -> int:
    """Return what a call counts for: its cost, or its worst case while nobody knows."""
    return call.worst_micro_usd if call.cost_micro_usd is None else call.cost_micro_usd


at = st.integers(0, 6)
share = st.integers(0, 100)
money = st.sampled_from([1, 500, 20_000, 73_000, 150_000])
EVENTS: st.SearchStrategy[Callable[[Shop], None]] = st.one_of(
    st.builds(
        lambda *args: lambda shop: shop.ask(*args), at, st.integers(0, 4), money, st.sampled_from([0, 1, 90_000])
    ),
    st.builds(lambda *args: lambda shop: shop.answer(*args, is_known=True), at, share),
    st.builds(lambda one: lambda shop: shop.answer(one, 0, is_known=False), at),
    st.builds(lambda one: lambda shop: shop.reject(one), at),
    st.builds(lambda one: lambda shop: shop.lose(one), at),
    st.builds(lambda one: lambda shop: shop.cached(one), at),
    st.builds(lambda one: lambda shop: shop.crash(one), at),
    st.builds(lambda *args: lambda shop: shop.settle_late(*args), at, share),
    st.just(lambda shop: shop.end(is_canceled=False)),
    st.just(lambda shop: shop.again()),
)


@given(
    plan=st.sampled_from(PLANS),
    cap_usd=st.sampled_from([None, 0.05, 0.2, 1.0]),
    events=st.lists(EVENTS, min_size=5, max_size=18),
    is_canceled=st.booleans(),
)
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_actual_never_passes_the_worst_case_and_all_sums_agree(
    plan: Plan, cap_usd: float | None, events: list[Callable[[Shop], None]], *, is_canceled: bool
) -> None:
    with no_budgets_left():
        shop = Shop.of(plan, cap_usd)
        for event in events:
            event(shop)
            shop.check()
        shop.end(is_canceled=is_canceled)
        shop.check()
        while any(call.cost_micro_usd is None for call in calls_of(shop.run_id)):
            shop.settle_late(0, 50)
            shop.check()

        run = run_of(shop.run_id)
        assert run.held_micro_usd == 0
        assert run.spent_micro_usd == sum(call.cost_micro_usd or 0 for call in calls_of(shop.run_id))
