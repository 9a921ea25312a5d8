"""What it cost: the journal of calls, and paid bytes that no storage has taken yet."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, func, text
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
        Index("ix_calls_piece_purpose", "piece_id", "purpose"),
        Index("ix_calls_user_started", "user_id", "started_at"),
        Index("ix_calls_open", "started_at", postgresql_where=text("state IN ('INTENT', 'UNKNOWN')")),
        Index("ix_calls_run", "run_id"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    run_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"))
    piece_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("pieces.id", ondelete="CASCADE"))
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
    reply: Mapped[str | None]
    """A text reply as received, or the storage key of a picture: what a repeat reads instead of paying again."""
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
