"""What Celery and gunicorn log themselves: in JSON, with the ids of the task, and without what a user wrote."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import uuid
from collections.abc import Iterator

import pytest
from celery import Celery
from pydantic import BaseModel

from app import logs
from harness import Installation
from workers import canvas, celery_app

SECRET = "Zanzibar marmalade heist"
RUN = str(uuid.uuid4())

GUNICORN = """
from types import SimpleNamespace
from gunicorn.config import Config
from gunicorn.glogging import Logger
from app.api import serving
log = Logger(Config())
serving.on_starting(SimpleNamespace(log=log))
log.error("Worker (pid:%s) was sent SIGKILL! Perhaps out of memory?", 12)
try:
    raise ConnectionError("gone")
except ConnectionError:
    log.exception("Error handling request %s", "/api/runs/1/events?ticket=secret")
"""


class Order(BaseModel, extra="forbid"):
    """What somebody wants."""


class Lines(logging.Handler):
    """Keeps lines as they are written to the log."""

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(logs.JsonLines())
        self.addFilter(logs.WithIds())
        self.found: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.found.append(self.format(record))


@pytest.fixture
def lines() -> Iterator[list[str]]:
    """What Celery's tracer writes."""
    tracer, handler = logging.getLogger("celery.app.trace"), Lines()
    tracer.addFilter(celery_app.in_our_words)
    tracer.addHandler(handler)
    yield handler.found
    tracer.removeHandler(handler)
    tracer.removeFilter(celery_app.in_our_words)


@pytest.fixture
def failing(database: Installation, monkeypatch: pytest.MonkeyPatch) -> Celery:
    """Our tasks, of which the start of a run meets a request that it cannot read."""
    assert database

    def fail(_: uuid.UUID) -> None:
        Order.model_validate({"topic": SECRET})

    monkeypatch.setattr(canvas, "publish_plan", fail)
    return celery_app.app


def test_a_failed_task_is_told_with_its_ids_and_its_trace_and_without_what_a_user_wrote(
    failing: Celery, lines: list[str]
) -> None:
    ended = failing.tasks["runs.start"].apply(args=[RUN])

    assert ended.failed()
    (line,) = lines
    told = json.loads(line)
    assert (told["event"], told["task"], told["run_id"]) == ("task_failed", "runs.start", RUN)
    assert "topic: extra_forbidden" in told["exception"]
    assert SECRET not in line
    assert "data" not in told


def test_what_is_logged_after_a_task_bears_no_ids_of_it(failing: Celery) -> None:
    failing.tasks["runs.start"].apply(args=[RUN])

    assert logs.ids() == {}


def test_gunicorns_lines_are_json_and_have_no_queries() -> None:
    done = subprocess.run([sys.executable, "-c", GUNICORN], capture_output=True, text=True, timeout=60, check=True)

    killed, failed = (json.loads(line) for line in done.stderr.splitlines())
    assert (killed["level"], killed["logger"]) == ("error", "gunicorn.error")
    assert killed["event"].startswith("Worker (pid:12) was sent SIGKILL!")
    assert failed["event"] == "Error handling request /api/runs/1/events"
    assert "ConnectionError: gone" in failed["exception"]
