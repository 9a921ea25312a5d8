"""The text that goes with the slides where they are posted."""

from __future__ import annotations

from app.exports.finished import Finished
from app.exports.wording import sentences

MAX_CHARACTERS = 3_000  # LinkedIn's (output-spec, section 3)
INSTAGRAM_CHARACTERS = 2_200
TAKEAWAYS = 5  # more is the deck itself
BETWEEN = "\n\n"


def caption(finished: Finished) -> str | None:
    """Return a post's caption of at most 3,000 characters, in the post's language; None when it has no slides.

    1. The hook, the headlines of the first slides, and the call to action of the last.
    2. Behind them the whole text of the deck: screen readers do not get into a carousel (output-spec, section 5).
    What is too long ends with a whole sentence. No model is asked.
    """
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
    return _joined([part.strip() for part in parts if part.strip()])


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
