"""Whatever workers, users, providers, the watchdog and reconciliation do to runs, in any order: the books hold.

The domain's own functions on the real database, each in a transaction of its own; claims and calls are kept and used
again when they are long lost, as a worker does that slept too long.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from app import journal, settlement
from app.db.models import Piece, Run, User
from app.db.session import transaction
from app.domain.budgets import BudgetScope
from app.domain.errors import BeingMade, BudgetReached, Conflict, InvalidRequest, MoneyHeld, NotClaimed, QuotaExceeded
from app.domain.plans import Plan
from app.domain.states import CallState, CostBasis
from app.pipelines.catalog import pipeline_named
from app.pipelines.pipeline import Done
from app.runs import claims, finish, rounds
from app.runs.claims import Claim
from budgeting import set_budget
from harness import Installation
from making import asked, change, expire_lease, finished, made, opened, opened_pieces, outcome, piece_now
from next_rounds import lose, render_again, single
from orders import a_user, order, pieces_of
from races import together
from run_books import Books, Settled, books_of, claimable_pieces

SLIDES = 5
MOST_RUNS = 4
MOST_PAID = 3
WORST = (0, 1, 5_000, 70_000)
COSTS = (None, 90_000, 0, 4_999, 1, 70_000)
"""90,000 is more than any worst case: a provider may charge what it likes."""
KNOWN_COSTS = COSTS[1:]
REFUSALS = (NotClaimed, BudgetReached, MoneyHeld, BeingMade, Conflict, InvalidRequest, QuotaExceeded)
number = st.integers(0, 10**6)


class Runs(RuleBasedStateMachine):
    """One user, his runs, and all that was ever claimed and asked for them."""

    user: User
    books: Books

    def __init__(self) -> None:
        super().__init__()
        self.claims: list[Claim] = []
        self.calls: list[uuid.UUID] = []
        self.settled: dict[uuid.UUID, Settled] = {}
        self.rounds: dict[uuid.UUID, int] = {}

    @initialize(
        plan=st.sampled_from([Plan.FREE, Plan.BUSINESS]),
        budget=st.sampled_from([None, 0.6, 40.0]),
        failed=st.sampled_from([None, 0, 1]),
        loses=st.booleans(),
    )
    def a_user_has_runs(self, plan: Plan, budget: float | None, failed: int | None, loses: bool) -> None:  # noqa: FBT001 - as below
        """Of one the texts are there, or all, or all but one picture; one had a single picture, and may have lost it."""
        self.user = a_user(plan)
        if budget is not None:
            set_budget(BudgetScope.USER, budget, self.user.name)
        delivered = single(self.user, max_cost_usd=0.25)
        if loses:
            render_again(pieces_of(delivered)[0], self.user)
            lose(delivered)
        if failed is None:
            opened(self.user, slides=SLIDES, max_cost_usd=0.25)
        else:
            finished(self.user, failed=failed, slides=SLIDES, max_cost_usd=0.25)
        order(self.user, slides=SLIDES, max_cost_usd=0.25)
        self.books = books_of(self.user.id)
        (first,) = [piece for piece in self.books.pieces if piece.step == "write_content"]
        assert (held := self.taken(first))
        assert self.intend(held, WORST[-1])

    def do(self, deed: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Do something in a transaction of its own; return None when it is refused, as any of it may be."""
        try:
            with transaction() as session:
                return deed(session, *args, **kwargs)
        except REFUSALS:
            return None

    def run(self, n: int, *, over: bool = False) -> Run:
        """Return a run; mostly one that is over, or one that is not, as is wanted."""
        runs = sorted(self.books.runs.values(), key=lambda run: run.created_at)
        wanted = [run for run in runs if run.state.is_terminal is over]
        return wanted[n % len(wanted)] if wanted and n % 4 else runs[n % len(runs)]

    def piece(self, n: int) -> Piece:
        """Return a piece; mostly one that can be claimed."""
        every = sorted(
            self.books.pieces, key=lambda piece: (self.books.runs[piece.run_id].created_at, piece.kind, piece.position)
        )
        free = [piece for piece in every if piece.step is not None and piece.lease_token is None]
        return free[n % len(free)] if free and n % 4 else every[n % len(every)]

    def claim(self, n: int) -> Claim:
        """Return a claim; mostly one that holds."""
        tokens = {piece.lease_token for piece in self.books.pieces}
        live = [held for held in self.claims if held.token in tokens]
        return live[n % len(live)] if live and n % 4 else self.claims[n % len(self.claims)]

    def call(self, n: int) -> uuid.UUID:
        """Return a call; mostly one whose outcome is not known."""
        known = self.books.settled()
        open_ = [call_id for call_id in self.calls if call_id not in known]
        return open_[n % len(open_)] if open_ and n % 4 else self.calls[n % len(self.calls)]

    def taken(self, piece: Piece) -> Claim | None:
        """Claim a piece as its row says."""
        held: Claim | None = self.do(claims.claim, piece.id, piece.step or "compose", piece.round)
        if held is not None:
            self.claims.append(held)
        return held

    def complete(self, held: Claim) -> None:
        opens = Done(data={"hook": "Stop."}, opens=opened_pieces(SLIDES))
        done = opens if held.step == "write_content" else made(held.step)
        self.do(claims.complete, pipeline_named(held.run.pipeline), held, done)

    def intend(self, held: Claim, worst: int, least: int | None = None) -> uuid.UUID | None:
        question = asked(worst_micro_usd=worst, least_micro_usd=least, max_charged_calls=MOST_PAID, step=held.step)
        call_id: uuid.UUID | None = self.do(journal.intend, held.run.id, held.piece, held.token, question)
        if call_id is not None:
            self.calls.append(call_id)
        return call_id

    @rule(cap=st.sampled_from([None, 0.000001, 0.01, 0.25]))
    def order(self, cap: float | None) -> None:
        if len(self.books.runs) == MOST_RUNS:
            return
        with suppress(QuotaExceeded):
            order(self.user, slides=SLIDES, **({} if cap is None else {"max_cost_usd": cap}))

    # What workers do.

    @rule(n=number)
    def take(self, n: int) -> None:
        self.taken(self.piece(n))

    @rule(n=number)
    def a_message_comes_again(self, n: int) -> None:
        old = self.claim(n)
        if held := self.do(claims.claim, old.piece.id, old.step, old.run.round):
            self.claims.append(held)

    @rule(n=number, worst=st.sampled_from(WORST))
    def take_and_ask(self, n: int, worst: int) -> None:
        if held := self.taken(self.piece(n)):
            self.intend(held, worst)

    @rule(n=number, worst=st.sampled_from(WORST), least=st.sampled_from([None, 1]))
    def ask(self, n: int, worst: int, least: int | None) -> None:
        self.intend(self.claim(n), worst, least)

    @rule(n=number, cost=st.sampled_from(COSTS))
    def a_reply_comes(self, n: int, cost: int | None) -> None:
        self.do(journal.succeeded, self.call(n), outcome(cost))

    @rule(n=number)
    def the_provider_rejects(self, n: int) -> None:
        self.do(journal.rejected, self.call(n), "provider_rejected", "no", 400)

    @rule(n=number)
    def no_answer_comes(self, n: int) -> None:
        self.do(journal.unknown, self.call(n), "provider_down", "no answer", None)

    @rule(n=number, cost=st.sampled_from(KNOWN_COSTS))
    def the_bill_tells_what_it_cost(self, n: int, cost: int) -> None:
        self.do(settlement.settle_late, self.call(n), cost, CostBasis.PROVIDER)

    @rule(n=number)
    def the_step_is_done(self, n: int) -> None:
        self.complete(self.claim(n))

    @rule(
        n=number,
        cost=st.sampled_from(COSTS),
        failed=st.sampled_from([0, 0, 0b1, 0b101, 0b11111111]),
        finishes=st.booleans(),
    )
    def workers_do_what_is_left(self, n: int, cost: int | None, failed: int, finishes: bool) -> None:  # noqa: FBT001 - hypothesis passes it by name
        """Each open piece is taken through its steps; those of `failed`, a bit each, fail when they are drawn."""
        run = self.run(n)
        if n % 2:
            for held in {held.piece.id: held for held in self.claims if held.run.id == run.id}.values():
                self.lease_ends(held)
        while free := claimable_pieces(run.id):
            for number_, piece in enumerate(free):
                if held := self.taken(piece):
                    call_id = self.intend(held, WORST[-1]) if held.step == "render_image" else None
                    if call_id and n % 5:
                        self.do(journal.succeeded, call_id, outcome(cost))
                    if held.step == "render_image" and failed >> number_ & 1:
                        self.do(claims.fail, held, "provider_down", "it did not work")
                    else:
                        self.complete(held)
        if finishes:
            self.do(finish.finish, run.id, run.round)

    @rule(n=number, gives_up=st.booleans())
    def a_review_refuses(self, n: int, gives_up: bool) -> None:  # noqa: FBT001 - hypothesis passes it by name
        reviews = [held for held in self.claims if held.step == "review_image"]
        end: dict[str, Any] = {"failure": ("picture_refused", "no")} if gives_up else {"again": "render_image"}
        if reviews:
            held, done = reviews[n % len(reviews)], Done(review={"problems": ["x"]}, **end)
            self.do(claims.complete, pipeline_named(held.run.pipeline), held, done)

    @rule(n=number)
    def the_step_fails(self, n: int) -> None:
        self.do(claims.fail, self.claim(n), "provider_down", "it did not work")

    @rule(n=number, counts=st.booleans(), seconds=st.sampled_from([0, 3600]))
    def the_step_waits(self, n: int, counts: bool, seconds: int) -> None:  # noqa: FBT001 - as above
        held = self.claim(n)
        self.do(claims.postpone, held, timedelta(seconds=seconds), "provider_busy", counts=counts, new_take=not counts)
        change(Piece, held.piece.id, next_try_at=None)

    @rule(n=number)
    def a_worker_dies(self, n: int) -> None:
        self.lease_ends(self.claim(n))

    def lease_ends(self, held: Claim) -> None:
        if piece_now(held.piece.id).lease_token is not None:
            expire_lease(held.piece)

    @rule()
    def leases_are_renewed(self) -> None:
        self.do(claims.renew, [held.token for held in self.claims])

    # What ends rounds, and begins them.

    @rule(n=number, off=st.sampled_from([0, 0, 0, -1, 1]))
    def a_message_to_finish_comes(self, n: int, off: int) -> None:
        run = self.run(n)
        self.do(finish.finish, run.id, run.round + off)

    @rule(n=number, finishes=st.booleans())
    def the_watchdog_comes(self, n: int, finishes: bool) -> None:  # noqa: FBT001 - as above
        if n % 3:  # else no run would get old
            return
        overdue = self.do(finish.time_out, self.run(n).id)
        if finishes:
            self.do(finish.finish, *overdue)

    @rule(n=number)
    def the_user_cancels(self, n: int) -> None:
        if n % 3 == 0:  # as above
            self.do(rounds.cancel, self.run(n).id)

    @rule(n=number)
    def the_user_resumes(self, n: int) -> None:
        self.do(rounds.resume, self.user, self.run(n, over=True).id)

    @rule(n=number)
    def the_user_wants_another_picture(self, n: int) -> None:
        run = self.run(n, over=True)
        pictures = [piece for piece in self.books.of_run(run) if piece.is_picture]
        if pictures:
            self.do(rounds.render_again, self.user, run.id, pictures[n % len(pictures)].id)

    @rule(n=number, field=st.sampled_from(["title", "prompt"]))
    def the_user_edits(self, n: int, field: str) -> None:
        piece = self.books.pieces[n % len(self.books.pieces)]
        self.do(rounds.edit, self.user, piece.run_id, piece.id, {field: f"Words {n}"})

    @rule(n=number)
    def everything_comes_at_once(self, n: int) -> None:
        run, piece = self.run(n, over=n % 2 == 0), self.piece(n)
        deeds: list[Callable[[], Any]] = [
            lambda: self.do(finish.finish, run.id, run.round),
            lambda: self.do(rounds.resume, self.user, run.id),
            lambda: self.do(rounds.resume, self.user, run.id),
            lambda: self.do(rounds.edit, self.user, piece.run_id, piece.id, {"title": f"Words {n}"}),
            lambda: self.do(claims.claim, piece.id, piece.step or "compose", piece.round),
            lambda: self.do(claims.claim, piece.id, piece.step or "compose", piece.round),
        ]
        results = together(deeds)
        assert not [result for result in results if isinstance(result, Exception)], results
        assert sum(result is not None for result in results[1:3]) <= 1, "two rounds were opened"
        held = [claim for claim in results[4:] if claim is not None]
        assert len(held) <= 1, "two workers have the same piece"
        self.claims += held

    @invariant()
    def the_books_hold(self) -> None:
        if not hasattr(self, "user"):
            return
        self.books = books_of(self.user.id)
        self.books.check()
        self.a_settled_call_never_changes(self.books.settled())
        self.rounds_only_count_up({run.id: run.round for run in self.books.runs.values()})
        self.no_more_is_paid_for_a_piece_than_its_stage_allows()

    def a_settled_call_never_changes(self, now: dict[uuid.UUID, Settled]) -> None:
        assert {call_id: now.get(call_id) for call_id in self.settled} == self.settled
        self.settled = now

    def rounds_only_count_up(self, now: dict[uuid.UUID, int]) -> None:
        assert all(now[run_id] >= before for run_id, before in self.rounds.items())
        self.rounds = now

    def no_more_is_paid_for_a_piece_than_its_stage_allows(self) -> None:
        paid = [call for call in self.books.calls if call.state is not CallState.FAILED and call.worst_micro_usd]
        counts = Counter((call.piece_id, call.round) for call in paid)
        assert max(counts.values(), default=0) <= MOST_PAID

    def teardown(self) -> None:
        """Wherever they are: the watchdog ends all runs, the bills end all doubts, and the books hold again."""
        if not hasattr(self, "user"):
            return
        for run_id in self.books.runs:
            self.do(finish.finish, *self.do(finish.time_out, run_id))
        for n, call_id in enumerate(self.calls):
            self.do(settlement.settle_late, call_id, KNOWN_COSTS[n % len(KNOWN_COSTS)], CostBasis.PROVIDER)
        self.the_books_hold()
        assert all(run.state.is_terminal for run in self.books.runs.values())
        assert set(self.calls) == set(self.settled)


def test_whatever_happens_to_runs_the_books_hold(database: Installation) -> None:
    assert database
    run_state_machine_as_test(
        Runs,
        settings=settings(
            derandomize=True,
            database=None,
            deadline=None,
            max_examples=10,
            phases=[Phase.generate],
            stateful_step_count=30,
            suppress_health_check=list(HealthCheck),
        ),
    )
