"""Places for watchers: each of them holds a thread of the events process, and nobody may take all of those."""

from __future__ import annotations

import threading
import uuid
from dataclasses import dataclass

from app.domain.errors import TooManyRequests, Unavailable

OF_RUN = 50  # a whole office looks at one post
OF_USER = 100
RETRY_S = 15  # a heartbeat: with it a stream notices that its watcher is gone


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """What a watcher holds while his stream lasts. Two of one user at one run are two places."""

    user_id: uuid.UUID
    run_id: uuid.UUID


class Places:
    """The places of this process. They are given one after the other: no two watchers get the last one."""

    def __init__(self, *, of_run: int = OF_RUN, of_user: int = OF_USER) -> None:
        self._of_run = of_run
        self._of_user = of_user
        self._in_all: int | None = None  # nobody said how many threads there are
        self._taken: set[Place] = set()
        self._lock = threading.Lock()

    def fit(self, threads: int) -> None:
        """Leave a tenth of so many threads, at least one, to everybody else: probes, and watchers who are refused."""
        self._in_all = max(threads - max(threads // 10, 1), 1)

    def take(self, user_id: uuid.UUID, run_id: uuid.UUID) -> Place:
        """Return a place, to be left whatever happens. Raises TooManyRequests, and Unavailable when all are taken."""
        place = Place(user_id, run_id)
        with self._lock:
            self._check(place)
            self._taken.add(place)
        return place

    def leave(self, place: Place) -> None:
        """Give a place back; a second time changes nothing."""
        with self._lock:
            self._taken.discard(place)

    def taken(self) -> int:
        """Return how many places are taken."""
        with self._lock:
            return len(self._taken)

    def _check(self, place: Place) -> None:
        if sum(one.run_id == place.run_id for one in self._taken) >= self._of_run:
            raise _too_many(f"this run has {self._of_run} watchers")
        if sum(one.user_id == place.user_id for one in self._taken) >= self._of_user:
            raise _too_many(f"your account has {self._of_user} watchers")
        if self._in_all is not None and len(self._taken) >= self._in_all:
            raise Unavailable(
                f"all {self._in_all} places for watchers are taken; try again, or ask for the run itself now and then",
                code="no_place_to_watch",
            )


def _too_many(told: str) -> TooManyRequests:
    return TooManyRequests(
        f"{told} here, which is the most; close one and try again, or ask for the run itself now and then."
        f" Those that broke off are noticed after {RETRY_S} to {2 * RETRY_S} s",
        retry_after_s=RETRY_S,
        code="too_many_watchers",
    )
