"""Probes: does the process live, and can it work."""

from __future__ import annotations

import logging
from collections.abc import Callable

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from app.db.session import check_writable, transaction
from app.domain.errors import PressroomError
from app.settings import settings
from app.storage import storage
from app.traffic import PROBE, PROBE_S

log = logging.getLogger(__name__)
blueprint = Blueprint("health", __name__)

TIMEOUT_S = 1.0


@blueprint.get("/healthz")
def healthz() -> ResponseReturnValue:
    """Tell that the process lives; it asks nobody else."""
    return jsonify(status="ok")


@blueprint.get("/readyz")
def readyz() -> ResponseReturnValue:
    """Tell whether each part that work needs is there; 503 when one is not. The log says why."""
    checks: dict[str, Callable[[], None]] = {
        "database": _database,
        "schema": _schema,
        "redis": _redis,
        "storage": _storage,
    }
    parts = {name: _passes(name, check) for name, check in checks.items()}
    is_ready = all(parts.values())
    shown = {name: "ok" if passed else "failed" for name, passed in parts.items()}
    return {"status": "ok" if is_ready else "failed", "parts": shown}, 200 if is_ready else 503


def _passes(name: str, check: Callable[[], None]) -> bool:
    try:
        check()
    except (SQLAlchemyError, RedisError, OSError, PressroomError) as exc:
        log.warning("not_ready", extra={"part": name, "reason": type(exc).__name__})
        return False
    return True


def _database() -> None:
    with transaction(durable=False) as session:
        check_writable(session)


def _schema() -> None:
    """Do nothing when every migration that this release knows is applied. Raises PressroomError.

    A schema of the next release will do: during an upgrade this one works on it.
    """
    from app.db import migrate  # noqa: PLC0415 - Alembic only where it is asked for

    with transaction(durable=False) as session:
        found = session.scalar(text("SELECT version_num FROM alembic_version"))
    if migrate.is_behind(found):
        raise PressroomError(f"the database is at {found}, not at {migrate.head()}; run `pressroom migrate`")


def _redis() -> None:
    """Do nothing when Redis takes writes: one that is full, or a failover's replica, still answers a ping."""
    retry = Retry(NoBackoff(), 0)
    with Redis.from_url(
        settings().need_redis_url(), socket_connect_timeout=TIMEOUT_S, socket_timeout=TIMEOUT_S, retry=retry
    ) as client:
        client.set(PROBE, 1, ex=PROBE_S)


def _storage() -> None:
    """Do nothing when a storage is configured; it is written to by workers, not by probes."""
    storage()
