"""Run the system's processes as children: start, watch, start again, stop in order."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType, TracebackType
from typing import BinaryIO, Self

from app.embedded import paths
from app.embedded.children import Child, Children
from app.embedded.errors import ProcessKeepsDying, ProcessNotReady

log = logging.getLogger(__name__)

QUICK_DEATH_S = 30.0  # a process that lived longer was well: its earlier deaths are forgotten
MAX_QUICK_DEATHS = 5
BACKOFF_S = (1.0, 2.0, 4.0, 8.0)  # before start 2, 3, 4, 5
WATCH_S = 0.1

Echo = Callable[[str, str], None]
"""Takes the name of a process and one line of its output, in a thread of its own for each process."""


@dataclass(frozen=True, slots=True)
class Process:
    """A process to keep running."""

    name: str
    """Also the name of its log: logs/NAME.log in the data dir."""
    command: Sequence[str]
    env: Mapping[str, str] = field(default_factory=dict)
    """Added to our environment."""
    ready: Callable[[], bool] | None = None
    """Whether it does its work; an OSError means no. None = it is ready once it runs."""
    stop_signal: int = signal.SIGTERM
    stop_grace_s: float = 10.0
    """Seconds between the stop signal and SIGKILL."""
    cwd: Path | None = None
    is_needed: bool = False
    """Whether others need it until they have ended: it is stopped after them."""


class Terminated(SystemExit):
    """Raised in the main thread by SIGTERM, as KeyboardInterrupt is by SIGINT, so that `with` blocks end in order."""

    def __init__(self) -> None:
        super().__init__(128 + signal.SIGTERM)


class _Supervised:
    """What the supervisor knows of one process; changed by the watching thread only, once it runs."""

    def __init__(self, process: Process) -> None:
        self.process = process
        self.child: Child | None = None
        self.started_at = 0.0
        self.start_again_at = 0.0
        self.quick_deaths = 0
        self.starts = 0


class Supervisor:
    """Runs processes while its `with` block lasts. Use it in the main thread, so that SIGTERM ends the block, too.

    A second SIGINT or SIGTERM, while they stop, cuts their grace periods short.
    """

    def __init__(
        self,
        data_dir: Path,
        processes: Sequence[Process],
        *,
        echo: Echo | None = None,
        backoff_s: Sequence[float] = BACKOFF_S,
    ) -> None:
        self._data_dir = paths.prepare(data_dir)
        self._all = {process.name: _Supervised(process) for process in processes}
        self._echo = echo
        self._backoff_s = backoff_s
        self._children: Children | None = None
        self._stopping = threading.Event()
        self._watcher = threading.Thread(target=self._watch, name="supervisor", daemon=True)
        self._failure: BaseException | None = None
        self._is_hurried = False
        self._handlers: dict[int, Callable[[int, FrameType | None], object] | int | None] = {}

    def __enter__(self) -> Self:
        self._handle({signal.SIGTERM: _terminate})
        try:
            self._children = Children(self._data_dir)
            for one in self._all.values():
                self._start(one, self._children)
            self._watcher.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def wait_until_ready(self, deadline_s: float) -> None:
        """Return once every process is ready. Raises ProcessNotReady, ProcessKeepsDying."""
        deadline = time.monotonic() + deadline_s
        for one in self._all.values():
            while not self._is_ready(one):
                self.check()
                if time.monotonic() > deadline:
                    name = one.process.name
                    raise ProcessNotReady(
                        f"process {name} was not ready in {deadline_s:.0f} s; {self._log_ending(name)}"
                    )
                time.sleep(WATCH_S)

    def wait(self) -> None:
        """Return at SIGTERM or SIGINT. Raises ProcessKeepsDying."""
        with suppress(KeyboardInterrupt, Terminated):
            while True:
                self.check()
                time.sleep(WATCH_S)

    def check(self) -> None:
        """Raise what ended the supervision, if anything did: call it while you wait for something else."""
        if self._failure is not None:
            raise self._failure

    def pid(self, name: str) -> int | None:
        """Return the pid of a process, None while it waits to be started again."""
        child = self._all[name].child
        return child.pid if child is not None else None

    def starts(self, name: str) -> int:
        """Return how often a process was started."""
        return self._all[name].starts

    def log_path(self, name: str) -> Path:
        """Return where the output of a process is."""
        return paths.log_path(self._data_dir, name)

    def stop(self) -> None:
        """End all processes, each within its grace period; those that others need, last. May be called twice."""
        self._stopping.set()
        self._handle({signal.SIGTERM: self._hurry, signal.SIGINT: self._hurry})
        try:
            if self._watcher.is_alive():
                self._watcher.join()
            for is_needed in (False, True):
                self._stop_together([one for one in self._all.values() if one.process.is_needed is is_needed])
            if self._children is not None:
                self._children.close()
                self._children = None
        finally:
            self._restore_handlers()

    def _stop_together(self, those: Sequence[_Supervised]) -> None:
        """End processes that do not need each other at the same time: workers take seconds to drain."""
        running = [one for one in those if one.child is not None]
        if not running:
            return
        with ThreadPoolExecutor(len(running), thread_name_prefix="stop") as pool:
            list(pool.map(self._stop_one, running))

    def _stop_one(self, one: _Supervised) -> None:
        assert one.child is not None, "only those that run are stopped"
        one.child.stop(one.process.stop_grace_s, lambda: self._is_hurried)
        one.child = None

    def _is_ready(self, one: _Supervised) -> bool:
        child = one.child
        if child is None or child.exit_code() is not None:
            return False
        if one.process.ready is None:
            return True
        try:
            return one.process.ready()
        except OSError:
            return False

    def _start(self, one: _Supervised, children: Children) -> None:
        process = one.process
        with paths.open_log(self._data_dir, process.name) as log_file:
            one.child = children.start(
                process.name,
                list(process.command),
                stdout=log_file if self._echo is None else subprocess.PIPE,
                # handed on, no setting is read from it; unbuffered, or the last lines of a killed one are lost
                env={**os.environ, "PYTHONUNBUFFERED": "1", **process.env},
                cwd=process.cwd,
                stop_signals=(process.stop_signal,),
            )
        one.started_at = time.monotonic()
        one.starts += 1
        if self._echo is not None and one.child.output is not None:
            pipe, echo = one.child.output, self._echo
            threading.Thread(
                target=self._copy_output, args=(process.name, pipe, echo), name=f"output-{process.name}", daemon=True
            ).start()

    def _copy_output(self, name: str, pipe: BinaryIO, echo: Echo) -> None:
        with pipe, paths.open_log(self._data_dir, name) as log_file:
            for line in pipe:
                log_file.write(line)
                log_file.flush()
                with suppress(OSError):  # our terminal is gone, but the process must not block on a full pipe
                    echo(name, line.decode(errors="replace").rstrip("\n"))

    def _watch(self) -> None:
        while not self._stopping.wait(WATCH_S):
            try:
                for one in self._all.values():
                    self._look_after(one)
            except Exception as exc:  # noqa: BLE001 - the thread's edge: the main thread raises it in check()
                self._failure = exc
                return

    def _look_after(self, one: _Supervised) -> None:
        """Start a process again that died: after 1, 2, 4, 8 s, unless it died too often right after its start."""
        now = time.monotonic()
        if one.child is None:
            if now >= one.start_again_at and self._children is not None:
                self._start(one, self._children)
            return
        code = one.child.exit_code()
        if code is None:
            return
        name = one.process.name
        one.child.stop(grace_s=0.0)  # its own children must not work on beside those of the next start
        one.child = None
        one.quick_deaths = one.quick_deaths + 1 if now - one.started_at < QUICK_DEATH_S else 0
        log.warning("process_died", extra={"child": name, "exit_code": code, "quick_deaths": one.quick_deaths})
        if one.quick_deaths >= MAX_QUICK_DEATHS:
            raise ProcessKeepsDying(
                f"process {name} died {MAX_QUICK_DEATHS} times within {QUICK_DEATH_S:.0f} s of its start, "
                f"the last time with {_describe(code)}; {self._log_ending(name)}"
            )
        one.start_again_at = now + self._backoff_s[min(max(one.quick_deaths, 1), len(self._backoff_s)) - 1]

    def _log_ending(self, name: str) -> str:
        path = self.log_path(name)
        return f"the last lines of {path}:\n{paths.last_lines(path)}"

    def _hurry(self, _number: int, _frame: FrameType | None) -> None:
        self._is_hurried = True

    def _handle(self, handlers: Mapping[int, Callable[[int, FrameType | None], object]]) -> None:
        """Set signal handlers; the first ones that were there come back at the end. Only the main thread may."""
        if threading.current_thread() is threading.main_thread():
            for number, handler in handlers.items():
                before = signal.signal(number, handler)
                self._handlers.setdefault(number, before)

    def _restore_handlers(self) -> None:
        if threading.current_thread() is threading.main_thread():
            for number, handler in self._handlers.items():
                signal.signal(number, handler if handler is not None else signal.SIG_DFL)
            self._handlers.clear()


def _terminate(_number: int, _frame: FrameType | None) -> None:
    raise Terminated


def _describe(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit code {code}"
