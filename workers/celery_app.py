"""The Celery app of the workers, Flower and beat: `celery -A workers.celery_app worker -Q text,images`."""

from __future__ import annotations

import logging
from typing import Any

from celery.signals import setup_logging, worker_init, worker_process_init

import workers.tasks
import workers.upkeep
from app import logs
from app.broker import celery
from app.db.session import forget_engine
from workers import limits

app = celery()
workers.tasks.register(app)
workers.upkeep.register(app)


def _after_fork(**_: Any) -> None:
    """Leave the parent's database sockets to the parent."""
    forget_engine(after_fork=True)


def _set_threads(sender: Any, **_: Any) -> None:
    """Tell the limits how many threads this worker has."""
    limits.set_threads(sender.concurrency or 1)


def _log_as_json(loglevel: int, **_: Any) -> None:
    """Write JSON lines instead of Celery's own format; its line per received task is said better by our events."""
    logs.configure(loglevel)
    logging.getLogger("celery.worker.strategy").setLevel(logging.WARNING)
    logging.getLogger("celery.app.trace").setLevel(logging.WARNING)


setup_logging.connect(_log_as_json)
worker_process_init.connect(_after_fork)
worker_init.connect(_set_threads)
