"""End processes and all that they started; as a script, the guardian that does so when the owner is killed.

The owner writes to the guardian's standard input:
    add PID CREATE_TIME SIGNAL[,SIGNAL...]    guard this process; the signals are tried in turn, then SIGKILL
    drop PID                                  it ended, or the owner ended it
    bye                                       the owner ends in order: nothing is left to do
The end of the input without `bye`, or another parent, means that the owner was killed.
Imports nothing of `app`: it must start where only the script's path is known.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
import time
from collections.abc import Callable, Container, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

import psutil

SAME_S = 2.0  # no pid comes round so soon
LEFTOVER_GRACE_S = 1.0
KILL_WAIT_S = 5.0
POLL_S = 0.02


@dataclass(frozen=True, slots=True)
class Mark:
    """A process that may be signalled: a pid alone could be somebody else's by now."""

    pid: int
    create_time: float
    """By the clock, which somebody may set: right for a note on disk, wrong for a process that was met before."""
    stop_signals: tuple[int, ...] = (signal.SIGTERM,)
    """Tried in turn, each with a grace period; SIGKILL follows the last."""
    met: psutil.Process | None = field(default=None, compare=False, repr=False)
    """The process, if this process has met it: psutil knows it again on Linux whatever the clock says (7.2)."""

    def process(self) -> psutil.Process | None:
        """Return the live process, or None if it ended or the pid is another's now."""
        found = self._holder()
        return found if found is not None and self._is_same(found) and not is_gone(found) else None

    def family(self, *, with_orphans: bool = True) -> dict[int, psutil.Process]:
        """Return what lives of the process, its descendants and its group, by pid.

        with_orphans: look for the rest of the group also when its leader is gone. Right only while the
        leader's end is recent: later the group's number may be another's.
        """
        holder = self._holder()
        if holder is None and not with_orphans:
            return {}
        if holder is not None and not self._is_same(holder):
            return {}
        found = _tree(holder) if holder is not None else []
        found += [member for member in psutil.process_iter() if _group(member.pid) == self.pid]
        return {member.pid: member for member in found if not is_gone(member)}

    def _holder(self) -> psutil.Process | None:
        try:
            return psutil.Process(self.pid)
        except psutil.NoSuchProcess:
            return None

    def _is_same(self, process: psutil.Process) -> bool:
        if self.met is not None:
            return bool(process == self.met)
        try:
            return bool(abs(process.create_time() - self.create_time) < SAME_S)
        except psutil.Error:
            return False


def mark_of(pid: int, stop_signals: tuple[int, ...] = (signal.SIGTERM,)) -> Mark:
    """Return the mark of a live process. Raises psutil.NoSuchProcess."""
    process = psutil.Process(pid)
    return Mark(pid, process.create_time(), stop_signals, process)


def marks_in(folder: Path, name: str, stop_signals: tuple[int, ...]) -> list[Mark]:
    """Return the processes whose program is called `name...` and that work in `folder`."""
    return [
        Mark(process.pid, process.info["create_time"], stop_signals, process)
        for process in psutil.process_iter(["name", "cwd", "create_time"])
        if process.info["cwd"] == str(folder.resolve()) and (process.info["name"] or "").startswith(name)
    ]


def marks_with(variable: str, values: Container[str]) -> list[Mark]:
    """Return the processes that have one of the values in their environment; those of other users are not seen."""
    return [
        Mark(process.pid, process.info["create_time"], met=process)
        for process in psutil.process_iter(["environ", "create_time"])
        if (process.info["environ"] or {}).get(variable) in values
    ]


def is_gone(process: psutil.Process) -> bool:
    """Return whether the process has ended, be it that nobody has reaped it yet."""
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def end_all(
    marks: Iterable[Mark],
    *,
    grace_s: float,
    with_orphans: bool = True,
    is_hurried: Callable[[], bool] = lambda: False,
) -> None:
    """End the processes, their descendants and their groups; each stop signal has `grace_s` seconds.

    is_hurried: asked again and again; True cuts the grace periods short.

    1. remember every family while its tree still hangs together
    2. send each process its next stop signal and wait, until all have ended or have no signal left
    3. kill a leader that is left; ask what they left behind to end, give it a moment, then kill it
    """
    marks = list(marks)
    families: dict[int, psutil.Process] = {}

    def remember() -> None:
        for mark in marks:
            families.update(mark.family(with_orphans=with_orphans))

    for turn in range(max((len(mark.stop_signals) for mark in marks), default=0)):
        remember()
        _send_all((mark for mark in marks if turn < len(mark.stop_signals)), turn)
        if not _wait_gone(_leaders(marks), grace_s, is_hurried):
            break
    remember()
    for leader in _leaders(marks):
        _send(leader, signal.SIGKILL)
    for process in families.values():
        _send(process, signal.SIGTERM)
    for process in _wait_gone(families.values(), LEFTOVER_GRACE_S):
        _send(process, signal.SIGKILL)
    _wait_gone(families.values(), KILL_WAIT_S)


def _leaders(marks: Iterable[Mark]) -> list[psutil.Process]:
    return [process for mark in marks if (process := mark.process()) is not None]


def _send_all(marks: Iterable[Mark], turn: int) -> None:
    for mark in marks:
        process = mark.process()
        if process is not None:
            _send(process, mark.stop_signals[turn])


def _wait_gone(
    processes: Iterable[psutil.Process], timeout_s: float, is_hurried: Callable[[], bool] = lambda: False
) -> list[psutil.Process]:
    deadline = time.monotonic() + timeout_s
    left = [process for process in processes if not is_gone(process)]
    while left and time.monotonic() < deadline and not is_hurried():
        time.sleep(POLL_S)
        left = [process for process in left if not is_gone(process)]
    return left


def _send(process: psutil.Process, number: int) -> None:
    with contextlib.suppress(psutil.Error):  # it ended in between, or became another user's
        process.send_signal(number)  # psutil looks at the creation time again before it signals


def _tree(process: psutil.Process) -> list[psutil.Process]:
    try:
        return [process, *process.children(recursive=True)]
    except psutil.Error:
        return [process]


def _group(pid: int) -> int | None:
    try:
        return os.getpgid(pid)
    except OSError:
        return None


def _obey(line: str, marks: dict[int, Mark]) -> bool:
    """Take one line of the owner's; return whether it was the goodbye."""
    match line.split():
        case ["add", pid, create_time, signals]:
            told = Mark(int(pid), float(create_time), tuple(int(number) for number in signals.split(",")))
            marks[told.pid] = replace(told, met=told.process())
        case ["drop", pid]:
            marks.pop(int(pid), None)
        case ["bye"]:
            return True
    return False


def main(owner_pid: int, grace_s: float) -> None:
    """Guard until the goodbye; when the owner was killed, end what it started."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, signal.SIG_IGN)
    marks: dict[int, Mark] = {}
    rest = b""
    while True:
        readable, _, _ = select.select([0], [], [], 1.0)
        chunk = os.read(0, 65536) if readable else None
        if chunk:
            *lines, rest = (rest + chunk).split(b"\n")
            if any(_obey(line.decode(), marks) for line in lines):
                return
        elif chunk == b"" or os.getppid() != owner_pid:
            break
    end_all(marks.values(), grace_s=grace_s)


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]))
