"""Passes of upkeep: one of a task at a time in a process, and never so many long ones that no thread is left.

Beat sends a task again whether or not the last one has ended. A pass that waits for slow receivers outlasts that: without
this rule its successors would take all threads of the control worker, and nothing would start any more.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import ExitStack
from functools import wraps

MOST_LONG = 3  # of the control worker's 4 threads: one is left for admission and the relay
_long = threading.BoundedSemaphore(MOST_LONG)


def alone(work: Callable[[], object], *, is_long: bool = False) -> Callable[[], bool]:
    """Return `work` as a pass that does nothing while the one before is under way in this process.

    It returns whether `work` was done. is_long: it may take more than some seconds, as whoever waits for the servers of
    others does; then it does nothing either while MOST_LONG such passes of any kind are under way.
    """
    under_way = threading.Lock()
    locks = (under_way, _long) if is_long else (under_way,)

    @wraps(work)
    def one_pass() -> bool:
        with ExitStack() as held:
            for lock in locks:
                if not lock.acquire(blocking=False):
                    return False
                held.callback(lock.release)
            work()
        return True

    return one_pass
