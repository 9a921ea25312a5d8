"""Ids in the log: bound once, on every line within, and on no other."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from app import logs
from app.logs import JsonLines, WithIds

log = logging.getLogger("app.somewhere")


class Kept(logging.Handler):
    """Keeps what `logs.configure` would write."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[dict[str, Any]] = []
        self.setFormatter(JsonLines())
        self.addFilter(WithIds())

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(json.loads(self.format(record)))


@pytest.fixture
def lines() -> Iterator[list[dict[str, Any]]]:
    kept = Kept()
    log.addHandler(kept)
    yield kept.lines
    log.removeHandler(kept)


def test_every_line_within_bears_the_ids_and_none_after_it(lines: list[dict[str, Any]]) -> None:
    with logs.bound(run_id="r", step="render_image"):
        log.warning("within")
    log.warning("after")

    assert (lines[0]["run_id"], lines[0]["step"]) == ("r", "render_image")
    assert {"run_id", "step"} & lines[1].keys() == set()


def test_an_inner_block_adds_its_ids_and_takes_only_those_away(lines: list[dict[str, Any]]) -> None:
    with logs.bound(run_id="r"):
        with logs.bound(call_id="c"):
            log.warning("inner")
        log.warning("outer")

    assert (lines[0]["run_id"], lines[0]["call_id"]) == ("r", "c")
    assert lines[1]["run_id"] == "r"
    assert "call_id" not in lines[1]


def test_an_error_takes_the_ids_away_too(lines: list[dict[str, Any]]) -> None:
    with pytest.raises(ValueError, match="broken"), logs.bound(run_id="r"):
        raise ValueError("broken")
    log.warning("after")

    assert "run_id" not in lines[0]


def test_what_a_line_says_itself_goes_before_what_is_bound(lines: list[dict[str, Any]]) -> None:
    with logs.bound(run_id="bound"):
        log.warning("told", extra={"run_id": "its own"})

    assert lines[0]["run_id"] == "its own"


def test_threads_do_not_see_each_others_ids_unless_they_are_handed_on(lines: list[dict[str, Any]]) -> None:
    with logs.bound(run_id="r"):
        with ThreadPoolExecutor(1) as pool:
            pool.submit(log.warning, "stranger").result()
        with ThreadPoolExecutor(1, initializer=logs.bind_only, initargs=(logs.ids(),)) as pool:
            pool.submit(log.warning, "helper").result()

    assert [line.get("run_id") for line in lines] == [None, "r"]


def test_binding_only_forgets_what_was_bound(lines: list[dict[str, Any]]) -> None:
    with logs.bound(run_id="r"):
        logs.bind_only({"request_id": "q"})
        log.warning("told")

    assert "run_id" not in lines[0]
    assert lines[0]["request_id"] == "q"
    assert logs.ids() == {}
