"""How much: budgets, what their months hold, and the alerts that they sent."""

from __future__ import annotations

import uuid
from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db.models.base import Base, enum_column
from app.domain.budgets import AlertChannel, AlertThreshold, BudgetEntryKind, BudgetScope


class Budget(Base):
    """How much a scope may cost in a calendar month (UTC): hard."""

    __tablename__ = "budgets"
    __table_args__ = (
        UniqueConstraint("scope", "subject"),
        CheckConstraint("limit_micro_usd >= 0", name="limit_not_negative"),
        CheckConstraint("(scope = 'installation') = (subject = '')", name="has_a_subject"),
        CheckConstraint("(scope IN ('user', 'key')) = (user_id IS NOT NULL)", name="has_an_owner"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    scope: Mapped[BudgetScope] = mapped_column(enum_column(BudgetScope))
    subject: Mapped[str]
    """The provider's name, the user's id or the key's id; empty for the installation."""
    user_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    """The user whose budget, or whose key's budget, it is; NULL = the operator's."""
    limit_micro_usd: Mapped[int]
    """0 = nothing may be paid for."""
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class BudgetMonth(Base):
    """What a month of a budget holds: the row that is checked."""

    __tablename__ = "budget_months"
    # More than the limit is possible: it may be lowered, and a provider may charge more than the worst that we knew.
    __table_args__ = (CheckConstraint("spent >= 0 AND used >= spent", name="used_holds_spent"),)

    budget_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("budgets.id", ondelete="CASCADE"), primary_key=True)
    month: Mapped[date] = mapped_column(primary_key=True)
    """First day of the calendar month, UTC."""
    used: Mapped[int]
    """Micro-USD: what live rounds reserved, and `spent`."""
    spent: Mapped[int]
    """Micro-USD: what the rounds that ended did cost. Calls in doubt count at their worst."""
    refused_at: Mapped[datetime | None]
    """When it first refused an order; NULL = it did not."""


class BudgetEntry(Base):
    """One line of a budget's ledger; see BudgetEntryKind."""

    __tablename__ = "budget_entries"
    __table_args__ = (
        UniqueConstraint("run_id", "round", "budget_id", "kind"),
        CheckConstraint("amount >= 0 OR kind = 'RECONCILED'", name="amount_not_negative"),
        Index("ix_budget_entries_budget_month", "budget_id", "month"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    budget_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("budgets.id", ondelete="CASCADE"))
    run_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"))
    round: Mapped[int]
    month: Mapped[date]
    """The month that the reservation was booked in; all that follows goes to the same month."""
    kind: Mapped[BudgetEntryKind] = mapped_column(enum_column(BudgetEntryKind))
    amount: Mapped[int]
    """Micro-USD."""
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Alert(Base):
    """Something that a budget's month reached: told once."""

    __tablename__ = "alerts"
    __table_args__ = (UniqueConstraint("budget_id", "month", "threshold"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    budget_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("budgets.id", ondelete="CASCADE"))
    month: Mapped[date]
    threshold: Mapped[AlertThreshold] = mapped_column(enum_column(AlertThreshold))
    limit_micro_usd: Mapped[int]
    """This and the next two: as they were when it was reached."""
    used: Mapped[int]
    spent: Mapped[int]
    projected_micro_usd: Mapped[int | None]
    """What the month would end with at that pace; NULL = too early to say."""
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class AlertDelivery(Base):
    """An alert on its way to one receiver; there is one for each channel that was set when the alert was written."""

    __tablename__ = "alert_deliveries"
    __table_args__ = (Index("ix_alert_deliveries_unsent", "next_try_at", postgresql_where=text("sent_at IS NULL")),)

    alert_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("alerts.id", ondelete="CASCADE"), primary_key=True)
    channel: Mapped[AlertChannel] = mapped_column(enum_column(AlertChannel), primary_key=True)
    tries: Mapped[int] = mapped_column(default=0, server_default="0")
    next_try_at: Mapped[datetime | None]
    """NULL = at once."""
    sent_at: Mapped[datetime | None]
    """When it arrived, or was given up; NULL while it is to be sent."""
    problem: Mapped[str | None]
    """Why the last try failed; NULL = it arrived, or was not tried."""
