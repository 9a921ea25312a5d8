"""Follow a run until it ends: its events say when something changed, its view says what."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx

from app.cli.client import Api, ApiAway

POLL_S = 2.0  # while events stream: a net under them
POLL_WITHOUT_EVENTS_S = 0.5
REST_S = 0.1  # between two views: 13 slides change at once
AWAY_S = 30.0  # an API may be started anew while we watch
OVER = frozenset({"READY", "PARTIAL", "FAILED", "CANCELED"})


@dataclass(slots=True)
class Deliveries:
    """What a stage has delivered so far, and when, in seconds since the order."""

    count: int
    first_s: float
    last_s: float


@dataclass(slots=True)
class Followed:
    """A run as seen so far."""

    view: dict[str, Any]
    elapsed_s: float = 0.0
    deliveries: dict[str, Deliveries] = field(default_factory=dict)

    @property
    def is_over(self) -> bool:
        """Whether the round has ended."""
        return self.view["status"] in OVER

    def see(self, view: dict[str, Any], elapsed_s: float) -> None:
        """Take in a newer view."""
        self.view, self.elapsed_s = view, elapsed_s
        for stage in view["progress"]["stages"]:
            count = stage["done"] + stage["failed"]
            before = self.deliveries.get(stage["step"])
            if count and before is None:
                self.deliveries[stage["step"]] = Deliveries(count, elapsed_s, elapsed_s)
            elif before is not None and count > before.count:
                before.count, before.last_s = count, elapsed_s

    def spans(self) -> list[tuple[str, float, float]]:
        """Return (step, begin, end) of each stage: it begins when the one before it delivers first; they overlap."""
        found, begin_s = [], 0.0
        for step, delivered in self.deliveries.items():
            found.append((step, begin_s, delivered.last_s))
            begin_s = delivered.first_s
        return found


def follow(api: Api, run_id: str, events_url: str, check: Callable[[], None]) -> Iterator[Followed]:
    """Yield the run after each change until it is over.

    check: raises what makes waiting senseless, such as a process of ours that keeps dying.
    Raises ApiError, and ApiAway when the API stays away.
    """
    bell = _Bell(api, events_url)
    started = time.monotonic()
    answered = started
    followed: Followed | None = None
    while followed is None or not followed.is_over:
        check()
        bell.wait()
        try:
            view = api.run(run_id)
        except ApiAway:
            if time.monotonic() - answered > AWAY_S:
                raise
            time.sleep(POLL_WITHOUT_EVENTS_S)
            continue
        answered = time.monotonic()
        followed = followed or Followed(view)
        followed.see(view, answered - started)
        yield followed
        time.sleep(REST_S)


class _Bell:
    """Rings with each event; without a stream it rings every half a second."""

    def __init__(self, api: Api, url: str) -> None:
        self._rang = threading.Event()
        self._rang.set()
        self._streams = False
        threading.Thread(target=self._listen, args=(api, url), name="events", daemon=True).start()

    def wait(self) -> None:
        """Return when something may have changed."""
        self._rang.wait(POLL_S if self._streams else POLL_WITHOUT_EVENTS_S)
        self._rang.clear()

    def _listen(self, api: Api, url: str) -> None:
        last_id: str | None = None
        while True:
            try:
                for event_id in api.events(url, last_id):
                    last_id, self._streams = event_id, True
                    self._rang.set()
            except httpx.HTTPError:
                self._streams = False
            time.sleep(1.0)  # as the stream's own `retry` asks
