"""A worker that stood still lost its claim, and its reply came after all: whatever is paid twice for that is listed."""

from __future__ import annotations

import uuid
from dataclasses import replace

import pytest

from app import journal
from app.db.models import Piece
from app.domain.states import CallState
from app.runs.claims import Claim
from making import asked, change, expire_lease, intend, journaled, outcome, succeed, take
from orders import calls_of

GEMINI = asked(provider="gemini", model="gemini-3.1-flash-image")
IN_VAIN = (CallState.SUCCEEDED, False, "owner_lost")
LATE = (CallState.SUCCEEDED, None, "owner_lost")
GOOD = (CallState.SUCCEEDED, None, None)


@pytest.fixture
def lost(held: Claim) -> uuid.UUID:
    """The call of an owner who is given up and may still be replied."""
    call_id = intend(held)
    expire_lease(held.piece)
    return call_id


@pytest.fixture
def next_owner(held: Claim, lost: uuid.UUID) -> Claim:
    """Whoever has the piece now."""
    return take(held.piece)


def reply(call_id: uuid.UUID, **changes: object) -> None:
    journaled(journal.succeeded, call_id, outcome(**changes))


def what_came(held: Claim) -> list[tuple[CallState, bool | None, str | None]]:
    return [(call.state, call.accepted, call.error_code) for call in calls_of(held.run.id)]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)], ids=["before", "after"])
@pytest.mark.parametrize("question", [asked(), GEMINI], ids=["the same provider", "another provider"])
def test_it_is_listed_as_paid_in_vain_when_it_comes_and_the_next_owner_was_replied_too(
    next_owner: Claim, lost: uuid.UUID, question: journal.Asked, order: tuple[int, int]
) -> None:
    calls = [lost, intend(next_owner, question)]

    for n in order:
        reply(calls[n])

    assert what_came(next_owner) == [IN_VAIN, GOOD]


def test_it_is_of_use_as_long_as_the_next_owner_has_no_reply(next_owner: Claim, lost: uuid.UUID) -> None:
    again = intend(next_owner)

    reply(lost)
    journaled(journal.rejected, again, "provider_down", "503", 503)

    assert what_came(next_owner)[0] == LATE


def test_it_is_of_use_when_the_next_owner_was_replied_nothing(next_owner: Claim, lost: uuid.UUID) -> None:
    again = intend(next_owner)

    reply(again, reply=None)
    reply(lost)

    assert what_came(next_owner)[0] == LATE


def test_it_is_of_use_when_what_the_next_owner_was_replied_was_refused(next_owner: Claim, lost: uuid.UUID) -> None:
    again = succeed(next_owner)

    journaled(journal.refuse, again, "picture_refused:blank")
    reply(lost)

    assert what_came(next_owner)[0] == LATE


@pytest.mark.parametrize(
    "other",
    [{"prompt_hash": "b" * 64}, {"purpose": "refine_image"}, {"is_sandbox": not asked().is_sandbox}],
    ids=["another question", "another purpose", "a stand-in"],
)
def test_it_is_of_use_when_the_next_owner_asked(next_owner: Claim, lost: uuid.UUID, other: dict[str, object]) -> None:
    succeed(next_owner, replace(asked(), **other))  # type: ignore[arg-type]

    reply(lost)

    assert what_came(next_owner)[0] == LATE


def test_it_is_of_use_when_the_next_owner_asked_for_another_take(held: Claim, lost: uuid.UUID) -> None:
    change(Piece, held.piece.id, take=2)
    succeed(take(held.piece))

    reply(lost)

    assert what_came(held)[0] == LATE


def test_what_was_used_is_not_listed_for_what_is_asked_later(held: Claim) -> None:
    used = succeed(held)
    journaled(journal.accept, used, held.token)

    succeed(held, GEMINI)

    assert what_came(held)[0] == (CallState.SUCCEEDED, True, None)


def test_a_lost_owner_accepts_nothing(held: Claim, next_owner: Claim, lost: uuid.UUID) -> None:
    reply(lost)

    journaled(journal.accept, lost, held.token)

    assert what_came(held) == [LATE]


def test_the_next_owner_accepts_what_came_late(next_owner: Claim, lost: uuid.UUID) -> None:
    reply(lost)

    journaled(journal.accept, lost, next_owner.token)

    assert what_came(next_owner) == [(CallState.SUCCEEDED, True, None)]
