"""Child processes that end with their owner, also when the owner is killed with SIGKILL.

Three nets, because each has a hole:
- the kernel signals the child when the owner dies (`launch`): at once, but Linux only, and grandchildren are left out
- a guardian process notices the owner's end and ends whole families (`guardian`): unless it is killed as well
- a record in the data dir: the next start ends what a dead owner left (`end_orphans`)
"""

from __future__ import annotations

import contextlib
import logging
import os
import secrets
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from app.embedded import guardian, paths
from app.embedded.accounts import Account
from app.embedded.errors import ProgramMissing
from app.embedded.guardian import Mark

log = logging.getLogger(__name__)

LAUNCHER = Path(__file__).with_name("launch.py")
TOKEN = "PRESSROOM_CHILD_OF"  # noqa: S105 - a variable in every child's environment, handed on to its own children
GUARDIAN_GRACE_S = 4.0  # per stop signal: everything is gone within 10 s of the owner's end


class Child:
    """A started process. Made by `Children.start`."""

    def __init__(self, name: str, process: subprocess.Popen[bytes], mark: Mark, owner: Children) -> None:
        self.name = name
        self.mark = mark
        self._process = process
        self._owner = owner

    @property
    def pid(self) -> int:
        """The process id, also the id of its process group."""
        return self.mark.pid

    @property
    def output(self) -> IO[bytes] | None:
        """What it prints, if it was started with `stdout=subprocess.PIPE`."""
        return self._process.stdout

    def exit_code(self) -> int | None:
        """Return the exit code, negative for a signal, None while it runs."""
        return self._process.poll()

    def wait(self, timeout_s: float | None = None) -> int:
        """Wait for the end and return the exit code. Raises subprocess.TimeoutExpired."""
        return self._process.wait(timeout_s)

    def signal(self, number: int) -> None:
        """Send it a signal, unless it has ended."""
        self._process.send_signal(number)

    def stop(self, grace_s: float, is_hurried: Callable[[], bool] = lambda: False) -> None:
        """End it and all that it started: its stop signals in turn, `grace_s` seconds each, then SIGKILL.

        Right also for one that ended by itself: what it left running is ended.
        """
        asked_at = time.monotonic()
        guardian.end_all([self.mark], grace_s=grace_s, is_hurried=is_hurried)
        code = self._process.wait()
        self._owner.forget(self)
        took_s = round(time.monotonic() - asked_at, 1)
        log.info("process_ended", extra={"child": self.name, "exit_code": code, "seconds": took_s})


