"""What a slide does with a handle that it cannot show, and with texts that leave no ink."""

from __future__ import annotations

from dataclasses import replace

import pytest

from workers.images.compositor import Role, Slide, TextDoesNotFit, compose, measure

SLIDE = Slide(
    role=Role.CONTENT,
    index=2,
    total=11,
    title="Every retry needs a memory",
    body="Write the attempt down before you make the call.",
    handle="@pressroom",
    seed=7,
)
SIZES = [(1080, 1350), (1080, 1080), (1920, 1080), (1080, 1920), (1200, 630)]
ROLES = [("cover", 0), ("content", 1), ("content", 2), ("quote", 0), ("cta", 10), ("article", 0)]
UNDRAWABLE = ["@\u13e3\u13b3\u13a9", "@acme\ufffd", "@ab\U0001faff", "\u200b"]
WIDE = ["linkedin.com/company/acme-international", "@" + "W" * 39]


def refusal_of(slide: Slide) -> str | None:
    """Return why a slide cannot be composed; None when it can."""
    try:
        measure(slide)
    except TextDoesNotFit as exc:
        return str(exc)
    return None


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(("role", "index"), ROLES)
@pytest.mark.parametrize("handle", [*WIDE, *UNDRAWABLE])
def test_no_handle_refuses_a_slide(role: str, index: int, size: tuple[int, int], handle: str) -> None:
    assert refusal_of(replace(SLIDE, role=role, index=index, size=size, handle=handle)) is None


@pytest.mark.parametrize(("role", "index"), ROLES)
def test_a_handle_that_no_type_can_hold_is_left_out_whole_and_told(role: str, index: int) -> None:
    slide = replace(SLIDE, role=role, index=index, size=(1200, 630) if role == "article" else (1920, 1080))
    wide, none = (compose(replace(slide, handle=handle), None) for handle in ("@" + "W" * 60, None))
    assert wide.handle_left_out
    assert not none.handle_left_out
    assert wide.data == none.data


@pytest.mark.parametrize("handle", UNDRAWABLE)
def test_a_handle_that_no_font_has_whole_is_left_out_and_no_glyph_is_missing(handle: str) -> None:
    made = compose(replace(SLIDE, handle=handle), None)
    assert made.handle_left_out
    assert made.missing_glyphs == 0


@pytest.mark.parametrize(("role", "index"), ROLES)
def test_a_usual_handle_is_shown_on_every_slide(role: str, index: int) -> None:
    slide = replace(SLIDE, role=role, index=index)
    shown = compose(slide, None)
    assert not shown.handle_left_out
    assert shown.data != compose(replace(slide, handle=None), None).data


# ---- texts that leave no ink


@pytest.mark.parametrize(("role", "index"), ROLES)
@pytest.mark.parametrize(
    ("title", "body"),
    [("", ""), ("\u200b", "\u202e\u200d"), ("\U0001faff \U0001fafe", "\U0001faff"), ("\u00a0\u2003", "\n\ufe0f")],
)
def test_a_slide_without_a_text_that_can_be_drawn_is_refused(role: str, index: int, title: str, body: str) -> None:
    blank = replace(SLIDE, role=role, index=index, title=title, body=body)
    with pytest.raises(TextDoesNotFit, match="has no text that can be drawn"):
        measure(blank)
    with pytest.raises(TextDoesNotFit, match="has no text that can be drawn"):
        compose(blank, None)


def test_an_articles_cover_needs_a_title_because_it_shows_no_body() -> None:
    with pytest.raises(TextDoesNotFit, match="no text"):
        measure(replace(SLIDE, role=Role.ARTICLE, title="\u200b", body="Words"))


@pytest.mark.parametrize("title", ["?", "🚀", "您", "٣", "ᏣᎳᎩ"])
def test_a_single_sign_is_text_enough(title: str) -> None:
    assert refusal_of(replace(SLIDE, title=title, body="")) is None
