"""The Celery tasks: one for each step of each pipeline, and `runs.*`. Ids in, nothing out.

What a task logs bears its ids until Celery has told of its end too (`forget_ids`), so that a failed one is told with them.
"""

from __future__ import annotations

import logging
import uuid
from typing import Any

from celery import Celery, Task

from app import logs
from app.domain.errors import AnotherRelease
from app.pipelines.catalog import all_pipelines
from app.pipelines.pipeline import Pipeline
from app.runs.finish import Finisher
from workers import canvas, finishing
from workers.steps import run_step

log = logging.getLogger(__name__)


def register(app: Celery) -> None:
    """Add every pipeline's steps under names that an operator understands: `full_post.render_image`."""
    for pipeline in all_pipelines().values():
        for step in dict.fromkeys(stage.step for track in pipeline.tracks.values() for stage in track):
            _register_step(app, pipeline, step)
    app.task(name="runs.start")(start)
    app.task(name="runs.finish", bind=True, max_retries=None)(finish)


def _register_step(app: Celery, pipeline: Pipeline, step: str) -> None:
    def body(task: Task, run_id: str, piece_id: str, round_: int) -> None:
        # The run's id stands in the message for people who look at Flower or the log; the row knows its run.
        logs.bind_only({"run_id": run_id, "piece_id": piece_id, "step": step})
        run_step(task, pipeline, step, piece_id, round_)

    body.__doc__ = f"{pipeline.name}: {step} of one piece."
    # The row counts attempts and says when they are used up, so that Celery's own count never ends a step.
    app.task(name=pipeline.task_name(step), bind=True, max_retries=None)(body)


def start(run_id: str) -> None:
    """Publish what remains of a run: a new round, or one that a user asked for again."""
    logs.bind_only({"run_id": run_id})
    canvas.publish_plan(uuid.UUID(run_id))


def finish(task: Any, run_id: str, round_: int) -> None:
    """End a run's round, if all of its pieces are terminal and nobody has done so."""
    logs.bind_only({"run_id": run_id})
    try:
        finishing.finish(task, uuid.UUID(run_id), round_, Finisher.told_by(task.request.headers))
    except AnotherRelease:
        log.info("end_of_another_release")  # the relay asks again; where nobody can read it, the watchdog ends it


def forget_ids(**_: Any) -> None:
    """Have what this thread logs from now on bear no ids: Celery calls it when a task is over, however it ended."""
    logs.bind_only({})