class Children:
    """The child processes of this process, in the order of their start. Use as a context manager."""

    def __init__(self, data_dir: Path) -> None:
        self._children: dict[int, Child] = {}
        self._lock = threading.Lock()
        # The kernel's death signal comes at the end of the *thread* that started the child, so one thread starts all.
        self._starter = ThreadPoolExecutor(1, thread_name_prefix="children")
        self._token = secrets.token_hex(8)
        self._record = data_dir / "children" / f"{os.getpid()}-{self._token}.json"
        with paths.open_log(data_dir, "guardian") as log_file:
            self._guardian = self._starter.submit(
                subprocess.Popen[bytes],
                [sys.executable, "-P", guardian.__file__, str(os.getpid()), str(GUARDIAN_GRACE_S)],
                env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},  # it finds psutil where we did
                stdin=subprocess.PIPE,
                stdout=log_file,
                stderr=log_file,
                cwd="/",
                start_new_session=True,
            ).result()

    def start(
        self,
        name: str,
        command: list[str],
        *,
        stdout: IO[bytes] | int,
        env: dict[str, str],
        cwd: Path | None = None,
        account: Account | None = None,
        umask: int = -1,
        stop_signals: tuple[int, ...] = (signal.SIGTERM,),
    ) -> Child:
        """Start a command in a session of its own. Raises ProgramMissing.

        env: the whole environment. account: the user it becomes (root only). umask: -1 = ours.
        stop_signals: how it is asked to end, in turn; the first is also the kernel's death signal.
        """
        if shutil.which(command[0], path=env.get("PATH")) is None:
            raise ProgramMissing(f"{command[0]} (process {name}) is not installed or may not be executed")
        user = f"{account.uid}:{account.gid}" if account else "-"
        launcher = [sys.executable, "-I", "-S", str(LAUNCHER), str(os.getpid()), str(int(stop_signals[0])), user]
        with self._lock:
            process = self._starter.submit(
                subprocess.Popen[bytes],
                launcher + command,
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=subprocess.STDOUT,
                env={**env, TOKEN: self._token},
                cwd=cwd,
                umask=umask,
                start_new_session=True,
            ).result()
            mark = guardian.mark_of(process.pid, stop_signals)
            child = Child(name, process, mark, self)
            self._children[child.pid] = child
            signals = ",".join(str(int(number)) for number in stop_signals)
            self._tell(f"add {mark.pid} {mark.create_time!r} {signals}")
            self._write_record()
        return child

    def forget(self, child: Child) -> None:
        """Take a child off the books after its end."""
        with self._lock:
            if self._children.pop(child.pid, None) is not None:
                self._tell(f"drop {child.pid}")
                self._write_record()

    def close(self, grace_s: float = 10.0) -> None:
        """End all children, the last one first, and dismiss the guardian."""
        for child in reversed(list(self._children.values())):
            child.stop(grace_s)
        self._tell("bye")
        with contextlib.suppress(BrokenPipeError):
            if self._guardian.stdin is not None:
                self._guardian.stdin.close()
        self._guardian.wait()
        self._starter.shutdown()
        self._record.unlink(missing_ok=True)

    def _tell(self, line: str) -> None:
        """Write to the guardian. If it was killed, the other two nets remain."""
        with contextlib.suppress(BrokenPipeError):
            if self._guardian.stdin is not None:
                self._guardian.stdin.write(f"{line}\n".encode())
                self._guardian.stdin.flush()

    def _write_record(self) -> None:
        owner = guardian.mark_of(os.getpid())
        children = [
            {
                "name": child.name,
                "pid": child.pid,
                "create_time": child.mark.create_time,
                "stop_signals": [int(number) for number in child.mark.stop_signals],
            }
            for child in self._children.values()
        ]
        who = {"pid": owner.pid, "create_time": owner.create_time}
        with contextlib.suppress(OSError):  # on a full disk the other two nets remain
            paths.write_json(self._record, {"owner": who, "token": self._token, "children": children})

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def end_orphans(data_dir: Path, *, grace_s: float = GUARDIAN_GRACE_S) -> list[int]:
    """End what dead owners left running in this data dir; return the pids. A pid that is another's now is let alone.

    1. read the records of owners that are dead
    2. find their children by pid and time of creation, and what those had started by the token in its environment
    3. end them; only then forget the records
    """
    dead: dict[Path, dict[str, Any]] = {}
    for path in (data_dir / "children").glob("*.json"):
        record = paths.read_json(path) or {"token": None, "children": []}
        owner = record.get("owner")
        if owner is None or Mark(owner["pid"], owner["create_time"]).process() is None:
            dead[path] = record
    recorded = [
        Mark(child["pid"], child["create_time"], tuple(child["stop_signals"]))
        for record in dead.values()
        for child in record["children"]
    ]
    orphans = {mark.pid: mark for mark in recorded if mark.process() is not None}
    tokens = {f"{record['token']}" for record in dead.values()}
    for mark in guardian.marks_with(TOKEN, tokens) if dead else []:
        orphans.setdefault(mark.pid, mark)
    guardian.end_all(orphans.values(), grace_s=grace_s, with_orphans=False)
    for path in dead:
        path.unlink(missing_ok=True)
    return sorted(orphans)
