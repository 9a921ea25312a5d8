from __future__ import annotations

import pytest

from workers.images.compositor.reading import any_figure_of, any_items_of, figure_of, is_statement, items_of
from workers.images.compositor.typography import typeset


def told(title: str, body: str = "") -> tuple[str, str, str] | None:
    found = figure_of(typeset(title), typeset(body))
    return (found[0].before, found[0].figure.replace("\u00a0", " "), found[0].after) if found else None


@pytest.mark.parametrize(
    ("title", "parts"),
    [
        ("73 % of lost jobs were never written down", ("", "73%", "of lost jobs were never written down")),
        ("Latency fell by 73%.", ("Latency fell by", "73%", "")),
        ("Cut 40 % of your bill", ("Cut", "40%", "of your bill")),
        ("3x faster in 2026", ("", "3x", "faster in 2026")),
        ("3× faster", ("", "3×", "faster")),
        ("$1.2M lost in a day", ("", "$1.2M", "lost in a day")),
        ("PKR 10,000 a month", ("", "PKR 10,000", "a month")),
        ("10,000 jobs a second", ("", "10,000", "jobs a second")),
        ("1,00,000 users", ("", "1,00,000", "users")),
        ("12 million users", ("", "12 million", "users")),
        ("+40 % sales", ("", "+40%", "sales")),
        ("90 days", ("", "90", "days")),
        ("٧٣٪ من المهام لم تُكتب", ("", "٧٣٪", "من المهام لم تُكتب")),
        ("73% काम लिखे नहीं गए", ("", "73%", "काम लिखे नहीं गए")),
        ("७३% काम लिखे नहीं गए", ("", "७३%", "काम लिखे नहीं गए")),
        ("降低73%的成本", ("降低", "73%", "的成本")),
        ("快3倍", ("快", "3倍", "")),
    ],
)
def test_a_striking_number_of_a_title_is_its_figure_in_any_script(title: str, parts: tuple[str, str, str]) -> None:
    assert told(title) == parts


@pytest.mark.parametrize(
    "title",
    [
        "Why 2026 is different",
        "2026",
        "7 ways to win",
        "9 habits",
        "Save 3-5 s per call",
        "10–20 % off",
        "Save $5–$10",
        "From 3x to 5x",
        "Version 3.11 is out",
        "At 10:30 it broke",
        "24/7 support",
        "On 2026-11-21 it broke",
        "Call 0300-1234567",
        "1080x1350 px",
        "HTTP 429 and what to do",
        "Use GPT-4K",
        "Nine habits",
        "",
    ],
)
def test_years_times_versions_ranges_and_small_counts_are_no_figures(title: str) -> None:
    assert told(title) is None


def test_a_figure_of_a_body_counts_only_where_the_body_begins_with_it() -> None:
    assert told("Costs", "$1.2 million left the building in one night.") == (
        "",
        "$1.2 million",
        "left the building in one night.",
    )
    assert told("Costs", "Only 73 % find the rest.") is None
    assert told("Costs", "30 % of teams pay twice, 10 % pay three times.") is None


def test_a_percentage_is_told_as_a_share() -> None:
    for title, share in (
        ("73% gone", 0.73),
        ("٧٣٪ من", 0.73),
        ("0.5 % left", 0.005),
        ("300 % more", None),
        ("3x", None),
    ):
        found = figure_of(title, "")
        assert found
        assert found[0].share == share


def test_a_slide_that_must_show_a_number_shows_the_first_of_any_kind() -> None:
    found = any_figure_of("Why 2026 is different", "")
    assert found
    assert (found[0].before, found[0].figure, found[0].after) == ("Why", "2026", "is different")
    assert any_figure_of("No number", "at all") is None


@pytest.mark.parametrize(
    ("body", "lead", "items"),
    [
        ("- one\n- two\n- three", "", [("", "one"), ("", "two"), ("", "three")]),
        ("Do this:\n1. one\n2. two", "Do this", [("1", "one"), ("2", "two")]),
        ("1) write it; 2) send it; 3) check", "", [("1", "write it"), ("2", "send it"), ("3", "check")]),
        ("Before: (1) stop (2) wait", "Before", [("1", "stop"), ("2", "wait")]),
        ("① 一 ② 二", "", [("1", "一"), ("2", "二")]),
        ("1）写下来 2）发送", "", [("1", "写下来"), ("2", "发送")]),
        ("۱) لکھیں ۲) بھیجیں", "", [("۱", "لکھیں"), ("۲", "بھیجیں")]),
        ("Write first. Then call. Then check.", "", [("", "Write first."), ("", "Then call."), ("", "Then check.")]),
        ("先写下来。再调用。最后确认。", "", [("", "先写下来。"), ("", "再调用。"), ("", "最后确认。")]),
        ("پہلے لکھیں۔ پھر بھیجیں۔ پھر دیکھیں۔", "", [("", "پہلے لکھیں۔"), ("", "پھر بھیجیں۔"), ("", "پھر دیکھیں۔")]),
        ("a short line\nanother", "", [("", "a short line"), ("", "another")]),
    ],
)
def test_lines_enumerations_and_short_sentences_are_lists(body: str, lead: str, items: list[tuple[str, str]]) -> None:
    found = items_of(typeset(body))
    assert found
    assert (found.lead, [(item.number, item.text) for item in found.items]) == (lead, items)


@pytest.mark.parametrize(
    "body",
    [
        "",
        "One sentence.",
        "One. Two.",
        "See (1) and (3) in the paper",
        "Share one deadline across all calls of a request. Five calls with 30 s each is not a 30 s timeout. Take care.",
        "A first paragraph that goes on for longer than any item of a list would ever go on.\nAnd a second one.",
        "\n".join(f"- line {n}" for n in range(9)),
    ],
)
def test_prose_paragraphs_and_lists_too_long_for_a_slide_are_no_lists(body: str) -> None:
    assert items_of(typeset(body)) is None


def test_a_slide_that_must_show_a_list_takes_any_two_sentences() -> None:
    found = any_items_of("One long sentence that would never do as an item by itself. Another.")
    assert found
    assert len(found.items) == 2
    assert any_items_of("Only one sentence.") is None


@pytest.mark.parametrize(
    ("title", "body", "expected"),
    [
        ("Measure the wait, not the work", "", True),
        ("", "Measure the wait", True),
        ("Wait.", "It never was.", True),
        ("衡量等待，而不是工作", "", True),
        ("Every retry needs a memory", "Write the attempt down before you make the call.", False),
        ("A headline that goes on for so long that nobody would want to see it as large as a poster's", "", False),
        ("", "", False),
    ],
)
def test_few_words_alone_are_a_statement(title: str, body: str, expected: bool) -> None:  # noqa: FBT001
    assert is_statement(title, body) is expected
