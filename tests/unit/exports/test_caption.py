from __future__ import annotations

from finished_posts import finished, piece, post_texts
from hypothesis import given
from hypothesis import strategies as st

from app.exports.caption import MAX_CHARACTERS, caption
from app.exports.wording import cut, sentences


def test_a_caption_has_hook_takeaways_call_to_action_and_then_the_whole_deck() -> None:
    assert caption(finished(slides=4)) == (
        "Look!\n\n• Title 1\n• Title 2\n\nTitle 3\nBody 3.\n\n—\n\n"
        "1/4 Title 0\nBody 0.\n\n2/4 Title 1\nBody 1.\n\n3/4 Title 2\nBody 2.\n\n4/4 Title 3\nBody 3.\n"
    )


def test_without_a_hook_the_first_headline_is_it() -> None:
    told = caption(finished(texts=post_texts(hook=None)))
    assert told is not None
    assert told.startswith("Title 0\n")


def test_no_slides_no_caption() -> None:
    assert caption(finished(slides=0, pieces=[])) is None


def test_one_slide_is_enough() -> None:
    assert caption(finished(slides=1)) == "Look!\n\n—\n\n1/1 Title 0\nBody 0.\n"


def test_a_caption_says_what_stands_on_the_slides_after_an_edit_that_could_not_be_drawn() -> None:
    slide = piece("slide", 0, {"title": "New", "body": "New words."})
    slide.composed = {**(slide.composed or {}), "title": "Old", "body": "Old words."}
    told = caption(finished(pieces=[slide]))
    assert told is not None
    assert "Old words." in told
    assert "New" not in told


LONG = " ".join(f"This is sentence {n} of a body that goes on." for n in range(12))


def test_a_caption_that_is_too_long_ends_with_a_whole_sentence() -> None:
    pieces = [piece("slide", n, {"title": f"Title {n}", "body": LONG}) for n in range(11)]
    told = caption(finished(pieces=pieces))
    assert told is not None
    assert MAX_CHARACTERS - 100 < len(told) <= MAX_CHARACTERS
    assert told.endswith("goes on.\n")


@given(
    st.lists(st.tuples(st.text(max_size=200), st.text(max_size=900)), min_size=1, max_size=12), st.text(max_size=4000)
)
def test_no_words_break_a_caption(words: list[tuple[str, str]], hook: str) -> None:
    pieces = [piece("slide", n, {"title": title, "body": body}) for n, (title, body) in enumerate(words)]
    told = caption(finished(pieces=pieces, texts=post_texts(hook=hook)))
    assert told is not None
    assert len(told) <= MAX_CHARACTERS


@given(st.text(min_size=1, max_size=400), st.integers(2, 300))
def test_cut_text_is_never_longer_and_never_ends_in_a_word(text: str, most: int) -> None:
    line = " ".join(text.split())
    made = cut(text, most)
    assert len(made) <= most
    if " " in line[:most] and made.endswith("…") and made != line:
        assert line.startswith(made[:-1])
        assert line[len(made) - 1 :][:1] in " ,;:–—-" or line[: most - 1].count(" ") == 0


def test_sentences_end_in_the_marks_of_every_script() -> None:
    for text in ("एक। दो और तीन", "ایک۔ دو اور تین", "一。二和三", "Is it? Yes it is", "He said “no.” Then he left"):
        kept = sentences(text, len(text) - 1)
        assert kept
        assert kept != text
        assert text.startswith(kept)


def test_text_without_spaces_is_cut_behind_a_character() -> None:
    assert cut("你的队列在说谎别再相信它", 6) == "你的队列在…"


def test_nothing_cut_is_nothing() -> None:
    assert cut(" \n ", 10) == ""
