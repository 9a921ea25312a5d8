"""What each run of a schedule is about: items that are drawn in order, each once.

A source only reads and marks rows: it is asked while the schedule is locked, and must not wait for anybody. One whose
items come from elsewhere has them fetched and stored beforehand.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol, get_origin

from app.db.models import Schedule
from app.pipelines.pipeline import Pipeline


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

    def take(self) -> None:
        """Mark that item as drawn: it has its run."""


class Nothing:
    """For schedules that draw nothing: every run has the same request, for ever."""

    def next_item(self) -> Item | None:
        """Return an item without anything in it."""
        return Item({}, None)

    def take(self) -> None:
        """Do nothing."""


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

    def take(self) -> None:
        """Count it."""
        schedule = self._schedule
        schedule.topics_drawn += 1
        if schedule.repeat_topics and schedule.topics_drawn >= len(schedule.topics or ()):
            schedule.topics_drawn = 0


def source_of(schedule: Schedule, pipeline: Pipeline) -> Source:
    """Return what a schedule draws from."""
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
