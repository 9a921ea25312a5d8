"""Feeds of many users in one pass: what is wrong with one is that one's failure, and slow ones have the others go first."""

from __future__ import annotations

import json
import logging
import random
import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from fetch_servers import Page, Site, keep_on_loopback, serving
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from app.db.models import ScheduleItem, User
from app.db.session import transaction
from app.schedules import feeds
from harness import Installation, forget_settings
from orders import a_user
from scheduling import MONDAY, now_of, scheduled, set_columns
from workers import feed_reading
from workers.feed_reading import read_due
from workers.web import apart
from workers.web.feeds import Item

MINUTE = timedelta(minutes=1)
TAKES_S = 0.5


@pytest.fixture
def site(database: Installation, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """A site on loopback that the operator allows, whose feeds are read without processes of their own."""
    assert database
    keep_on_loopback(monkeypatch)
    monkeypatch.setattr(apart, "items", lambda body, *_: [Item(**{**BLANK, **one}) for one in json.loads(body)])
    monkeypatch.setattr(feed_reading, "SLOW_S", TAKES_S * 0.8)
    with serving({}) as made:
        monkeypatch.setenv("PRESSROOM_FETCH_ALLOW", "127.0.0.0/8")
        monkeypatch.setenv("PRESSROOM_FETCH_PORTS", str(made.port))
        forget_settings()
        yield made
    forget_settings()


BLANK: dict[str, Any] = {"title": "News", "url": None, "summary": "", "published": None, "has_image": False}


class Feeds:
    """A user's feeds on a site, by path; the slot of the first one is next."""

    def __init__(self, site: Site, name: str, count: int, *, is_slow: bool = False, **said: Any) -> None:
        self.user: User = a_user()
        self.ids: dict[str, uuid.UUID] = {}
        body = json.dumps([said])
        for n in range(count):
            path = f"/{name}{n}"
            site.pages[path] = Page(body.encode(), content_type="application/json", raw=_late if is_slow else None)
            wished = {"pipeline": "hero-image", "request": {"max_cost_usd": 0.5}}
            self.ids[path] = scheduled(self.user, feed_url=f"http://127.0.0.1:{site.port}{path}", **wished)
            set_columns(self.ids[path], next_at=MONDAY + timedelta(seconds=600 + n))

    def read(self) -> int:
        """Return how many were read."""
        return sum(now_of(one).feed_read_at is not None for one in self.ids.values())

    def failures(self) -> list[int]:
        return [now_of(one).feed_failures for one in self.ids.values()]


def _late(site: Site, out: Any) -> None:
    site.over.wait(TAKES_S)
    out.write(b"HTTP/1.0 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n[]")


# ---- turns


def test_nobodys_second_feed_is_taken_before_everybodys_first(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    many, one = Feeds(site, "many", 5), Feeds(site, "one", 1)
    set_columns(one.ids["/one0"], next_at=MONDAY + 14 * MINUTE)  # its slot is the last of all
    monkeypatch.setattr(feeds, "MOST_AT_ONCE", 3)

    assert read_due(MONDAY) == 3
    assert site.paths == ["/many0", "/one0", "/many1"]
    assert (many.read(), one.read()) == (2, 1)


def test_after_a_slow_one_a_users_other_feeds_are_read_when_those_of_the_others_are(site: Site) -> None:
    slow, fast = Feeds(site, "slow", 3, is_slow=True), Feeds(site, "fast", 3)
    set_columns(slow.ids["/slow0"], next_at=MONDAY + MINUTE)

    read_due(MONDAY)

    assert site.paths[:4] == ["/slow0", "/fast0", "/fast1", "/fast2"]
    assert (slow.read(), fast.read()) == (3, 3), "whoever is alone waits for nobody"


def test_what_a_pass_has_no_time_for_is_read_by_the_next_one_and_is_no_failure(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed_reading, "PASS_S", TAKES_S * 0.8)
    mine = Feeds(site, "mine", 3, is_slow=True)

    read = [read_due(MONDAY + n * timedelta(seconds=1)) for n in range(4)]

    assert read == [1, 1, 1, 0]
    assert mine.failures() == [0, 0, 0]
    assert {now_of(one).last_problem is None for one in mine.ids.values()} == {True}


def test_a_user_with_slow_feeds_leaves_the_next_passes_to_others_that_had_no_time(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed_reading, "PASS_S", TAKES_S * 0.8)
    slow = [Feeds(site, f"slow{n}-", 3, is_slow=True) for n in range(2)]
    fast = Feeds(site, "fast", 2)
    for path in fast.ids:
        set_columns(fast.ids[path], next_at=MONDAY + 14 * MINUTE)  # its slots are the last of all

    for seconds in range(3):
        read_due(MONDAY + timedelta(seconds=seconds))

    assert fast.read() == 2
    assert [one.read() for one in slow] == [1, 1]
    for minute in range(20):
        read_due(MONDAY + minute * MINUTE)
    assert [one.read() for one in slow] == [3, 3]
    assert [one.failures() for one in (*slow, fast)] == [[0] * 3, [0] * 3, [0] * 2]


def test_a_slow_feed_that_fails_waits_for_its_backoff_and_has_the_others_go_first(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(page: Site, out: Any) -> None:
        page.over.wait(TAKES_S)
        out.write(b"HTTP/1.0 500 Oh\r\n\r\n")

    monkeypatch.setattr(feed_reading, "PASS_S", TAKES_S * 0.8)
    slow, fast = Feeds(site, "slow", 2), Feeds(site, "fast", 1)
    for path in slow.ids:
        site.pages[path] = Page(raw=breaks)
    set_columns(fast.ids["/fast0"], next_at=MONDAY + 14 * MINUTE)

    read_due(MONDAY)
    read_due(MONDAY + timedelta(seconds=1))

    assert site.paths == ["/slow0", "/fast0"]
    assert slow.failures() == [1, 0]
    tries = [now_of(one).feed_try_at for one in slow.ids.values()]
    assert tries == [MONDAY + feeds.OTHERS_FIRST] * 2


def test_a_feed_that_was_claimed_anew_meanwhile_is_not_given_back(site: Site) -> None:
    mine = Feeds(site, "mine", 1)
    with transaction() as session:
        left = feeds.due(session, MONDAY)
    with transaction() as session:
        assert feeds.due(session, MONDAY + feeds.BUSY) == left

    with transaction() as session:
        feeds.give_back(session, left, (), MONDAY)

    assert now_of(mine.ids["/mine0"]).feed_try_at == MONDAY + 2 * feeds.BUSY


# ---- what the database does not take


LONG = "".join(random.Random(7).choices("abcdefghijklmnopqrstuvwxyz0123456789", k=9_000))


@pytest.mark.parametrize(
    "url",
    ["https://x.example/\x00", "https://x.example/\ud800", f"https://x.example/{LONG}"],
    ids=["NUL", "half a pair", "too long for the index"],
)
def test_an_article_that_cannot_be_stored_is_its_feeds_failure_and_nobody_elses(
    site: Site, caplog: pytest.LogCaptureFixture, url: str
) -> None:
    bad, good = Feeds(site, "bad", 1, url=url), Feeds(site, "good", 1)
    set_columns(bad.ids["/bad0"], next_at=MONDAY + MINUTE)

    with caplog.at_level(logging.ERROR):
        assert read_due(MONDAY) == 1

    assert site.paths == ["/bad0", "/good0"]
    assert good.read() == 1
    row = now_of(bad.ids["/bad0"])
    assert (row.feed_read_at, row.feed_failures, row.feed_try_at) == (None, 1, MONDAY + feeds.BACKOFF)
    assert row.last_problem is not None
    assert row.last_problem["code"] == "feed_refused:broken"
    [line] = [one for one in caplog.records if one.getMessage() == "feed_broke_its_reader"]
    assert vars(line)["problem"] in {"DataError", "UnicodeEncodeError", "OperationalError"}
    assert url[-20:] not in caplog.text


def test_an_error_that_quotes_what_cannot_be_stored_is_told_without_it(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses(*_: object) -> list[Item]:
        raise feed_reading.SourceRefused("it says \x00\ud800", code="feed_refused:broken")

    monkeypatch.setattr(apart, "items", refuses)
    mine = Feeds(site, "mine", 2)

    read_due(MONDAY)

    assert mine.failures() == [1, 1]
    problem = now_of(mine.ids["/mine0"]).last_problem
    assert problem is not None
    assert problem["message"] == "the feed could not be read: it says \ufffd\ufffd"


def test_while_the_database_is_away_no_feed_is_blamed(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object) -> int:
        raise OperationalError("INSERT", {}, psycopg.OperationalError("the connection is lost"))

    mine = Feeds(site, "mine", 2)
    with monkeypatch.context() as patched:
        patched.setattr(feeds, "store", away)
        with pytest.raises(OperationalError):
            read_due(MONDAY)

    assert mine.failures() == [0, 0]
    assert read_due(MONDAY + timedelta(seconds=1)) == 1, "what was not begun is due at once"
    assert read_due(MONDAY + feeds.BUSY) == 1


def test_of_a_feed_with_hostile_addresses_all_articles_are_kept_without_them(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    keep_on_loopback(monkeypatch)
    monkeypatch.setenv("PRESSROOM_FETCH_ALLOW", "127.0.0.0/8")
    monkeypatch.setenv("PRESSROOM_FETCH_PORTS", str(site.port))
    forget_settings()
    mine = Feeds(site, "mine", 1)
    urls = ["https://x.example/\x00", "https://x.example/\ud800", "https://x.example/" + "\u4e16" * 2_030, "/fine"]
    listed = [{"title": f"T{n}", "url": url} for n, url in enumerate(urls)]
    site.pages["/mine0"] = Page(json.dumps(listed).encode(), content_type="application/json")

    assert read_due(MONDAY) == 1

    with transaction() as session:
        rows = session.scalars(select(ScheduleItem).order_by(ScheduleItem.title)).all()
    assert [row.url for row in rows] == [None, None, None, f"http://127.0.0.1:{site.port}/fine"]
    assert mine.failures() == [0]
