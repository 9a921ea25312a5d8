"""Schedules: cron expressions that order runs by themselves."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from app.api import answers, auth, bodies
from app.db.models import Run, Schedule
from app.db.session import transaction
from app.schedules import rows, starts, view
from app.schedules.wishes import ScheduleBody

blueprint = Blueprint("schedules", __name__)


@blueprint.get("/api/schedules")
def list_schedules() -> ResponseReturnValue:
    """List your schedules by name, each with its next runs, its last one, and what went wrong with it.

    Long texts of their requests are cut, with … at the end; a schedule's own address has the whole.
    """
    with transaction() as session:
        shown = view.listed(session, auth.user(session), answers.links())
    return answers.tagged({"schedules": shown})


@blueprint.post("/api/schedules")
def create_schedule() -> ResponseReturnValue:
    """Make a schedule. It orders its first run at its next slot; 409 when you have one of that name.

    403 with a key that has a budget of its own, as for every change: what a schedule orders is nothing to that budget.
    """
    with transaction() as session:
        user = auth.owner(session)
        wished = bodies.parsed(ScheduleBody)
        key = bodies.idempotency(bodies.json_object())
        schedule = rows.create(session, user, wished, idempotency=key)
        shown = view.whole(session, schedule, answers.links())
    return shown, 201, {"Location": f"/api/schedules/{schedule.id}"}


@blueprint.get("/api/schedules/<uuid:schedule_id>")
def show_schedule(schedule_id: uuid.UUID) -> ResponseReturnValue:
    """Show a schedule: its topics, its next five runs, and what came of its latest slots."""
    with transaction() as session:
        schedule = rows.owned(session, auth.user(session), schedule_id)
        shown = view.whole(session, schedule, answers.links())
    return answers.tagged(shown)


@blueprint.put("/api/schedules/<uuid:schedule_id>")
def replace_schedule(schedule_id: uuid.UUID) -> ResponseReturnValue:
    """Change a schedule. Topics that had their run have none again, and move to the front of the list.

    A new cron expression or time zone holds from now on. One that had paused itself goes on when it can.
    """
    with transaction() as session:
        user = auth.owner(session)
        wished = bodies.parsed(ScheduleBody)
        schedule = rows.owned(session, user, schedule_id, to_change=True)
        rows.replace(session, user, schedule, wished)
        shown = view.whole(session, schedule, answers.links())
    return jsonify(shown)


@blueprint.delete("/api/schedules/<uuid:schedule_id>")
def delete_schedule(schedule_id: uuid.UUID) -> ResponseReturnValue:
    """Delete a schedule with its history; its runs stay."""
    with transaction() as session:
        session.delete(rows.owned(session, auth.owner(session), schedule_id, to_change=True))
    return "", 204


@blueprint.post("/api/schedules/<uuid:schedule_id>/pause")
def pause_schedule(schedule_id: uuid.UUID) -> ResponseReturnValue:
    """Have a schedule order nothing until it is resumed."""
    return jsonify(_changed(schedule_id, rows.pause))


@blueprint.post("/api/schedules/<uuid:schedule_id>/resume")
def resume_schedule(schedule_id: uuid.UUID) -> ResponseReturnValue:
    """Have a schedule order again from its next slot on; what lay in the pause is not caught up."""
    return jsonify(_changed(schedule_id, rows.resume))


@blueprint.post("/api/schedules/<uuid:schedule_id>/run")
def run_schedule(schedule_id: uuid.UUID) -> ResponseReturnValue:
    """Order an extra run now, with what the schedule draws next. Its next slot stays where it is. Your key's budget pays."""
    with transaction() as session:
        user = auth.user(session)
        key = bodies.idempotency(bodies.json_object())
        schedule = rows.owned(session, user, schedule_id, to_change=True)
        ordered = starts.run_now(session, user, schedule, idempotency=key)
    if not ordered.is_replay:
        answers.admit()
    links = answers.links().of(Run(id=ordered.run_id, pipeline=ordered.pipeline))
    answer = {"id": str(ordered.run_id), "pipeline": ordered.pipeline, "status": ordered.state, "links": links}
    return answer, 202, {"Location": f"/api/runs/{ordered.run_id}"}


def _changed(schedule_id: uuid.UUID, change: Callable[[Schedule], None]) -> dict[str, Any]:
    """Return a schedule of the caller after a change. Raises NotFound, Conflict, Forbidden."""
    with transaction() as session:
        schedule = rows.owned(session, auth.owner(session), schedule_id, to_change=True)
        change(schedule)
        session.flush()
        return view.whole(session, schedule, answers.links())
