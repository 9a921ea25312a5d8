"""The HTTP API, and the process that streams events. Thin: it validates, calls one function and answers.

It never imports worker code: it publishes task names, and `celeryconfig.py` is the contract.
"""

from __future__ import annotations

from flask import Flask

from app.api import (
    account,
    ads,
    brands,
    budgets,
    edge,
    files,
    generate,
    health,
    metrics,
    openapi,
    pieces,
    problems,
    quote,
    reports,
    runs,
    schedules,
    stream,
    warming,
    watch,
    webhooks,
)
from app.api.channels import Database, Hub
from app.api.places import Places

MAX_BODY_BYTES = 64 * 1024  # a brand kit has about 2 KB; orders may be longer, see edge


def create_app() -> Flask:
    """Return the `web` process: everything but streams. Nothing is connected before it is warmed up or asked."""
    app = _bare("web")
    app.extensions["warm_up"] = warming.warm_up
    for module in (
        generate,
        quote,
        reports,
        runs,
        pieces,
        ads,
        files,
        account,
        budgets,
        brands,
        schedules,
        webhooks,
        stream,
        health,
        metrics,
        openapi,
    ):
        app.register_blueprint(module.blueprint)
    return app


def create_events_app() -> Flask:
    """Return the `events` process: watchers hold its threads, never those of the API."""
    app = _bare("events")
    app.extensions["hub"] = Hub(Database())
    app.extensions["places"] = Places()
    for module in (watch, health):
        app.register_blueprint(module.blueprint)
    return app


def _bare(name: str) -> Flask:
    app = Flask(f"{__name__}.{name}", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    app.config["MAX_FORM_MEMORY_SIZE"] = MAX_BODY_BYTES
    app.json.sort_keys = False  # type: ignore[attr-defined]  # DefaultJSONProvider has it
    problems.register(app)
    edge.register(app)
    return app
