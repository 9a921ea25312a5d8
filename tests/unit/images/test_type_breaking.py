"""Where lines end, in scripts with and without spaces; and that nothing is ever cut."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from app.domain.themes import Pairing
from workers.images.compositor.breaking import break_lines
from workers.images.compositor.fonts import Face
from workers.images.compositor.fontstack import prepare, stack_for
from workers.images.compositor.frame import Frame
from workers.images.compositor.graphemes import clean, clusters
from workers.images.compositor.opportunities import atoms
from workers.images.compositor.setting import fit, set_at
from workers.images.compositor.typography import typeset


def by_letters(text: str) -> float:
    return float(len(text))


def pieces(text: str) -> list[str]:
    return [atom.text for atom in atoms(text)]


def test_a_hyphen_and_a_slash_may_end_a_line_between_long_parts_only() -> None:
    assert pieces("state-of-the-art") == ["state-of-the-", "art"]
    assert pieces("long-running e-mail T-shirt") == ["long-", "running", "e-mail", "T-shirt"]
    assert pieces("reading/writing") == ["reading/", "writing"]
    assert pieces("https://example.org/a 24/7 2026-11-21") == ["https://example.org/", "a", "24/7", "2026-11-21"]


def test_a_no_break_space_never_ends_a_line() -> None:
    assert pieces("30\u00a0% of 20\u202fms") == ["30\u00a0%", "of", "20\u202fms"]


def test_chinese_and_japanese_may_break_between_characters_but_numbers_keep_their_counter() -> None:
    assert pieces("任务队列") == ["任", "务", "队", "列"]
    assert pieces("有10个Redis队列") == ["有", "10个", "Redis", "队", "列"]


CLOSING, OPENING, SMALL = "、。，．：；？！）」』】》”…ー々", "（「『【《“", "ぁぃっゃゅょァッャュョ"


@settings(max_examples=120, deadline=None)
@given(st.text("漢字仮名かなカナ한" + CLOSING + OPENING + SMALL + "A1", min_size=1, max_size=40), st.integers(3, 12))
def test_kinsoku_holds_at_every_width(text: str, width: int) -> None:
    lines = break_lines(text, width, by_letters)
    if lines is None:
        return
    assert "".join(lines) == text
    for line in lines[1:]:
        assert line[0] not in CLOSING + SMALL
    for line in lines[:-1]:
        assert line[-1] not in OPENING


def test_a_double_dash_and_a_double_ellipsis_are_not_parted() -> None:
    assert "——" in "|".join(pieces("等一下——好吧"))
    assert any("……" in piece for piece in pieces("好吧……真的"))


def test_a_particle_stays_with_its_noun() -> None:
    style = Frame(1080, 1350, language="ja").headline(110)
    block = fit("あなたのキューは嘘をついている", style, 920, 400)
    assert block is not None
    assert not any(line.startswith(("は", "を", "の", "に")) for line in block.lines)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("th", "คิวของคุณกำลังโกหกคุณอยู่ตลอดเวลาโดยไม่มีใครรู้"),
        ("lo", "ຄິວຂອງເຈົ້າກຳລັງຕົວະເຈົ້າຢູ່ຕະຫຼອດເວລາ"),
        ("km", "ជួររបស់អ្នកកំពុងកុហកអ្នកគ្រប់ពេលវេលា"),
        ("my", "သင့်တန်းစီသည်သင့်ကိုအမြဲတမ်းလိမ်နေသည်"),
    ],
)
def test_scripts_without_spaces_break_between_whole_characters(language: str, text: str) -> None:
    block = fit(text, Frame(1080, 1350, language=language).headline(120), 500, 900)
    assert block is not None
    assert len(block.lines) > 1
    assert "".join(block.lines) == clean(text)
    assert [c for line in block.lines for c in clusters(line)] == list(clusters(clean(text)))


def test_thai_lines_do_not_end_in_a_vowel_that_belongs_to_the_next_letter() -> None:
    assert not any(piece[-1] in "เแโใไ" for piece in pieces("เก้านิสัยของระบบที่ไม่เคยทำงานหาย"))


def test_a_smaller_size_comes_before_a_thai_word_that_is_parted_wrongly() -> None:
    block = fit("คิวของคุณกำลังโกหกคุณ", Frame(1080, 1350, language="th").headline(148), 920, 500)
    assert block is not None
    assert block.lines == ("คิวของคุณกำลัง", "โกหกคุณ")


def test_a_word_wider_than_the_line_is_refused_in_every_script() -> None:
    for language, word in (("en", "incomprehensibilities"), ("hi", "अन्तरराष्ट्रीयकरणसम्बन्धी"), ("ar", "فاستسقيناكموها")):
        style = Frame(1080, 1350, language=language).headline(80)
        assert set_at(word, style, 80, 300) is None


# Letters of every script that we carry, marks that combine, joiners, controls, emoji and their parts, spaces, quotes.
RANGES = [
    (0x20, 0x7E), (0xA0, 0x17F), (0x300, 0x30F), (0x391, 0x3C9), (0x410, 0x44F), (0x531, 0x556), (0x5D0, 0x5EA),
    (0x600, 0x6FF), (0x904, 0x97F), (0x985, 0x9E3), (0xB83, 0xBF2), (0xE01, 0xE5B), (0xE81, 0xEDF), (0x1000, 0x109F),
    (0x10D0, 0x10FF), (0x1100, 0x11FF), (0x1780, 0x17E9), (0x1F600, 0x1F64F), (0x1F1E6, 0x1F1FF), (0x1F3FB, 0x1F3FF),
    (0x2000, 0x206F), (0x20AC, 0x20BF), (0x2190, 0x21FF), (0x2600, 0x27BF), (0x3000, 0x30FF), (0x4E00, 0x4F00),
    (0xAC00, 0xAD00), (0xFE00, 0xFE0F), (0xFF01, 0xFF60), (0xE0020, 0xE007F), (0, 0x1F), (0xD800, 0xD810),
]  # fmt: skip
CHARACTERS = st.one_of([st.integers(first, last).map(chr) for first, last in RANGES])
WORDS = st.lists(CHARACTERS, min_size=1, max_size=8).map("".join)
TEXTS = st.lists(WORDS, max_size=14).map(" ".join)
LANGUAGES = st.sampled_from(["en", "ur", "ar", "he", "zh", "zh-TW", "ja", "ko", "th", "hi", "fr"])


@settings(max_examples=120, deadline=None)
@given(TEXTS, LANGUAGES, st.sampled_from(Pairing), st.sampled_from(Face), st.integers(120, 1000))
@example("a\n\u2067 \u0661\u200d\U0001f3fd b", "ur", Pairing.BOLD, Face.QUOTE, 300)
def test_any_text_is_set_whole_within_its_width_or_not_at_all(
    text: str, language: str, fonts: Pairing, face: Face, width: int
) -> None:
    style = Frame(1080, 1350, fonts, language).style(face, 40, is_ragged_last=face is Face.TEXT)
    block = set_at(text, style, 40, width)
    if block is None:
        return
    assert all(wide <= width + 1e-6 for wide in block.widths())
    own = stack_for(clean(text), face, fonts, language)
    ready = prepare(clean(text), own)
    assert "".join("".join(block.lines).split()) == "".join(ready.text.split())
    undrawn = [c for c in clusters(ready.text) if not c.isspace() and own.draws(c) is None]
    assert block.missing_glyphs >= len(undrawn)
    if not ready.missing:
        assert block.missing_glyphs == 0
        assert undrawn == []
    for line, drawn in zip(block.lines, block.runs, strict=True):
        inked = "".join(run.text for run in sorted(drawn, key=lambda run: run.start))
        assert set(line) - set(inked) <= set(
            "\u200b\u2060\ufe0e\u200e\u200f\u061c\u202a\u202b\u202c\u2066\u2067\u2068\u2069"
        )
    assert set_at(text, style, 40, width) == block


def test_no_single_word_stands_on_an_inner_line_where_as_many_lines_do_without() -> None:
    assert break_lines("What Actually Helps With Backups", 14, by_letters) == ["What", "Actually Helps", "With Backups"]
    long_word = break_lines("Distributed infrastructure matters", 14, by_letters)
    assert long_word == ["Distributed", "infrastructure", "matters"]


def test_a_headlines_line_does_not_end_in_a_hyphen_where_as_many_lines_do_without() -> None:
    lines = break_lines("The one ten-minute habit that saves you", 17, by_letters)
    assert lines == ["The one", "ten-minute habit", "that saves you"]


def test_an_amount_keeps_its_currency_on_the_line() -> None:
    lines = break_lines(typeset("Earn PKR 10,000 soon"), 12, by_letters)
    assert lines == ["Earn", "PKR\u00a010,000", "soon"]
