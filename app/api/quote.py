"""What a run would cost, told before it is ordered."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from app import budgets, costs, quotas
from app.api import auth, bodies, pace
from app.costs import StageQuote
from app.db.session import transaction
from app.domain.plans import month_of
from app.domain.prices import usd
from app.domain.states import QuotaUnit
from app.pipelines.catalog import pipeline_named
from app.runs.accept import parse, reservation_micro_usd

blueprint = Blueprint("quote", __name__)


@blueprint.post("/api/quote/<pipeline>")
def quote(pipeline: str) -> ResponseReturnValue:
    """Tell what a run would cost. As expected and at most, per stage, what it takes of the month, and who would refuse it.

    Nothing is ordered, taken or charged.
    """
    ordered = pipeline_named(pipeline)
    with transaction() as session:
        user = auth.user(session)
        with pace.slow_if_long():
            request = parse(ordered, bodies.json_object())
            quoted, reserved = costs.quote(ordered, request), reservation_micro_usd(ordered, request)
        month, charges = month_of(datetime.now(UTC)), ordered.charges_of(request)
        refusal = quotas.would_refuse(
            session, user, month, {**charges, QuotaUnit.MONEY: reserved}
        ) or budgets.would_refuse(session, user, ordered, request, reserved, month)
    return jsonify(
        pipeline=ordered.name,
        **_money(quoted.expected_micro_usd, quoted.worst_micro_usd),
        reserved_micro_usd=reserved,
        reserved_usd=usd(reserved),
        charges=charges,
        refused_by=None if refusal is None else {"code": refusal.code, "message": str(refusal)},
        stages=[_shown(line) for line in quoted.lines],
    )


def _shown(line: StageQuote) -> dict[str, Any]:
    named = {"step": line.step, "purpose": line.purpose, "calls": line.calls, "models": line.models}
    return named | _money(line.expected_micro_usd, line.worst_micro_usd)


def _money(expected: int, worst: int) -> dict[str, Any]:
    return {
        "expected_micro_usd": expected,
        "expected_usd": usd(expected),
        "worst_micro_usd": worst,
        "worst_usd": usd(worst),
    }
