"""Stages that many tracks have. A step is called as its function is, and so is its Celery task: to rename one renames the other."""

from __future__ import annotations

from collections.abc import Callable

from app.domain.states import PieceState
from app.pipelines.pipeline import Done, Stage, Work

Act = Callable[[Work], Done]


def text_stage(
    act: Act,
    purpose: str,
    *,
    gives: PieceState = PieceState.READY,
    keeps: str | None = None,
    max_charged_calls: int = 2,
    max_tokens: tuple[int, int],
    expected_tokens: tuple[int, int],
    expected_s: float,
) -> Stage:
    """Return a stage that asks a text model; max_tokens and expected_tokens: of a call's input and output."""
    most_in, most_out = max_tokens
    return Stage(
        _name_of(act),
        act,
        gives,
        "text",
        purpose=purpose,
        keeps=keeps,
        max_charged_calls=max_charged_calls,
        max_tokens_in=most_in,
        max_tokens_out=most_out,
        expected_tokens=expected_tokens,
        expected_s=expected_s,
    )


def drafting_stage(act: Act, *, max_tokens_in: int, expected_tokens_in: int) -> Stage:
    """Return the stage that has the prompt of a picture phrased: one paragraph, whatever it is made from."""
    return Stage(
        _name_of(act),
        act,
        PieceState.PROMPTED,
        "text",
        purpose="draft_prompt",
        fills="prompt",
        max_tokens_in=max_tokens_in,
        max_tokens_out=600,
        expected_tokens=(expected_tokens_in, 140),
        expected_s=5,
    )


def composing_stage(act: Act) -> Stage:
    """Return the stage that sets a text on a picture, the last of its track."""
    return Stage(_name_of(act), act, PieceState.READY, "media", fills="composed", expected_s=0.3)


def _name_of(act: Act) -> str:
    return str(act.__name__)
