"""The url guard, without a network: what is refused before and after a name is resolved."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from web_worlds import PUBLIC, recorded, unasked, world

from app.domain.errors import FetchFailed, RequestError, SetupError, UrlRefused
from app.settings import settings
from harness import forget_settings
from workers.web.guard import Target, checked


def why_refused(url: str, *addresses: str) -> str:
    with pytest.raises(UrlRefused) as told:
        checked(url, outside=world(*addresses) if addresses else unasked())
    return told.value.code


def given_settings(monkeypatch: pytest.MonkeyPatch, **values: str) -> None:
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    forget_settings()


# ---- what a target is


def test_a_public_url_becomes_a_target_that_is_pinned_to_all_its_addresses() -> None:
    found = checked("https://Example.COM/a%20b?q=1#part", outside=world(PUBLIC, "2606:4700::1"))

    assert found == Target("https", "example.com", 443, "/a%20b?q=1", (PUBLIC, "2606:4700::1"))
    assert found.url == "https://example.com/a%20b?q=1"
    assert (found.path, found.authority, found.origin) == ("/a%20b", "example.com", "https://example.com")


def test_a_url_without_a_path_asks_for_the_root() -> None:
    assert checked("http://example.com?q=1", outside=world(PUBLIC)).target == "/?q=1"


def test_a_name_in_any_script_is_resolved_in_its_ascii_form() -> None:
    asked: list[str] = []
    found = checked("https://bücher.example./", outside=recorded(asked, [PUBLIC]))

    assert asked == ["xn--bcher-kva.example"]
    assert found.url == "https://xn--bcher-kva.example/"


def test_a_name_is_resolved_once() -> None:
    asked: list[str] = []
    checked("https://example.com/", outside=recorded(asked, [PUBLIC]))
    assert asked == ["example.com"]


def test_a_public_address_needs_no_name() -> None:
    assert checked(f"http://{PUBLIC}/", outside=unasked()).addresses == (PUBLIC,)
    found = checked("http://[2606:4700::1]/", outside=unasked())
    assert (found.host, found.authority) == ("2606:4700::1", "[2606:4700::1]")


# ---- refused for what it says


@pytest.mark.parametrize(
    ("url", "why"),
    [
        *[(url, "scheme") for url in ("file:///etc/passwd", "ftp://a.example/", "gopher://a.example/", "example.com",
                                      "//example.com/", "javascript:alert(1)", "", "unix:///run/x")],
        *[(url, "credentials") for url in ("http://me@a.example/", "http://me:pw@a.example/",
                                           "http://a.example@127.0.0.1/", "http://:pw@a.example/")],
        *[(url, "port") for url in ("http://a.example:22/", "http://a.example:6379/", "https://a.example:8443/",
                                    "http://a.example:0/")],
        *[(url, "syntax") for url in ("http://a.example/ b", " http://a.example/", "http://a.example/\r\nX: y",
                                      "http://a\\@b.example/", "http://a.example:port/", "http://[::1", "http://a\x00b/",
                                      "http://[fe80::1%25eth0]:x/", "http://\u200b.example/")],
        *[(url, "host") for url in ("http://", "http:///path", "http://-a.example/", "http://a..example/",
                                    "http://a_b-.example/", f"http://{'a' * 64}.example/", "http://%31%32%37.0.0.1/",
                                    f"http://{'a.' * 127}aa/", "http://*.example/", "http://a,b.example/")],
        ("http://a.example/" + "a" * 2048, "too_long"),
    ],
)  # fmt: skip
def test_a_url_is_refused_for_what_it_says_before_anybody_is_asked(url: str, why: str) -> None:
    assert why_refused(url) == f"url_refused:{why}"


@pytest.mark.parametrize(
    "host",
    [
        *("2130706433", "0x7f000001", "0x7F.1", "017700000001", "127.1", "127.0.1", "0177.0.0.1", "0x7f.0x0.0x0.0x1"),
        *("127.0.0.01", "127.0.0.1.0", "1.2.3.4.5", "256.0.0.1", "134744072", "0", "a.0x", "example.1", "127.0.0.1.."),
    ],
)  # fmt: skip
def test_an_address_written_as_a_trick_is_refused_though_it_were_public(host: str) -> None:
    assert why_refused(f"http://{host}/") in ("url_refused:host", "url_refused:syntax")


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "127.0.0.1.", "10.1.2.3", "169.254.169.254", "0.0.0.0", "100.64.0.1", "[::1]", "[::]"),
        *("[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[fe80::1]", "[2606:4700::1%25eth0]", "[fd00:ec2::254]", "[64:ff9b::a00:1]"),
        *("[2002:7f00:1::]", "[2001:0:7f00:1::]", "168.63.129.16", "127。0。0。1", "127．0．0．1"),
    ],
)  # fmt: skip
def test_an_address_that_is_not_public_is_refused_in_every_form(host: str) -> None:
    assert why_refused(f"http://{host}/") in ("url_refused:not_public", "url_refused:host", "url_refused:syntax")


# ---- refused for where it leads


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "fe80::1%eth0", "2606:4700::1%eth0", "nonsense"]
)
def test_a_name_that_leads_inside_is_refused(address: str) -> None:
    assert why_refused("http://a.example/", address) == "url_refused:not_public"


def test_one_private_address_among_public_ones_is_enough_to_refuse() -> None:
    assert why_refused("http://a.example/", PUBLIC, "8.8.8.8", "192.168.0.1") == "url_refused:not_public"


def test_a_name_without_an_address_leads_nowhere() -> None:
    with pytest.raises(FetchFailed) as told:
        checked("http://a.example/", outside=world())
    assert (told.value.code, told.value.permanent) == ("fetch_failed:unknown_host", True)


def test_the_refusal_is_the_callers_fault_and_does_not_tell_what_the_name_leads_to() -> None:
    with pytest.raises(RequestError) as told:
        checked("http://a.example/?token=secret", outside=world("10.20.30.40"))
    assert told.value.status == 422
    assert "10.20.30.40" not in str(told.value)
    assert "secret" not in str(told.value)


# ---- what the operator allows


def test_a_host_that_the_operator_allows_may_be_inside(monkeypatch: pytest.MonkeyPatch) -> None:
    given_settings(monkeypatch, PRESSROOM_FETCH_ALLOW="CMS.internal, blog.internal")

    assert checked("http://cms.internal/", outside=world("10.0.0.7")).addresses == ("10.0.0.7",)
    assert why_refused("http://a.example/", "10.0.0.7") == "url_refused:not_public"


def test_a_network_that_the_operator_allows_may_be_reached_by_any_name(monkeypatch: pytest.MonkeyPatch) -> None:
    given_settings(monkeypatch, PRESSROOM_FETCH_ALLOW="10.1.0.0/16 fd00:1::/32")

    assert checked("http://a.example/", outside=world("10.1.2.3", "fd00:1::9")).host == "a.example"
    assert why_refused("http://a.example/", "10.2.0.1") == "url_refused:not_public"
    assert why_refused("http://a.example/", "10.1.2.3", "10.2.0.1") == "url_refused:not_public"


@pytest.mark.parametrize("address", ["169.254.169.254", "::ffff:169.254.169.254", "168.63.129.16", "fd00:ec2::254"])
def test_a_metadata_service_stays_out_of_reach_whatever_is_allowed(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    given_settings(monkeypatch, PRESSROOM_FETCH_ALLOW="0.0.0.0/0,::/0,a.example")
    assert why_refused("http://a.example/", address) == "url_refused:not_public"


def test_other_ports_are_a_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    given_settings(monkeypatch, PRESSROOM_FETCH_PORTS="443, 8080")

    assert checked("http://a.example:8080/", outside=world(PUBLIC)).authority == "a.example:8080"
    assert why_refused("http://a.example/") == "url_refused:port"


def test_by_default_nothing_beside_the_public_internet_is_allowed() -> None:
    assert (settings().fetch_allow, settings().fetch_ports) == ((), (80, 443))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PRESSROOM_FETCH_ALLOW", "http://cms.internal"),
        ("PRESSROOM_FETCH_ALLOW", "10.0.0.1/8"),
        ("PRESSROOM_FETCH_ALLOW", "*.internal"),
        ("PRESSROOM_FETCH_ALLOW", "10.0.0"),
        ("PRESSROOM_FETCH_PORTS", "http"),
        ("PRESSROOM_FETCH_PORTS", "70000"),
    ],
)
def test_a_setting_that_would_allow_something_else_than_meant_is_refused(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    given_settings(monkeypatch, **{name: value})
    with pytest.raises(SetupError, match=name):
        settings()


# ---- whatever comes


HOSTS = st.one_of(
    st.text(max_size=30),
    st.from_regex(r"[0-9a-fx.]{1,20}", fullmatch=True),
    st.ip_addresses().map(str),
    st.ip_addresses(v=6).map(lambda address: f"[{address}]"),
)


@given(st.one_of(st.text(max_size=80), st.builds("http://{}{}".format, HOSTS, st.text(max_size=20))))
@example("http://[::ffff:127.0.0.1%1]/")
@example("http://xn--/")
@example("http://xn--a\u0301/")
@example("http://\u0660.\u0660.\u0660.\u0660/")
@example("http://a.example:\u0668\u0660/")
@example("http://\u2488.\u2488.\u2488.\u2488/")
def test_whatever_a_user_types_is_a_public_target_or_a_refusal(url: str) -> None:
    try:
        found = checked(url, outside=world(PUBLIC))
    except UrlRefused:
        return
    assert found.url.isascii()
    assert found.scheme in ("http", "https")
    assert "@" not in found.authority
    assert "#" not in found.url
    assert checked(found.url, outside=world(*found.addresses)) == found
