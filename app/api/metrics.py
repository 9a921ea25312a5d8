"""What Prometheus scrapes, behind a token of its own."""

from __future__ import annotations

import hmac

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue
from prometheus_client import CONTENT_TYPE_LATEST

from app.domain.errors import NotFound, Unauthenticated
from app.metrics import collector
from app.settings import settings

blueprint = Blueprint("metrics", __name__)


@blueprint.get("/metrics")
def metrics() -> ResponseReturnValue:
    """Show the installation's metrics in Prometheus' text format.

    It needs PRESSROOM_METRICS_TOKEN, as a bearer token or as the password of any user; without that setting it is off.
    """
    token = settings().metrics_token
    if token is None:
        raise NotFound("metrics are off; the operator turns them on with PRESSROOM_METRICS_TOKEN")
    if not hmac.compare_digest(_told().encode(), token.get_secret_value().encode()):
        raise Unauthenticated("send PRESSROOM_METRICS_TOKEN as a bearer token, or as a password")
    return Response(collector.exposition(), content_type=CONTENT_TYPE_LATEST)


def _told() -> str:
    """Return the token that came with the request; empty when there is none."""
    found = request.authorization
    if found is None:
        return ""
    return (found.token if found.type == "bearer" else found.password) or ""
