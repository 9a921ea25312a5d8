"""The states of a run and of a piece, and what may follow what."""

from __future__ import annotations

from itertools import product

import pytest

from app.domain.errors import IllegalMove
from app.domain.states import (
    LIVE_RUNS,
    PIECE_MOVES,
    RUN_MOVES,
    TERMINAL_RUNS,
    PieceState,
    RunState,
    check_run_move,
)

ALL = list(product(RunState, repeat=2))
LEGAL = [(old, new) for old in RUN_MOVES for new in RUN_MOVES[old]]
ILLEGAL = [(old, new) for old, new in product(RunState, repeat=2) if new not in RUN_MOVES[old]]


def is_allowed(old: RunState, new: RunState) -> bool:
    try:
        check_run_move(old, new)
    except IllegalMove:
        return False
    return True


def test_the_legal_moves_are_allowed_and_no_others() -> None:
    assert [move for move in product(RunState, repeat=2) if is_allowed(*move)] == sorted(LEGAL, key=ALL.index)


@pytest.mark.parametrize(("old", "new"), ILLEGAL)
def test_an_illegal_move_is_refused_by_name(old: RunState, new: RunState) -> None:
    with pytest.raises(IllegalMove, match=f"from {old} to {new}"):
        check_run_move(old, new)


def test_a_run_is_either_live_or_terminal() -> None:
    assert (frozenset(RunState), frozenset()) == (LIVE_RUNS | TERMINAL_RUNS, LIVE_RUNS & TERMINAL_RUNS)


@pytest.mark.parametrize("state", RunState)
def test_a_run_knows_whether_it_is_over(state: RunState) -> None:
    assert state.is_terminal == (state in {RunState.READY, RunState.PARTIAL, RunState.FAILED, RunState.CANCELED})


@pytest.mark.parametrize("state", PieceState)
def test_a_piece_knows_whether_it_is_over(state: PieceState) -> None:
    assert state.is_terminal == (state in {PieceState.READY, PieceState.FAILED})


def test_nothing_leaves_canceled() -> None:
    assert RUN_MOVES[RunState.CANCELED] == frozenset()


@pytest.mark.parametrize("state", LIVE_RUNS, ids=str)
def test_every_live_run_can_fail_and_be_canceled(state: RunState) -> None:
    assert {RunState.FAILED, RunState.CANCELED} <= RUN_MOVES[state]


def test_nothing_returns_to_queued() -> None:
    assert all(RunState.QUEUED not in news for news in RUN_MOVES.values())


@pytest.mark.parametrize("state", [RunState.READY, RunState.PARTIAL, RunState.FAILED])
def test_a_finished_run_goes_on_only_with_work(state: RunState) -> None:
    assert RUN_MOVES[state] == {RunState.GENERATING_TEXT, RunState.GENERATING_IMAGES}


@pytest.mark.parametrize("state", [s for s in PieceState if not s.is_terminal])
def test_every_open_piece_can_end_either_way(state: PieceState) -> None:
    assert {PieceState.READY, PieceState.FAILED} <= PIECE_MOVES[state]


@pytest.mark.parametrize("state", PieceState)
def test_staying_is_no_move(state: PieceState) -> None:
    assert state not in PIECE_MOVES[state]
