"""Places for reading what strangers serve: slow pages hold few threads, and who gets no place has lost no attempt."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from celery.exceptions import Ignore
from fetch_servers import Page, Site, keep_on_loopback, serving

from app.db.models import Piece, Run, User
from app.db.session import transaction
from app.domain.errors import FetchFailed
from app.domain.states import PieceState
from app.pipelines.catalog import pipeline_named
from app.runs import plan
from harness import Installation, forget_settings, wait_for
from making import change, piece_now
from orders import a_user, events_of, order, pieces_of
from reading import held
from workers.steps import Retry, retry_of, run_step
from workers.web import browser
from workers.web.browser import Browser, Readers
from workers.web.robots import robots

TEXT = "".join(
    f"<p>The port of Karachi handled {50 + n} million tonnes in {2000 + n}, told {n * 7} men.</p>" for n in range(9)
)
PAGE = f"<html lang=en><head><title>Karachi grows</title></head><body><article>{TEXT}</article></body></html>".encode()
SLOW = tuple(f"/slow/{n}" for n in range(20))


class Later(Exception):
    """The step is to be delivered again."""


class Task:
    """What a step knows of its Celery task."""

    def retry(self, **_: object) -> None:
        raise Later


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    """Until it is set, slow pages bring nothing."""
    made = threading.Event()
    yield made
    made.set()


@pytest.fixture
def site(database: Installation, monkeypatch: pytest.MonkeyPatch, gate: threading.Event) -> Iterator[Site]:
    """A site of quick and slow pages, which the operator lets users reach."""
    assert database

    def slowly(_: Site, out: Any) -> None:
        gate.wait(30)
        out.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\nconnection: close\r\n\r\n" + PAGE)

    pages = {"/quick": Page(PAGE), "/busy": Page(b"later", 503), **dict.fromkeys(SLOW, Page(raw=slowly))}
    keep_on_loopback(monkeypatch)
    with serving(pages) as made:
        monkeypatch.setenv("PRESSROOM_FETCH_ALLOW", "127.0.0.1")
        monkeypatch.setenv("PRESSROOM_FETCH_PORTS", str(made.port))
        forget_settings()
        robots.cache_clear()
        yield made
        gate.set()
        robots.cache_clear()


@pytest.fixture
def places(monkeypatch: pytest.MonkeyPatch) -> Readers:
    """Four places, in a process of which nobody reads yet."""
    made = Readers(4)
    monkeypatch.setattr(browser, "READERS", made)
    return made


def pieces(site: Site, *paths: str, user: User | None = None) -> list[Piece]:
    """Order a brief of pages, and return what is to be read for it."""
    urls = [f"http://127.0.0.1:{site.port}{path}" for path in paths]
    return list(pieces_of(order(user, "news-brief", urls=urls)))


def read(piece: Piece) -> None:
    """Execute the step that reads a page, as a worker's thread does."""
    with suppress(Later, Ignore):
        run_step(Task(), pipeline_named("news-brief"), "read_article", str(piece.id), piece.round)


def is_read(piece: Piece) -> bool:
    return piece_now(piece.id).step == "summarize"


def waits_s(piece: Piece) -> float:
    """Return how long the row waits from now on."""
    due = piece_now(piece.id).next_try_at
    assert due is not None
    return (due - datetime.now(UTC)).total_seconds()


def codes_of(piece: Piece) -> list[str]:
    """Return why the pieces of its run were put off."""
    return [event.data["code"] for event in events_of(piece.run_id) if event.type == "piece.waiting"]


def all_taken(places: Readers) -> AbstractContextManager[None]:
    """Take all four places."""
    return held(places, *"aabc")


def reading_slowly(site: Site, how_many: int) -> None:
    """Wait until the site holds so many requests for slow pages."""
    wait_for(lambda: sum(path in SLOW for path in site.paths) >= how_many, what="slow pages are asked for")


def test_a_piece_that_gets_no_place_waits_in_its_row_and_has_lost_no_attempt(site: Site, places: Readers) -> None:
    (piece,) = pieces(site, "/quick")
    begun = time.monotonic()
    with all_taken(places):
        read(piece)

    assert time.monotonic() - begun < browser.PATIENCE_S + 2, "its thread is free again"
    now = piece_now(piece.id)
    assert (now.step, now.attempt, now.lease_token) == ("read_article", 0, None)
    assert 3 < waits_s(piece) < 7
    assert site.paths == []
    assert codes_of(piece) == ["fetch_failed:no_reader"]


