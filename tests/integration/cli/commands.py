"""`pressroom` as people run it: the installed command, in a folder of its own."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import cached_property
from pathlib import Path

import forked
import psutil

from app.embedded.ports import free_port
from harness import wait_for

PRESSROOM = Path(sys.executable).with_name("pressroom")
DEADLINE_S = 60.0
LOOK_S = 0.5


def pressroom(place: Path, *words: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, in a process of its own that does not load everything anew."""
    return forked.run(place, words, {**os.environ, **settings}, deadline_s=DEADLINE_S)


def installed(place: Path, *words: str, watch: Callable[[psutil.Process], object]) -> subprocess.CompletedProcess[str]:
    """Run the installed command to its end, as people do, and look at it meanwhile: for what starts servers of its own."""
    command = [PRESSROOM, *words]
    deadline = time.monotonic() + DEADLINE_S
    with subprocess.Popen(
        command, cwd=place, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        while True:
            try:
                said, erred = process.communicate(timeout=LOOK_S)
            except subprocess.TimeoutExpired:
                if time.monotonic() > deadline:
                    process.kill()
                    raise
                watch(psutil.Process(process.pid))
            else:
                return subprocess.CompletedProcess(command, process.returncode, said, erred)


class Up:
    """A `pressroom up` in the background, on ports of its own."""

    def __init__(self, place: Path, *options: str) -> None:
        self.place = place
        self._log = place / "up.log"
        names = ("--port", "--events-port", "--flower-port", "--sandbox-port")
        ports = [word for name in names for word in (name, str(free_port()))]
        with self._log.open("w") as log:
            self.process = subprocess.Popen(
                [PRESSROOM, "up", *ports, *options], cwd=place, stdout=log, stderr=log, stdin=subprocess.DEVNULL
            )

    @property
    def said(self) -> str:
        """What it has printed so far."""
        return self._log.read_text()

    def wait_until_up(self) -> None:
        """Return once it says that it is up."""

        def is_up() -> bool:
            assert self.process.poll() is None, self.said
            return "Ctrl-C stops" in self.said

        wait_for(is_up, seconds=DEADLINE_S, what="up")

    def told(self, name: str) -> str:
        """Return the value that the final screen shows for a name."""
        found = re.search(rf"^  {name} +(\S+)", self.said, re.MULTILINE)
        assert found, self.said
        return found[1]

    @cached_property
    def family(self) -> list[psutil.Process]:
        """Every process that it has started, and theirs."""
        return list(psutil.Process(self.process.pid).children(recursive=True))

    def stop(self) -> int:
        """End it as Ctrl-C does; return its exit code."""
        self.process.send_signal(signal.SIGINT)
        try:
            return self.process.wait(DEADLINE_S)
        except subprocess.TimeoutExpired as exc:
            left = [one.cmdline() for one in psutil.Process(self.process.pid).children() if is_alive(one)]
            told = (self.place / ".pressroom/logs/pressroom.log").read_text()
            raise AssertionError(f"it has not ended; of its children are left {left}\n{told}") from exc

    def kill(self) -> None:
        """End it with SIGKILL, if it still runs, and wait until nothing of it is left."""
        family = self.family if self.process.poll() is None else []
        self.process.kill()
        self.process.wait()
        wait_for(lambda: not [one for one in family if is_alive(one)], seconds=DEADLINE_S, what="all ended")


def said(done: subprocess.CompletedProcess[str]) -> str:
    """Return what a command that went well printed."""
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def refused(done: subprocess.CompletedProcess[str]) -> str:
    """Return the one line of a command that was refused."""
    assert done.returncode == 1, done.stdout + done.stderr
    assert done.stderr.count("\n") == 1
    return done.stderr.rstrip()


def is_alive(process: psutil.Process) -> bool:
    """Whether a process still runs; one that nobody has waited for yet does not."""
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
