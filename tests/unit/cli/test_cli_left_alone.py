"""`pressroom up` where nobody watches: its terminal may go, and it runs on; what it starts finds its files."""

from __future__ import annotations

import io
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from rich.console import Console

from app.cli import launch, screen, up
from app.cli.stack import Ports
from app.cli.wishes import Wish
from app.embedded.services import Services
from app.embedded.supervisor import Supervisor, Terminated
from harness import forget_settings

BOTH = (signal.SIGTERM, signal.SIGHUP)


@pytest.fixture
def _handlers() -> Iterator[None]:
    """Put the handlers of signals back."""
    before = {number: signal.getsignal(number) for number in BOTH}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.usefixtures("_handlers")
def test_a_closed_terminal_ends_it_in_order() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)

    launch.end_in_order()

    for number in BOTH:
        with pytest.raises(Terminated):
            signal.raise_signal(number)


@pytest.mark.usefixtures("_handlers")
def test_under_nohup_a_closed_terminal_ends_nothing() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)

    launch.end_in_order()

    signal.raise_signal(signal.SIGHUP)
    with pytest.raises(Terminated):
        signal.raise_signal(signal.SIGTERM)


class Restless(Supervisor):
    """One whose process is started again whenever somebody looks; after some looks, Ctrl-C."""

    def __init__(self, looks: int) -> None:
        self.looks = looks

    def check(self) -> None:
        """Count a look. Raises KeyboardInterrupt."""
        self.looks -= 1
        if not self.looks:
            raise KeyboardInterrupt

    def starts(self, name: str) -> int:
        del name
        return 100 - self.looks

    def log_path(self, name: str) -> Path:
        return Path(f"/logs/{name}.log")


def no_reader() -> int:
    """Return a pipe that nobody reads: writing fails with EPIPE, of which rich makes SystemExit."""
    reader, writer = os.pipe()
    os.close(reader)
    return writer


def no_terminal() -> int:
    """Return a terminal that is gone: writing fails with EIO."""
    master, slave = os.openpty()
    os.close(master)
    return slave


def console(monkeypatch: pytest.MonkeyPatch, file: io.TextIOWrapper) -> Console:
    """Have everything printed into a file, as standard output is."""
    made = Console(file=file)
    monkeypatch.setattr(screen, "out", lambda: made)
    monkeypatch.setattr("sys.stdout", file)
    monkeypatch.setattr(up, "WATCH_S", 0.0)
    return made


@pytest.mark.parametrize("gone", [no_reader, no_terminal])
def test_a_process_that_is_started_again_after_the_terminal_has_gone_ends_nothing(
    monkeypatch: pytest.MonkeyPatch, gone: Callable[[], int]
) -> None:
    supervisor = Restless(looks=5)
    with os.fdopen(gone(), "w") as file:
        console(monkeypatch, file)

        up._keep(supervisor, ("web",))
        screen.say("Stopping")

    assert supervisor.looks == 0


def test_sigterm_while_it_prints_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def say(_markup: str, *, indent: int) -> None:
        del indent
        raise Terminated

    supervisor = Restless(looks=5)
    monkeypatch.setattr(screen, "say", say)

    up._keep(supervisor, ("web",))

    assert supervisor.looks == 4


def test_the_processes_find_the_figures_of_work_by_hand_although_they_run_elsewhere(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PRESSROOM_MANUAL_WORK", "mine.toml")
    forget_settings()
    services = Services(tmp_path, "postgresql+psycopg://x@127.0.0.1:1/x", "redis://127.0.0.1:1/0", owned=True)

    made = launch._environment(services, Wish(), Ports(1, 2, 3, 4), is_sandboxed=True)

    assert made["PRESSROOM_MANUAL_WORK"] == str(tmp_path / "mine.toml")
    monkeypatch.undo()
    forget_settings()
