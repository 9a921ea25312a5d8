"""Feeds of each kind become the same items; broken ones say what is wrong."""

from __future__ import annotations

import io
import json
import socket
import time
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.errors import SourceRefused
from workers.web.feeds import MAX_ITEMS, MAX_SUMMARY_CHARS, MAX_TITLE_CHARS, Item, items

URL = "https://news.example/blog/feed.xml"
NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)

RSS = """<?xml version="1.0" encoding="utf-8"?>
<!-- made by hand -->
<rss version="2.0" xmlns:media="http://search.yahoo.com/mrss/" xmlns:content="http://purl.org/rss/1.0/modules/content/">
<channel><title>News</title><link>https://news.example/</link>
<item><title>Bees &amp;amp; trees</title><link>/a?x=1&amp;y=2</link><pubDate>Sun, 01 Mar 2026 17:00:00 +0500</pubDate>
<description>&lt;p&gt;Bees &lt;b&gt;love&lt;/b&gt; trees.&lt;script&gt;steal()&lt;/script&gt;&lt;/p&gt;</description></item>
<item><title>With a picture</title><link>https://other.example/b</link><enclosure url="b.jpg" type="image/jpeg" length="1"/></item>
<item><title>With media</title><media:content url="https://x.example/c.png" medium="image"/></item>
<item><title>With a picture inside</title><content:encoded><![CDATA[<p>Long <img src="x.png"> text</p>]]></content:encoded></item>
<item><description>no title</description></item>
<item><title>Bad link</title><link>javascript:alert(1)</link><pubDate>yesterday</pubDate></item>
</channel></rss>"""

ATOM = """<feed xmlns="http://www.w3.org/2005/Atom" xml:base="https://base.example/dir/"><title>News</title>
<entry><title type="html">A &lt;i&gt;title&lt;/i&gt;</title><link rel="alternate" href="post/1"/>
<updated>2026-03-01T13:00:00+01:00</updated><summary>Short.</summary></entry>
<entry><title>خبر</title><link href="https://x.example/2"/><published>2026-03-01T12:00:00Z</published>
<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>Whole</p><p>text</p></div></content></entry></feed>"""

RDF = """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
 xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="x"><title>c</title></channel>
<item rdf:about="https://x.example/1"><title>Old style</title><link>https://x.example/1</link>
<dc:date>2026-03-01T12:00:00Z</dc:date></item></rdf:RDF>"""

JSON_FEED = {
    "version": "https://jsonfeed.org/version/1.1",
    "title": "News",
    "items": [
        {"id": "1", "title": "One", "url": "/1", "content_html": "<p>Hello <img src=x></p>", "date_published": "2026-03-01T12:00:00Z"},
        {"id": "2", "title": "Two", "external_url": "https://x.example/2", "summary": "S", "content_text": "T", "image": "i.png"},
        {"id": "3", "content_text": "no title"},
    ],
}  # fmt: skip

LIST = [
    {"title": "One", "url": "https://x.example/1", "summary": "S", "image": "https://x.example/1.png"},
    {"title": "Two", "link": "two", "description": "<b>D</b>", "published": "2026-03-01T12:00:00"},
    {"title": "Three", "url": 3, "summary": None},
]


def refused(body: bytes, content_type: str = "application/xml") -> str:
    with pytest.raises(SourceRefused) as told:
        items(body, content_type, URL)
    return told.value.code


def rss_of(inside: str) -> bytes:
    return f'<rss version="2.0"><channel><title>t</title>{inside}</channel></rss>'.encode()


# ---- each kind


def test_rss_becomes_items_with_plain_texts_and_whole_links() -> None:
    found = items(RSS.encode(), "application/rss+xml", URL)

    assert found[0] == Item("Bees & trees", "https://news.example/a?x=1&y=2", "Bees love trees.", NOON, has_image=False)
    assert [(one.title, one.url, one.has_image) for one in found[1:]] == [
        ("With a picture", "https://other.example/b", True),
        ("With media", None, True),
        ("With a picture inside", None, True),
        ("Bad link", None, False),
    ]
    assert found[3].summary == "Long text"
    assert found[4].published is None


