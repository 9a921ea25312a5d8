"""What each run of a schedule is about: items that are drawn in order, each once.

A source only reads and marks rows: it is asked while the schedule is locked, and must not wait for anybody. One whose
items come from elsewhere has them fetched and stored beforehand.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol, get_origin

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.db.models import Schedule, ScheduleItem
from app.domain.errors import Conflict, InvalidRequest
from app.domain.schedules import PauseReason
from app.pipelines.pipeline import Pipeline
from app.runs.accept import parse
from app.schedules import feeds

MOST_TRIED = 50  # articles of a feed that no order can be made of, before one is told
ARTICLE = {"title": ("title", "topic"), "summary": ("summary",), "url": ("url",)}
"""Where an article's parts go in a request: into the first of these fields that it has."""


@dataclass(frozen=True, slots=True)
class Item:
    """What one run is about."""

    fields: dict[str, Any]
    """Go into the request."""
    title: str | None
    """What the history calls it; None = nothing was drawn."""


class Source(Protocol):
    """Where a schedule's items come from."""

    def next_item(self) -> Item | None:
        """Return the item whose turn it is; None when there is none left. Nothing is taken."""

    def take(self, run_id: uuid.UUID) -> None:
        """Mark that item as drawn: this is its run."""

    def nothing(self) -> Conflict | None:
        """Return what is wrong when there is no item; None when that may be, and another slot will have one."""


class Nothing:
    """For schedules that draw nothing: every run has the same request, for ever."""

    def next_item(self) -> Item | None:
        """Return an item without anything in it."""
        return Item({}, None)

    def take(self, run_id: uuid.UUID) -> None:
        """Do nothing."""

    def nothing(self) -> Conflict | None:
        """Return nothing: there always is an item."""


class Topics:
    """The schedule's own list, from the front; again from the front when it is to be repeated."""

    def __init__(self, schedule: Schedule, pipeline: Pipeline) -> None:
        self._schedule = schedule
        self._pipeline = pipeline

    def next_item(self) -> Item | None:
        """Return the next topic in its field."""
        schedule = self._schedule
        assert schedule.topics is not None
        assert schedule.topics_into is not None
        if schedule.topics_drawn >= len(schedule.topics):
            return None
        topic = schedule.topics[schedule.topics_drawn]
        return Item({schedule.topics_into: in_field(self._pipeline, schedule.topics_into, topic)}, topic)

    def nothing(self) -> Conflict | None:
        """Say that all topics had their run."""
        return Conflict("all topics had their run; add some, or set repeat_topics", code=PauseReason.TOPICS_USED_UP)

    def take(self, run_id: uuid.UUID) -> None:  # noqa: ARG002 - the slot's row has it
        """Count it."""
        schedule = self._schedule
        schedule.topics_drawn += 1
        if schedule.repeat_topics and schedule.topics_drawn >= len(schedule.topics or ()):
            schedule.topics_drawn = 0


class Articles:
    """What a feed listed, the oldest first, each once. One that no order can be made of is left where it is."""

    def __init__(self, session: Session, schedule: Schedule, pipeline: Pipeline) -> None:
        self._session = session
        self._schedule = schedule
        self._pipeline = pipeline
        self._drawn: ScheduleItem | None = None

    def next_item(self) -> Item | None:
        """Return the article whose turn it is, its parts in the fields that the pipeline has for them."""
        waiting = self._session.scalars(
            select(ScheduleItem)
            .join(Schedule, Schedule.id == ScheduleItem.schedule_id)
            .where(ScheduleItem.schedule_id == self._schedule.id, feeds.waits())
            .order_by(func.coalesce(ScheduleItem.published, ScheduleItem.seen_at), ScheduleItem.place.desc())
            .limit(MOST_TRIED)
        ).all()
        self._drawn = next((row for row in waiting if self._is_orderable(row)), next(iter(waiting), None))
        return Item(self._fields(self._drawn), self._drawn.title) if self._drawn else None

    def take(self, run_id: uuid.UUID) -> None:
        """Note its run."""
        assert self._drawn is not None
        self._drawn.taken_at, self._drawn.run_id = datetime.now(UTC), run_id

    def nothing(self) -> Conflict | None:
        """Say that the feed could not be read, or was not read yet."""
        problem = self._schedule.last_problem
        if self._schedule.feed_failures and problem and feeds.is_of_feed(problem):
            return Conflict(problem["message"], code=problem["code"])
        if self._schedule.feed_read_at is None:
            return Conflict("the feed was not read yet; that takes a minute", code=feeds.NOT_READ)
        return None

    def _is_orderable(self, row: ScheduleItem) -> bool:
        try:
            parse(self._pipeline, self._schedule.request | self._fields(row))
        except InvalidRequest:
            return False
        return True

    def _fields(self, row: ScheduleItem) -> dict[str, Any]:
        return article_fields(self._pipeline, {"title": row.title, "summary": row.summary, "url": row.url})


def article_fields(pipeline: Pipeline, article: Mapping[str, str | None]) -> dict[str, Any]:
    """Return the parts of an article as fields of a request, as far as it has some for them, cut to their lengths."""
    known = pipeline.request.model_fields
    fields = {}
    for part, names in ARTICLE.items():
        name = next((name for name in names if name in known), None)
        if name is not None and (text := article[part]):
            most = next((rule.max_length for rule in known[name].metadata if hasattr(rule, "max_length")), None)
            is_long = most is not None and len(text) > most
            fields[name] = f"{text[: most - 1].rstrip()}…" if most is not None and is_long else text
    return fields


def source_of(session: Session, schedule: Schedule, pipeline: Pipeline) -> Source:
    """Return what a schedule draws from."""
    if schedule.feed_url is not None:
        return Articles(session, schedule, pipeline)
    return Nothing() if schedule.topics is None else Topics(schedule, pipeline)


def in_field(pipeline: Pipeline, name: str, topic: str) -> Any:
    """Return a topic as a field of the request takes it: a list of one where it is a list, as `prompts` of images."""
    return [topic] if get_origin(pipeline.request.model_fields[name].annotation) is list else topic


def is_used_up(schedule: Schedule) -> bool:
    """Return whether the schedule has nothing left to draw."""
    return schedule.topics is not None and schedule.topics_drawn >= len(schedule.topics)


def kept_order(topics: list[str], drawn: list[str]) -> tuple[list[str], int]:
    """Return a new list with what was drawn before at its front, and how many that are: each topic has one run."""
    before = set(drawn)
    front = [topic for topic in topics if topic in before]
    return [*front, *(topic for topic in topics if topic not in before)], len(front)
