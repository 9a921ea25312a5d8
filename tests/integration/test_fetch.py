"""Fetching a page within its bounds, over real connections: size, time, type and status."""

from __future__ import annotations

import gzip
import logging
import threading
import time
import zlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fetch_servers import PUBLIC, Page, Site, World, serving

from app.domain.errors import FetchFailed
from harness import forget_settings
from workers.web import fetch

URL = "http://news.example/a?token=secret"


pytestmark = pytest.mark.usefixtures("kept_inside")


def got(page: Page, *, max_bytes: int = 100_000, timeout_s: float = 10, accept: tuple[str, ...] = ()) -> fetch.Fetched:
    with serving({"/a?token=secret": page}) as site:
        world = World({PUBLIC: site})
        return fetch.get(URL, accept=accept, max_bytes=max_bytes, timeout_s=timeout_s, outside=world.outside)


def failed(page: Page, **bounds: Any) -> FetchFailed:
    with pytest.raises(FetchFailed) as told:
        got(page, **bounds)
    return told.value


def writes(*parts: bytes, then: bytes = b"", every_s: float = 0.0) -> Page:
    """A page that writes its parts, and then one more again and again."""

    def raw(site: Site, out: Any) -> None:
        for part in parts:
            out.write(part)
        while then and not site.over.wait(every_s):
            out.write(then)

    return Page(raw=raw)


# ---- what arrives


def test_a_page_arrives_with_what_its_server_said_about_it() -> None:
    found = got(Page("Grüße".encode("latin-1"), content_type="Text/HTML; Charset=ISO-8859-1"))

    assert (found.url, found.status, found.content_type, found.charset) == (URL, 200, "text/html", "cp1252")
    assert (found.body, found.text) == ("Grüße".encode("latin-1"), "Grüße")
    assert datetime.now(UTC) - found.fetched_at < timedelta(minutes=1)


def test_a_server_may_say_nothing_about_a_page() -> None:
    found = got(Page(b"hello", content_type=None))
    assert (found.content_type, found.charset, found.text) == ("", None, "hello")


@pytest.mark.parametrize(
    ("packed", "encoding"),
    [
        (gzip.compress(b"hello", mtime=0), "gzip"),
        (zlib.compress(b"hello"), "deflate"),
        (b"hello", "identity"),
        (b"", "gzip"),
    ],
)
def test_a_packed_page_arrives_unpacked(packed: bytes, encoding: str) -> None:
    assert got(Page(packed, headers={"content-encoding": encoding})).body in (b"hello", b"")


def test_the_request_says_who_asks_and_sends_no_credentials_and_no_fragment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRESSROOM_PUBLIC_URL", "https://press.example")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    forget_settings()
    with serving({"/a": Page()}) as site:
        fetch.get("http://news.example/a#part", accept=("text/html",), max_bytes=100, timeout_s=10,
                  outside=World({PUBLIC: site}).outside)  # fmt: skip

    path, headers = site.asked[0]
    assert path == "/a"
    assert headers == {
        "host": "news.example",
        "user-agent": "Pressroom (+https://press.example)",
        "accept": "text/html, */*;q=0.1",
        "accept-encoding": "gzip, deflate",
        "connection": "close",
    }


def test_without_a_public_url_the_user_agent_is_our_name_alone() -> None:
    with serving({"/a": Page()}) as site:
        fetch.get(
            "http://news.example/a", accept=(), max_bytes=100, timeout_s=10, outside=World({PUBLIC: site}).outside
        )
    assert site.asked[0][1]["user-agent"] == "Pressroom"


# ---- size


def test_a_page_of_just_the_bound_arrives_and_one_byte_more_does_not() -> None:
    assert len(got(Page(b"x" * 5000), max_bytes=5000).body) == 5000
    exc = failed(Page(b"x" * 5001), max_bytes=5000)
    assert (exc.code, exc.permanent) == ("fetch_failed:too_large", True)


def test_a_gzip_bomb_is_stopped_at_the_bound() -> None:
    bomb = gzip.compress(b"\0" * 50_000_000, mtime=0)
    assert len(bomb) < 100_000
    assert failed(Page(bomb, headers={"content-encoding": "gzip"})).code == "fetch_failed:too_large"


def test_a_body_without_end_is_stopped_at_the_bound() -> None:
    head = b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\n\r\n"
    assert failed(writes(head, then=b"x" * 4096)).code == "fetch_failed:too_large"


def test_a_packed_body_that_never_comes_to_anything_is_stopped_at_the_bound() -> None:
    empty_blocks = gzip.compress(b"", mtime=0)[:10] + b"\0\0\0\xff\xff" * 1000
    head = b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\n\r\n"
    assert failed(writes(head, empty_blocks, then=b"\0\0\0\xff\xff" * 1000)).code == "fetch_failed:too_large"


def test_headers_without_end_are_not_gathered() -> None:
    assert failed(writes(b"HTTP/1.1 200 OK\r\n", then=b"x-a: " + b"b" * 4096)).code == "fetch_failed:broken"


# ---- time


SLOW = {
    "body": writes(b"HTTP/1.1 200 OK\r\n\r\n", then=b"x", every_s=0.02),
    "headers": writes(b"HTTP/1.1 200 OK\r\nx-a: ", then=b"b", every_s=0.02),
    "nothing": Page(raw=lambda site, _out: site.over.wait(30)),
    "continue": writes(then=b"HTTP/1.1 100 Continue\r\n\r\n", every_s=0.02),
}