def test_atom_becomes_items() -> None:
    assert items(ATOM.encode(), "application/atom+xml", URL) == [
        Item("A title", "https://base.example/dir/post/1", "Short.", NOON, has_image=False),
        Item("خبر", "https://x.example/2", "Whole text", NOON, has_image=False),
    ]


def test_rss_of_the_first_days_becomes_items() -> None:
    assert items(RDF.encode(), "application/rdf+xml", URL) == [
        Item("Old style", "https://x.example/1", "", NOON, has_image=False)
    ]


def test_a_json_feed_becomes_items() -> None:
    assert items(json.dumps(JSON_FEED).encode(), "application/feed+json", URL) == [
        Item("One", "https://news.example/1", "Hello", NOON, has_image=True),
        Item("Two", "https://x.example/2", "S", None, has_image=True),
    ]


def test_a_plain_json_list_becomes_items_also_when_it_is_sent_as_text() -> None:
    for content_type in ("application/json", "text/plain"):
        assert items(json.dumps(LIST).encode(), content_type, URL) == [
            Item("One", "https://x.example/1", "S", None, has_image=True),
            Item("Two", "https://news.example/blog/two", "D", NOON, has_image=False),
            Item("Three", None, "", None, has_image=False),
        ]


@pytest.mark.parametrize("charset", ["utf-16", "iso-8859-15", "utf-8-sig"])
def test_a_feed_is_read_in_its_own_charset(charset: str) -> None:
    text = RSS.replace('encoding="utf-8"', f'encoding="{charset.removesuffix("-sig")}"').replace("Bees", "Bäume")
    assert items(text.encode(charset), "text/xml", URL)[0].title == "Bäume & trees"


def test_a_feed_without_articles_is_an_empty_one() -> None:
    assert items(rss_of(""), "application/rss+xml", URL) == []
    assert items(b"[]", "application/json", URL) == []


# ---- bounds


def test_only_the_first_items_are_taken_and_their_texts_are_cut() -> None:
    one = f"<item><title>{'t' * 999}</title><description>{'words ' * 400}</description></item>"
    found = items(rss_of(one * (MAX_ITEMS + 5)), "application/rss+xml", URL)

    assert len(found) == MAX_ITEMS
    assert (len(found[0].title), found[0].title[-1]) == (MAX_TITLE_CHARS, "…")
    assert len(found[0].summary) <= MAX_SUMMARY_CHARS


@pytest.mark.parametrize(
    "inside",
    [
        "<item><title>" + "&lt;" * 8_000,
        "<a>" * 8_000,
        "<item><description>" + "&lt;!--" * 8_000,
        "<item a='" * 8_000,
    ],
    ids=["text", "nested", "comments", "attributes"],
)
def test_a_feed_made_to_be_slow_takes_seconds_and_no_more(inside: str) -> None:
    begun = time.process_time()
    with suppress(SourceRefused):
        items(rss_of(inside), "application/xml", URL)
    assert time.process_time() - begun < 10


