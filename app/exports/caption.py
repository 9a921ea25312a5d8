"""The text that goes with the slides, or with an ad, where they are posted."""

from __future__ import annotations

from app.domain.plain_text import plain
from app.exports.finished import Finished
from app.exports.wording import sentences
from app.pipelines.captions import as_posted

MAX_CHARACTERS = 3_000  # LinkedIn's (output-spec, section 3)
INSTAGRAM_CHARACTERS = 2_200
TAKEAWAYS = 5  # more is the deck itself
BETWEEN = "\n\n"


def caption(finished: Finished) -> str | None:
    """Return a run's caption of at most 3,000 characters, in its language; None when there is none and it has no slides.

    Where a model was asked for one, it is that, with its hashtags. Else it is put together, and no model is asked:
    1. The hook, the headlines of the first slides, and the call to action of the last.
    2. Behind them the whole text of the deck: screen readers do not get into a carousel (output-spec, section 5).
    What is too long ends with a whole sentence.
    """
    if written := finished.texts.get("caption"):
        return f"{as_posted(written)}\n"
    slides = finished.slides
    if not slides:
        return None
    first, *middle = slides[:-1] or slides
    takeaways = "\n".join(f"• {slide.title}" for slide in middle[:TAKEAWAYS])
    last = slides[-1] if len(slides) > 1 else None
    parts = [
        str(finished.texts.get("hook") or first.title),
        takeaways,
        f"{last.title}\n{last.body}" if last else "",
        "—",
        *(f"{number}/{len(slides)} {slide.title}\n{slide.body}" for number, slide in enumerate(slides, start=1)),
    ]
    told = (plain(part).strip() for part in parts)
    return _joined([part for part in told if part])


def _joined(parts: list[str]) -> str:
    """Return the parts one below the other, as far as they fit."""
    told = ""
    for part in parts:
        before = told + BETWEEN if told else ""
        room = MAX_CHARACTERS - len(before) - 1  # the last line ends as well
        if len(part) > room:
            rest = sentences(part, room)
            told = before + rest if rest else told
            break
        told = before + part
    return told.removesuffix(BETWEEN + "—") + "\n"
