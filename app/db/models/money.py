"""What it cost: the journal of calls and its sums, paid bytes that no storage has taken yet, rates of exchange."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    FetchedValue,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    Numeric,
    SmallInteger,
    String,
    false,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.db.models.base import Base, enum_column
from app.domain.states import CallState, CostBasis


class Call(Base):
    """One request to a provider, written before it leaves."""

    __tablename__ = "calls"
    __table_args__ = (
        CheckConstraint("cost_micro_usd >= 0 AND worst_micro_usd >= 0", name="money_not_negative"),
        # Unknown money is NULL, never 0; known money says where it comes from.
        CheckConstraint(
            "(cost_micro_usd IS NULL) = (cost_basis IS NULL OR cost_basis = 'unknown')", name="unknown_cost_is_null"
        ),
        CheckConstraint("(ended_at IS NULL) = (state = 'INTENT')", name="ended_unless_open"),
        CheckConstraint("pictures >= 0", name="pictures_not_negative"),
        Index("ix_calls_piece_purpose", "piece_id", "purpose"),
        Index("ix_calls_user_started", "user_id", "started_at"),
        Index("ix_calls_open", "started_at", postgresql_where=text("state IN ('INTENT', 'UNKNOWN')")),
        Index("ix_calls_run", "run_id"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    run_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"))
    piece_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("pieces.id", ondelete="CASCADE"))
    api_key_id: Mapped[uuid.UUID | None] = mapped_column(server_default=FetchedValue())
    """The key that ordered the round it was made in: the database copies it from the run. No foreign key: money stays
    whose it was."""
    round: Mapped[int]
    version: Mapped[int]
    take: Mapped[int]
    attempt: Mapped[int]
    """The piece's attempt that made the call."""
    step: Mapped[str]
    purpose: Mapped[str]
    provider: Mapped[str]
    model: Mapped[str]
    prompt_hash: Mapped[str]
    """SHA-256 of all that was asked, in hex; the text itself is not kept here."""
    state: Mapped[CallState] = mapped_column(enum_column(CallState), default=CallState.INTENT)
    accepted: Mapped[bool | None]
    """True when the reply passed its checks, False when it was refused; NULL when there is none to judge."""
    worst_micro_usd: Mapped[int]
    """What it may cost at most; counts against the run's cap until settled."""
    cost_micro_usd: Mapped[int | None]
    """What it cost; NULL = unknown."""
    cost_basis: Mapped[CostBasis | None] = mapped_column(enum_column(CostBasis))
    tokens_in: Mapped[int | None]
    tokens_out: Mapped[int | None]
    tokens_cached: Mapped[int | None]
    tokens_image: Mapped[int | None]
    """Output tokens that are image, where the provider tells them apart."""
    pictures: Mapped[int] = mapped_column(SmallInteger(), default=0, server_default="0")
    """Pictures in the reply; 0 for texts, without a reply, and for what the cache brought: nothing was made."""
    reply: Mapped[str | None]
    """What a repeat reads instead of paying again: the storage key of a picture, or a text as received. Sources that the
    provider gave apart from its text are put behind it, or into its JSON where that has a member for them."""
    reply_bytes: Mapped[int | None]
    provider_ref: Mapped[str | None]
    """The provider's own id of the generation, to reconcile with."""
    error_code: Mapped[str | None]
    error: Mapped[str | None]
    http_status: Mapped[int | None]
    is_sandbox: Mapped[bool] = mapped_column(default=False)
    started_at: Mapped[datetime] = mapped_column(server_default=func.now())
    ended_at: Mapped[datetime | None]
    """NULL while the outcome is open."""


