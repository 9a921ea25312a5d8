"""Beat's scheduler: Celery's own, which a clock that was set back does not silence."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from celery.beat import PersistentScheduler

MOST_AHEAD = timedelta(seconds=1)


class Scheduler(PersistentScheduler):  # type: ignore[misc] # Celery has no types
    """Celery 5.7 keeps when each entry was sent last, also in its file, and waits until the clock is past that again.

    A machine that starts with its clock two hours ahead, and has it corrected, would have no upkeep for two hours,
    however often beat is started.
    """

    def tick(self, *args: Any, **kwargs: Any) -> Any:
        """Send what is due and return the seconds until the next entry is; see Celery's. What lies ahead is due anew."""
        for entry in self.schedule.values():
            now = entry.default_now()
            if entry.last_run_at > now + MOST_AHEAD:
                entry.last_run_at = now
                self._heap = None  # made of moments that never were
        return super().tick(*args, **kwargs)
