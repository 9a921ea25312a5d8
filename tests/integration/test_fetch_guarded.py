"""No request reaches the inside: not by redirects, not by names that change, not with the real resolver."""

from __future__ import annotations

import socket

import pytest
from fetch_servers import ALSO_PUBLIC, PUBLIC, Page, Site, World, serving

from app.domain.errors import FetchFailed, UrlRefused
from harness import forget_settings
from workers.web import fetch

URL = "http://news.example/a"


pytestmark = pytest.mark.usefixtures("kept_inside")


def allow(monkeypatch: pytest.MonkeyPatch, **values: str) -> None:
    for name, value in values.items():
        monkeypatch.setenv(f"PRESSROOM_FETCH_{name}", value)
    forget_settings()


def got(world: World, url: str = URL) -> fetch.Fetched:
    return fetch.get(url, accept=(), max_bytes=10_000, timeout_s=10, outside=world.outside)


def to(location: str, status: int = 302) -> Page:
    return Page(b"moved", status, headers={"location": location})


# ---- with the real resolver and real connections


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_server_on_this_machine_is_not_asked(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    with serving({"/": Page()}) as site:
        allow(monkeypatch, PORTS=str(site.port))
        with pytest.raises(UrlRefused) as told:
            fetch.get(f"http://{host}:{site.port}/", accept=(), max_bytes=99, timeout_s=10)
    assert told.value.code == "url_refused:not_public"
    assert site.asked == []


@pytest.mark.parametrize(("host", "allowed"), [("127.0.0.1", "127.0.0.0/8"), ("localhost", "localhost")])
def test_a_server_on_this_machine_is_asked_where_the_operator_allows_it(
    monkeypatch: pytest.MonkeyPatch, host: str, allowed: str
) -> None:
    with serving({"/": Page()}) as site:
        allow(monkeypatch, PORTS=str(site.port), ALLOW=allowed)
        found = fetch.get(f"http://{host}:{site.port}/", accept=(), max_bytes=99, timeout_s=10)
    assert found.body == b"<p>hello</p>"
    assert site.asked[0][1]["host"] == f"{host}:{site.port}"


@pytest.mark.parametrize(
    ("error", "why", "permanent"),
    [
        (socket.gaierror(socket.EAI_NONAME, "no such name"), "unknown_host", True),
        (socket.gaierror(socket.EAI_AGAIN, "try again"), "dns", False),
        (UnicodeError("label too long"), "unknown_host", True),
    ],
)
def test_a_name_that_does_not_resolve_says_whether_asking_later_can_help(
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    why: str,
    permanent: bool,  # noqa: FBT001
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(socket, "getaddrinfo", fails)
    with pytest.raises(FetchFailed) as told:
        fetch.get(URL, accept=(), max_bytes=99, timeout_s=10)
    assert (told.value.code, told.value.permanent) == (f"fetch_failed:{why}", permanent)


# ---- redirects


def test_redirects_are_followed_to_the_page() -> None:
    pages = {"/a": to("/b?x=1", 301), "/b?x=1": to("//other.example/c", 307), "/c": to("http://news.example/d#e", 308)}
    with serving({**pages, "/d": Page(b"here")}) as site:
        world = World({PUBLIC: site})
        found = got(world)

    assert (found.url, found.body) == ("http://news.example/d", b"here")
    assert world.resolved == ["news.example", "news.example", "other.example", "news.example"]
    assert [headers["host"] for _, headers in site.asked] == world.resolved


@pytest.mark.parametrize(
    ("location", "why"),
    [
        *[(f"http://{host}/", "not_public") for host in ("127.0.0.1", "169.254.169.254", "[::1]", "10.0.0.8",
                                                         "192.168.1.1", "[::ffff:127.0.0.1]", "inside.example")],
        *[(f"http://{host}/", "host") for host in ("2130706433", "0x7f000001", "127.1", "017700000001")],
        ("http://news.example:6379/", "port"),
        ("http://me:pw@news.example/", "credentials"),
        ("http://me:pw@127.0.0.1/", "credentials"),
        ("file:///etc/passwd", "scheme"),
        ("gopher://news.example/", "scheme"),
        ("http://news.example/" + "a" * 3000, "too_long"),
        ("http://[", "host"),
        ("http://[::1", "syntax"),
        ("http://a\\@b/", "credentials"),
        ("http://a\\b/", "syntax"),
    ],
)  # fmt: skip
def test_a_redirect_is_checked_as_the_first_url_was(location: str, why: str) -> None:
    with serving({"/a": to(location)}) as site:
        world = World({PUBLIC: site}, {"inside.example": [["10.0.0.9"]]})
        with pytest.raises(UrlRefused) as told:
            got(world)
    assert told.value.code == f"url_refused:{why}"
    assert world.connected == [(PUBLIC, 80)]


def test_a_circle_of_redirects_ends() -> None:
    with serving({"/a": to("/b"), "/b": to("/a")}) as site, pytest.raises(FetchFailed) as told:
        got(World({PUBLIC: site}))
    assert (told.value.code, told.value.permanent) == ("fetch_failed:redirects", True)
    assert len(site.asked) == 6


def test_five_redirects_are_followed() -> None:
    with serving({**{f"/{n}": to(f"/{n + 1}") for n in range(5)}, "/5": Page(b"here")}) as site:
        assert got(World({PUBLIC: site}), "http://news.example/0").body == b"here"


# ---- names that change


def test_the_connection_goes_to_the_address_that_was_checked_though_the_name_leads_inside_a_moment_later() -> None:
    with serving({"/a": Page(b"public")}) as public, serving({"/a": Page(b"inside")}) as inside:
        world = World({PUBLIC: public, "127.0.0.1": inside}, {"news.example": [[PUBLIC], ["127.0.0.1"]]})
        found = got(world)

    assert found.body == b"public"
    assert (world.resolved, world.connected) == (["news.example"], [(PUBLIC, 80)])
    assert inside.asked == []


def test_a_name_that_changes_between_two_redirects_is_refused_at_the_second() -> None:
    with serving({"/a": to("/b"), "/b": Page()}) as public, serving({"/b": Page(b"inside")}) as inside:
        world = World({PUBLIC: public, "127.0.0.1": inside}, {"news.example": [[PUBLIC], ["127.0.0.1"]]})
        with pytest.raises(UrlRefused) as told:
            got(world)

    assert told.value.code == "url_refused:not_public"
    assert (public.paths, inside.asked) == (["/a"], [])


def test_a_name_with_one_address_inside_is_not_asked_at_any_of_them() -> None:
    world = World({}, {"news.example": [[PUBLIC, ALSO_PUBLIC, "10.0.0.1"]]})
    with pytest.raises(UrlRefused):
        got(world)
    assert world.connected == []


def test_an_address_that_does_not_answer_is_not_resolved_anew() -> None:
    world = World({PUBLIC: Site(port=1)}, {"news.example": [[PUBLIC], ["127.0.0.1"]]})
    with pytest.raises(FetchFailed):
        got(world)
    assert (world.resolved, world.connected) == (["news.example"], [(PUBLIC, 80)])
