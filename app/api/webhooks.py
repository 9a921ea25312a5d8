"""Your webhook: what you were told, and how each try ended. Its address and secret are set by the operator."""

from __future__ import annotations

import uuid

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from app import notifications
from app.api import auth, pages
from app.db.session import transaction
from app.domain.errors import InvalidRequest

blueprint = Blueprint("webhooks", __name__)


@blueprint.get("/api/webhooks/deliveries")
def list_deliveries() -> ResponseReturnValue:
    """List what your webhook was told, newest first: each try with its status, and when the next one is due.

    Query: limit (100), before (`next` of the last answer). `state` is waiting, delivered, given_up or no_address;
    `status` is that of your server, null when it did not answer.
    """
    limit, before = pages.size(request.args.get("limit")), _before(request.args.get("before"))
    with transaction() as session:
        shown, more = notifications.deliveries(session, auth.user(session).id, limit, before)
    return jsonify(deliveries=shown, next=shown[-1]["id"] if more else None)


def _before(text: str | None) -> uuid.UUID | None:
    try:
        return None if text is None else uuid.UUID(text)
    except ValueError:
        raise InvalidRequest(
            "before is the `next` of an answer", fields={"before": "the `next` of an answer"}
        ) from None
