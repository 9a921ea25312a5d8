"""Alt text: the slide's own words in reading order, and its place in the deck in the slide's language."""

from __future__ import annotations

from workers.images.compositor.page import Page
from workers.images.compositor.quotation import quotes_of
from workers.images.compositor.slide import Role

# Of other languages only "3/11" is said: half a sentence in English would be read out with the wrong voice.
PLACES = {
    "en": "Slide {n} of {total}.",
    "de": "Folie {n} von {total}.",
    "es": "Diapositiva {n} de {total}.",
    "fr": "Diapositive {n} sur {total}.",
    "ar": "الشريحة {n} من {total}.",
    "ur": "سلائیڈ {n}، کل {total}۔",
    "hi": "{total} में से स्लाइड {n}।",
    "zh": "第{n}页，共{total}页。",
}
MARKS = "“”„«»「」\u00a0\u202f "
ENDS = (".", "!", "?", "…", ":", "。", "！", "？", "：", "۔", "؟", "।")
STOPS = {"zh": "。", "ja": "。", "hi": "।", "ur": "۔"}


def alt_text(page: Page) -> str:
    """Return the alt text of a slide: an image of text has to be told word by word (output-spec, section 5)."""
    slide = page.slide
    language = slide.language.lower().replace("_", "-").split("-")[0]
    told = PLACES.get(language, "{n}/{total}.").format(n=slide.index + 1, total=slide.total) if slide.total > 1 else ""
    return " ".join(f"{told} {_words(page, language)}".split())


def _words(page: Page, language: str) -> str:
    if page.slide.role == Role.QUOTE:
        marks = quotes_of(page.slide.language)
        quoted = f"{marks.opens}{page.title.strip(MARKS)}{marks.closes}"
        return f"{quoted} — {page.body}" if page.body else quoted
    is_ended = page.title.endswith(ENDS) or not page.body or not page.title
    return f"{page.title if is_ended else page.title + STOPS.get(language, '.')} {page.body}"
