"""The web process' side of a run's events: it checks who asks, and sends them to the process that streams."""

from __future__ import annotations

import uuid
from urllib.parse import urlencode

from flask import Blueprint, redirect, request
from flask.typing import ResponseReturnValue

from app.api import auth
from app.db.session import transaction
from app.domain.errors import Unavailable
from app.runs import view
from app.settings import settings

blueprint = Blueprint("stream", __name__)


@blueprint.get("/api/runs/<uuid:run_id>/events")
def events(run_id: uuid.UUID) -> ResponseReturnValue:
    """Stream a run's events (text/event-stream). Answers 307 to the process that streams, with a ticket of 10 minutes.

    `Last-Event-ID` resumes without a gap. The stream ends after the run's last event, or after 5 minutes;
    204 says that nothing more will come. One run has 50 watchers at most, one user 100: there the next gets 429
    `too_many_watchers`.
    """
    with transaction() as session:
        holder = auth.identity(session)
        run = view.owned(session, holder.user, run_id)
        ticket = auth.new_ticket(holder, run.id)
    base = settings().events_url
    if base is None:
        raise Unavailable(
            "this process does not stream; route /api/runs/*/events to the events process, or set PRESSROOM_EVENTS_URL",
            code="events_elsewhere",
        )
    query = {"ticket": ticket}
    if last := request.headers.get("Last-Event-ID") or request.args.get("last_event_id"):
        query["last_event_id"] = last  # for clients that drop headers when they follow a redirect
    return redirect(f"{base.rstrip('/')}{request.path}?{urlencode(query)}", 307)
