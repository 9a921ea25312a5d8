"""What came of a call, for the journal: written again and again until the database takes it."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from typing import Any

from sqlalchemy import update
from sqlalchemy.exc import SQLAlchemyError

from app import journal
from app.db.models import Call
from app.db.session import transaction
from app.domain.prices import cost_micro_usd, told_apart
from app.domain.provider_errors import ProviderError
from app.domain.states import CallState, CostBasis
from app.routes import Route
from workers.providers.provider import Answer

JOURNAL_PATIENCE_S = 60.0


def outcome_of(route: Route, answer: Answer, reply: str | None) -> journal.Outcome:
    """Return what a reply means for the journal: its cost by the provider's word, else by our table, else unknown."""
    pictures = 0 if answer.picture is None else 1
    cost, basis = answer.cost_micro_usd, CostBasis.PROVIDER
    if cost is None:
        cost = cost_micro_usd(route.price, answer.usage, pictures=pictures)
        basis = CostBasis.UNKNOWN if cost is None else CostBasis.TABLE
    usage = told_apart(route.price, answer.usage, pictures) if route.price and answer.usage else answer.usage
    size = len(answer.picture) if answer.picture is not None else len(answer.text.encode())
    return journal.Outcome(cost, basis, usage, reply, size, answer.ref, answer.status, pictures)


def journal_failure(call_id: uuid.UUID, exc: ProviderError, *, is_free: bool) -> None:
    """Journal that a call failed, or that nobody knows whether it was charged. is_free: it costs nothing in any case."""
    write = journal.rejected if exc.charged is False or is_free else journal.unknown
    until_journaled(lambda session: write(session, call_id, exc.code, str(exc), exc.status))


def refuse_replies(piece_id: uuid.UUID, step: str, code: str) -> None:
    """Note that what a step was replied is of no use to its piece: a repeat asks anew instead of reading it again."""
    of_step = (Call.piece_id == piece_id, Call.step == step, Call.state == CallState.SUCCEEDED)
    refused = update(Call).where(*of_step, Call.accepted.is_not(False)).values(accepted=False, error_code=code)
    until_journaled(lambda session: session.execute(refused))


def until_journaled(write: Callable[[Any], None]) -> None:
    """Write an outcome in its own transaction, again and again: a paid reply must not be forgotten for a blip."""
    give_up_at = time.monotonic() + JOURNAL_PATIENCE_S
    while True:
        try:
            with transaction() as session:
                write(session)
        except SQLAlchemyError:
            if time.monotonic() > give_up_at:
                raise
            time.sleep(0.5)
        else:
            return
