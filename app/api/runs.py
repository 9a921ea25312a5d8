"""Runs: lists, one run, cancel and resume."""

from __future__ import annotations

import base64
import binascii
import uuid
from datetime import datetime
from typing import Any

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue
from pydantic import BaseModel, ConfigDict, Field

from app import records
from app.api import answers, auth, bodies, pages, replays
from app.db.models import Run
from app.db.session import transaction
from app.domain.errors import InvalidRequest, NotFound
from app.domain.prices import usd
from app.domain.states import RunState
from app.pipelines.catalog import all_pipelines
from app.pipelines.pipeline import AspectRatio
from app.runs import formats, rounds, view
from app.runs.rounds import NewRound
from app.storage import storage

blueprint = Blueprint("runs", __name__)


@blueprint.get("/api/runs")
def list_runs() -> ResponseReturnValue:
    """List your runs, newest first. Query: limit (100), before (`next` of the last answer), status, pipeline."""
    page = _page()
    with transaction() as session:
        shown, more = view.list_view(session, auth.user(session), page, answers.links())
    return answers.tagged({"runs": shown, "next": _cursor(more) if more else None})


@blueprint.get("/api/runs/<uuid:run_id>")
def show_run(run_id: uuid.UUID) -> ResponseReturnValue:
    """Show a run: its progress, every piece with its own status, its urls and its cost."""
    return answers.tagged(_seen(run_id))


@blueprint.get("/api/posts/<uuid:run_id>")
def show_post(run_id: uuid.UUID) -> ResponseReturnValue:
    """Show a post: a run of the pipeline full-post."""
    return answers.tagged(_seen(run_id, pipeline="full-post"))


@blueprint.get("/api/runs/<uuid:run_id>/calls")
def list_calls(run_id: uuid.UUID) -> ResponseReturnValue:
    """List every call to a model that a run made, oldest first: what it was for, cost and brought; no prompt, no reply."""
    with transaction() as session:
        run = view.owned(session, auth.user(session), run_id)
        found = records.of_run(session, run.id)
    return answers.tagged({"id": str(run_id), "calls": found})


@blueprint.post("/api/runs/<uuid:run_id>/cancel")
def cancel(run_id: uuid.UUID) -> ResponseReturnValue:
    """End a run that is not finished. Quota is given back if no picture was delivered."""
    with transaction() as session:
        run = view.owned(session, auth.user(session), run_id)
        rounds.cancel(session, run.id)
        answer = {"id": str(run.id), "status": run.state, "links": answers.links().of(run)}
    answers.admit()
    return jsonify(answer)


@blueprint.post("/api/runs/<uuid:run_id>/resume")
def resume(run_id: uuid.UUID) -> ResponseReturnValue:
    """Make what failed in the last round, and only that. Tells what is reused and what it pays at most."""
    with transaction() as session:
        user = auth.user(session)
        run = view.owned(session, user, run_id)
        key = bodies.idempotency(bodies.json_object())
        answer = replays.once(session, user, run.id, key, lambda: of_round(run, rounds.resume(session, user, run.id)))
    answers.publish("runs.start", (str(run_id),))
    return answer, 202


class Reformat(BaseModel):
    """Which format a finished run is made in once more."""

    model_config = ConfigDict(extra="forbid")
    format: AspectRatio = Field(description="Aspect ratio of the slides.")


@blueprint.post("/api/runs/<uuid:run_id>/reformat")
def reformat(run_id: uuid.UUID) -> ResponseReturnValue:
    """Make a new run in another format, of the same texts and pictures: no model is asked, nothing is paid.

    The run that this one was made into before is answered again, unless one of the two was changed since.
    """
    with transaction() as session:
        user = auth.user(session)
        source = view.owned(session, user, run_id)
        wanted = bodies.parsed(Reformat).format
        key = bodies.idempotency(bodies.json_object())
        answer = replays.once(
            session, user, source.id, key, lambda: _ordered(formats.reformat(session, run_id, wanted))
        )
    answers.admit()
    return answer, 202, {"Location": f"/api/runs/{answer['id']}"}


def _ordered(run: Run) -> dict[str, Any]:
    links = answers.links().of(run)
    made_from = str(run.made_from)
    return {"id": str(run.id), "pipeline": run.pipeline, "status": run.state, "made_from": made_from, "links": links}


def of_round(run: Run, started: NewRound) -> dict[str, Any]:
    """Return the answer of whatever opens or joins a round."""
    return {
        "id": str(run.id),
        "status": run.state,
        "round": started.round,
        "reused_pieces": started.reused,
        "redone_pieces": started.redone,
        "pays_at_most_micro_usd": started.worst_micro_usd,
        "pays_at_most_usd": usd(started.worst_micro_usd),
        "links": answers.links().of(run),
    }


def _seen(run_id: uuid.UUID, pipeline: str | None = None) -> dict[str, Any]:
    """Return the view of a run of the caller. Raises NotFound."""
    with transaction() as session:
        run = view.owned(session, auth.user(session), run_id)
        if pipeline is not None and run.pipeline != pipeline:
            raise NotFound(f"this run is no {pipeline}; see /api/runs/{run_id}")
        return view.run_view(session, run, storage().url, answers.links())


def _page() -> view.Page:
    """Return which runs the query asks for. Raises InvalidRequest."""
    query, fields = request.args, {}
    limit, state, pipeline, before = pages.size(query.get("limit")), query.get("status"), query.get("pipeline"), None
    if state is not None and state not in RunState.__members__:
        fields["status"] = f"one of {', '.join(RunState)}"
    if pipeline is not None and pipeline not in all_pipelines():
        fields["pipeline"] = f"one of {', '.join(all_pipelines())}"
    if "before" in query and (before := _read_cursor(query["before"])) is None:
        fields["before"] = "the `next` of an earlier answer"
    if fields:
        told = "; ".join(f"{name}: {reason}" for name, reason in fields.items())
        raise InvalidRequest(f"the query is not valid: {told}", fields=fields)
    return view.Page(limit, before, RunState(state) if state else None, pipeline)


def _cursor(run: Run) -> str:
    """Return the place after `run` in the list: clients send it back as it is."""
    return base64.urlsafe_b64encode(f"{run.created_at.isoformat()} {run.id}".encode()).decode().rstrip("=")


def _read_cursor(text: str) -> tuple[datetime, uuid.UUID] | None:
    """Return the place that a cursor names; None when it is none of ours."""
    try:
        moment, _, run_id = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode().partition(" ")
        at = datetime.fromisoformat(moment)
        return (at, uuid.UUID(run_id)) if at.tzinfo else None
    except (ValueError, binascii.Error):
        return None
