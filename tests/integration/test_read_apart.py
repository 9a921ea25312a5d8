"""What strangers serve is read in a process of its own: it says the same, and ends when it takes too much."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime
from typing import Any

import psutil
import pytest

from app.domain.errors import FetchFailed, PressroomError, SourceRefused
from harness import wait_for
from workers.web import apart, article, feeds

URL = "https://news.example/a"
ITUNES = 'xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"'
SENTENCES = "".join(f"<p>Sentence number {n} tells how the bees of valley {n * 7} found home.</p>" for n in range(10))


def rss_of(inside: str, attributes: str = "") -> bytes:
    return f'<rss version="2.0" {attributes}><channel><title>t</title>{inside}</channel></rss>'.encode()


def page_of(inside: str, head: str = "") -> str:
    return f"<!doctype html><html lang=en><head><title>Bees</title>{head}</head><body><article>{SENTENCES}{inside}</article></body></html>"


def refused(read: Callable[..., Any], *told: Any, **how: Any) -> PressroomError:
    with pytest.raises((SourceRefused, FetchFailed)) as exc:
        read(*told, **how)
    return exc.value


def test_a_feed_says_the_same_as_when_it_is_read_here() -> None:
    dated = "<item><title>Bäume \u4e2d</title><link>/b</link><pubDate>Sun, 01 Mar 2026 17:00:00 +0500</pubDate></item>"
    asked = (rss_of(dated + "<item><title>b</title></item>"), "application/rss+xml", URL)

    found = apart.items(*asked)
    assert found == feeds.items(*asked)
    assert [(one.title, one.published) for one in found] == [
        ("Bäume \u4e2d", datetime(2026, 3, 1, 12, tzinfo=UTC)),
        ("b", None),
    ]


def test_a_feeds_charset_is_handed_on() -> None:
    assert apart.items('[{"title": "да"}]'.encode("koi8-r"), "application/json", URL, "koi8_r")[0].title == "да"


@pytest.mark.parametrize("published", [None, date(2026, 3, 1)])
def test_a_page_says_the_same_as_when_it_is_read_here(published: date | None) -> None:
    html = page_of("", f'<meta property="article:published_time" content="{published}">' if published else "")

    found = apart.text(html, URL)
    assert found == article.text(html, URL)
    assert found.published == published


def test_what_is_refused_is_refused_with_its_reason() -> None:
    assert refused(apart.items, b"words", "text/plain", URL).code == "feed_refused:not_a_feed"
    assert refused(apart.text, "words", URL).code == "article_refused:no_text"


SLOW_FEEDS = {
    "an author": rss_of(f"<item><title>t</title><author>{'a' * 400_000}</author></item>"),
    "keywords": rss_of(f"<item><itunes:keywords>{','.join(map(str, range(200_000)))}</itunes:keywords></item>", ITUNES),
    "a host": rss_of("<item><title>t</title><link>http://" + "\u0300\u0323" * 200_000 + "/</link></item>"),
    "names": rss_of("<zz:a/>" * 90_000, " ".join(f'xmlns:{"zz" if n == 80_000 else f"a{n}"}="u{n}"' for n in range(80_001))),
}  # fmt: skip
SLOW_PAGES = {
    "links": page_of("<p>" + "<a href=/x>aa</a> " * 28_000),
    "attributes": page_of("<p " + " ".join(f"a{n}=1" for n in range(100_000)) + ">x"),
}


@pytest.mark.parametrize("what", SLOW_FEEDS)
def test_a_feed_that_takes_too_long_is_refused_when_its_time_is_over(what: str) -> None:
    begun = time.monotonic()
    assert (
        refused(apart.items, SLOW_FEEDS[what], "application/xml", URL, max_cpu_s=1).code == "feed_refused:too_complex"
    )
    assert time.monotonic() - begun < apart.MAX_S


@pytest.mark.parametrize("what", SLOW_PAGES)
def test_a_page_that_takes_too_long_is_refused_when_its_time_is_over(what: str) -> None:
    begun = time.monotonic()
    assert refused(apart.text, SLOW_PAGES[what], URL, max_cpu_s=1).code == "article_refused:too_complex"
    assert time.monotonic() - begun < apart.MAX_S


def test_a_feed_that_takes_too_much_memory_is_refused() -> None:
    """Each element of this one joins an address of a megabyte, and all are kept."""
    base = f'<item xml:base="http://x.example/{"a/" * 1_000_000}">'
    exc = refused(apart.items, rss_of(base + "<a>" * 50_000), "application/xml", URL)
    assert exc.code == "feed_refused:too_complex"


def readers() -> list[psutil.Process]:
    """Return this process' readers: not what else it started."""
    found = []
    for child in psutil.Process().children():
        with suppress(psutil.Error):
            if apart.__name__ in child.cmdline():
                found.append(child)
    return found


def reader() -> psutil.Process:
    """Return this process' reader, once it reads."""

    def found() -> psutil.Process | None:
        with suppress(psutil.Error):
            return next((one for one in readers() if one.cpu_times().user > 0.5), None)
        return None

    return wait_for(found, what="something is read")


def test_a_reader_that_somebody_ends_may_be_asked_again() -> None:
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(refused, apart.items, SLOW_FEEDS["an author"], "application/xml", URL)
        reader().kill()
        exc = asked.result()
    assert isinstance(exc, FetchFailed)
    assert (exc.code, exc.permanent) == ("fetch_failed:busy", False)


def test_a_reader_knows_no_key_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRESSROOM_SECRET", "secret")
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(refused, apart.items, SLOW_FEEDS["an author"], "application/xml", URL)
        child = reader()
        assert "secret" not in child.environ().values()
        child.kill()
        asked.result()


def test_no_more_than_two_are_read_at_once() -> None:
    with ThreadPoolExecutor(6) as pool:
        asked = [pool.submit(apart.items, b"[]", "application/json", URL) for _ in range(6)]
        most = 0
        while not all(one.done() for one in asked):
            most = max(most, len(readers()))
    assert [one.result() for one in asked] == [[]] * 6
    assert 1 <= most <= 2


@contextmanager
def nobody_else_may_read() -> Iterator[None]:
    with apart.AT_ONCE, apart.AT_ONCE:
        yield


def test_what_was_not_begun_for_want_of_a_place_is_no_attempt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apart, "MAX_S", 0.05)
    with nobody_else_may_read():
        exc = refused(apart.items, b"[]", "application/json", URL)
    assert isinstance(exc, FetchFailed)
    assert (exc.code, exc.permanent, exc.is_waiting) == ("fetch_failed:no_reader", False, True)
    assert exc.retry_after_s == apart.AGAIN_S


def test_a_reader_that_used_up_its_time_was_an_attempt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apart, "MAX_S", 0.05)
    exc = refused(apart.items, b"[]", "application/json", URL)
    assert isinstance(exc, FetchFailed)
    assert (exc.code, exc.permanent, exc.is_waiting) == ("fetch_failed:busy", False, False)
