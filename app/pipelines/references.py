"""A picture of the user's own that another is made from: fetched before anything is paid, and kept with the piece."""

from __future__ import annotations

from app.domain.states import PieceState
from app.pipelines.pipeline import Change, Done, Stage, Work
from app.pipelines.stages import Act

GIVEN = "given"
"""Key of a piece's data: the user's own picture, as Piece.picture has it; empty where none was given."""


def prepare(work: Work) -> Done:
    """Fetch the picture that the order names as its `reference_url`, if it does."""
    url = work.request.reference_url
    return Done(data={GIVEN: work.web.picture(url) if url else {}})


def preparing_stage(act: Act = prepare) -> Stage:
    """Return the first stage of a picture that may be made from another; act: what is looked at beside it, and `prepare`."""
    return Stage("prepare", act, PieceState.PENDING, "text", keeps=GIVEN, expected_s=0.3)


def made_from(work: Work, told: str, words: str) -> Change | None:
    """Return what is made of the user's picture, as `told` and in these words; None = none was given."""
    given = work.data[GIVEN]
    return Change(given, f"{told}: {words}", words) if given else None