HOSTILE = {
    "quotes": "<a b='",
    "tags": "<a>",
    "comments": "<!--",
    "sections": "<![CDATA[",
    "characters": "&a",
    "equals": "<a ===",
    "scripts": "<script></script>",
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_json_feed_made_to_be_slow_takes_a_second_and_not_minutes(what: str) -> None:
    """With what is never closed such a feed of 4 MB took 180 s."""
    text = (HOSTILE[what] * 20_000)[:20_000]
    body = json.dumps([{"title": f"t{text}", "summary": text, "url": "https://x.example/"}] * MAX_ITEMS).encode()
    begun = time.process_time()
    assert len(items(body, "application/json", URL)) == MAX_ITEMS
    assert time.process_time() - begun < 5


def test_a_link_that_is_too_long_is_none_and_is_not_looked_at() -> None:
    """A host of 40,000 such characters took 0.3 s, one of twice the length four times as long."""
    told = [
        {"title": "t", "url": "http://" + "\u0300\u0323" * 100_000 + ".example/"},
        {"title": "u", "url": "x" * 3_000},
    ]
    begun = time.process_time()
    assert [one.url for one in items(json.dumps(told).encode(), "application/json", URL)] == [None, None]
    assert time.process_time() - begun < 1


def test_the_summaries_of_a_long_feed_share_what_is_read_of_html() -> None:
    late = "<b></b> " * 2_000 + "late"
    for count, summary in ((10, "late"), (MAX_ITEMS, "")):
        found = items(json.dumps([{"title": "t", "summary": late}] * count).encode(), "application/json", URL)
        assert {one.summary for one in found} == {summary}


# ---- refused


@pytest.mark.parametrize(
    ("body", "content_type", "code"),
    [
        (b"<!doctype html><html><body><p>hello</p></body></html>", "text/xml", "not_a_feed"),
        (b"", "application/xml", "not_a_feed"),
        (b"just words", "text/plain", "not_a_feed"),
        (b"<rss", "application/xml", "broken"),
        (b"{'a': 1}", "application/json", "broken"),
        (b"", "application/json", "broken"),
        (b"[" * 100_000, "application/json", "broken"),
        (rss_of("<item><title>&#" + "1" * 5_000 + ";</title></item>") + b"<", "application/xml", "broken"),
        (b'{"a": 1}', "application/json", "not_a_feed"),
        (b'["a"]', "application/json", "not_a_feed"),
        (b"7", "application/json", "not_a_feed"),
        (b"<rss>" + b"<a/>" * 100_001, "application/xml", "too_complex"),
        (
            b'<!DOCTYPE rss [\n<!ENTITY a "b">\n]>\n' + rss_of("<item><title>&a;</title></item>"),
            "application/xml",
            "broken",
        ),
    ],
)
def test_what_is_no_feed_is_refused_with_the_reason(body: bytes, content_type: str, code: str) -> None:
    assert refused(body, content_type) == f"feed_refused:{code}"


def test_a_slightly_broken_feed_is_read_as_far_as_it_goes() -> None:
    body = rss_of("<item><title>A &nbsp; B</title><link>https://x.example/?a=1&b=2</link></item>")[:-20]
    assert [(one.title, one.url) for one in items(body, "text/xml", URL)] == [("A B", "https://x.example/?a=1&b=2")]


def test_nothing_is_fetched_or_opened_however_a_feed_asks_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object, **__: object) -> None:
        raise AssertionError("the feed reached out")

    items(RSS.encode(), "application/xml", URL)  # what is imported lazily is there now
    with monkeypatch.context() as patched:  # a failure is told with files open to it again
        patched.setattr(socket, "getaddrinfo", never)
        patched.setattr(socket.socket, "connect", never)
        patched.setattr(io, "open", never)
        patched.setattr("builtins.open", never)
        for body in (
            b'<!DOCTYPE rss SYSTEM "http://127.0.0.1:9/x.dtd"><rss version="2.0"><channel><item><title>a</title></item></channel></rss>',
            b'<?xml-stylesheet href="http://127.0.0.1:9/x.xsl"?>' + rss_of("<item><title>a</title></item>"),
            b'<feed xmlns="http://www.w3.org/2005/Atom"><entry><title>a</title><content src="file:///etc/passwd"/></entry></feed>',
        ):
            assert [one.title for one in items(body, "application/xml", URL)] == ["a"]
        assert refused(b"http://127.0.0.1:9/feed", "text/plain") == "feed_refused:not_a_feed"
        assert refused(b"/etc/passwd", "application/xml") == "feed_refused:not_a_feed"


PIECES = st.lists(st.one_of(st.sampled_from(RSS.split("\n") + ATOM.split("\n")), st.text(max_size=20)), max_size=20)


@settings(max_examples=60, deadline=None)
@given(PIECES.map("".join), st.sampled_from(["application/xml", "application/json", "text/plain", ""]))
def test_whatever_comes_is_read_or_refused(text: str, content_type: str) -> None:
    try:
        found = items(text.encode(), content_type, URL)
    except SourceRefused:
        return
    assert all(one.title and (one.url is None or one.url.startswith("http")) for one in found)
