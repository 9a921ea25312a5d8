"""GET /openapi.json: read from the routes, their docstrings and the pydantic models of all pipelines."""

from __future__ import annotations

import re
from importlib.metadata import version
from typing import Any

from flask import Blueprint, Response, current_app, jsonify
from flask.typing import ResponseReturnValue
from pydantic import BaseModel
from werkzeug.routing import Rule

from app.api import pages
from app.api.account import NewKey
from app.api.ads import Current, Refinement
from app.api.brands import BrandBody
from app.api.pieces import PieceEdit
from app.api.runs import Reformat
from app.domain.states import RunState
from app.pipelines.catalog import all_pipelines
from app.schedules.wishes import ScheduleBody
from app.storage import PPTX

blueprint = Blueprint("openapi", __name__)

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
VARIABLE = re.compile(r"<(?:(\w+):)?(\w+)>")
OPEN = ("/healthz", "/readyz", "/openapi.json", "/media/<path:key>", "/api/themes")  # served without a key
BODIES: dict[tuple[str, str], type[BaseModel]] = {
    ("PATCH", "pieces.edit"): PieceEdit,
    ("POST", "runs.reformat"): Reformat,
    ("POST", "ads.refine"): Refinement,
    ("POST", "ads.make_current"): Current,
    ("POST", "account.create_key"): NewKey,
    ("POST", "brands.create_brand"): BrandBody,
    ("PUT", "brands.replace_brand"): BrandBody,
    ("POST", "schedules.create_schedule"): ScheduleBody,
    ("PUT", "schedules.replace_schedule"): ScheduleBody,
}
FILES = {("PUT", "brands.put_logo"): "image/png"}  # bodies that are the bytes of a file
SUCCESS: dict[str, tuple[str, str, str]] = {
    "generate.generate": ("202", "Queued; the Location header says where.", "application/json"),
    "runs.resume": ("202", "A new round has begun.", "application/json"),
    "runs.reformat": ("202", "Queued; the Location header says where.", "application/json"),
    "pieces.edit": ("202", "It is being drawn again.", "application/json"),
    "pieces.render": ("202", "A new round has begun.", "application/json"),
    "ads.refine": ("202", "A new round has begun.", "application/json"),
    "account.create_key": ("201", "The key, this once.", "application/json"),
    "brands.create_brand": ("201", "The brand.", "application/json"),
    "brands.delete_brand": ("204", "It is gone.", ""),
    "brands.delete_logo": ("204", "It is gone.", ""),
    "schedules.create_schedule": ("201", "The schedule.", "application/json"),
    "schedules.delete_schedule": ("204", "It is gone.", ""),
    "schedules.run_schedule": ("202", "Queued; the Location header says where.", "application/json"),
    "stream.events": ("307", "Follow it: text/event-stream.", ""),
    "files.carousel": ("200", "The PDF.", "application/pdf"),
    "files.deck": ("200", "The slides as PPTX.", PPTX),
    "files.export": ("200", "The zip.", "application/zip"),
    "metrics.metrics": ("200", "Prometheus' text format.", "text/plain"),
    "reports.log": ("200", "A line of JSON for each call.", "application/x-ndjson"),
    "files.media": ("200", "The file.", "*/*"),
}
MORE_TYPES = {"reports.costs_of_month": ("text/csv", "image/svg+xml", "image/png")}  # by the query's `format`
MORE_STATUSES = {
    "metrics.metrics": ("404",),
    "stream.events": ("503",),
    "reports.costs_of_month": ("404",),
    "reports.roi_of_month": ("404",),
    "webhooks.list_deliveries": ("404",),
    "account.create_key": ("403",),
    "account.revoke_key": ("403",),
    "schedules.create_schedule": ("403",),
    "schedules.replace_schedule": ("403",),
    "schedules.delete_schedule": ("403",),
    "schedules.pause_schedule": ("403",),
    "schedules.resume_schedule": ("403",),
}
ROUND = ("id", "status", "round", "reused_pieces", "redone_pieces", "pays_at_most_micro_usd", "links")
RUN = ("id", "pipeline", "status", "round", "progress", "pieces", "cost", "links")
MEMBERS: dict[str, tuple[str, ...]] = {  # what a good answer always has
    "generate.generate": ("id", "pipeline", "status", "links"),
    "quote.quote": ("expected_micro_usd", "worst_micro_usd", "reserved_micro_usd", "charges", "refused_by", "stages"),
    "runs.list_runs": ("runs", "next"),
    "runs.show_run": RUN,
    "runs.show_post": RUN,
    "runs.list_calls": ("id", "calls"),
    "runs.cancel": ("id", "status", "links"),
    "runs.resume": ROUND,
    "runs.reformat": ("id", "pipeline", "status", "made_from", "links"),
    "pieces.edit": ROUND,
    "pieces.render": ROUND,
    "ads.show": (*RUN, "revisions"),
    "ads.refine": ROUND,
    "ads.make_current": (*RUN, "revisions"),
    "account.usage": ("plan", "month", "usd", "pictures", "tokens"),
    "account.list_keys": ("keys",),
    "account.create_key": ("id", "name", "prefix", "key"),
    "budgets.list_budgets": ("month", "budgets"),
    "brands.list_brands": ("brands",),
    "schedules.list_schedules": ("schedules",),
    "webhooks.list_deliveries": ("deliveries", "next"),
    "schedules.run_schedule": ("id", "pipeline", "status", "links"),
}
IDEMPOTENT = (
    "generate.generate",
    "runs.resume",
    "runs.reformat",
    "pieces.render",
    "ads.refine",
    "schedules.create_schedule",
    "schedules.run_schedule",
)
MONTH: dict[str, Any] = {"type": "string", "pattern": r"^\d{4}-\d\d$"}
LIMIT: dict[str, Any] = {"type": "integer", "minimum": 1, "maximum": pages.MOST, "default": pages.USUAL}
CURRENCY: dict[str, Any] = {"type": "string", "pattern": "^[A-Za-z]{3}$"}
QUERIES: dict[str, dict[str, dict[str, Any]]] = {
    "runs.list_runs": {
        "limit": LIMIT,
        "before": {"type": "string"},
        "status": {"enum": list(RunState)},
        "pipeline": {"type": "string"},
    },
    "reports.costs_of_month": {
        "month": MONTH,
        "group_by": {"type": "string", "default": "provider"},
        "currency": CURRENCY | {"default": "USD"},
        "format": {"enum": ["json", "csv", "svg", "png"], "default": "json"},
        "sandbox": {"type": "boolean"},
    },
    "reports.roi_of_month": {"month": MONTH},
    "reports.log": {"currency": CURRENCY},
    "webhooks.list_deliveries": {
        "limit": LIMIT,
        "before": {"type": "string", "format": "uuid"},
    },
}