@pytest.mark.parametrize("what", SLOW)
def test_a_server_that_trickles_is_left_at_the_deadline(what: str) -> None:
    begun = time.monotonic()
    exc = failed(SLOW[what], timeout_s=0.5)

    assert (exc.code, exc.permanent) == ("fetch_failed:timeout", False)
    assert time.monotonic() - begun < 3


def test_the_deadline_holds_over_all_redirects() -> None:
    def late(location: str) -> Callable[[Site, Any], None]:
        def raw(site: Site, out: Any) -> None:
            site.over.wait(0.3)
            out.write(f"HTTP/1.1 302 Found\r\nlocation: {location}\r\ncontent-length: 0\r\n\r\n".encode())

        return raw

    with serving({f"/{n}": Page(raw=late(f"/{n + 1}")) for n in range(5)}) as site, pytest.raises(FetchFailed) as told:
        fetch.get("http://news.example/0", accept=(), max_bytes=9, timeout_s=0.8, outside=World({PUBLIC: site}).outside)
    assert told.value.code == "fetch_failed:timeout"
    assert len(site.asked) < 5


def test_a_name_that_takes_too_long_to_resolve_ends_at_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    over = threading.Event()
    monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: over.wait(30) and [])
    begun = time.monotonic()
    with pytest.raises(FetchFailed) as told:
        fetch.get("http://news.example/", accept=(), max_bytes=9, timeout_s=0.2)
    over.set()
    assert told.value.code == "fetch_failed:timeout"
    assert time.monotonic() - begun < 3


# ---- type and status


@pytest.mark.parametrize("content_type", ["application/pdf", "image/svg+xml", "text/htmlx", None])
def test_what_is_not_of_the_type_that_was_asked_for_is_not_read(content_type: str | None) -> None:
    exc = failed(Page(content_type=content_type), accept=fetch.PAGES)
    assert (exc.code, exc.permanent) == ("fetch_failed:content_type", True)


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip"])
def test_a_packing_that_was_not_asked_for_is_refused(encoding: str) -> None:
    assert failed(Page(headers={"content-encoding": encoding})).code == "fetch_failed:encoding"


@pytest.mark.parametrize(
    ("status", "why", "permanent"),
    [
        *[(404, "not_found", True), (410, "not_found", True), (401, "denied", True), (403, "denied", True)],
        *[(451, "denied", True), (400, "status", True), (418, "status", True), (204, "status", True)],
        *[(304, "status", True), (300, "status", True), (301, "status", True), (408, "timeout", False)],
        *[(429, "busy", False), (503, "busy", False), (500, "server", False), (502, "server", False)],
    ],
)
def test_a_status_says_whether_asking_later_can_help(status: int, why: str, permanent: bool) -> None:  # noqa: FBT001
    exc = failed(Page(b"", status=status))
    assert (exc.code, exc.permanent, exc.status) == (f"fetch_failed:{why}", permanent, status)


def test_a_server_says_when_to_come_back() -> None:
    assert failed(Page(status=429, headers={"retry-after": "17"})).retry_after_s == 17
    assert failed(Page(status=503)).retry_after_s is None
    assert failed(Page(status=404, headers={"retry-after": "17"})).retry_after_s is None


@pytest.mark.parametrize(
    "page",
    [
        writes(b""),
        writes(b"SSH-2.0-OpenSSH_9.9\r\n"),
        writes(b"HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\nshort"),
        writes(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhel"),
        writes(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\nhello"),
        Page(gzip.compress(b"hello" * 99, mtime=0)[:-9], headers={"content-encoding": "gzip"}),
        Page(b"<html>", headers={"content-encoding": "gzip"}),
    ],
    ids=["nothing", "no http", "short", "short chunk", "bad chunk", "short gzip", "no gzip"],
)
def test_a_reply_that_is_not_whole_may_be_asked_for_again(page: Page) -> None:
    exc = failed(page)
    assert (exc.code, exc.permanent) == ("fetch_failed:broken", False)


def test_a_machine_that_does_not_answer_may_be_asked_again() -> None:
    world = World({PUBLIC: Site(port=1)})
    with pytest.raises(FetchFailed) as told:
        fetch.get(URL, accept=(), max_bytes=9, timeout_s=5, outside=world.outside)
    assert (told.value.code, told.value.permanent) == ("fetch_failed:unreachable", False)


def test_a_second_address_is_tried_when_the_first_does_not_answer() -> None:
    with serving({"/a?token=secret": Page()}) as site:
        world = World({"2606:4700::1": Site(port=1), PUBLIC: site}, {"news.example": [["2606:4700::1", PUBLIC]]})
        assert fetch.get(URL, accept=(), max_bytes=99, timeout_s=5, outside=world.outside).status == 200
    assert world.connected == [("2606:4700::1", 80), (PUBLIC, 80)]


# ---- what is told


def test_neither_logs_nor_messages_hold_a_query(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        got(Page())
        told = [str(failed(page)) for page in (Page(status=500), writes(b""))]
    records = [str(record.__dict__) for record in caplog.records if record.name == fetch.__name__]
    assert len(records) == 3
    assert all("news.example/a" in record for record in records)
    assert "secret" not in caplog.text + "".join(records + told)
    assert "secret" not in repr(got(Page()))
