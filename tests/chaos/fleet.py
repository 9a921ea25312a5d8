"""Processes that a drill stops and starts itself: nobody starts a stopped one again, and its exit code is seen."""

from __future__ import annotations

import json
import os
import signal
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psutil

from app.embedded import paths
from app.embedded.children import Child, Children
from app.embedded.supervisor import Process
from harness import wait_for

LONGEST_END_S = 60.0


@dataclass(frozen=True, slots=True)
class Ended:
    """How a process ended."""

    code: int
    """Negative for a signal."""
    seconds: float
    """From SIGTERM to the end."""


class Fleet:
    """The processes of one drill; they end with its `with` block, however it ends."""

    def __init__(self, folder: Path, processes: Iterable[Process]) -> None:
        self._folder = paths.prepare(folder)
        self._processes = {process.name: process for process in processes}
        self._children: Children | None = None
        self._running: dict[str, Child] = {}
        self._starts: Counter[str] = Counter()

    def __enter__(self) -> Self:
        self._children = Children(self._folder)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._children is not None
        for child in self._running.values():  # at the same time: each takes a second or two
            child.signal(signal.SIGTERM)
        self._children.close(grace_s=3)

    def start_all(self) -> None:
        """Start every process, and return when all of them do their work."""
        for name in self._processes:
            self.start(name, wait=False)
        for name in self._processes:
            self._wait_until_working(name)

    def start(self, name: str, *, wait: bool = True) -> None:
        """Start a process, and return when it does its work."""
        assert self._children is not None
        process = self._processes[name]
        with paths.open_log(self._folder, name) as log:
            self._running[name] = self._children.start(
                name,
                list(process.command),
                stdout=log,
                env={**os.environ, "PYTHONUNBUFFERED": "1", **process.env},
                cwd=process.cwd,
            )
        self._starts[name] += 1
        if wait:
            self._wait_until_working(name)

    def _wait_until_working(self, name: str) -> None:
        process, log = self._processes[name], self.log_path(name)
        if "worker" in process.command:
            starts = self._starts[name]
            wait_for(lambda: log.read_bytes().count(b" ready.") >= starts, what=f"{name} takes messages")
        elif process.ready is not None:
            wait_for(process.ready, what=f"{name} is ready")

    def terminate(self, name: str) -> None:
        """Ask a process to end, as an operator does: one SIGTERM to its main process."""
        self._running[name].signal(signal.SIGTERM)

    def stop(self, name: str, *, within_s: float = LONGEST_END_S) -> Ended:
        """Ask a process to end, and return how it did."""
        family = psutil.Process(self.pid(name)).children(recursive=True)
        began = time.monotonic()
        self.terminate(name)
        code = self._running[name].wait(within_s)
        ended = Ended(code, time.monotonic() - began)
        assert not [one for one in family if one.is_running() and one.status() != psutil.STATUS_ZOMBIE], "children"
        self._running.pop(name).stop(grace_s=0)
        return ended

    def restart(self, name: str) -> Ended:
        """Replace a process as a deploy does: ask it to end, then start it anew."""
        ended = self.stop(name)
        self.start(name)
        return ended

    def pid(self, name: str) -> int:
        """Return the pid of a process that runs."""
        return self._running[name].pid

    def log_path(self, name: str) -> Path:
        """Return where the output of a process is."""
        return paths.log_path(self._folder, name)

    def lines(self, name: str, event: str | None = None) -> Iterator[dict[str, Any]]:
        """Yield what a process logged, or only the lines of one event."""
        for line in self.log_path(name).read_text().splitlines():
            if line.startswith("{"):
                told = json.loads(line)
                if event is None or told.get("event") == event:
                    yield told


def began_at(line: dict[str, Any]) -> float:
    """Return when the call of a `model_called` line left, in seconds since the epoch."""
    return datetime.fromisoformat(line["time"]).timestamp() - line["ms"] / 1000
