"""An owner in a process of its own, as the tests see it, and waiting for a condition."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from app.embedded.guardian import Mark

ROOT = Path(__file__).parents[3]
OWNER = Path(__file__).with_name("owner.py")

WaitFor = Callable[[Callable[[], bool], float], None]


@dataclass
class OwnerProcess:
    """A running owner.py and what it told."""

    popen: subprocess.Popen[str]
    told: dict[str, Any]

    @property
    def living(self) -> list[tuple[int, str]]:
        """Pid and name of what still runs of the owner and all that it started."""
        return [
            (pid, name)
            for pid, created, name in self.told["marks"]
            if Mark(pid, created).process() is not None and pid != self.popen.pid
        ]

    def pid_of(self, name: str) -> int:
        """Return the pid of the first of its processes with that name."""
        return next(int(pid) for pid, _, found in self.told["marks"] if found.startswith(name))


def wait_until(condition: Callable[[], bool], deadline_s: float) -> None:
    """Poll a condition; fail the test if it does not hold before the deadline."""
    deadline = time.monotonic() + deadline_s
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail(f"not within {deadline_s} s")
        time.sleep(0.02)


Spawn = Callable[..., OwnerProcess]
