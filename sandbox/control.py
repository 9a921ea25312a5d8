"""The sandbox's own API under `/sandbox`: settings, faults, log, bill. No vendor has it."""

from __future__ import annotations

import json
from functools import partial

from flask import Blueprint, Response, request

from sandbox.calls import Json, Vendor
from sandbox.config import ConfigError
from sandbox.desk import Desk
from sandbox.faults import FaultError, read_rules

# Where each vendor is, with its version as in its own base url. Gemini is at /v1 too, and Anthropic's messages at
# /v1/messages. Anthropic's SDK adds /v1 itself: its base_url ends in /anthropic.
BASE_PATHS = {
    Vendor.GATEWAY: "/v1",
    Vendor.GEMINI: "/v1beta",
    Vendor.ANTHROPIC: "/anthropic/v1",
    Vendor.OPENAI: "/openai/v1",
    Vendor.LEONARDO: "/api/rest/v1",
}


class _BodyError(ValueError):
    """Raised when a control request has no JSON body."""


def blueprint(desk: Desk) -> Blueprint:
    """Return the control endpoints. Bad input gets a 400 with `{"error": message}`."""
    control = Blueprint("control", __name__, url_prefix="/sandbox")

    @control.get("/health")
    def health() -> Json:
        root = request.host_url.rstrip("/")
        return {
            "status": "ok",
            "seed": desk.config.seed,
            "latency": desk.config.latency.profile,
            "base_urls": {vendor.value: root + path for vendor, path in BASE_PATHS.items()},
        }

    @control.post("/reset")
    def reset() -> Response:
        desk.reset()
        return Response(status=204)

    for part in ("config", "faults", "log", "bill", "load"):
        control.add_url_rule(f"/{part}", f"get_{part}", partial(desk.snapshot, part), methods=["GET"])
    _add_changes(control, desk)
    return control


def _add_changes(control: Blueprint, desk: Desk) -> None:
    """Add what changes settings and faults."""

    @control.put("/config")
    def put_config() -> Json:
        desk.configure(desk.config.with_changes(_body()))
        return desk.snapshot("config")

    @control.put("/faults")
    def put_faults() -> Json:
        desk.set_rules(read_rules(_body()))
        return desk.snapshot("faults")

    @control.delete("/faults")
    def delete_faults() -> Response:
        desk.set_rules([])
        return Response(status=204)

    @control.errorhandler(ConfigError)
    @control.errorhandler(FaultError)
    @control.errorhandler(_BodyError)
    def bad_input(error: Exception) -> tuple[Json, int]:
        return {"error": str(error)}, 400


def _body() -> object:
    try:
        return json.loads(request.get_data())
    except ValueError:
        raise _BodyError("the body must be JSON") from None
