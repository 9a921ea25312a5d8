"""Reports: what your calls cost in a month, what that saved, and what each call of a run did."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, datetime

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue

from app.api import auth, pace
from app.db.session import transaction
from app.domain.errors import InvalidRequest
from app.reports import costs, manual_work, periods, rates, roi, steps, tables
from app.reports.charts import Chart, chart
from app.runs import view

blueprint = Blueprint("reports", __name__)

JSON_LINES = "application/x-ndjson"
TEXTS: dict[str, tuple[str, Callable[[costs.Report], str | dict[str, object]]]] = {
    "json": ("application/json", tables.as_json),
    "csv": ("text/csv", tables.as_csv),
}
PICTURES = {"svg": "image/svg+xml", "png": "image/png"}
SANDBOX = {"true": True, "false": False}


@blueprint.get("/api/reports/costs")
def costs_of_month() -> ResponseReturnValue:
    """Show what a month cost, by what you want to know, in any currency that has a rate; also as CSV or as a picture.

    Query: month (2026-11; this one), group_by (any of day, provider, model, pipeline, stage, purpose, user, key, with
    commas; provider), currency (USD), format (json, csv, svg, png), sandbox (true: calls to the stand-in).
    """
    query = request.args
    as_, sandbox = query.get("format", "json"), query.get("sandbox")
    if as_ not in {*TEXTS, *PICTURES}:
        known = ", ".join([*TEXTS, *PICTURES])
        raise InvalidRequest(f"a report is one of {known}", fields={"format": f"one of {known}"})
    if sandbox is not None and sandbox not in SANDBOX:
        raise InvalidRequest("sandbox is true or false", fields={"sandbox": "true or false"})
    now = datetime.now(UTC)
    period = periods.month(query.get("month"), now.date())
    group_by = costs.dimensions(query.get("group_by", query.get("group", "provider")).split(","))
    wanted, currency = SANDBOX.get(sandbox or ""), query.get("currency", rates.USD)
    with transaction() as session:
        user = auth.user(session)
        if as_ in PICTURES:
            drawn = chart(session, period, group_by, user=user, currency=currency, sandbox=wanted)
        else:
            found = costs.costs(session, period, group_by, user=user, currency=currency, sandbox=wanted)
    if as_ in PICTURES:
        return _picture(drawn, now, as_)
    mime, written = TEXTS[as_]
    told = written(found)
    return jsonify(told) if isinstance(told, dict) else _download(told, mime, f"costs-{period.name}.csv")


@blueprint.get("/api/reports/roi")
def roi_of_month() -> ResponseReturnValue:
    """Show what your runs of a month saved against work by hand: hours, their worth, cost, gain. Query: month."""
    period = periods.month(request.args.get("month"), datetime.now(UTC).date())
    with transaction() as session:
        found = roi.roi(session, period, manual_work.manual_work(), auth.user(session))
    return jsonify(roi.as_json(found))


@blueprint.get("/api/runs/<uuid:run_id>/log")
def log(run_id: uuid.UUID) -> ResponseReturnValue:
    """Download a run's step log as JSON lines: model, tokens, cost and outcome of each call; no prompt, no reply.

    Query: currency, beside US dollars (PKR, null while it has no rate).
    """
    with transaction() as session:
        run = view.owned(session, auth.user(session), run_id)
        beside = steps.second(session, request.args.get("currency"), run.created_at.astimezone(UTC).date())
        lines = "".join(steps.of_run(session, run.id, beside))
    return _download(lines, JSON_LINES, f"{run.pipeline}-{str(run_id)[:8]}.jsonl")


def _picture(drawn: Chart, now: datetime, as_: str) -> Response:
    from app.reports import plot  # noqa: PLC0415 - Matplotlib takes half a second, and most processes never draw

    with pace.slow():
        data = plot.draw(drawn, now.date(), "svg" if as_ == "svg" else "png")
    answer = Response(data, mimetype=PICTURES[as_])
    # An SVG is a document: it must not run anything where it is opened by itself.
    answer.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    return answer


def _download(text: str, mime: str, name: str) -> Response:
    answer = Response(text, mimetype=mime)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
