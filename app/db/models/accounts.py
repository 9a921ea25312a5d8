"""Who: users, their keys, brands, quota and remembered requests."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db.models.base import Base, enum_column
from app.domain.plans import Plan
from app.domain.states import QuotaEntryKind, QuotaUnit


class User(Base):
    """Somebody who orders: the tenant. Nothing of one user is ever shown to another."""

    __tablename__ = "users"
    __table_args__ = (
        CheckConstraint("webhook_url IS NULL OR webhook_secret IS NOT NULL", name="webhook_has_secret"),
        CheckConstraint("(webhook_secret_before IS NULL) = (webhook_before_until IS NULL)", name="webhook_before_ends"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    name: Mapped[str] = mapped_column(unique=True)
    """What the operator calls the user, for example an e-mail address."""
    plan: Mapped[Plan] = mapped_column(enum_column(Plan), default=Plan.FREE)
    webhook_url: Mapped[str | None]
    """Where finished runs are told, by POST; NULL = nowhere. Only the operator sets it."""
    webhook_secret: Mapped[str | None]
    """Signs what is told, so it is kept as it is: whsec_ and base64. NULL = never told anything."""
    webhook_secret_before: Mapped[str | None]
    """The secret before that one, which signs too until `webhook_before_until`."""
    webhook_before_until: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class ApiKey(Base):
    """A key to the API. The key itself is shown once and never stored."""

    __tablename__ = "api_keys"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    """SHA-256 of the key."""
    prefix: Mapped[str]
    """The first characters, to tell keys apart in a list."""
    name: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    revoked_at: Mapped[datetime | None]
    """NULL while the key is good."""


class Brand(Base):
    """How a user's pictures and slides look and sound."""

    __tablename__ = "brands"
    __table_args__ = (UniqueConstraint("user_id", "name"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    name: Mapped[str]
    kit: Mapped[dict[str, Any]]
    """Theme, colours, handle, voice, visual style and logo: app.domain.brand.BrandKit as JSON."""
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class QuotaMonth(Base):
    """How much of one unit a user's month holds, reserved and used together: the row that is checked."""

    __tablename__ = "quota_months"
    __table_args__ = (CheckConstraint("used >= 0", name="used_not_negative"),)

    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    month: Mapped[date] = mapped_column(primary_key=True)
    """First day of the calendar month, UTC."""
    unit: Mapped[QuotaUnit] = mapped_column(enum_column(QuotaUnit), primary_key=True)
    used: Mapped[int]
    """Posts, ads, or micro-USD."""


class QuotaEntry(Base):
    """One line of the quota ledger: what a round took, and what it gave back, each at most once."""

    __tablename__ = "quota_entries"
    __table_args__ = (
        CheckConstraint("amount >= 0 OR kind = 'RECONCILED'", name="amount_not_negative"),
        # One reservation, one refund and one release of each unit in a round: a second one cannot be stored.
        Index("uq_quota_entries_once", "run_id", "round", "unit", "kind", unique=True),
        # A refund gives everything back, a release the rest: never both.
        Index(
            "uq_quota_entries_given_back_once",
            "run_id",
            "round",
            "unit",
            unique=True,
            postgresql_where=text("kind IN ('REFUNDED', 'RELEASED')"),
        ),
        Index("ix_quota_entries_user_month", "user_id", "month"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    run_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"))
    round: Mapped[int]
    month: Mapped[date]
    """The month that the reservation was booked in; what is given back goes to the same month."""
    unit: Mapped[QuotaUnit] = mapped_column(enum_column(QuotaUnit))
    kind: Mapped[QuotaEntryKind] = mapped_column(enum_column(QuotaEntryKind))
    amount: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class IdempotencyKey(Base):
    """A POST that was answered: the same key and body get the same answer."""

    __tablename__ = "idempotency_keys"

    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    request_hash: Mapped[bytes] = mapped_column(LargeBinary)
    """SHA-256 of method, path and body."""
    run_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"))
    status: Mapped[int]
    answer: Mapped[dict[str, Any]]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