def test_a_piece_is_read_once_a_place_is_free_however_often_there_was_none(site: Site, places: Readers) -> None:
    (piece,) = pieces(site, "/quick")
    with all_taken(places), pytest.MonkeyPatch.context() as patch:
        patch.setattr(browser, "PATIENCE_S", 0.01)
        for _ in range(7):  # more than the step has attempts
            read(piece)
            change(Piece, piece.id, next_try_at=None)
    assert (piece_now(piece.id).attempt, codes_of(piece)) == (0, ["fetch_failed:no_reader"])

    read(piece)
    assert is_read(piece)


def test_a_piece_waits_a_moment_for_a_place_that_gets_free(site: Site, places: Readers) -> None:
    (piece,) = pieces(site, "/quick")
    with ThreadPoolExecutor(1) as pool:
        with all_taken(places):
            reads = pool.submit(read, piece)
            wait_for(lambda: places._waiting.total() == 1, what="the piece waits")
        reads.result()
    assert is_read(piece)
    assert codes_of(piece) == []


def test_a_piece_that_never_gets_a_place_is_ended_by_the_watchdog(site: Site, places: Readers) -> None:
    (piece,) = pieces(site, "/quick")
    with all_taken(places):
        read(piece)
    change(Run, piece.run_id, started_at=datetime.now(UTC) - plan.LONGEST_ROUND)

    now = datetime.now(UTC) + timedelta(seconds=1)
    with transaction() as session:
        assert plan.stalled(session, now, watched_since=now - 2 * plan.LONGEST_ROUND) == [piece.run_id]


def test_a_site_that_says_that_it_is_busy_has_had_an_attempt(site: Site, places: Readers) -> None:
    (piece,) = pieces(site, "/busy")
    for attempt in (1, 2):
        read(piece)
        assert piece_now(piece.id).attempt == attempt
        change(Piece, piece.id, next_try_at=None)
    read(piece)

    now = piece_now(piece.id)
    assert (now.state, (now.failure or {})["code"]) == (PieceState.FAILED, "fetch_failed:busy")
    assert places._reading.total() == 0


def test_slow_pages_of_one_user_leave_threads_and_places_to_others(
    site: Site, places: Readers, gate: threading.Event
) -> None:
    mine, (other,) = pieces(site, *SLOW), pieces(site, "/quick")
    with ThreadPoolExecutor(6) as pool:
        reads = [pool.submit(read, piece) for piece in mine]
        reading_slowly(site, 2)
        pool.submit(read, other).result(timeout=10)  # behind twenty pieces, in a pool of six threads
        assert is_read(other)
        assert sum(path in SLOW for path in site.paths) == 2, "one user reads with half of the places"

        wait_for(lambda: sum(not one.done() for one in reads) == 2, what="the others were put off")
        gate.set()
    rows = [piece_now(piece.id) for piece in mine]
    assert Counter((row.step, row.attempt) for row in rows) == {("summarize", 0): 2, ("read_article", 0): 18}


def test_every_page_of_many_is_read_in_the_end(site: Site, places: Readers, gate: threading.Event) -> None:
    gate.set()
    mine = [piece for _ in range(2) for piece in pieces(site, *SLOW[:6], user=a_user())]
    ends = time.monotonic() + 60
    with ThreadPoolExecutor(12) as pool:
        while left := [piece for piece in mine if not is_read(piece)]:
            assert time.monotonic() < ends
            for piece in left:
                change(Piece, piece.id, next_try_at=None)
            list(pool.map(read, left))
    assert {piece_now(piece.id).attempt for piece in mine} == {0}
    assert places._reading.total() == places._waiting.total() == 0


def test_pictures_and_recordings_of_strangers_take_places_too(site: Site, places: Readers) -> None:
    (piece,) = pieces(site, "/quick")
    with transaction() as session:
        web = Browser(session.get_one(Run, piece.run_id))
    url = f"http://127.0.0.1:{site.port}/quick"
    with all_taken(places), pytest.MonkeyPatch.context() as patch:
        patch.setattr(browser, "PATIENCE_S", 0.01)
        for ask in (web.article, web.items, web.picture, lambda at: web.audio(at, max_s=60)):
            with pytest.raises(FetchFailed) as told:
                ask(url)
            assert told.value.code == "fetch_failed:no_reader"
    assert site.paths == []


# ---- what counts


@pytest.mark.parametrize(
    ("why", "counts"),
    [("no_reader", False), ("crawl_delay", False), ("busy", True), ("timeout", True), ("server", True)],
)
def test_only_what_was_tried_is_an_attempt(why: str, *, counts: bool) -> None:
    told = FetchFailed("x", why=why, permanent=False, retry_after_s=7)
    assert retry_of(told) == Retry(7, counts=counts)


def test_what_cannot_help_is_not_tried_again() -> None:
    assert retry_of(FetchFailed("x", why="not_found", permanent=True)) is None
