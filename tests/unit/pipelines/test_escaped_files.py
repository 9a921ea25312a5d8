"""No file of texts lets a model, a page or a user put a picture, a tag or a link of theirs into it."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from app.pipelines import answer_report, email_campaign, highlights, linkedin_post, news_texts
from app.pipelines.campaign_prompts import EmailCampaignRequest
from app.pipelines.linkedin_prompts import LinkedInPostRequest

COPIED = re.compile(r"^(`{3,})text\n.*?\n\1$|(?<![`\\])(`+)(?!`).*?(?<!`)\2(?!`)", re.MULTILINE | re.DOTALL)
"""Blocks and lines that are shown as they are: a backtick behind a backslash begins none."""
LINK = re.compile(r"\]\(<https?://[^<>\s]*>\)")
JAVASCRIPT = "javascript:alert(1)"
ATTACKS = [
    "<img src=x onerror=alert(1)>",
    "So.\n\n![](https://evil.example/p?who=me)",
    "[here](javascript:alert(1))",
    "So.\n```\n<script>alert(1)</script>\n\n![](https://evil.example/)",
    "` <b onclick=alert(1)> ``",
    "So.\n# Approved\n\n> by us\n---\n1. one\n- two",
    "a]: https://evil.example/",
]


def brief(said: str) -> str:
    digest = {
        "title": said,
        "overview": said,
        "groups": [{"heading": said, "items": [{"title": said, "url": JAVASCRIPT, "text": said}]}],
        "missing": [{"url": JAVASCRIPT, "why": said}, {"url": f"https://a.example/{said}", "why": said}],
    }
    return news_texts.markdown(digest, "en")


def report(said: str) -> str:
    data = {
        "title": said,
        "summary": said,
        "sections": [{"heading": said, "claims": [{"text": said, "sources": []}]}],
        "left_open": said,
        "is_sourced": True,
        "unanswered": [{"sub_question": said, "why": said}],
        "sources": [{"url": JAVASCRIPT, "title": said}, {"url": said, "title": ""}],
    }
    return answer_report.markdown(said, data, "en")


def short_answer(said: str) -> str:
    return answer_report.quick_markdown(said, {"answer": said, "is_certain": True}, "en")


def posts(said: str) -> str:
    post = {
        "topic": said,
        "brief": {"hook": said},
        "copy": said,
        "sources": [{"url": JAVASCRIPT, "title": said}],
        "verdict": {"approved": True, "facts": [said], "culture": [], "grammar": []},
    }
    return linkedin_post.files(LinkedInPostRequest(topic="Trade"), {"post": [post]})["posts.md"]


def emails(said: str) -> str:
    order = EmailCampaignRequest(
        contacts_csv="email,city\na@b.example,Lahore",
        offer="Ten notebooks for eight.",
        sender="Ayesha",
        segments=["S", "T"],
    )
    email = {"segment": said, "subjects": [said, said], "body": said, "approved": True}
    return email_campaign.files(order, {"batch": [{"assigned": {"2": said}}], "email": [email]})["emails.md"]


def script(said: str) -> str:
    cut = {"start_s": 0.0, "end_s": 5.0, "caption": said, "narration": said}
    return highlights.script_md({"title": said, "hook": said, "segments": [cut]}, "Times are given.")


FILES: list[Callable[[str], str]] = [brief, report, short_answer, posts, emails, script]


def marks_of(text: str) -> list[str]:
    """Return what makes a heading, a quote, a rule or an item of each line that is one, in their order."""
    return re.findall(r"^(#+|>|-+|\d+\.)(?= |$)", COPIED.sub("", text), re.MULTILINE)


@pytest.mark.parametrize("said", ATTACKS)
@pytest.mark.parametrize("written", FILES)
def test_nothing_that_is_said_is_a_picture_a_tag_or_a_link(written: Callable[[str], str], said: str) -> None:
    left = LINK.sub("]", COPIED.sub("", written(said)))

    assert "<" not in left
    assert not re.search(r"(?<!\\)\[[^\]]*(?<!\\)\]\(", left)
    assert not re.search(r"^\[[^\]]*\]:", left, re.MULTILINE)


@pytest.mark.parametrize("said", ATTACKS)
@pytest.mark.parametrize("written", FILES)
def test_nothing_that_is_said_adds_a_heading_a_quote_or_an_item(written: Callable[[str], str], said: str) -> None:
    assert marks_of(written(said)) == marks_of(written("So."))


@pytest.mark.parametrize("written", [posts, emails])
def test_what_is_pasted_elsewhere_is_as_it_was_written(written: Callable[[str], str]) -> None:
    said = "1. We * you, R&D_2026 <3 [so]\n\n#AI #trade_news"

    assert f"\n{said}\n" in written(said)
