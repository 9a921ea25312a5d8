"""Pages are read as their site's robots.txt permits; feeds that a user named are not asked about."""

from __future__ import annotations

import threading
import time
import traceback
from concurrent.futures import ThreadPoolExecutor

import pytest
from fetch_servers import PUBLIC, Page, Site, World, serving

from app.domain.errors import FetchFailed
from workers.web import fetch
from workers.web.robots import KEPT_S, MAX_BYTES, MAX_HOSTS, MAX_KEPT_CHARS, UNREACHABLE_S, Robots
from workers.web.robots import read as read_rules

URL = "http://news.example/a"
NOBODY = b"User-agent: *\nDisallow: /\n"


pytestmark = pytest.mark.usefixtures("kept_inside")


class Clock:
    """A clock that moves when it is told to, or when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    def robots(self) -> Robots:
        return Robots(clock=self, sleep=self.sleep)


def site_with(robots: Page | bytes, **pages: Page) -> dict[str, Page]:
    told = Page(robots, content_type="text/plain") if isinstance(robots, bytes) else robots
    return {
        "/robots.txt": told,
        "/a": Page(b"a"),
        "/b": Page(b"b"),
        **{f"/{name}": page for name, page in pages.items()},
    }


def read(site: Site, robots: Robots, url: str = URL, **names: list[list[str]]) -> bytes:
    return fetch.page(url, obeys=robots, outside=World({PUBLIC: site}, dict(names)).outside).body


def refused(site: Site, robots: Robots, url: str = URL) -> FetchFailed:
    with pytest.raises(FetchFailed) as told:
        read(site, robots, url)
    return told.value


def test_a_page_is_read_where_robots_txt_permits_it() -> None:
    with serving(site_with(b"User-agent: *\nDisallow: /b\n")) as site:
        assert read(site, Robots()) == b"a"
    assert site.paths == ["/robots.txt", "/a"]


@pytest.mark.parametrize("group", ["*", "Pressroom"])
def test_a_page_that_machines_may_not_read_is_not_asked_for(group: str) -> None:
    with serving(site_with(f"User-agent: {group}\nDisallow: /a\n".encode())) as site:
        exc = refused(site, Robots())
        assert (exc.code, exc.permanent) == ("fetch_failed:robots", True)
        assert read(site, Robots(), "http://news.example/b") == b"b"
    assert "/a" not in site.paths


@pytest.mark.parametrize("status", [404, 403, 401, 410, 204])
def test_a_site_without_a_robots_txt_permits_everything(status: int) -> None:
    with serving(site_with(Page(b"", status))) as site:
        assert read(site, Robots()) == b"a"


def test_a_circle_of_redirects_is_no_robots_txt() -> None:
    with serving(site_with(Page(b"", 302, headers={"location": "/robots.txt"}))) as site:
        assert read(site, Robots()) == b"a"


def test_a_robots_txt_may_be_somewhere_else() -> None:
    moved = Page(b"", 301, headers={"location": "http://other.example/rules"})
    with serving(site_with(moved, rules=Page(NOBODY))) as site:
        assert refused(site, Robots()).code == "fetch_failed:robots"


UNREACHABLE = {
    "500": Page(b"", 500),
    "503": Page(b"", 503),
    "429": Page(b"", 429),
    "inside": Page(b"", 302, headers={"location": "http://127.0.0.1/robots.txt"}),
    "broken": Page(raw=lambda _site, out: out.write(b"nonsense\r\n\r\n")),
}


@pytest.mark.parametrize("how", UNREACHABLE)
def test_while_robots_txt_does_not_come_nothing_is_read(how: str) -> None:
    with serving(site_with(UNREACHABLE[how])) as site:
        exc = refused(site, Robots())
    assert (exc.code, exc.permanent, exc.retry_after_s) == ("fetch_failed:robots_unreachable", False, UNREACHABLE_S)
    assert site.paths == ["/robots.txt"]


def test_a_robots_txt_that_never_ends_is_read_as_far_as_it_may_be() -> None:
    with serving(site_with(b"User-agent: *\nDisallow: /a\n" + b"# more\n" * 200_000)) as site:
        assert refused(site, Robots()).code == "fetch_failed:robots"
        assert read(site, Robots(), "http://news.example/b") == b"b"


def test_a_line_that_is_cut_where_reading_ends_is_no_rule() -> None:
    """What is left of it may say more than the site did."""
    begin = b"User-agent: *\nDisallow: /\n"
    end = b"\nAllow: /"
    for told in (end + b"b\n", end + b"\n"):
        with serving(site_with(begin + b"#" * (MAX_BYTES - len(begin + end)) + told)) as site:
            assert refused(site, Robots()).code == "fetch_failed:robots"


def test_the_deadline_of_a_page_holds_for_its_robots_txt() -> None:
    slow = Page(raw=lambda site, _out: site.over.wait(30))
    with serving(site_with(slow)) as site:
        begun = time.monotonic()
        with pytest.raises(FetchFailed):
            fetch.page(URL, timeout_s=0.3, obeys=Robots(), outside=World({PUBLIC: site}).outside)
        assert time.monotonic() - begun < 3


def test_the_page_that_a_redirect_leads_to_is_asked_about_too() -> None:
    moved = Page(b"", 302, headers={"location": "/b"})
    with serving({**site_with(b"User-agent: *\nDisallow: /b\n"), "/a": moved}) as site:
        assert refused(site, Robots()).code == "fetch_failed:robots"
    assert site.paths == ["/robots.txt", "/a"]


# ---- remembered


def test_robots_txt_is_remembered_for_a_while() -> None:
    clock = Clock()
    robots = clock.robots()
    with serving(site_with(b"")) as site:
        for _ in range(3):
            read(site, robots)
        clock.now += KEPT_S - 1
        read(site, robots)
        assert site.paths.count("/robots.txt") == 1
        clock.now += 2
        read(site, robots)
        assert site.paths.count("/robots.txt") == 2


def test_a_robots_txt_that_did_not_come_is_asked_for_again_soon() -> None:
    clock = Clock()
    robots = clock.robots()
    with serving(site_with(Page(b"", 500))) as site:
        refused(site, robots)
        refused(site, robots)
        assert site.paths == ["/robots.txt"]
        site.pages["/robots.txt"] = Page(b"")
        clock.now += UNREACHABLE_S + 1
        assert read(site, robots) == b"a"


def test_each_host_and_port_has_its_own_and_not_more_are_remembered_than_allowed() -> None:
    robots = Robots()
    with serving(site_with(b"")) as site:
        outside = World({PUBLIC: site}).outside
        for n in (*range(MAX_HOSTS + 1), MAX_HOSTS, 0):
            fetch.page(f"http://n{n}.example/a", obeys=robots, outside=outside)
    assert site.paths.count("/robots.txt") == MAX_HOSTS + 2  # the first was forgotten, the last was not


def test_the_rules_of_all_sites_together_take_no_more_memory_than_allowed() -> None:
    robots = Robots()
    most = b"User-agent: *\n" + b"".join(b"Allow: /%d\n" % n for n in range(36_000))
    with serving(site_with(most)) as site:
        outside = World({PUBLIC: site}).outside
        sizes = read_rules(most.decode()).chars, MAX_KEPT_CHARS
        hosts = sizes[1] // sizes[0]
        for n in (*range(hosts + 1), hosts, 0):
            fetch.page(f"http://n{n}.example/a", obeys=robots, outside=outside)
    assert site.paths.count("/robots.txt") == hosts + 2  # the first was forgotten, the last was not


def test_a_failure_that_is_remembered_does_not_grow() -> None:
    robots = Robots()
    with serving(site_with(Page(b"", 500))) as site:
        lengths = {len(traceback.extract_tb(refused(site, robots).__traceback__)) for _ in range(5)}
    assert len(lengths) == 1


# ---- the pause between pages


def test_pages_of_one_site_come_as_far_apart_as_it_asks_for() -> None:
    clock = Clock()
    robots = clock.robots()
    with serving(site_with(b"User-agent: *\nCrawl-delay: 2\n")) as site:
        for _ in range(3):
            read(site, robots)
        clock.now += 60
        read(site, robots)
    assert clock.slept == [2.0, 2.0]


def test_a_long_pause_is_handed_back_instead_of_slept() -> None:
    clock = Clock()
    robots = clock.robots()
    with serving(site_with(b"User-agent: *\nCrawl-delay: 3600\n")) as site:
        read(site, robots)
        exc = refused(site, robots)
        assert (exc.code, exc.permanent, exc.retry_after_s) == ("fetch_failed:crawl_delay", False, 10.0)
        clock.now += 10
        assert read(site, robots) == b"a"
    assert clock.slept == []


def test_threads_at_once_take_turns() -> None:
    clock = Clock()
    lock = threading.Lock()
    waits: list[float] = []

    def sleep(seconds: float) -> None:
        with lock:
            waits.append(seconds)

    robots = Robots(clock=clock, sleep=sleep)
    with serving(site_with(b"User-agent: *\nCrawl-delay: 1\n")) as site, ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda _: read(site, robots), range(4))) == [b"a"] * 4
    assert sorted(waits) == [1.0, 2.0, 3.0]


# ---- feeds


def test_a_feed_that_a_user_named_is_read_without_asking_robots_txt() -> None:
    feed = Page(b"[]", content_type="application/json")
    with serving(site_with(NOBODY, feed=feed)) as site:
        assert fetch.feed("http://news.example/feed", outside=World({PUBLIC: site}).outside).body == b"[]"
    assert site.paths == ["/feed"]


def test_a_page_is_no_feed_and_a_feed_is_no_page() -> None:
    with serving(site_with(b"", feed=Page(b"<rss/>", content_type="application/rss+xml"))) as site:
        outside = World({PUBLIC: site}).outside
        for ask, path in ((fetch.feed, "a"), (lambda *a, **k: fetch.page(*a, obeys=Robots(), **k), "feed")):
            with pytest.raises(FetchFailed) as told:
                ask(f"http://news.example/{path}", outside=outside)
            assert told.value.code == "fetch_failed:content_type"