@blueprint.get("/openapi.json")
def openapi() -> ResponseReturnValue:
    """Show this description."""
    known = current_app.extensions
    if "openapi" not in known:  # it follows from the code alone, and takes 0.1 s to make
        known["openapi"] = _description()
    return Response(known["openapi"], mimetype="application/json")


def _description() -> bytes:
    """Return the description of this application's routes, as JSON."""
    schemas: dict[str, Any] = {"Problem": _problem_schema()}
    paths: dict[str, dict[str, Any]] = {}
    for rule in sorted(current_app.url_map.iter_rules(), key=lambda rule: rule.rule):
        for method in METHODS:
            if method in (rule.methods or ()):
                for path, operation in _operations(rule, method, schemas):
                    paths.setdefault(path, {})[method.lower()] = operation
    described = jsonify(
        openapi="3.1.0",
        info={
            "title": "Pressroom",
            "version": version("pressroom"),
            "description": "One request becomes finished content. Errors are RFC 9457 problems with a stable `code`.",
        },
        security=[{"key": []}],
        paths=paths,
        components={
            "schemas": dict(sorted(schemas.items())),
            "responses": {"Problem": _problem_response()},
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
        },
    )
    return described.get_data()


def _operations(rule: Rule, method: str, schemas: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Return (path, operation) of a route; one per pipeline where the path names it."""
    path = VARIABLE.sub(r"{\2}", rule.rule)
    if "pipeline" not in rule.arguments:
        model = BODIES.get((method, rule.endpoint))
        operation = _operation(rule, method, _ref(model, schemas) if model else None)
        if mime := FILES.get((method, rule.endpoint)):
            operation["requestBody"] = {"required": True, "content": {mime: {"schema": {}}}}
        return [(path, operation)]
    found = []
    for pipeline in all_pipelines().values():
        operation = _operation(rule, method, _ref(pipeline.request, schemas))
        operation["operationId"] += f".{pipeline.name}"
        operation["description"] = f"{pipeline.title} {operation['description']}".strip()
        found.append((path.replace("{pipeline}", pipeline.name), operation))
    return found


def _operation(rule: Rule, method: str, body: dict[str, Any] | None) -> dict[str, Any]:
    summary, _, rest = (current_app.view_functions[rule.endpoint].__doc__ or "").partition(". ")
    operation: dict[str, Any] = {
        "operationId": rule.endpoint,
        "tags": [rule.endpoint.partition(".")[0]],
        "summary": summary.strip().rstrip("."),
        "description": " ".join(rest.split()),
        "parameters": _parameters(rule),
        "responses": _responses(rule, method),
    }
    if rule.rule in OPEN:
        operation["security"] = []
    if body is not None:
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": body}}}
    return operation


def _responses(rule: Rule, method: str) -> dict[str, Any]:
    """Return what a route answers: its success, and each problem that callers bring about; `default` is ours."""
    status, told, mime = SUCCESS.get(rule.endpoint, ("200", "Done.", "application/json"))
    content = {mime: {"schema": _members(rule.endpoint) if mime == "application/json" else {}}} if mime else {}
    content |= {more: {"schema": {}} for more in MORE_TYPES.get(rule.endpoint, ())}
    found: dict[str, Any] = {status: {"description": told, **({"content": content} if content else {})}}
    if rule.endpoint == "health.readyz":
        found["503"] = found[status] | {"description": "A part is away; `parts` says which."}
    problems = set(MORE_STATUSES.get(rule.endpoint, ()))
    if rule.rule not in OPEN:
        problems |= {"401", "429"}
    if rule.arguments - {"pipeline"}:
        problems.add("404")
    if rule.endpoint in QUERIES:
        problems.add("422")
    if method != "GET":
        problems |= {"400", "408", "409", "413", "422"}
    problem = {"$ref": "#/components/responses/Problem"}
    return found | dict.fromkeys(sorted(problems), problem) | {"default": problem}


def _members(endpoint: str) -> dict[str, Any]:
    members = MEMBERS.get(endpoint, ())
    return {"type": "object", **({"required": list(members)} if members else {})}


def _problem_response() -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"description": "A problem.", "content": {"application/problem+json": {"schema": schema}}}


def _parameters(rule: Rule) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for kind, name in VARIABLE.findall(rule.rule):
        if name != "pipeline":
            schema: dict[str, Any] = {"type": "string", **({"format": "uuid"} if kind == "uuid" else {})}
            found.append({"name": name, "in": "path", "required": True, "schema": schema})
    if rule.endpoint in IDEMPOTENT:
        told = "The same key and body get the same answer; another body gets 409."
        schema = {"type": "string", "maxLength": 200}
        found.append({"name": "Idempotency-Key", "in": "header", "description": told, "schema": schema})
    if rule.endpoint == "stream.events":
        told = "The id of the last event that you got. Read where the answer leads to, which refuses any other."
        found.append({"name": "Last-Event-ID", "in": "header", "description": told, "schema": {"type": "string"}})
    queries = QUERIES.get(rule.endpoint, {})
    found += [{"name": name, "in": "query", "schema": schema} for name, schema in queries.items()]
    return found


def _ref(model: type[BaseModel], schemas: dict[str, Any]) -> dict[str, Any]:
    """Put the schema of `model`, and those that it uses, into `schemas`; return a reference to it."""
    schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas |= schema.pop("$defs", {})
    schemas[model.__name__] = schema
    return {"$ref": f"#/components/schemas/{model.__name__}"}


def _problem_schema() -> dict[str, Any]:
    text: dict[str, Any] = {"type": "string"}
    return {
        "type": "object",
        "required": ["type", "title", "status", "code", "detail"],
        "properties": {
            "type": text,
            "title": text,
            "status": {"type": "integer"},
            "code": text | {"description": "Stable: programs may rely on it."},
            "detail": text | {"description": "For people; may change."},
            "fields": {"type": "object", "additionalProperties": text, "description": "Field to reason."},
        },
    }
