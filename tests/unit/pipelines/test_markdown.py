"""Words in Markdown: none of them is a mark or a tag, and what is to be copied is as it was written. All pure."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from app.pipelines.markdown import code, code_block, in_line, link, paragraphs, whole_line

PICTURE = "![](https://evil.example/p?who=me)"
TAG = "<img src=x onerror=alert(1)>"


@pytest.mark.parametrize("escaped", [in_line, whole_line, paragraphs])
def test_no_word_is_a_picture_or_a_tag(escaped: Callable[[str], str]) -> None:
    assert escaped(f"{PICTURE} {TAG}") == "!\\[\\](https://evil.example/p?who=me) &lt;img src=x onerror=alert(1)>"


def test_a_text_within_a_line_stays_in_it() -> None:
    assert in_line(" one\n\n# two\u2028three ") == "one # two three"


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("# loud", "\\# loud"),
        ("\x01> said", "\\> said"),
        ("- one", "\\- one"),
        ("12) one", "12\\) one"),
        ("---", "\\---"),
    ],
)
def test_no_beginning_of_a_line_is_a_heading_a_list_or_a_quote(words: str, shown: str) -> None:
    assert whole_line(words) == shown
    assert paragraphs(f"{words}\n\n{words}") == f"{shown}\n\n{shown}"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("So *it* is <now>", "`So *it* is <now>`"),
        ("a `b` c", "``a `b` c``"),
        ("`b` ``c``", "``` `b` ``c`` ```"),
        ("`\x00` b", "``` `` b ```"),
        ("one\n\ntwo", "`one two`"),
    ],
)
def test_a_line_to_be_copied_is_as_it_was_written(text: str, shown: str) -> None:
    assert code(text) == shown


@pytest.mark.parametrize(
    ("text", "fence"),
    [
        (f"Hello,\n\n{TAG} {PICTURE}\n#AI <3 R&D_2026", "```"),
        ("```\n</pre>", "````"),
        ("`````\nx", "``````"),
        ("~~~\nx", "```"),
        ("``\x00`", "````"),
    ],
)
def test_a_text_to_be_copied_is_as_it_was_written_and_cannot_end_its_block(text: str, fence: str) -> None:
    assert code_block(text) == f"{fence}text\n{text.replace(chr(0), '')}\n{fence}"


def test_no_title_and_no_address_of_a_page_breaks_a_link() -> None:
    assert link("A [b](https://evil.example) *c*", "https://a.example/<x>)") == (
        "[A \\[b\\](https://evil.example) \\*c\\*](<https://a.example/%3Cx%3E)>)"
    )
    assert link(TAG, "http://a.example/`b c") == "[&lt;img src=x onerror=alert(1)>](<http://a.example/%60b%20c>)"


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "JavaScript:alert(1)//https://a.example/",
        "data:text/html,<script>alert(1)</script>",
        "file:///etc/passwd",
        "//evil.example/",
        "https:",
        f"https://a.example/\n\n{PICTURE}",
        "https://a.example/\\",
        "https://bank.example@evil.example/",
        "https://[broken",
        "",
    ],
)
def test_only_addresses_of_the_web_are_links(url: str) -> None:
    assert link("# A", url) == "\\# A"
