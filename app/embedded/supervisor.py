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
from functools import partial
from pathlib import Path
from types import FrameType, TracebackType
from typing import BinaryIO, Self

from app.embedded import paths
from app.embedded.children import Child, Children
from app.embedded.errors import ProcessKeepsDying, ProcessNotReady, ServerFailed

log = logging.getLogger(__name__)

QUICK_DEATH_S = 30.0  # a process that lived longer was well: its earlier deaths are forgotten
MAX_QUICK_DEATHS = 5
BACKOFF_S = (1.0, 2.0, 4.0, 8.0)  # before start 2, 3, 4, 5
WATCH_S = 0.1
LOGS_S = 30.0  # between two looks at how large the logs are

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


@dataclass(frozen=True, slots=True)
class Server:
    """What runs already and others need; it is started again when it ends, and runs on when the supervision ends."""

    name: str
    """Also the name of its log."""
    title: str
    """As people call it."""
    child: Child
    """The one that runs."""
    start_again: Callable[[], Child]


class Terminated(SystemExit):
    """Raised in the main thread by SIGTERM, as KeyboardInterrupt is by SIGINT, so that `with` blocks end in order."""

    def __init__(self) -> None:
        super().__init__(128 + signal.SIGTERM)


class _Supervised:
    """What the supervisor knows of one process or server; changed by the watching thread only, once it runs."""

    def __init__(self, name: str, start: Callable[[], Child], child: Child | None = None) -> None:
        self.name = name
        self._start = start
        self.child = child
        self.started_at = time.monotonic()
        self.start_again_at = 0.0
        self.quick_deaths = 0
        self.starts = 0 if child is None else 1

    def start(self) -> None:
        self.child = self._start()
        self.started_at = time.monotonic()
        self.starts += 1


class Supervisor:
    """Runs processes while its `with` block lasts. Use it in the main thread, so that SIGTERM ends the block, too.

    A second SIGINT or SIGTERM, while they stop, cuts their grace periods short.
    """

    def __init__(
        self,
        data_dir: Path,
        processes: Sequence[Process],
        *,
        servers: Sequence[Server] = (),
        echo: Echo | None = None,
        backoff_s: Sequence[float] = BACKOFF_S,
    ) -> None:
        self._data_dir = paths.prepare(data_dir)
        self._processes = processes
        self._servers = {server.name: server for server in servers}
        looked_after = [_Supervised(one.name, partial(self._start_server, one), one.child) for one in servers]
        looked_after += [_Supervised(one.name, partial(self._start_process, one)) for one in processes]
        self._all = {one.name: one for one in looked_after}
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
            for process in self._processes:
                self._all[process.name].start()
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
        """Return once every process is ready. Raises ProcessNotReady, ProcessKeepsDying, ServerFailed."""
        deadline = time.monotonic() + deadline_s
        for process in self._processes:
            while not self._is_ready(process):
                self.check()
                if time.monotonic() > deadline:
                    name = process.name
                    raise ProcessNotReady(
                        f"process {name} was not ready in {deadline_s:.0f} s; {self._log_ending(name)}"
                    )
                time.sleep(WATCH_S)

    def wait(self) -> None:
        """Return at SIGTERM or SIGINT. Raises ProcessKeepsDying, ServerFailed."""
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
                self._stop_together([process for process in self._processes if process.is_needed is is_needed])
            if self._children is not None:
                self._children.close()
                self._children = None
        finally:
            self._restore_handlers()

    def _stop_together(self, those: Sequence[Process]) -> None:
        """End processes that do not need each other at the same time: workers take seconds to drain."""
        running = [process for process in those if self._all[process.name].child is not None]
        if not running:
            return
        with ThreadPoolExecutor(len(running), thread_name_prefix="stop") as pool:
            list(pool.map(self._stop_one, running))

    def _stop_one(self, process: Process) -> None:
        one = self._all[process.name]
        assert one.child is not None, "only those that run are stopped"
        one.child.stop(process.stop_grace_s, lambda: self._is_hurried)
        one.child = None

    def _is_ready(self, process: Process) -> bool:
        child = self._all[process.name].child
        if child is None or child.exit_code() is not None:
            return False
        if process.ready is None:
            return True
        try:
            return process.ready()
        except OSError:
            return False

    def _start_server(self, server: Server) -> Child:
        try:
            return server.start_again()
        except OSError as exc:
            raise self._failed(server, f"ended and cannot be started again ({exc})") from exc

    def _start_process(self, process: Process) -> Child:
        assert self._children is not None, "processes are started while the block lasts"
        with paths.open_log(self._data_dir, process.name) as log_file:
            child = self._children.start(
                process.name,
                list(process.command),
                stdout=log_file if self._echo is None else subprocess.PIPE,
                # handed on, no setting is read from it; unbuffered, or the last lines of a killed one are lost
                env={**os.environ, "PYTHONUNBUFFERED": "1", **process.env},
                cwd=process.cwd,
                stop_signals=(process.stop_signal,),
            )
        if self._echo is not None and child.output is not None:
            pipe, echo = child.output, self._echo
            threading.Thread(
                target=self._copy_output, args=(process.name, pipe, echo), name=f"output-{process.name}", daemon=True
            ).start()
        return child

    def _copy_output(self, name: str, pipe: BinaryIO, echo: Echo) -> None:
        with pipe, paths.open_log(self._data_dir, name) as log_file:
            for line in pipe:
                log_file.write(line)
                log_file.flush()
                with suppress(OSError):  # our terminal is gone, but the process must not block on a full pipe
                    echo(name, line.decode(errors="replace").rstrip("\n"))

    def _watch(self) -> None:
        logs_at = time.monotonic()
        while not self._stopping.wait(WATCH_S):
            try:
                for one in self._all.values():
                    self._look_after(one)
                if time.monotonic() >= logs_at:
                    paths.put_aside_grown_logs(self._data_dir)
                    logs_at = time.monotonic() + LOGS_S
            except Exception as exc:  # noqa: BLE001 - the thread's edge: the main thread raises it in check()
                self._failure = exc
                return

    def _look_after(self, one: _Supervised) -> None:
        """Start what died again: after 1, 2, 4, 8 s, unless it died too often right after its start."""
        now = time.monotonic()
        if one.child is None:
            if now >= one.start_again_at:
                one.start()
            return
        code = one.child.exit_code()
        if code is None:
            return
        name = one.name
        one.child.stop(grace_s=0.0)  # its own children must not work on beside those of the next start
        one.child = None
        one.quick_deaths = one.quick_deaths + 1 if now - one.started_at < QUICK_DEATH_S else 0
        log.warning("process_died", extra={"child": name, "exit_code": code, "quick_deaths": one.quick_deaths})
        if one.quick_deaths >= MAX_QUICK_DEATHS:
            what = (
                f"died {MAX_QUICK_DEATHS} times within {QUICK_DEATH_S:.0f} s of its start, "
                f"the last time with {_describe(code)}"
            )
            if name in self._servers:
                raise self._failed(self._servers[name], what)
            raise ProcessKeepsDying(f"process {name} {what}; {self._log_ending(name)}")
        one.start_again_at = now + self._backoff_s[min(max(one.quick_deaths, 1), len(self._backoff_s)) - 1]

    def _failed(self, server: Server, what: str) -> ServerFailed:
        path = self.log_path(server.name)
        return ServerFailed(server.title, what, path, paths.last_lines(path))

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
