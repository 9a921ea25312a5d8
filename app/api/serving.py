"""gunicorn's settings, of `web` and `events` alike: `gunicorn --config python:app.api.serving ... app.api.wsgi:web`."""

from __future__ import annotations

import gc
import socket
import struct
from typing import Any

from app.api import edge

worker_class = "gthread"
preload_app = True  # loaded once for all processes; nothing is connected before they are forked
loglevel = "warning"
control_socket_disable = True  # it would lie in the home directory, one for all instances


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
