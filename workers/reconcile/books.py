"""The journal's side: which calls are compared, and the settling of those in doubt."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import and_, case, func, or_, select

from app import settlement
from app.db.models import Call, Run
from app.db.session import transaction
from app.domain.states import LIVE_RUNS, CallState, CostBasis
from workers.reconcile.figures import Booked

FRESH = timedelta(minutes=15)
"""No step lasts as long, and providers' books lag behind by minutes."""


def read(provider: str, since: datetime, until: datetime, *, is_sandbox: bool) -> list[Booked]:
    """Return the calls of a provider that began from `since` to before `until`, and older ones in doubt.

    Without those that cost nothing by their nature: the cache's, and free ones.
    """
    in_doubt = or_(
        Call.state == CallState.UNKNOWN, and_(Call.state == CallState.SUCCEEDED, Call.cost_micro_usd.is_(None))
    )
    is_job = and_(Call.state == CallState.UNKNOWN, Call.provider_ref.is_not(None), Run.state.in_(LIVE_RUNS))
    may_change = or_(Call.state == CallState.INTENT, Call.started_at > func.now() - FRESH, is_job)
    columns = (
        *(Call.id, Call.model, Call.state, Call.cost_micro_usd, Call.worst_micro_usd, Call.provider_ref.label("ref")),
        *(Call.started_at, Call.ended_at, Call.tokens_in, Call.tokens_out),
        case((may_change, True), else_=False).label("is_fresh"),
    )
    wanted = (
        select(*columns)
        .join(Run, Run.id == Call.run_id)
        .where(Call.provider == provider, Call.is_sandbox.is_(is_sandbox), Call.worst_micro_usd > 0)
        .where(Call.started_at < until, or_(Call.started_at >= since, in_doubt))
        .where(Call.cost_basis.is_distinct_from(CostBasis.CACHE))
        .order_by(Call.started_at)
    )
    with transaction() as session:
        return [Booked(**row) for row in session.execute(wanted).mappings()]


def settle(call: Booked, cost_micro_usd: int, ref: str | None) -> bool:
    """Settle a call in doubt at what its provider says; return False when somebody else did before."""
    with transaction() as session:
        return settlement.settle_late(session, call.id, cost_micro_usd, CostBasis.PROVIDER, ref)


def write_off(call: Booked, *, at_worst: bool) -> bool:
    """Settle a call in doubt by the operator's word: at its worst case, or as not charged."""
    cost, basis = (call.worst_micro_usd, CostBasis.TABLE) if at_worst else (0, CostBasis.NONE)
    with transaction() as session:
        return settlement.settle_late(session, call.id, cost, basis)


def is_older(call: Booked, days: int) -> bool:
    """Whether a call began more than so many days ago."""
    return call.started_at < datetime.now(UTC) - timedelta(days=days)
