"""gunicorn's settings, of `web` and `events` alike: `gunicorn --config python:app.api.serving ... app.api.wsgi:web`."""

from __future__ import annotations

import sys
from typing import Any

worker_class = "gthread"
loglevel = "warning"
control_socket_disable = True  # it would lie in the home directory, one for all instances

SWITCH_S = 0.001
"""How long a thread may keep the interpreter while others wait for it; Python's 5 ms are too long for a thread that
waits between two statements of a transaction whose locks others wait for."""


def post_worker_init(worker: Any) -> None:
    """Warm the application up before its first request, where it has something to warm up (gunicorn calls this)."""
    sys.setswitchinterval(SWITCH_S)
    worker.wsgi.extensions.get("warm_up", lambda: None)()
