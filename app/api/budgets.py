"""Your budgets: where their months stand, and what they told."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import SQLAlchemyError

from app import alerts, budget_limits, budgets
from app.api import auth, problems
from app.budget_limits import Standing
from app.db.session import transaction
from app.domain.errors import QuotaExceeded
from app.domain.plans import month_of
from app.domain.prices import usd

log = logging.getLogger(__name__)
blueprint = Blueprint("budgets", __name__)


@blueprint.get("/api/budgets")
def list_budgets() -> ResponseReturnValue:
    """Show the budgets of your key and of your account. Budgets of the whole installation are its operator's.

    `used` is what runs under way have reserved, and `spent`; a call in doubt counts at its worst.
    """
    now = datetime.now(UTC)
    with transaction() as session:
        key = auth.identity(session).key
        found = budget_limits.standings(session, now, key=key)
    return jsonify(month=f"{month_of(now):%Y-%m}", budgets=[_shown(standing) for standing in found])


@blueprint.app_errorhandler(QuotaExceeded)
def refused(error: QuotaExceeded) -> ResponseReturnValue:
    """Answer a refusal; one by a budget is noted, and its alert follows."""
    if error.budget_id is not None:
        try:
            budgets.note_refusal(error.budget_id, datetime.now(UTC))
        except SQLAlchemyError as exc:  # the answer stands without the note
            log.warning("refusal_not_noted", extra={"reason": type(exc).__name__})
    return problems.of_request(error)


def _shown(standing: Standing) -> dict[str, Any]:
    scope, limit = standing.budget.scope, standing.budget.limit_micro_usd
    amounts = {
        "limit": limit,
        "used": standing.used,
        "spent": standing.spent,
        "left": max(limit - standing.used, 0),
        "projected": standing.projected,
    }
    return {
        "scope": scope,
        "subject": standing.name,
        **{f"{name}_micro_usd": amount for name, amount in amounts.items()},
        **{f"{name}_usd": None if amount is None else usd(amount) for name, amount in amounts.items()},
        "alerts": [
            alerts.view(alert, scope, standing.name) | {"text": alerts.sentence(alert, scope, standing.name)}
            for alert in standing.alerts
        ],
    }
