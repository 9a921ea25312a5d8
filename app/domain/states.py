"""The states of a run and of a piece, and the only legal moves between them.

The database holds the same list in a trigger (migrations); tests/integration/test_states_in_database.py keeps them in step.
"""

from __future__ import annotations

from enum import StrEnum

from app.domain.errors import IllegalMove


class RunState(StrEnum):
    """Where a run is. READY, PARTIAL and FAILED leave again only through a new round."""

    QUEUED = "QUEUED"
    """Accepted; no worker has claimed its first piece."""
    GENERATING_TEXT = "GENERATING_TEXT"
    GENERATING_IMAGES = "GENERATING_IMAGES"
    READY = "READY"
    """Everything that was ordered is there."""
    PARTIAL = "PARTIAL"
    """All text is valid and at least one picture is there; the others have a typographic background."""
    FAILED = "FAILED"
    """No valid content, or no picture at all. The round's quota is given back."""
    CANCELED = "CANCELED"

    @property
    def is_terminal(self) -> bool:
        """Whether nothing moves the run on in this round."""
        return self in TERMINAL_RUNS


TERMINAL_RUNS = frozenset({RunState.READY, RunState.PARTIAL, RunState.FAILED, RunState.CANCELED})
LIVE_RUNS = frozenset(RunState) - TERMINAL_RUNS


class PieceState(StrEnum):
    """Where a piece is. A text piece goes PENDING to READY; a picture passes all of them."""

    PENDING = "PENDING"
    PROMPTED = "PROMPTED"
    """Its image prompt is drafted and stored."""
    RENDERED = "RENDERED"
    """Its picture is stored; it is not on the slide yet."""
    READY = "READY"
    FAILED = "FAILED"

    @property
    def is_terminal(self) -> bool:
        """Whether nothing moves the piece on in this round."""
        return self in TERMINAL_PIECES


TERMINAL_PIECES = frozenset({PieceState.READY, PieceState.FAILED})

RUN_MOVES: dict[RunState, frozenset[RunState]] = {
    RunState.QUEUED: frozenset(
        {RunState.GENERATING_TEXT, RunState.GENERATING_IMAGES, RunState.FAILED, RunState.CANCELED}
    ),
    RunState.GENERATING_TEXT: frozenset(
        {RunState.GENERATING_IMAGES, RunState.READY, RunState.PARTIAL, RunState.FAILED, RunState.CANCELED}
    ),
    RunState.GENERATING_IMAGES: frozenset({RunState.READY, RunState.PARTIAL, RunState.FAILED, RunState.CANCELED}),
    # Out of a terminal state only with a higher round: the trigger checks that too.
    RunState.READY: frozenset({RunState.GENERATING_TEXT, RunState.GENERATING_IMAGES}),
    RunState.PARTIAL: frozenset({RunState.GENERATING_TEXT, RunState.GENERATING_IMAGES}),
    RunState.FAILED: frozenset({RunState.GENERATING_TEXT, RunState.GENERATING_IMAGES}),
    RunState.CANCELED: frozenset(),
}

PIECE_MOVES: dict[PieceState, frozenset[PieceState]] = {
    PieceState.PENDING: frozenset({PieceState.PROMPTED, PieceState.RENDERED, PieceState.READY, PieceState.FAILED}),
    PieceState.PROMPTED: frozenset({PieceState.RENDERED, PieceState.READY, PieceState.FAILED}),
    # Back to PROMPTED: the review refused the picture and asks for another one.
    PieceState.RENDERED: frozenset({PieceState.PROMPTED, PieceState.READY, PieceState.FAILED}),
    # Out of a terminal state only with a higher round or version: the trigger checks that too.
    PieceState.READY: frozenset({PieceState.PENDING, PieceState.PROMPTED, PieceState.RENDERED}),
    PieceState.FAILED: frozenset({PieceState.PENDING, PieceState.PROMPTED, PieceState.RENDERED}),
}


def check_run_move(old: RunState, new: RunState) -> None:
    """Do nothing if a run may go from `old` to `new`. Raises IllegalMove."""
    if new not in RUN_MOVES[old]:
        raise IllegalMove(f"a run cannot go from {old} to {new}")


class CallState(StrEnum):
    """What is known of one request to a provider."""

    INTENT = "INTENT"
    """Written before the request left; no answer is known."""
    SUCCEEDED = "SUCCEEDED"
    """The reply is here; it was charged."""
    FAILED = "FAILED"
    """The provider rejected the request; nothing was charged."""
    UNKNOWN = "UNKNOWN"
    """The request left and no answer came: it may have been charged. Counts at its worst case."""


OWNER_LOST = "owner_lost"
"""Code of a call whose worker went away, or lost its claim, before the answer was written."""


class CostBasis(StrEnum):
    """Where a call's cost comes from."""

    PROVIDER = "provider"
    """The provider's own reply says it."""
    TABLE = "table"
    """Our dated price table, applied to the usage in the reply."""
    NONE = "none"
    """The call was rejected: it cost nothing."""
    CACHE = "cache"
    """No request was made: an accepted picture of the same words was there already. Costs 0."""
    UNKNOWN = "unknown"
    """Nobody knows; cost is NULL, never 0."""


class QuotaUnit(StrEnum):
    """What a plan counts in a month."""

    POSTS = "posts"
    ADS = "ads"
    IMAGES = "images"
    """Pictures that are ordered by themselves; those of a post or an ad are in it."""
    ITEMS = "items"
    """What is neither: a listing, an answer, an e-mail, a brief, a summary."""
    MONEY = "micro_usd"
    """Money reserved and spent, in micro-USD."""


class QuotaEntryKind(StrEnum):
    """One line of the quota ledger."""

    RESERVED = "RESERVED"
    REFUNDED = "REFUNDED"
    """The whole reservation of a round, given back because nothing was delivered."""
    RELEASED = "RELEASED"
    """The part of the round's money that was not spent."""
    RECONCILED = "RECONCILED"
    """What became known of a round's calls in doubt after its end, in all: negative = it was cheaper."""
