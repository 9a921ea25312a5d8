"""The Celery app of the workers, Flower and beat: `celery -A workers.celery_app worker -Q text,images`."""

from __future__ import annotations

import logging
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from celery.concurrency import get_implementation
from celery.signals import setup_logging, task_postrun, worker_init, worker_process_init, worker_shutting_down

import workers.tasks
import workers.upkeep
from app import logs, routes
from app.broker import celery
from app.db.session import forget_engine
from app.domain.errors import SetupError
from app.settings import settings
from workers import limits, warming
from workers.images.compositor.fonts import require_shaping

log = logging.getLogger(__name__)

app = celery()
workers.tasks.register(app)
workers.upkeep.register(app)


def _after_fork(**_: Any) -> None:
    """Leave the parent's database sockets to the parent."""
    forget_engine(after_fork=True)
    warming.warm_up_drawing()  # only the media worker forks


def _set_threads(sender: Any, **_: Any) -> None:
    """Tell the limits how many threads this worker has."""
    limits.set_threads(sender.concurrency or 1)


def _check_setup(**_: Any) -> None:
    """Start no worker that could not ask models or draw text: it would fail piece after piece."""
    try:
        routes.check()
        require_shaping()
    except SetupError as exc:
        logs.configure()  # Celery has not asked for it yet
        log.critical("setup_incomplete", extra={"reason": str(exc)})
        raise SystemExit(1) from exc


def _give_way(**_: Any) -> None:
    """Leave the cores to the API and the servers of this machine whenever they have something to do: people wait there.

    Linux may share the cores between sessions first, and niceness then counts within one only: a worker that leads a
    session has all of it give way (sched(7), autogroup).
    """
    niceness = settings().worker_niceness
    os.nice(max(niceness - os.nice(0), 0))
    if niceness and os.getsid(0) == os.getpid():
        with suppress(OSError):
            Path("/proc/self/autogroup").write_text(str(niceness))


def _warm_up(sender: Any, **_: Any) -> None:
    """Warm up in a worker of threads; a parent of processes must not hold connections that its children inherit."""
    if get_implementation(sender.pool_cls) is not get_implementation("prefork"):
        warming.warm_up()


def _stop_waiting(**_: Any) -> None:
    """Wake whoever sleeps in a limit, so that its piece is handed back instead of holding the shutdown up."""
    limits.stopping.set()


def _log_as_json(loglevel: int, **_: Any) -> None:
    """Write JSON lines instead of Celery's own format; its line per received task is said better by our events."""
    logs.configure(loglevel)
    logging.getLogger("celery.worker.strategy").setLevel(logging.WARNING)
    tracer = logging.getLogger("celery.app.trace")
    tracer.setLevel(logging.WARNING)
    tracer.addFilter(in_our_words)


def in_our_words(record: logging.LogRecord) -> bool:
    """Let Celery's line of a failed task say which one failed, and leave the error to the trace, which quotes no user.

    Celery 5.7 writes the error's own words into the line, and all that it knows of the task beside it: 17 KB.
    """
    known = record.__dict__.pop("data", None)
    if isinstance(known, dict):
        record.msg, record.args = "task_failed", ()
        record.__dict__.update(task=known.get("name"), task_id=known.get("id"))
    return True


setup_logging.connect(_log_as_json)
worker_process_init.connect(_after_fork)
worker_init.connect(_check_setup)
worker_init.connect(_give_way)
worker_init.connect(_set_threads)
worker_init.connect(_warm_up)
worker_shutting_down.connect(_stop_waiting)
task_postrun.connect(workers.tasks.forget_ids)
