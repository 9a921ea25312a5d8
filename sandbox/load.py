"""How many calls are in flight and how fast they come: enforces the limits and remembers the peaks."""

from __future__ import annotations

import math
from collections import Counter, deque
from dataclasses import dataclass, field

from sandbox.calls import Json, RefusedError, Trouble
from sandbox.config import Limit

MINUTE_S = 60.0
EVERYTHING = "*"


@dataclass(slots=True)
class Gauge:
    """The traffic of one model, or of all together."""

    in_flight: int = 0
    in_flight_max: int = 0
    """The most calls ever admitted at once."""
    offered_in_flight_max: int = 0
    """The most calls at once had none been refused: above a limit only if the client went over it."""
    admitted: int = 0
    refused: int = 0
    admitted_at: deque[float] = field(default_factory=deque)
    """Monotonic seconds of the last minute's admitted calls."""
    per_second: Counter[int] = field(default_factory=Counter)
    """Calls received, refused ones too, by whole second since the start."""

    def recent(self, now_s: float, window_s: float) -> int:
        """Return how many calls were admitted in the last `window_s` seconds."""
        while self.admitted_at and self.admitted_at[0] <= now_s - MINUTE_S:
            self.admitted_at.popleft()
        if window_s >= MINUTE_S:
            return len(self.admitted_at)
        count = 0
        for moment in reversed(self.admitted_at):
            if moment <= now_s - window_s:
                break
            count += 1
        return count

    def as_json(self) -> Json:
        """Return the figures that `GET /sandbox/load` shows."""
        return {
            "in_flight": self.in_flight,
            "in_flight_max": self.in_flight_max,
            "offered_in_flight_max": self.offered_in_flight_max,
            "admitted": self.admitted,
            "refused": self.refused,
            "per_second_max": max(self.per_second.values(), default=0),
            "per_second": {str(second): count for second, count in sorted(self.per_second.items())},
        }


class Load:
    """All gauges. Not safe for threads by itself: the desk's lock guards it."""

    def __init__(self) -> None:
        """Start with nothing in flight."""
        self._gauges: dict[str, Gauge] = {EVERYTHING: Gauge()}
        self._parked: list[tuple[float, str]] = []

    def admit(self, model: str, limits: tuple[Limit, ...], now_s: float) -> int:
        """Count a call in and return how many were in flight before it.

        Raises: RefusedError when a limit is reached; the call is then not in flight.
        """
        self._leave_when_due(now_s)
        gauges = (self._gauges.setdefault(model, Gauge()), self._gauges[EVERYTHING])
        for gauge in gauges:
            gauge.per_second[int(now_s)] += 1
            gauge.offered_in_flight_max = max(gauge.offered_in_flight_max, gauge.in_flight + 1)
        for limit in limits:
            if limit.model in (None, model) and self._is_reached(limit, now_s):
                for gauge in gauges:
                    gauge.refused += 1
                retry_after = None if limit.retry_after_s is None else str(limit.retry_after_s)
                raise RefusedError(Trouble.RATE_LIMITED, retry_after=retry_after)
        before = gauges[1].in_flight
        for gauge in gauges:
            gauge.in_flight += 1
            gauge.in_flight_max = max(gauge.in_flight_max, gauge.in_flight)
            gauge.admitted += 1
            gauge.admitted_at.append(now_s)
            gauge.recent(now_s, MINUTE_S)
        return before

    def leave(self, model: str) -> None:
        """Count an admitted call out."""
        for name in (model, EVERYTHING):
            self._gauges[name].in_flight -= 1

    def park(self, model: str, due_s: float) -> None:
        """Keep an admitted call in flight until a moment: a job that works on after its reply."""
        self._parked.append((due_s, model))

    def _leave_when_due(self, now_s: float) -> None:
        for _, model in [parked for parked in self._parked if parked[0] <= now_s]:
            self.leave(model)
        self._parked = [parked for parked in self._parked if parked[0] > now_s]

    def as_json(self, now_s: float = math.inf) -> Json:
        """Return every gauge by model; `*` is all together."""
        self._leave_when_due(now_s)
        return {name: gauge.as_json() for name, gauge in self._gauges.items()}

    def forget(self) -> None:
        """Clear the peaks and counts; calls still in flight stay counted, jobs do not."""
        self._leave_when_due(math.inf)
        for name, gauge in list(self._gauges.items()):
            self._gauges[name] = Gauge(
                in_flight=gauge.in_flight, in_flight_max=gauge.in_flight, offered_in_flight_max=gauge.in_flight
            )

    def _is_reached(self, limit: Limit, now_s: float) -> bool:
        gauge = self._gauges[limit.model or EVERYTHING]
        return (
            (limit.in_flight is not None and gauge.in_flight >= limit.in_flight)
            or (limit.per_second is not None and gauge.recent(now_s, 1.0) >= limit.per_second)
            or (limit.per_minute is not None and gauge.recent(now_s, MINUTE_S) >= limit.per_minute)
        )
