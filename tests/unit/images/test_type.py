from __future__ import annotations

import pytest

from app.domain.colour import contrast, readable
from workers.images.compositor.breaking import break_lines
from workers.images.compositor.fonts import Face, characters, missing
from workers.images.compositor.frame import BODY_FLOOR, HEADLINE_FLOOR, SMALL, Frame
from workers.images.compositor.setting import fit, fit_pair
from workers.images.compositor.typography import NBSP, typeset


def by_letters(text: str) -> float:
    return float(len(text))


@pytest.mark.parametrize(
    ("typed", "done"),
    [
        ('He said "go"', "He said “go”"),
        ("it's 'fine'", "it’s ‘fine’"),
        ("wait - what", f"wait{NBSP}– what"),
        ("3-5 days", "3–5 days"),
        ("on 2026-11-21", "on 2026-11-21"),
        ("so...", "so…"),
        ("**bold**  and\tspaces", "bold and spaces"),
        ("- one\n- two\n\n", f"•{NBSP}one\n•{NBSP}two"),
        ("30 % of 20 ms", f"30{NBSP}% of 20{NBSP}ms"),
        ("well-known state-of-the-art", "well-known state-of-the-art"),
    ],
)
def test_typed_marks_become_typographic_ones(typed: str, done: str) -> None:
    assert typeset(typed) == done


def test_typesetting_twice_changes_nothing() -> None:
    once = typeset('- "A" -- it\'s 3-5 ... and\n* more')
    assert typeset(once) == once


def test_lines_of_a_headline_are_balanced() -> None:
    lines = break_lines("one two three four five six", 22, by_letters)
    assert lines == ["one two three", "four five six"]


def test_a_paragraph_does_not_end_in_a_single_word() -> None:
    lines = break_lines("aaaa bbbb cccc dddd eeee ffff gggg", 29, by_letters, is_ragged_last=True)
    assert lines is not None
    assert len(lines[-1].split()) > 1


def test_a_headlines_line_does_not_end_in_a_one_letter_word() -> None:
    lines = break_lines("Make it done a fact, not a hope", 22, by_letters)
    assert lines is not None
    assert not any(line.endswith(" a") for line in lines)


def test_no_line_is_wider_than_its_measure_and_no_word_is_lost() -> None:
    text = "the quick brown fox jumps over the lazy dog while nobody in particular watches it"
    for width in range(12, 60):
        lines = break_lines(text, width, by_letters, is_ragged_last=True)
        assert lines is not None
        assert max(map(len, lines)) <= width
        assert " ".join(lines) == text


def test_a_word_wider_than_the_measure_cannot_be_broken() -> None:
    assert break_lines("tiny enormousword", 8, by_letters) is None


def test_no_size_goes_below_the_floors_of_the_spec() -> None:
    frame = Frame(1080, 1350)
    assert (HEADLINE_FLOOR, BODY_FLOOR) == (80, 40)
    assert frame.headline(120).sizes_px[-1] == 80
    assert frame.body().sizes_px[-1] == 40
    assert frame.type_px(SMALL) >= 28
    assert min(Frame(1920, 1080).type_px(size) * 1080 / 1920 for size in (10, 30, 40)) >= 28


def test_text_is_as_large_as_its_box_allows() -> None:
    style = Frame(1080, 1350).headline(120)
    large, small = fit("Few words", style, 920, 400), fit("Rather more words than that to be set", style, 920, 290)
    assert large is not None
    assert small is not None
    assert large.size_px == 120
    assert 80 <= small.size_px < 120


def test_headline_and_body_that_need_more_than_their_box_do_not_fit() -> None:
    frame = Frame(1080, 1350)
    texts = "A headline of several words", "word " * 40 + "end"
    assert fit_pair(texts, (frame.headline(96), frame.body()), (920, 840), 300) is None


def test_the_margins_hold_on_every_format() -> None:
    for size in ((1080, 1350), (1080, 1080), (1080, 1920), (1920, 1080), (1200, 627)):
        assert Frame(*size).margin >= 80
        assert Frame(*size).clear_bottom >= 90


def test_the_fonts_own_tables_say_what_they_can_draw() -> None:
    assert {ord(letter) for letter in "Aé“”–…→"} <= characters(Face.TEXT)
    assert missing("naïve café – “ok” …", Face.DISPLAY) == []
    assert missing("Привет", Face.DISPLAY) == list("Привет")


def test_a_colour_is_moved_only_as_far_as_its_contrast_asks() -> None:
    assert readable((0, 0, 0), (255, 255, 255)) == (0, 0, 0)
    moved = readable((200, 200, 200), (255, 255, 255))
    assert 4.5 <= contrast(moved, (255, 255, 255)) < 6.5
    assert contrast((0, 0, 0), (255, 255, 255)) == pytest.approx(21)
