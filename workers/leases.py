"""One heartbeat thread per process renews its leases: of the pieces that it works on, and of providers' slots."""

from __future__ import annotations

import logging
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import SQLAlchemyError

from app.db.session import transaction
from app.runs import claims
from app.settings import settings
from workers import limits

log = logging.getLogger(__name__)

_lock = threading.Lock()
_tokens: set[uuid.UUID] = set()
_thread: threading.Thread | None = None


@contextmanager
def holding(token: uuid.UUID) -> Iterator[None]:
    """Keep the lease of `token` alive until the block ends."""
    with _lock:
        _tokens.add(token)
        _ensure_beating()
    try:
        yield
    finally:
        with _lock:
            _tokens.discard(token)


def _ensure_beating() -> None:
    """Start the thread on first use: a thread started before a fork would not be in the child."""
    global _thread  # noqa: PLW0603 - one heartbeat per process
    if _thread is None or not _thread.is_alive():
        _thread = threading.Thread(target=_beat, name="lease-heartbeat", daemon=True)
        _thread.start()


def _beat() -> None:
    pause = threading.Event()
    while True:
        pause.wait(settings().lease.total_seconds() / 3)
        with _lock:
            tokens = list(_tokens)
        if not tokens:
            continue
        try:
            limits.renew_held()
            with transaction(durable=False) as session:
                claims.renew(session, tokens)
        except SQLAlchemyError as exc:
            # Leases may run out; then another worker claims, and our late results find no lease. Nothing is lost.
            log.warning("heartbeat_failed", extra={"reason": type(exc).__name__, "leases": len(tokens)})
