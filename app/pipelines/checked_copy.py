"""Texts that another model reads before they are delivered: written, checked, and written once more with its notes.

To use it: the last step of a track checks, and returns `sent_back(...)` for what it refuses; an earlier one writes, and
puts the `notes` of the piece's data into its prompt. Both may be paid more often than other steps are.
"""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel

from app.pipelines.pipeline import Done, Work

MOST_REFUSALS = 2  # in a round: the text is written once more after the first, and has FAILED with the second
WRITER_CALLS = 2 * MOST_REFUSALS  # paid at most: each time, the text may break its rules once
CHECKER_CALLS = MOST_REFUSALS + 1  # paid at most: one reply may be no verdict


def notes_of(said: BaseModel) -> list[str]:
    """Return the notes of a check, each behind its area: whatever lists of texts its reply has."""
    areas = {area: told for area, told in said.model_dump().items() if isinstance(told, list)}
    return [f"{area}: {note.strip()}" for area, told in areas.items() for note in told if note.strip()]


def sent_back(work: Work, notes: Sequence[str], writer: str, *texts: str, kept_as: str = "refused") -> Done:
    """Have a refused text written anew by the step `writer`; refused twice in a round, the piece has FAILED.

    texts: the keys of the piece's data that hold what was refused. They are emptied, and what the first one held stays
    under `kept_as`: what was refused is no result, and a resume would have the same words checked again.
    """
    refusals = work.data.get("refusals", 0) + 1
    kept = {"notes": list(notes), "refusals": refusals, kept_as: work.data[texts[0]], **dict.fromkeys(texts)}
    if refusals % MOST_REFUSALS:  # a resume has as many tries as the first round
        return Done(data=kept, again=writer)
    return Done(data=kept, failure=("not_approved", f"refused twice: {'; '.join(notes)}"[:500]))
