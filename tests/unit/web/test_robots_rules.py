"""How a robots.txt is read: RFC 9309, with its own examples."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.web.robots import MAX_BYTES, MAX_CRAWL_DELAY_S, read


def may_read(text: str, path: str) -> bool:
    return read(text).may_read(path)


def test_without_rules_everything_may_be_read() -> None:
    for text in (
        "",
        "User-agent: *\nDisallow:",
        "User-agent: other\nDisallow: /",
        "<html>not found</html>",
        "Disallow: /",
    ):
        assert may_read(text, "/a")


def test_our_own_group_goes_before_the_one_for_everybody() -> None:
    text = "User-agent: *\nDisallow: /\n\nUser-agent: pressroom\nDisallow: /drafts/\n"
    assert may_read(text, "/a")
    assert not may_read(text, "/drafts/1")


@pytest.mark.parametrize("name", ["Pressroom", "PRESSROOM", "pressroom/1.0", "Pressroom (+https://x.example)"])
def test_our_name_is_known_in_capitals_and_with_a_version(name: str) -> None:
    assert not may_read(f"User-agent: {name}\nDisallow: /", "/a")


@pytest.mark.parametrize("name", ["PressroomX", "press", "pressroom-news"])
def test_another_product_with_a_name_like_ours_is_not_us(name: str) -> None:
    assert may_read(f"User-agent: {name}\nDisallow: /", "/a")


def test_groups_of_the_same_name_are_joined_and_names_in_a_row_share_a_group() -> None:
    text = "User-agent: a\nUser-agent: Pressroom\nDisallow: /a\n\nUser-agent: b\nDisallow: /b\n\nUser-agent: pressroom\nDisallow: /c"
    assert [may_read(text, path) for path in ("/a", "/b", "/c")] == [False, True, False]


def test_other_lines_do_not_end_a_group_and_comments_are_left_out() -> None:
    text = "\ufeffUser-agent: * # all\r\nSitemap: https://x.example/s.xml\r\nDisallow: /x # why\r\n"
    assert not may_read(text.removeprefix("\ufeff"), "/x")


@pytest.mark.parametrize(
    ("allow", "disallow", "path", "expected"),
    [
        ("/p", "/", "/page", True),
        ("/folder", "/folder", "/folder/page", True),
        ("/page", "/*.htm", "/page.htm", False),
        ("/page", "/*.ph", "/page.php5", True),
        ("/$", "/", "/", True),
        ("/$", "/", "/page.htm", False),
        ("/example/page/", "/example/page/disallowed.gif", "/example/page/disallowed.gif", False),
    ],
)
def test_the_longest_rule_decides_and_of_two_the_kinder(allow: str, disallow: str, path: str, expected: bool) -> None:  # noqa: FBT001
    for lines in ((f"Allow: {allow}", f"Disallow: {disallow}"), (f"Disallow: {disallow}", f"Allow: {allow}")):
        assert may_read("\n".join(("User-agent: *", *lines)), path) is expected


@pytest.mark.parametrize(
    ("rule", "fits", "differs"),
    [
        ("/fish", ["/fish", "/fish.html", "/fish/salmon", "/fishheads"], ["/Fish.asp", "/catfish", "/?id=fish"]),
        ("/fish*", ["/fish", "/fish.html"], ["/Fish"]),
        ("/fish/", ["/fish/", "/fish/?id=a"], ["/fish", "/fish.html"]),
        ("/*.php", ["/index.php", "/a/b.php?x", "/filename.php/"], ["/", "/windows.PHP"]),
        ("/*.php$", ["/filename.php", "/folder/f.php"], ["/f.php?x", "/f.php/", "/f.php5"]),
        ("/fish*.php", ["/fish.php", "/fishheads/cat.php?p"], ["/Fish.PHP"]),
        ("*/x", ["/x", "/a/x"], ["/y"]),
        ("/a*b*c$", ["/abc", "/a-b-b-c"], ["/acb", "/abcd"]),
        ("/aa*a$", ["/aaa", "/aa/a"], ["/aa"]),
        ("/f/bar?q=%C3%A4", ["/f/bar?q=ä", "/f/bar?q=%c3%a4"], ["/f/bar?q=a"]),
        ("/%7Ejoe", ["/~joe", "/%7ejoe"], ["/joe"]),
        ("/a%2Fb", ["/a%2fb"], ["/a/b"]),
        ("/path/file-with-a-%2A.html", ["/path/file-with-a-*.html"], ["/path/file-with-a-b.html"]),
        ("/foo-%24", ["/foo-$"], ["/foo-"]),
    ],
)
def test_a_rule_fits_the_beginning_of_a_path_with_wildcards(rule: str, fits: list[str], differs: list[str]) -> None:
    text = f"User-agent: *\nDisallow: {rule}"
    assert [path for path in fits if may_read(text, path)] == []
    assert [path for path in differs if not may_read(text, path)] == []


@pytest.mark.parametrize(
    ("told", "seconds"), [("2", 2.0), ("0.5", 0.5), ("9999", MAX_CRAWL_DELAY_S), ("-1", 0), ("nan", 0), ("soon", 0)]
)
def test_a_crawl_delay_is_bounded(told: str, seconds: float) -> None:
    assert read(f"User-agent: *\nCrawl-delay: {told}\nDisallow: /x").crawl_delay_s == seconds


def test_a_robots_txt_made_to_be_slow_is_read_in_no_time() -> None:
    stars = "User-agent: *\n" + ("Disallow: /" + "*a" * 250 + "$\n") * 1000
    begun = time.process_time()
    assert may_read(stars, "/" + "a" * 2000 + "b")
    assert time.process_time() - begun < 5


@pytest.mark.parametrize("name", ["*", "pressroom"])
def test_a_name_that_is_said_again_and_again_does_not_multiply_the_rules(name: str) -> None:
    """512 kB made hundreds of millions."""
    lines = "".join(f"Disallow: /{n}\n" for n in range(500))
    told = read(f"User-agent: {name}\n" * 500 + lines * 2)
    assert len(told.paths) == 500
    assert not told.may_read("/499")


def test_what_is_told_to_others_is_not_kept() -> None:
    others = "".join(f"User-agent: bot{chr(97 + n)}\n" for n in range(20))
    told = read(others + "Disallow: /a\nCrawl-delay: 5\n\nUser-agent: *\nDisallow: /b\n")
    assert (list(told.paths), told.crawl_delay_s) == (["/b"], 0)


def test_a_path_that_is_told_twice_may_be_read_if_it_may_once() -> None:
    for lines in ("Allow: /a\nDisallow: /a\nDisallow: /a", "Disallow: /a\nAllow: /a\nDisallow: /a"):
        assert may_read(f"User-agent: *\n{lines}", "/a")


def test_a_group_without_rules_goes_before_the_one_for_everybody() -> None:
    assert may_read("User-agent: *\nDisallow: /\n\nUser-agent: Pressroom\n", "/a")


def test_all_rules_of_a_long_robots_txt_are_obeyed() -> None:
    """RFC 9309, 2.5: at least 500 KiB."""
    lines = "".join(f"Disallow: /{n}/\n" for n in range(29_300))
    assert 500 * 1024 < len(lines) < MAX_BYTES
    begun = time.process_time()
    told = read(f"User-agent: *\n{lines}")
    assert [told.may_read(f"/{n}/a") for n in (0, 15_000, 29_299, 29_300)] == [False, False, False, True]
    assert time.process_time() - begun < 3


@pytest.mark.parametrize("rule", ["/*{a}{n}", "/*{a}*{a}*{n}", "/{n}*{a}", "/*{n}*{a}$"])
@pytest.mark.parametrize("length", [1, 10, 100])
def test_a_path_is_compared_with_many_wildcards_in_no_time(rule: str, length: int) -> None:
    lines = (f"Disallow: {rule.format(a='a' * length, n=n)}\n" for n in range(10_000, 50_000))
    told = read(("User-agent: *\n" + "".join(lines))[:MAX_BYTES].rpartition("\n")[0])
    begun = time.process_time()
    assert told.may_read("/" + "a" * 2_000 + "b")
    assert time.process_time() - begun < 3


@given(st.text(max_size=200), st.text(max_size=40))
def test_whatever_stands_in_it_can_be_read(text: str, path: str) -> None:
    assert read("User-agent: *\n" + text).may_read("/" + path) in (True, False)