class CallSum(Base):
    """What calls of one kind and day add up to, or change it by: the sum over all lines is that of the journal.

    Triggers on `calls` add a line in the transaction of each change, so that nobody waits for a row and a report reads
    thousands of lines instead of a million calls; see app.reports.sums. Lines go with their user, not with a call.
    """

    __tablename__ = "call_sums"
    __table_args__ = (
        Index("ix_call_sums_day", "day"),
        Index("ix_call_sums_user_day", "user_id", "day"),
        Index("ix_call_sums_loose", "day", postgresql_where=text("NOT is_merged")),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    day: Mapped[date]
    """On which the calls started, UTC."""
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    api_key_id: Mapped[uuid.UUID | None]
    pipeline: Mapped[str]
    step: Mapped[str]
    purpose: Mapped[str]
    provider: Mapped[str]
    model: Mapped[str]
    is_sandbox: Mapped[bool]
    is_merged: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whether it holds all that was known of its kind and day at some time; others are single changes."""
    calls: Mapped[int]
    """Requests made."""
    cached: Mapped[int]
    """Pictures that the cache brought: no request was made."""
    pictures: Mapped[int]
    accepted: Mapped[int]
    """Of the pictures, those that passed their checks."""
    known_micro_usd: Mapped[int]
    """Cost of the calls whose cost is known."""
    unknown: Mapped[int]
    """Calls whose cost is not known: under way, without an answer, or without a price."""
    doubt_micro_usd: Mapped[int]
    """What those cost at most."""
    tokens_in: Mapped[int | None]
    tokens_out: Mapped[int | None]
    tokens_cached: Mapped[int | None]
    tokens_image: Mapped[int | None]
    """NULL = no call told."""
    succeeded: Mapped[int] = mapped_column(default=0, server_default="0")
    """Of the requests made, those that were answered. These four are 0 before the day of migration 0014."""
    busy: Mapped[int] = mapped_column(default=0, server_default="0")
    """Put off: 429."""
    failed: Mapped[int] = mapped_column(default=0, server_default="0")
    """Rejected otherwise: nothing was charged."""
    unanswered: Mapped[int] = mapped_column(default=0, server_default="0")
    """Perhaps charged: UNKNOWN."""


class CachedPicture(Base):
    """An accepted picture that the same words bring again for nothing, or one that is being made (single flight)."""

    __tablename__ = "cached_pictures"
    __table_args__ = (
        # Of two equal requests at once one makes the picture; the other's row waits.
        Index("uq_cached_pictures_one_flight", "user_id", "key", unique=True),
        CheckConstraint("(owner IS NULL) = (picture IS NOT NULL)", name="made_or_being_made"),
        Index("ix_cached_pictures_owner", "owner", postgresql_where=text("owner IS NOT NULL")),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    key: Mapped[str]
    """SHA-256 of provider, model, parameters, aspect ratio, prompt and take, in hex."""
    owner: Mapped[uuid.UUID | None]
    """Lease token of the piece that makes it; dead when no live lease has it. NULL = it is there."""
    picture: Mapped[dict[str, Any] | None]
    """As Piece.picture has it; NULL while it is being made."""
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Unstored(Base):
    """Paid bytes that storage refused; the relay stores them and empties the table."""

    __tablename__ = "unstored"

    call_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("calls.id", ondelete="CASCADE"), primary_key=True)
    key: Mapped[str]
    mime: Mapped[str]
    data: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class ExchangeRate(Base):
    """What a US dollar was worth in another currency on a day, as somebody who may be asked said it."""

    __tablename__ = "exchange_rates"
    __table_args__ = (
        CheckConstraint("rate > 0", name="rate_positive"),
        CheckConstraint("currency ~ '^[A-Z]{3}$' AND currency <> 'USD'", name="currency_code"),
        CheckConstraint("source <> ''", name="source_told"),
    )

    currency: Mapped[str] = mapped_column(String(3), primary_key=True)
    """ISO 4217: PKR."""
    as_of: Mapped[date] = mapped_column(primary_key=True)
    rate: Mapped[Decimal] = mapped_column(Numeric(20, 10))
    """Units of the currency per US dollar."""
    source: Mapped[str]
    """Who says so: a bank, an address, a person."""
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
