"""The words that Pressroom itself writes into files of texts are in the language of their texts."""

from __future__ import annotations

from dataclasses import asdict

import pytest

from app.pipelines import answer_report, email_campaign, linkedin_post, news_texts
from app.pipelines.answer_report import Claim, Report, Section
from app.pipelines.campaign_prompts import EmailCampaignRequest
from app.pipelines.labels import labels
from app.pipelines.languages import is_in_its_script
from app.pipelines.linkedin_prompts import LinkedInPostRequest
from sandbox.languages import LANGUAGES

ENGLISH = labels("en")
REPORT = {
    **answer_report.settled(
        Report(
            title="T",
            summary="S",
            left_open="",
            sections=[Section(heading="H", claims=[Claim(text="So.", sources=[])])],
        )
    ),
    "sources": [{"url": "https://a.example/", "title": "A"}],
    "unanswered": [{"sub_question": "Why?", "why": None}],
}
POST = {
    "topic": "T",
    "score": 90,
    "brief": {"hook": "H"},
    "copy": "So.",
    "sources": [],
    "verdict": {"approved": True, "facts": [], "culture": [], "grammar": []},
}
EMAIL = {"segment": "S", "subjects": ["One", "Two"], "body": "So.", "approved": True}
DIGEST = {"title": "T", "overview": "O", "groups": [], "missing": [{"url": "https://a.example/", "why": "404"}]}


@pytest.mark.parametrize("language", [*LANGUAGES, "zh-Hant"])
def test_every_language_of_the_sandbox_has_labels_in_its_own_letters(language: str) -> None:
    for name, text in asdict(labels(language)).items():
        assert text, name
        assert text == text.strip()
        assert not set(text) & set("#*_[]()`\n"), name
        assert is_in_its_script(text.format(score=90, count=30), language), (name, text)


@pytest.mark.parametrize("language", [*sorted(set(LANGUAGES) - {"en"}), "zh-Hant"])
def test_no_label_of_another_language_is_left_in_english(language: str) -> None:
    same = {name for name, text in asdict(labels(language)).items() if text == getattr(ENGLISH, name)}
    assert same <= ({"sources", "contacts"} if language == "fr" else set())


@pytest.mark.parametrize(
    ("tag", "as_in"),
    [
        ("ur-PK", "ur"),
        ("de-AT", "de"),
        ("zh-CN", "zh"),
        ("zh-Hans-HK", "zh"),
        ("zh-TW", "zh-Hant"),
        ("zh-Hant-HK", "zh-Hant"),
        ("ur-Latn", "en"),
        ("ru-Latn", "en"),
        ("pl", "en"),
        ("xyz-PK", "en"),
    ],
)
def test_the_first_part_of_a_tag_decides_unless_it_is_written_in_other_letters(tag: str, as_in: str) -> None:
    assert labels(tag) == labels(as_in)


@pytest.mark.parametrize("language", list(LANGUAGES))
def test_a_report_has_its_headings_and_remarks_in_its_language(language: str) -> None:
    named = labels(language)

    text = answer_report.markdown("Why?", REPORT, language)

    assert f"\n\n## {named.sources}\n\n1. [A](<https://a.example/>)\n" in text
    assert f"\n\n## {named.left_open}\n\n- Why? ({named.failed})\n" in text
    assert f"\n\n*{named.no_pages}*\n\n" in text
    assert f"- So. *({named.unsourced})*\n" in text


@pytest.mark.parametrize("language", list(LANGUAGES))
def test_a_short_answer_says_in_its_language_that_nothing_was_looked_up(language: str) -> None:
    named = labels(language)
    sure, unsure = (
        answer_report.quick_markdown("Why?", {"answer": "So.", "is_certain": certain}, language)
        for certain in (True, False)
    )

    assert sure.endswith(f"\n\n*{named.not_looked_up}*\n")
    assert unsure.endswith(f"\n\n*{named.not_looked_up} {named.may_be_old}*\n")


@pytest.mark.parametrize("language", list(LANGUAGES))
def test_a_brief_says_in_its_language_what_was_not_read(language: str) -> None:
    assert f"\n\n## {labels(language).not_read}\n\n- [" in news_texts.markdown(DIGEST, language)


@pytest.mark.parametrize("language", list(LANGUAGES))
def test_posts_say_in_their_language_what_the_check_found_and_that_no_page_was(language: str) -> None:
    named, order = labels(language), LinkedInPostRequest(topic="Trade", language=language)
    remarked = POST | {"verdict": POST["verdict"] | {"grammar": ["a comma"]}}  # type: ignore[operator]  # a dict

    plain, with_remarks = (linkedin_post.files(order, {"post": [post]})["posts.md"] for post in (POST, remarked))

    assert plain.startswith(f"# 1. T ({named.of_hundred.format(score=90)})\n\n```text\nSo.\n```\n\n")
    assert plain.endswith(f"\n{named.sources}:\n- {named.check_facts}\n\n{named.approved}\n")
    assert with_remarks.endswith(f"\n{named.approved_with}: grammar: a comma\n")


@pytest.mark.parametrize("language", list(LANGUAGES))
def test_emails_say_in_their_language_how_many_get_each_subject(language: str) -> None:
    order = EmailCampaignRequest(
        contacts_csv="email,city\na@b.example,Lahore\nb@b.example,Quetta\nc@b.example,Multan",
        offer="Ten notebooks for the price of eight until Friday.",
        sender="Ayesha",
        segments=["S", "T"],
        language=language,
    )
    named, sorted_ = labels(language), {"assigned": {"2": "S", "3": "S", "4": "S"}}

    told = email_campaign.files(order, {"batch": [sorted_], "email": [EMAIL]})["emails.md"]

    counts = [told.count(f"{named.subject} {one} ({named.contacts.format(count=n)}): ") for one in "AB" for n in (1, 2)]
    assert counts in ([1, 0, 0, 1], [0, 1, 1, 0])
