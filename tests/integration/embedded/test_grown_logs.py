"""Logs of processes that run for months: put aside while they are written to."""

from __future__ import annotations

import sys
from itertools import pairwise
from pathlib import Path

import pytest

from app.embedded import paths, supervisor
from app.embedded.services import running
from app.embedded.supervisor import Process, Supervisor
from tests.integration.embedded.owners import WaitFor

LIMIT = 2_000
LOOK_S = 0.05
COUNTER = """
import itertools, time
for number in itertools.count():
    print(f"line {number:06}", flush=True)
    time.sleep(0.001)
"""


@pytest.fixture(autouse=True)
def small_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "LOG_KEEP_BYTES", LIMIT)
    monkeypatch.setattr(supervisor, "LOGS_S", LOOK_S)


def numbers(text: str) -> list[int]:
    return [int(line[5:]) for line in text.splitlines() if line.startswith("line ") and len(line) == len("line 000000")]


@pytest.mark.parametrize("is_echoed", [False, True], ids=["straight to the file", "by way of the console"])
def test_a_log_that_is_written_to_stays_bounded_and_goes_on_in_order(
    data_dir: Path, wait_for: WaitFor, *, is_echoed: bool
) -> None:
    echo = (lambda _name, _line: None) if is_echoed else None
    sizes: list[int] = []
    with Supervisor(data_dir, [Process("counter", [sys.executable, "-c", COUNTER])], echo=echo) as watched:
        log = watched.log_path("counter")
        aside = log.with_suffix(".log.1")

        def has_been_cut_thrice() -> bool:
            sizes.append(log.stat().st_size if log.exists() else 0)
            return sum(after < before for before, after in pairwise(sizes)) >= 3

        wait_for(has_been_cut_thrice, 20.0)
        assert watched.starts("counter") == 1
    kept = aside.read_text() + log.read_text()
    assert "\0" not in kept, "the writer went on where the log ended before"
    assert max(sizes) < 20 * LIMIT
    found = numbers(kept)
    assert found == sorted(set(found))
    # A line that came between the copy and the cut is lost; what comes later is not.
    assert len(found) >= found[-1] - found[0] - 20
    assert found[-1] > LIMIT // len("line 000000\n") * 3


def test_the_logs_of_the_servers_are_put_aside_and_the_servers_go_on_writing(data_dir: Path, wait_for: WaitFor) -> None:
    with running(data_dir) as services:
        logs = [paths.log_path(services.data_dir, name) for name in ("redis", "postgres")]
        for log in logs:
            with log.open("a") as file:
                file.write("x" * (LIMIT + 1))
        with Supervisor(data_dir, [], servers=services.servers):
            wait_for(lambda: all(log.stat().st_size < LIMIT for log in logs), 5.0)
    for log in logs:
        assert "x" * LIMIT in log.with_suffix(".log.1").read_text()
        ending = log.read_text()  # the servers' last words
        assert ending.strip()
        assert not ending.startswith("\0")


def test_a_log_that_cannot_be_put_aside_is_kept_and_ends_nothing(data_dir: Path) -> None:
    paths.prepare(data_dir)
    log = paths.log_path(data_dir, "any")
    log.write_text("x" * (LIMIT + 1))
    log.with_suffix(".log.1").mkdir()
    paths.put_aside_grown_logs(data_dir)
    assert log.stat().st_size == LIMIT + 1


def test_a_small_log_stays_where_it_is(data_dir: Path) -> None:
    paths.prepare(data_dir)
    log = paths.log_path(data_dir, "any")
    log.write_text("x" * LIMIT)
    paths.put_aside_grown_logs(data_dir)
    assert (log.stat().st_size, log.with_suffix(".log.1").exists()) == (LIMIT, False)
