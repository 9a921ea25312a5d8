"""The step log: one line of JSON for each call, as it was made. Never a prompt or a reply, only hashes and sizes."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date
from decimal import Decimal
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, defer

from app.db.models import Call, User
from app.domain.errors import NotFound
from app.domain.states import CallState, CostBasis
from app.reports.periods import Period
from app.reports.rates import USD, Rate, currency_named, rate_on
from app.scorecard import PICTURE_PURPOSES

USUAL = "PKR"  # the currency of the brief's log
MICRO = 1_000_000
KILOBYTE = 1000
BATCH = 2000
STATUS = {
    CallState.INTENT: "UNDER_WAY",
    CallState.SUCCEEDED: "SUCCESS",
    CallState.FAILED: "FAILED",
    CallState.UNKNOWN: "UNKNOWN",
}


@dataclass(frozen=True, slots=True)
class Second:
    """The currency that costs are told in beside US dollars."""

    currency: str
    """USD = none."""
    rate: Rate | None
    """None = it is not known: so are the amounts."""


def second(session: Session, asked: str | None, day: date) -> Second:
    """Return the second currency: the one that is asked for, or the brief's.

    Raises InvalidRequest, and NotFound when the one that is asked for has no rate on `day`.
    """
    try:
        return Second(currency_named(asked or USUAL), rate_on(session, asked or USUAL, day))
    except NotFound:
        if asked is not None:
            raise
        return Second(USUAL, None)


def of_run(session: Session, run_id: uuid.UUID, beside: Second) -> Iterator[str]:
    """Yield the lines of a run, oldest first."""
    return _lines(session, select(Call).where(Call.run_id == run_id), beside)


def of_month(session: Session, period: Period, beside: Second, user: User | None = None) -> Iterator[str]:
    """Yield the lines of a month's calls, oldest first, read as they are written: a month may have a million."""
    query = select(Call).where(Call.started_at >= period.begins, Call.started_at < period.ends)
    return _lines(session, query if user is None else query.where(Call.user_id == user.id), beside)


def _lines(session: Session, query: Select[Call], beside: Second) -> Iterator[str]:
    ordered = query.order_by(Call.started_at, Call.id).options(defer(Call.reply, raiseload=True))
    for call in session.scalars(ordered.execution_options(yield_per=BATCH)):
        yield json.dumps(line(call, beside), ensure_ascii=False) + "\n"


def line(call: Call, beside: Second) -> dict[str, Any]:
    """Return what the log says of a call; what is not known is None."""
    cost, rate = call.cost_micro_usd, beside.rate
    told: dict[str, Any] = {
        "timestamp": call.started_at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "pipeline_id": str(call.run_id),
        "step": call.step.upper(),
        "model_used": f"{call.provider}/{call.model}",
        "input_prompt_hash": call.prompt_hash,
        "output_summary": summary(call),
        "input_tokens": call.tokens_in,
        "output_tokens": call.tokens_out,
        "estimated_cost_usd": None if cost is None else float(Decimal(cost) / MICRO),
    }
    if beside.currency != USD:
        converted = None if cost is None or rate is None else float(rate.converted(cost))
        told[f"estimated_cost_{beside.currency.lower()}"] = converted
    return told | {"status": STATUS[call.state]} | ({"sandbox": True} if call.is_sandbox else {})


def summary(call: Call) -> str:
    """Return what came of a call, without a word of it: `picture, 812 KB, accepted`."""
    match call.state:
        case CallState.INTENT:
            return "under way"
        case CallState.FAILED:
            return f"rejected: {call.error_code}"
        case CallState.UNKNOWN:
            return f"no answer ({call.error_code}): may have been charged"
        case CallState.SUCCEEDED:
            pass
    kind = "picture" if call.pictures or call.purpose in PICTURE_PURPOSES else "text"
    parts = [kind if call.reply_bytes else f"no {kind}"]
    if call.reply_bytes:
        parts.append(_size(call.reply_bytes))
    if call.cost_basis is CostBasis.CACHE:
        parts.append("from the cache")
    elif call.accepted is not None:
        parts.append("accepted" if call.accepted else f"refused: {call.error_code}")
    if call.cost_micro_usd is None:
        parts.append("of unknown cost")
    return ", ".join(parts)


def _size(count: int) -> str:
    """Return a number of bytes as people say it: `812 KB`."""
    if count < KILOBYTE:
        return f"{count} B"
    if count < KILOBYTE**2:
        return f"{round(count / KILOBYTE)} KB"
    return f"{count / KILOBYTE**2:.1f} MB"
