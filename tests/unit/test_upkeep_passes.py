"""Passes of upkeep: one of a task at a time, and a thread that is left for admission whatever the others wait for."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import cast

import pytest
from celery import Celery
from sqlalchemy.exc import OperationalError

from app import alerts, counts
from app.cli.stack import CONTROL_THREADS
from app.domain.errors import Unavailable
from harness import wait_for
from workers import feed_reading, passes, upkeep, webhooks
from workers.passes import MOST_LONG, alone


@dataclass
class Slow:
    """Work that is not over before it is told so."""

    begun: int = 0
    over: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def __call__(self) -> None:
        self.begun += 1
        assert self.over.wait(30)

    def begin(self, one_pass: Callable[[], object]) -> None:
        """Begin a pass of this in a thread of its own."""
        begun = self.begun
        self._threads.append(threading.Thread(target=one_pass))
        self._threads[-1].start()
        wait_for(lambda: self.begun > begun, what="it is under way")

    def end(self) -> None:
        self.over.set()
        for thread in self._threads:
            thread.join(30)


@pytest.fixture
def slow() -> Iterator[Slow]:
    made = Slow()
    yield made
    made.end()


def test_a_pass_does_nothing_while_the_one_before_is_under_way(slow: Slow) -> None:
    one_pass = alone(slow)
    slow.begin(one_pass)

    assert one_pass() is False
    slow.end()
    assert one_pass() is True
    assert slow.begun == 2


def test_the_passes_of_another_task_go_on(slow: Slow) -> None:
    slow.begin(alone(slow, is_long=True))

    assert alone(lambda: None)() is True
    assert alone(lambda: None, is_long=True)() is True


def test_after_a_pass_that_failed_the_next_one_is_done() -> None:
    fails = [True] * (MOST_LONG + 2)

    def work() -> None:
        if fails:
            fails.pop()
            raise ZeroDivisionError

    one_pass = alone(work, is_long=True)
    while fails:
        with pytest.raises(ZeroDivisionError):
            one_pass()

    assert one_pass() is True


def test_of_long_passes_no_more_are_done_at_once_than_leave_a_thread(slow: Slow) -> None:
    for _ in range(MOST_LONG):
        slow.begin(alone(slow, is_long=True))

    assert alone(lambda: None, is_long=True)() is False
    assert alone(lambda: None)() is True
    slow.end()
    assert alone(lambda: None, is_long=True)() is True
    assert CONTROL_THREADS > MOST_LONG


# ---- the tasks


@dataclass
class Tasks:
    """Upkeep's tasks as a worker has them, all of which are slow. It stands for a Celery app, which would share them."""

    slow: dict[str, Slow]
    bodies: dict[str, Callable[[], None]] = field(default_factory=dict)
    counted: Counter[str] = field(default_factory=Counter)

    def task(self, name: str) -> Callable[[Callable[[], None]], None]:
        return lambda body: self.bodies.update({name.removeprefix("upkeep."): body})

    def begin(self, name: str) -> None:
        self.slow[name].begin(self.bodies[name])


LONG = {"notify": (webhooks, "send_due"), "read_feeds": (feed_reading, "read_due"), "alert": (alerts, "watch")}
OURS = ("admit", "relay", "watchdog", "tidy", "merge_sums", "start_schedules")


@pytest.fixture
def tasks(monkeypatch: pytest.MonkeyPatch) -> Iterator[Tasks]:
    made = Tasks({name: Slow() for name in (*LONG, *OURS)})
    for name, work in made.slow.items():
        module, function = LONG.get(name, (upkeep, name))
        monkeypatch.setattr(module, function, work)
    monkeypatch.setattr(counts, "add", lambda _, name: made.counted.update([name]))
    upkeep.register(cast("Celery", made))
    yield made
    for work in made.slow.values():
        work.end()


@pytest.mark.parametrize("name", [*LONG, "watchdog", "tidy", "merge_sums", "start_schedules"])
def test_beat_does_not_add_to_a_task_that_is_under_way(tasks: Tasks, name: str) -> None:
    tasks.begin(name)

    tasks.bodies[name]()

    assert tasks.slow[name].begun == 1
    assert tasks.counted[name] == 0, "one that was left out is no run"


@pytest.mark.parametrize("name", ["admit", "relay"])
def test_admission_and_the_relay_are_never_left_out(tasks: Tasks, name: str) -> None:
    tasks.begin(name)
    tasks.begin(name)

    assert tasks.slow[name].begun == 2


def test_whatever_takes_long_a_thread_is_left_for_admission(tasks: Tasks) -> None:
    threads = [
        threading.Thread(target=tasks.bodies[name])
        for _ in range(3)
        for name in ("tidy", "alert", "notify", "read_feeds")
    ]
    for thread in threads:
        thread.start()
    wait_for(
        lambda: sum(thread.is_alive() for thread in threads) == CONTROL_THREADS - 1, what="the others were left out"
    )

    tasks.begin("admit")

    for work in tasks.slow.values():
        work.end()
    for thread in threads:
        thread.join(30)
    assert sum(tasks.slow[name].begun for name in (*LONG, "tidy")) == passes.MOST_LONG


@pytest.mark.parametrize("away", [OperationalError("SELECT 1", {}, OSError("gone")), Unavailable("Redis is away")])
def test_a_part_that_is_away_is_one_line_of_the_log_and_no_run(
    away: Exception, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    made = Tasks({})

    def fail() -> None:
        raise away

    monkeypatch.setattr(counts, "add", lambda _, name: made.counted.update([name]))
    upkeep._add(cast("Celery", made), "admit", fail)

    made.bodies["admit"]()

    assert made.counted == {}
    (line,) = caplog.records
    assert (line.message, line.exc_info) == ("left_to_beat", None)
