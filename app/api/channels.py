"""Channels: each watched run's events, loaded once per process and shared by all who watch it.

50 watchers of one run cost one query per poll, not 50, and hold no database session while they wait.
"""

from __future__ import annotations

import json
import logging
import threading
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from app import events
from app.db.models import Event, Run
from app.db.session import transaction
from app.domain.errors import PressroomError
from app.domain.states import TERMINAL_RUNS

log = logging.getLogger(__name__)

POLL_S = 0.2
MOST_AT_ONCE = 500  # frames that a watcher is handed together: some 100 KB, however long the run has gone on
RETRY_S = 1.0  # while the database is away
LAST_WORDS = frozenset(f"run.{state.lower()}" for state in TERMINAL_RUNS)


class Source(Protocol):
    """Where events come from."""

    def newest(self, run_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, int]:
        """Return the number of each run's newest event."""

    def since(self, run_id: uuid.UUID, number: int) -> Sequence[Event]:
        """Return a run's events after `number`, in order; perhaps not all at once."""


class Database:
    """The events in PostgreSQL."""

    def newest(self, run_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, int]:
        """Return the number of each run's newest event; see Source."""
        with transaction(durable=False) as session:
            rows = session.execute(select(Run.id, Run.last_event).where(Run.id.in_(run_ids)))
            return dict(rows.all())

    def since(self, run_id: uuid.UUID, number: int) -> Sequence[Event]:
        """Return a run's events after `number`; see Source."""
        with transaction(durable=False) as session:
            return events.since(session, run_id, number)


class Channel:
    """One run's events, from the first to the newest, as they go over the wire."""

    def __init__(self) -> None:
        self.watchers = 0
        self._frames: list[bytes] = []
        self._is_over = False
        self._changed = threading.Condition()

    @property
    def newest(self) -> int:
        """Number of the newest event that is here: they count 1, 2, 3 without a gap."""
        return len(self._frames)

    def add(self, fresh: Sequence[Event], newest: int) -> None:
        """Append events and wake who waits for them.

        newest: number of the run's newest event. Before it is here, the end of a round is no end of the run: more follow.
        """
        with self._changed:
            for event in fresh:
                if event.number == len(self._frames) + 1:
                    self._frames.append(frame(event))
                    self._is_over = event.type in LAST_WORDS and event.number >= newest
            self._changed.notify_all()

    def after(self, number: int, timeout_s: float) -> tuple[list[bytes], bool]:
        """Return frames after event `number`, waiting at most `timeout_s` for one, and whether they end the run.

        They are not all when there are many: ask again.
        """
        with self._changed:
            self._changed.wait_for(lambda: len(self._frames) > number, timeout_s)
            found = self._frames[number : number + MOST_AT_ONCE]
            return found, self._is_over and number + len(found) == len(self._frames)


def frame(event: Event) -> bytes:
    """Return an event as EventSource reads it."""
    data = json.dumps(event.data, ensure_ascii=False, separators=(",", ":"))
    return f"id: {event.number}\nevent: {event.type}\ndata: {data}\n\n".encode()


class Hub:
    """The channels of this process, and the one thread that fills them while anybody watches."""

    def __init__(self, source: Source, *, poll_s: float = POLL_S, retry_s: float = RETRY_S) -> None:
        self._source = source
        self._poll_s = poll_s
        self._retry_s = retry_s
        self._channels: dict[uuid.UUID, Channel] = {}
        self._lock = threading.Lock()
        self._asked = threading.Event()
        self._poller: threading.Thread | None = None

    @contextmanager
    def watching(self, run_id: uuid.UUID) -> Iterator[Channel]:
        """Give the run's channel; it is dropped when its last watcher leaves."""
        with self._lock:
            channel = self._channels.setdefault(run_id, Channel())
            channel.watchers += 1
            if self._poller is None:
                self._poller = threading.Thread(target=self._poll, name="events-poller", daemon=True)
                self._poller.start()
        self._asked.set()
        try:
            yield channel
        finally:
            with self._lock:
                channel.watchers -= 1
                if not channel.watchers:
                    del self._channels[run_id]

    def watched(self) -> int:
        """Return how many runs are watched."""
        with self._lock:
            return len(self._channels)

    def _poll(self) -> None:
        """Load what is new until nobody watches any more; a first watcher is served without waiting for the next poll."""
        pause_s = self._poll_s
        while True:
            self._asked.wait(pause_s)
            self._asked.clear()
            with self._lock:
                channels = dict(self._channels)
                if not channels:
                    self._poller = None
                    return
            try:
                self._load(channels)
                pause_s = self._poll_s
            except (SQLAlchemyError, PressroomError) as exc:
                # Watchers stay: they get heartbeats, and what they missed as soon as the database is back.
                log.warning("events_not_loaded", extra={"reason": type(exc).__name__})
                pause_s = self._retry_s

    def _load(self, channels: dict[uuid.UUID, Channel]) -> None:
        for run_id, newest in self._source.newest(list(channels)).items():
            channel = channels[run_id]
            number = channel.newest
            # Each part as it comes: rows are ten times as big as frames, and a run that is edited on and on has many.
            while number < newest and (more := self._source.since(run_id, number)):
                channel.add(more, newest)
                number = more[-1].number
