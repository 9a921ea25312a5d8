"""What a round ends in, from its pieces: the state, and the reason that people read."""

from __future__ import annotations

from itertools import permutations

import pytest

from app.db.models import Piece
from app.domain.states import PieceState, RunState
from app.runs.finish import outcome

CAPTION = frozenset({"caption"})


def piece(kind: str, failure: str | None = None, *, has_picture: bool = True) -> Piece:
    is_picture = kind in ("slide", "revision")
    stored = {"key": "a.png"} if is_picture and has_picture and failure is None else None
    state = PieceState.READY if failure is None else PieceState.FAILED
    reason = {"code": failure, "message": f"it was {failure}"} if failure else None
    return Piece(
        kind=kind, position=0, state=state, is_picture=is_picture, picture=stored, composed=stored, failure=reason
    )


def test_a_round_in_which_nothing_failed_is_ready() -> None:
    assert outcome([piece("content"), piece("slide"), piece("caption")], optional=CAPTION) == (RunState.READY, None)


@pytest.mark.parametrize("order", [*permutations([piece("caption", "no_reply"), piece("revision", "prompt_blocked")])])
def test_where_every_picture_failed_the_reason_is_theirs_and_not_the_captions(order: tuple[Piece, ...]) -> None:
    state, failure = outcome(order, optional=CAPTION)

    assert state is RunState.FAILED
    assert failure == {"code": "prompt_blocked", "message": "it was prompt_blocked"}


@pytest.mark.parametrize(
    "order",
    [*permutations([piece("caption", "no_reply"), piece("content", "no_words"), piece("slide", "prompt_blocked")])],
)
def test_where_the_text_failed_the_reason_is_its_own(order: tuple[Piece, ...]) -> None:
    content_failed = [one for one in order if one.kind != "caption"]

    assert outcome(order, optional=CAPTION) == outcome(content_failed, optional=CAPTION)
    assert outcome(order, optional=CAPTION)[0] is RunState.FAILED


@pytest.mark.parametrize(
    "order", [*permutations([piece("caption", "no_reply"), piece("slide", "blank"), piece("slide")])]
)
def test_a_missing_picture_is_told_before_a_missing_caption(order: tuple[Piece, ...]) -> None:
    state, failure = outcome(order, optional=CAPTION)

    assert state is RunState.PARTIAL
    assert failure == {
        "code": "parts_missing",
        "message": "2 of 3 parts could not be made; the first reason: it was blank",
    }


def test_a_missing_caption_alone_is_told() -> None:
    state, failure = outcome([piece("caption", "no_reply"), piece("slide")], optional=CAPTION)

    assert state is RunState.PARTIAL
    assert failure is not None
    assert failure["message"].endswith("it was no_reply")
