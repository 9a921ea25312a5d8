"""Replies that the journal has: which question they answer, and which are of use after a crash."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from app import journal
from app.db.models import Call, Piece
from app.db.session import transaction
from app.domain.errors import BeingMade
from app.journal import Asked
from app.runs.claims import Claim
from making import (
    asked,
    change,
    expire_lease,
    intend,
    journaled,
    outcome,
    pictures_of,
    succeed,
    take,
    unknown,
)

pytestmark = pytest.mark.usefixtures("database")

GEMINI = asked(provider="gemini", model="gemini-3.1-flash-image")


def earlier(held: Claim, *questions: Asked) -> Call | None:
    """Return the reply to the piece's picture, or to the first of `questions` that has one."""
    with transaction() as session:
        return journal.earlier_reply(session, session.get_one(Piece, held.piece.id), questions or [asked()])


def test_a_reply_to_the_same_question_is_found_again(held: Claim) -> None:
    call_id = succeed(held)

    found = earlier(held)

    assert found is not None
    assert (found.id, found.reply) == (call_id, "posts/x/a.png")


@pytest.mark.parametrize(
    "other",
    [
        {"prompt_hash": "b" * 64},
        {"model": "google/gemini-3-pro-image"},
        {"purpose": "draft_prompt"},
        {"is_sandbox": not asked().is_sandbox},
    ],
    ids=["another question", "another model", "another purpose", "the model itself, when the sandbox gave it"],
)
def test_a_reply_is_not_used_for(held: Claim, other: dict[str, Any]) -> None:
    succeed(held)

    assert earlier(held, replace(asked(), **other)) is None


def test_a_reply_is_not_used_for_another_take(held: Claim) -> None:
    succeed(held)
    change(Piece, held.piece.id, take=2)

    assert earlier(held) is None


def test_a_reply_of_an_earlier_round_is_paid_for_already(held: Claim) -> None:
    call_id = succeed(held)
    change(Piece, held.piece.id, round=2)

    found = earlier(held)

    assert found is not None
    assert found.id == call_id


def test_a_reply_to_the_same_question_serves_an_edited_piece_too(held: Claim) -> None:
    call_id = succeed(held)
    change(Piece, held.piece.id, version=2)

    found = earlier(held)

    assert found is not None
    assert found.id == call_id


def test_a_refused_reply_is_not_used_again(held: Claim) -> None:
    call_id = succeed(held)

    journaled(journal.refuse, call_id, "picture_refused:blank")

    assert earlier(held) is None


def test_a_text_that_broke_its_rules_is_read_again_for_its_correction(held: Claim) -> None:
    call_id = succeed(held)

    journaled(journal.refuse, call_id, "invalid_reply")

    found = earlier(held)
    assert found is not None
    assert found.id == call_id


def test_a_text_that_broke_its_rules_is_asked_for_anew_in_another_round(held: Claim) -> None:
    journaled(journal.refuse, succeed(held), "invalid_reply")

    change(Piece, held.piece.id, round=2)

    assert earlier(held) is None


def test_a_good_text_is_used_rather_than_one_that_broke_its_rules(held: Claim) -> None:
    good = succeed(held)
    journaled(journal.refuse, succeed(held, GEMINI), "invalid_reply")

    found = earlier(held, GEMINI, asked())

    assert found is not None
    assert found.id == good


def test_a_reply_of_another_piece_is_not_used(held: Claim) -> None:
    succeed(held)
    other = take(pictures_of(held.run.id)[1])

    assert earlier(other) is None


@pytest.mark.parametrize("open_", [intend, unknown])
def test_a_call_without_a_reply_is_not_used(held: Claim, open_: object) -> None:
    open_(held)  # type: ignore[operator]

    assert earlier(held) is None


def test_the_newest_of_two_replies_is_used(held: Claim) -> None:
    both = [intend(held), intend(held)]
    for call_id in both:
        journaled(journal.succeeded, call_id, outcome())
    newest = both[1]

    found = earlier(held)

    assert found is not None
    assert found.id == newest


def test_of_replies_of_two_providers_the_one_that_is_asked_first_is_used_although_it_is_older(held: Claim) -> None:
    preferred = succeed(held, GEMINI)
    succeed(held)

    found = earlier(held, GEMINI, asked())

    assert found is not None
    assert found.id == preferred


def test_the_reply_of_any_provider_that_could_be_asked_is_used(held: Claim) -> None:
    call_id = succeed(held)

    found = earlier(held, GEMINI, asked())

    assert found is not None
    assert found.id == call_id


def test_a_refused_reply_of_the_first_provider_gives_way_to_that_of_the_next(held: Claim) -> None:
    refused, good = succeed(held, GEMINI), succeed(held)
    journaled(journal.refuse, refused, "picture_refused:blank")

    found = earlier(held, GEMINI, asked())

    assert found is not None
    assert found.id == good


def test_a_reply_of_a_provider_that_is_asked_no_more_is_not_used(held: Claim) -> None:
    succeed(held, GEMINI)

    assert earlier(held, asked()) is None


def test_a_reply_that_came_late_to_a_former_owner_is_read_and_not_bought_again(held: Claim) -> None:
    call_id = intend(held)
    expire_lease(held.piece)
    next_owner = take(held.piece)
    assert earlier(next_owner) is None
    journaled(journal.succeeded, call_id, outcome())

    with pytest.raises(BeingMade):
        intend(next_owner)

    found = earlier(next_owner)
    assert found is not None
    assert found.id == call_id


def test_a_call_that_brought_nothing_may_be_made_again(held: Claim) -> None:
    call_id = intend(held)
    journaled(journal.succeeded, call_id, outcome(reply=None))

    assert intend(held) != call_id
