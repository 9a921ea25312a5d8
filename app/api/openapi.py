"""GET /openapi.json: read from the routes, their docstrings and the pydantic models of all pipelines."""

from __future__ import annotations

import re
from importlib.metadata import version
from typing import Any

from flask import Blueprint, current_app, jsonify
from flask.typing import ResponseReturnValue
from pydantic import BaseModel
from werkzeug.routing import Rule

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
    "files.media": ("200", "The file.", "application/octet-stream"),
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
LIST_QUERY: dict[str, dict[str, Any]] = {
    "limit": {"type": "integer", "minimum": 1, "maximum": 100, "default": 20},
    "before": {"type": "string"},
    "status": {"enum": list(RunState)},
    "pipeline": {"type": "string"},
}


@blueprint.get("/openapi.json")
def openapi() -> ResponseReturnValue:
    """Show this description."""
    schemas: dict[str, Any] = {"Problem": _problem_schema()}
    paths: dict[str, dict[str, Any]] = {}
    for rule in sorted(current_app.url_map.iter_rules(), key=lambda rule: rule.rule):
        for method in METHODS:
            if method in (rule.methods or ()):
                for path, operation in _operations(rule, method, schemas):
                    paths.setdefault(path, {})[method.lower()] = operation
    return jsonify(
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
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
        },
    )


def _operations(rule: Rule, method: str, schemas: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Return (path, operation) of a route; one per pipeline where the path names it."""
    path = VARIABLE.sub(r"{\2}", rule.rule)
    if "pipeline" not in rule.arguments:
        model = BODIES.get((method, rule.endpoint))
        operation = _operation(rule, _ref(model, schemas) if model else None)
        if mime := FILES.get((method, rule.endpoint)):
            operation["requestBody"] = {"required": True, "content": {mime: {"schema": {}}}}
        return [(path, operation)]
    found = []
    for pipeline in all_pipelines().values():
        operation = _operation(rule, _ref(pipeline.request, schemas))
        operation["operationId"] += f".{pipeline.name}"
        operation["description"] = f"{pipeline.title} {operation['description']}".strip()
        found.append((path.replace("{pipeline}", pipeline.name), operation))
    return found


def _operation(rule: Rule, body: dict[str, Any] | None) -> dict[str, Any]:
    status, told, mime = SUCCESS.get(rule.endpoint, ("200", "Done.", "application/json"))
    summary, _, rest = (current_app.view_functions[rule.endpoint].__doc__ or "").partition(". ")
    success = {"description": told, **({"content": {mime: {"schema": {}}}} if mime else {})}
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    operation: dict[str, Any] = {
        "operationId": rule.endpoint,
        "tags": [rule.endpoint.partition(".")[0]],
        "summary": summary.strip().rstrip("."),
        "description": " ".join(rest.split()),
        "parameters": _parameters(rule),
        "responses": {status: success, "default": {"description": "A problem.", "content": problem}},
    }
    if rule.rule in OPEN:
        operation["security"] = []
    if body is not None:
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": body}}}
    return operation


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
        found.append({"name": "Last-Event-ID", "in": "header", "schema": {"type": "integer"}})
    if rule.endpoint == "runs.list_runs":
        found += [{"name": name, "in": "query", "schema": schema} for name, schema in LIST_QUERY.items()]
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
