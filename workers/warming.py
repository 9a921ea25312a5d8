"""Done once when a worker starts, so that its first task costs no more than the others.

Otherwise a worker's first second goes to imports, certificates and compiling statements: with all workers on the
machine of the API, the orders of that second waited 0.2 s for a core (measured at 100 orders a second).
"""

from __future__ import annotations

import logging
import uuid
from contextlib import suppress

from sqlalchemy.exc import SQLAlchemyError

from app import traffic
from app.db.session import transaction
from app.domain import errors
from app.runs import claims
from app.settings import KEY_SETTINGS, settings
from workers.providers.registry import provider_named

log = logging.getLogger(__name__)


def warm_up() -> None:
    """Connect to Redis and the database, and open the pools of the providers. What is away now is connected later."""
    for provider in KEY_SETTINGS:
        if settings().has_key(provider):
            provider_named(provider)
    try:
        traffic.ask(lambda redis: redis.ping())
        _claim_nothing()
    except (SQLAlchemyError, errors.PressroomError) as exc:
        log.warning("not_warmed", extra={"reason": type(exc).__name__})


def _claim_nothing() -> None:
    with suppress(errors.NotClaimed), transaction(durable=False) as session:
        claims.claim(session, uuid.uuid4(), "write_content", 1)


def warm_up_drawing() -> None:
    """Load what slides are drawn with."""
    from workers.images import compositor  # noqa: PLC0415 - Pillow and fonts only where slides are drawn

    compositor.compose(compositor.Slide(role="content", index=1, total=3, title="Warm", body="Up"), None)
