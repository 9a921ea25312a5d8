from __future__ import annotations

import io
from dataclasses import replace
from functools import cache

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from app.domain.themes import THEMES
from unit.images.pictures import PICTURES, png
from workers.images.compositor import Composed, Role, Slide, TextDoesNotFit, compose, layouts, measure

FORMATS = {"4:5": (1080, 1350), "1:1": (1080, 1080), "16:9": (1920, 1080), "9:16": (1080, 1920), "cover": (1200, 630)}
pytestmark = pytest.mark.usefixtures("quickly_drawn")
LEAST_TYPE = 28  # px on 1080
WORDS = {
    "en": "queue the a retry of 73% lost $1.2M 10,000 idempotency, budget. call! why? 3× 2026 (noise) “done”",
    "de": "Donaudampfschifffahrtsgesellschaft Warteschlange und Übergrößen: 40 % schöne Füße Ägypten",
    "zh": "队列 每次重试，都需要记忆。 73% 数据库才是真相！ 三倍 1）写下来",
    "ja": "キューは 嘘を、ついている。 再試行 73% 「記憶」",
    "ur": "قطار جھوٹ بول رہی ہے۔ PKR 10,000 خرچ ہوئے AI 73% کوشش",
    "ar": "المحاولة تحتاج إلى ذاكرة. ٧٣٪ من المهام (API) لم تُكتب",
    "hi": "हर कोशिश को याद चाहिए। 73% काम लिखे नहीं गए कतार झूठ",
    "fr": "Chaque tentative : « mémoire » ! Où ça ? Élève l’œil 40 % naïf",
}
EMOJI = ("🚀", "👩\u200d💻", "🇵🇰", "❤️", "✅")


@cache
def words_of(language: str, most: int) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from([*WORDS[language].split() * 3, *EMOJI]), max_size=most)


@st.composite
def texts(draw: st.DrawFn, language: str, most: int) -> str:
    """Return up to `most` words of a language: with emoji, line breaks, enumerations, or nothing at all."""
    words = draw(words_of(language, most))
    joints = draw(st.sampled_from([" ", " ", " ", "\n", "\n- ", " 1) ", ". ", ""]))
    return joints.join(words)


@st.composite
def slides(draw: st.DrawFn, layout: str | None, shape: str) -> Slide:
    """Return any slide that a writer could send."""
    language = draw(st.sampled_from([*WORDS]))
    total = draw(st.sampled_from([1, 11]))
    role = draw(st.sampled_from([*Role]))
    return Slide(
        role=role,
        index=draw(st.integers(0, total - 1)),
        total=total,
        title=draw(texts(language, 14)),
        body=draw(texts(language, 40)),
        handle=draw(st.sampled_from([None, "@pressroom", "@" + "w" * 24])),
        theme=THEMES[draw(st.sampled_from([*THEMES]))],
        size=FORMATS[shape],
        seed=draw(st.integers(0, 99)),
        language=language,
        logo=draw(st.sampled_from([None, LOGO])),
        layout=layout,
    )


def _logo() -> bytes:
    out = io.BytesIO()
    Image.new("RGBA", (300, 90), (20, 30, 60, 255)).save(out, "PNG")
    return out.getvalue()


LOGO = _logo()
UNHEALTHY = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]  # what the fixture does holds for all examples
SMALL = png(Image.open(io.BytesIO(PICTURES["busy"])).reduce(2))  # for a canvas of half the size


def prove(slide: Slide, composed: Composed) -> None:
    """Fail unless the slide may be shown."""
    assert not composed.overflow
    assert composed.safe
    assert composed.contrast >= 4.5
    assert composed.missing_glyphs == 0
    assert composed.layout in layouts.NAMES
    if composed.least_type_px:
        assert composed.least_type_px >= LEAST_TYPE * slide.size[0] // 1080


@pytest.mark.parametrize("shape", FORMATS)
@pytest.mark.parametrize("layout", [None, *layouts.NAMES])
@settings(max_examples=5, deadline=None, suppress_health_check=UNHEALTHY, derandomize=True)
@given(st.data())
def test_any_text_in_any_layout_and_format_fits_and_can_be_read_or_is_refused(
    layout: str | None, shape: str, data: st.DataObject
) -> None:
    slide = data.draw(slides(layout, shape))
    picture = data.draw(st.sampled_from([None, *PICTURES]))
    try:
        measure(slide)
    except TextDoesNotFit:
        with pytest.raises(TextDoesNotFit):
            compose(slide, None)
        return
    prove(slide, compose(slide, PICTURES[picture] if picture else None))


@settings(max_examples=60, deadline=None, suppress_health_check=UNHEALTHY)
@given(st.data())
def test_what_can_be_measured_can_be_composed_whatever_the_picture(data: st.DataObject) -> None:
    shape = data.draw(st.sampled_from([*FORMATS]))
    slide = data.draw(slides(data.draw(st.sampled_from([None, *layouts.NAMES])), shape))
    slide = replace(slide, size=(slide.size[0] // 2, slide.size[1] // 2))  # so that many are drawn in short time
    try:
        measure(slide)
        fits = True
    except TextDoesNotFit:
        fits = False
    for picture in (None, SMALL):
        if fits:
            compose(slide, picture)
        else:
            with pytest.raises(TextDoesNotFit):
                compose(slide, picture)
