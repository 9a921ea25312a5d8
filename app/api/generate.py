"""Ordering: one POST, one transaction, 202."""

from __future__ import annotations

from flask import Blueprint
from flask.typing import ResponseReturnValue

from app.api import answers, auth, bodies
from app.db.models import Run
from app.db.session import transaction
from app.pipelines.catalog import pipeline_named
from app.runs.accept import accept

blueprint = Blueprint("generate", __name__)


@blueprint.post("/api/generate/<pipeline>")
def generate(pipeline: str) -> ResponseReturnValue:
    """Order a run. It is queued when this answers; follow it at its links."""
    with transaction() as session:
        user = auth.user(session)
        body = bodies.json_object()
        ordered = accept(session, user, pipeline_named(pipeline), body, idempotency=bodies.idempotency(body))
    if not ordered.is_replay:
        answers.admit()
    links = answers.links().of(Run(id=ordered.run_id, pipeline=ordered.pipeline))
    answer = {"id": str(ordered.run_id), "pipeline": ordered.pipeline, "status": ordered.state, "links": links}
    return answer, 202, {"Location": f"/api/runs/{ordered.run_id}"}
