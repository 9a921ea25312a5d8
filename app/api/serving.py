"""gunicorn's settings, of `web` and `events` alike: `gunicorn --config python:app.api.serving ... app.api.wsgi:web`."""

from __future__ import annotations

import gc
import logging
import socket
import struct
from typing import Any

from app import logs
from app.api import edge

worker_class = "gthread"
preload_app = True  # loaded once for all processes; nothing is connected before they are forked
loglevel = "warning"
control_socket_disable = True  # it would lie in the home directory, one for all instances


def on_starting(server: Any) -> None:
    """Write gunicorn's own lines as all others are written (gunicorn calls this first): they tell of killed processes."""
    logs.configure()
    told = server.log.error_log
    told.handlers.clear()
    told.propagate = True
    told.addFilter(without_queries)


def without_queries(record: logging.LogRecord) -> bool:
    """Cut the query off each address in a line: that of an event stream has a ticket."""
    if isinstance(record.args, tuple):
        record.args = tuple(one.partition("?")[0] if isinstance(one, str) else one for one in record.args)
    return True


def when_ready(server: Any) -> None:
    """Bound each wait for the bytes of a request's headers (gunicorn calls this before it starts its processes).

    It waits for them without end, and sets the timeout of each connection anew; what a connection has from the socket
    that it was accepted from stays. From there on app.api.edge bounds it.
    """
    for listener in server.LISTENERS:
        bound = struct.pack("ll", edge.SILENCE_S, 0)
        listener.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, bound)


def post_worker_init(worker: Any) -> None:
    """Warm the application up before its first request, where it has something to warm up (gunicorn calls this).

    One that has watchers learns how many threads it has for them.

    What is loaded by then stays: the garbage collector, which stops every thread, need not look at it again (0.1 s).
    """
    worker.wsgi.extensions.get("warm_up", lambda: None)()
    if (places := worker.wsgi.extensions.get("places")) is not None:
        places.fit(worker.cfg.threads)
    gc.collect()
    gc.freeze()
