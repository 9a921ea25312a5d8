"""The figures that the database tells: a few short queries over indexes, none over all history.

Counts of calls begin anew each day (UTC): a day's rows are few, and Prometheus knows how to add up what begins anew.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from sqlalchemy import ColumnElement, and_, case, extract, func, or_, select, text
from sqlalchemy.orm import Session

from app.db.models import Budget, BudgetMonth, Call, CallSum, Notification, Piece, Run, Unstored
from app.db.session import check_writable
from app.domain.budgets import BudgetScope
from app.domain.errors import AnotherRelease
from app.domain.plans import month_of
from app.domain.states import LIVE_RUNS, CallState, RunState
from app.pipelines.catalog import all_pipelines
from app.settings import settings
from app.traffic import QUEUES

MOST_DOUBLINGS = 6  # as the relay's patience has it
SANDBOX = {True: "yes", False: "no"}
OUTCOMES = {
    "succeeded": CallSum.succeeded,
    "busy": CallSum.busy,
    "failed": CallSum.failed,
    "unknown": CallSum.unanswered,
    "cached": CallSum.cached,
}


@dataclass(slots=True)
class _Steps:
    """Steps of one queue."""

    working: int = 0
    due: int = 0
    later: int = 0
    abandoned: int = 0
    wait_s: float = 0.0


def runs(session: Session) -> Iterator[Metric]:
    """Runs that are not over, and how long the oldest has waited for its turn."""
    waits = and_(Run.state == RunState.QUEUED, Run.admitted_at.is_(None))
    works = and_(Run.state.in_(LIVE_RUNS), Run.admitted_at.is_not(None))
    family = GaugeMetricFamily(
        "pressroom_runs",
        "Runs that are not over. QUEUED: no worker has begun them.",
        labels=["pipeline", "state"],
    )
    found: defaultdict[tuple[str, str], int] = defaultdict(int)
    for condition in (waits, works):  # two questions: each has an index of its own
        query = select(Run.pipeline, Run.state, func.count()).where(condition).group_by(Run.pipeline, Run.state)
        for pipeline, state, count in session.execute(query):
            found[pipeline, state] += count
    for labels, count in sorted(found.items()):
        family.add_metric(labels, count)
    yield family
    age = session.scalar(select(_seconds_since(func.min(Run.created_at))).where(waits))
    yield _gauge(
        "pressroom_run_wait_seconds", "How long the oldest run has waited to be admitted; 0 = none waits.", age
    )


def steps(session: Session, *, is_backlogged: bool) -> Iterator[Metric]:
    """Steps that are to be done, by what keeps them, and how long the oldest has been due, by queue.

    is_backlogged: messages wait for workers.
    """
    now = func.now()
    is_free = Piece.lease_until.is_(None)
    is_due = or_(Piece.next_try_at.is_(None), Piece.next_try_at <= now)
    # The relay notes each time that it publishes a step again, and in a backlog doubles its patience: what was published
    # three times was due first seven patiences before a fourth would come.
    before = func.greatest(Piece.sent_count - 1, 0)
    again = func.power(2, func.least(before, MOST_DOUBLINGS)) - 1 if is_backlogged else before
    patience_s = settings().resend_after.total_seconds()
    wait_s = _seconds_since(func.greatest(Piece.sent_at, Piece.next_try_at)) + again * patience_s
    figures = (
        func.count().filter(Piece.lease_until >= now),
        func.count().filter(is_free, is_due),
        func.count().filter(is_free, ~is_due),
        func.count().filter(Piece.lease_until < now),
        func.max(case((Piece.lease_until < now, _seconds_since(Piece.lease_until)), else_=wait_s)).filter(
            or_(Piece.lease_until < now, and_(is_free, is_due))
        ),
    )
    rows = session.execute(
        select(Run.pipeline, Piece.kind, Piece.step, *figures)
        .join(Run, Run.id == Piece.run_id)
        .where(Piece.step.is_not(None), Run.admitted_at.is_not(None), Run.state.in_(LIVE_RUNS))
        .group_by(Run.pipeline, Piece.kind, Piece.step)
    )
    by_queue = {queue: _Steps() for queue in QUEUES}
    for pipeline, kind, step, working, due, later, abandoned, oldest_s in rows:
        one = by_queue[_queue_of(pipeline, kind, step)]
        one.working += working
        one.due += due
        one.later += later
        one.abandoned += abandoned
        one.wait_s = max(one.wait_s, float(oldest_s or 0))
    family = GaugeMetricFamily(
        "pressroom_steps",
        "Steps to be done. working: a worker has it. due: nobody has it yet. later: it waits for its time."
        " abandoned: its worker's lease has expired.",
        labels=["queue", "state"],
    )
    waits = GaugeMetricFamily(
        "pressroom_step_wait_seconds",
        "How long the oldest step that is due has waited for a worker; 0 = none waits.",
        labels=["queue"],
    )
    for queue, one in by_queue.items():
        for state in ("working", "due", "later", "abandoned"):
            family.add_metric([queue, state], getattr(one, state))
        waits.add_metric([queue], one.wait_s)
    yield from (family, waits)


def _queue_of(pipeline: str, kind: str, step: str) -> str:
    try:
        return all_pipelines()[pipeline].stage(kind, step).queue
    except (KeyError, AnotherRelease):
        return "control"  # of another release: celeryconfig's default


def calls(session: Session, now: datetime) -> Iterator[Metric]:
    """Calls of today by outcome, from the sums that reports read: a day may have a million calls."""
    kinds = (CallSum.provider, CallSum.model, CallSum.purpose, CallSum.is_sandbox)
    query = select(*kinds, *(func.sum(column) for column in OUTCOMES.values()))
    family = CounterMetricFamily(
        "pressroom_calls",
        "Calls that started today (UTC) and are over. busy: put off, 429. failed: rejected, nothing was charged. unknown:"
        " no answer came, it may have been charged. cached: the picture was there already, no call was made.",
        labels=["provider", "model", "purpose", "sandbox", "outcome"],
    )
    rows = session.execute(query.where(CallSum.day == now.date()).group_by(*kinds))
    for provider, model, purpose, is_sandbox, *counts in _sorted(rows):
        for outcome, count in zip(OUTCOMES, counts, strict=True):
            if count > 0:
                family.add_metric([provider, model, purpose, SANDBOX[is_sandbox], outcome], int(count))
    yield family


def costs(session: Session, now: datetime) -> Iterator[Metric]:
    """What the calls of today cost, from the sums that reports read."""
    rows = session.execute(
        select(
            CallSum.provider,
            CallSum.is_sandbox,
            func.sum(CallSum.known_micro_usd),
            func.sum(CallSum.unknown),
            func.sum(CallSum.pictures),
            func.sum(CallSum.accepted),
        )
        .where(CallSum.day == now.date())
        .group_by(CallSum.provider, CallSum.is_sandbox)
    )
    labels = ["provider", "sandbox"]
    # No counters: what a call in doubt is known to have cost may be less than was thought.
    families = (
        GaugeMetricFamily(
            "pressroom_cost_today_micro_usd",
            "Cost of the calls that started today (UTC), as far as it is known. sandbox=yes: nothing was really paid.",
            labels=labels,
        ),
        GaugeMetricFamily(
            "pressroom_cost_unknown_calls_today",
            "Calls that started today whose cost is not known: under way, without an answer, or without a price.",
            labels=labels,
        ),
        GaugeMetricFamily("pressroom_pictures_today", "Pictures that came today, good or not.", labels=labels),
        GaugeMetricFamily("pressroom_pictures_accepted_today", "Of those, the ones that passed.", labels=labels),
    )
    for provider, is_sandbox, *amounts in _sorted(rows):
        for family, amount in zip(families, amounts, strict=True):
            family.add_metric([provider, SANDBOX[is_sandbox]], int(amount))
    yield from families


def open_calls(session: Session) -> Iterator[Metric]:
    """Calls whose outcome is not known, of all time: there is an index of them."""
    rows = session.execute(
        select(Call.provider, Call.state, func.count(), func.sum(Call.worst_micro_usd))
        .where(Call.state.in_((CallState.INTENT, CallState.UNKNOWN)))
        .group_by(Call.provider, Call.state)
    )
    count_family = GaugeMetricFamily(
        "pressroom_open_calls",
        "Calls whose outcome is not known. INTENT: under way. UNKNOWN: in doubt until `pressroom reconcile` settles it.",
        labels=["provider", "state"],
    )
    worst = GaugeMetricFamily(
        "pressroom_open_calls_at_most_micro_usd",
        "What those calls cost at most.",
        labels=["provider", "state"],
    )
    for provider, state, count, micro_usd in _sorted(rows):
        count_family.add_metric([provider, state], count)
        worst.add_metric([provider, state], int(micro_usd))
    yield from (count_family, worst)


def waiting(session: Session) -> Iterator[Metric]:
    """What waits for others: paid pictures for storage, notifications for their receivers."""
    count, age = session.execute(select(func.count(), _seconds_since(func.min(Unstored.created_at)))).one()
    yield _gauge("pressroom_unstored_pictures", "Paid pictures that storage has not taken yet.", count)
    yield _gauge("pressroom_unstored_seconds", "How long the oldest of them has waited; 0 = none does.", age)
    query = select(func.count(), _seconds_since(func.min(Notification.created_at))).where(
        Notification.sent_at.is_(None)
    )
    count, age = session.execute(query).one()
    yield _gauge("pressroom_notifications_waiting", "Notifications of finished runs that are to be sent.", count)
    yield _gauge("pressroom_notification_wait_seconds", "How long the oldest of them has waited; 0 = none does.", age)


def budgets(session: Session, now: datetime) -> Iterator[Metric]:
    """How full the budgets of this month are; of users and keys only the fullest, for there may be thousands."""
    used = func.coalesce(BudgetMonth.used, 0)
    ratio = used * 1.0 / func.nullif(Budget.limit_micro_usd, 0)  # of 0 there is no part: it was set to refuse
    provider = case((Budget.scope == BudgetScope.PROVIDER, Budget.subject), else_="")
    is_month = and_(BudgetMonth.budget_id == Budget.id, BudgetMonth.month == month_of(now))
    rows = session.execute(
        select(Budget.scope, provider, func.max(ratio), func.count().filter(BudgetMonth.refused_at.is_not(None)))
        .join(BudgetMonth, is_month, isouter=True)
        .group_by(Budget.scope, provider)
    )
    fullest = GaugeMetricFamily(
        "pressroom_budget_used_ratio",
        "How much of this month's budget is spent or reserved, 0 to 1 and above; of users and keys: of the fullest."
        " None of a limit of 0.",
        labels=["scope", "provider"],
    )
    refused = GaugeMetricFamily(
        "pressroom_budgets_refusing",
        "Budgets that have refused an order this month.",
        labels=["scope", "provider"],
    )
    for scope, subject, most, count in _sorted(rows):
        if most is not None:
            fullest.add_metric([scope, subject], float(most))
        refused.add_metric([scope, subject], count)
    yield from (fullest, refused)


def writable(session: Session) -> Iterator[Metric]:
    """Give nothing. Raises Unavailable when the database, which has told its figures, is one that takes no writes."""
    check_writable(session)
    return iter(())


def bounded(session: Session, most_s: float) -> None:
    """Have each statement of this transaction end after `most_s`: a scrape is not worth a busy database."""
    session.execute(text(f"SET LOCAL statement_timeout = {max(int(most_s * 1000), 1)}"))


def utc_now() -> datetime:
    """Return the time that days and months are counted by."""
    return datetime.now(UTC)


def _seconds_since(moment: ColumnElement[Any] | Any) -> ColumnElement[Any]:
    return func.greatest(extract("epoch", func.now() - moment), 0)


def _sorted(rows: Iterable[Any]) -> list[tuple[Any, ...]]:
    """Return rows in the order of their labels, so that two scrapes are alike."""
    return sorted((tuple(row) for row in rows), key=lambda row: [str(value) for value in row])


def _gauge(name: str, told: str, value: Any) -> Metric:
    return GaugeMetricFamily(name, told, value=float(value or 0))
