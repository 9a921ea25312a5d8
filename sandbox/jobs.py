"""Jobs that go on after their request is answered: each exists, and is billed, from the moment it is accepted."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from sandbox.calls import Answer, Ask, Picture
from sandbox.fault_names import Fault

REMEMBERED = 10_000


class JobStatus(StrEnum):
    """How a job stands, in Leonardo's words."""

    PENDING = "PENDING"
    COMPLETE = "COMPLETE"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True)
class Job:
    """One accepted request."""

    id: str
    ask: Ask
    answer: Answer
    key: str
    due_s: float
    """Monotonic: when its pictures are there."""
    created_at: str
    """ISO 8601, UTC."""
    fault: Fault | None = None
    _pictures: list[Picture] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def status(self, now_s: float) -> JobStatus:
        """Return how it stands at a moment; a stuck job stays pending for ever."""
        if self.fault is Fault.JOB_STUCK or now_s < self.due_s:
            return JobStatus.PENDING
        return JobStatus.FAILED if self.fault is Fault.JOB_FAILED else JobStatus.COMPLETE

    @property
    def is_empty(self) -> bool:
        """Tell whether it ends without a picture."""
        return self.fault in (Fault.EMPTY, Fault.NO_IMAGE)

    @property
    def is_nsfw(self) -> bool:
        """Tell whether its pictures are flagged."""
        return self.fault in (Fault.BLOCKED, Fault.FLAGGED)

    def pictures(self, paint: Callable[[], list[Picture]]) -> list[Picture]:
        """Return its pictures, painted when they are first looked at."""
        with self._lock:
            if not self._pictures:
                self._pictures.extend(paint())
            return self._pictures


class Jobs:
    """All jobs by id. Not safe for threads by itself: the desk's lock guards it."""

    def __init__(self) -> None:
        """Start with none."""
        self._jobs: OrderedDict[str, Job] = OrderedDict()

    def add(self, job: Job) -> None:
        """Keep a job; beyond a great many the oldest is forgotten."""
        self._jobs[job.id] = job
        if len(self._jobs) > REMEMBERED:
            self._jobs.popitem(last=False)

    def find(self, job_id: str) -> Job | None:
        """Return a job."""
        return self._jobs.get(job_id)

    def newest_first(self) -> list[Job]:
        """Return all jobs, the latest first."""
        return list(reversed(self._jobs.values()))
