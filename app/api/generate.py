"""Ordering: one POST, one transaction, 202."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from app import costs
from app.api import answers, auth, bodies
from app.db.models import Run
from app.db.session import transaction
from app.domain.prices import usd
from app.pipelines.catalog import pipeline_named
from app.runs.accept import accept, parse, reservation_micro_usd

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


@blueprint.post("/api/quote/<pipeline>")
def quote(pipeline: str) -> ResponseReturnValue:
    """Tell what a run would cost: as expected and at worst, per stage. Nothing is ordered."""
    with transaction() as session:
        auth.user(session)
    ordered = pipeline_named(pipeline)
    request = parse(ordered, bodies.json_object())
    lines = costs.quote(ordered, request)
    expected, worst = sum(line.expected_micro_usd for line in lines), sum(line.worst_micro_usd for line in lines)
    stages: list[dict[str, Any]] = [
        {
            "step": line.step,
            "purpose": line.purpose,
            "calls": line.calls,
            "expected_micro_usd": line.expected_micro_usd,
            "worst_micro_usd": line.worst_micro_usd,
        }
        for line in lines
    ]
    return jsonify(
        pipeline=ordered.name,
        expected_micro_usd=expected,
        expected_usd=usd(expected),
        worst_micro_usd=worst,
        worst_usd=usd(worst),
        reserved_micro_usd=reservation_micro_usd(ordered, request),
        stages=stages,
    )
