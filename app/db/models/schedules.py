"""What is ordered by the clock: schedules, and what came of each of their slots."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db.models.base import Base, enum_column
from app.domain.schedules import FeedItems, MissedPolicy, PauseReason, SlotOutcome


class Schedule(Base):
    """A cron expression that orders runs of one pipeline."""

    __tablename__ = "schedules"
    __table_args__ = (
        UniqueConstraint("user_id", "name"),
        UniqueConstraint("user_id", "idempotency_key"),
        CheckConstraint("(paused_at IS NULL) = (next_at IS NOT NULL)", name="due_unless_paused"),
        CheckConstraint("(paused_at IS NULL) = (paused_because IS NULL)", name="pause_says_why"),
        CheckConstraint("(topics IS NULL) = (topics_into IS NULL)", name="topics_have_a_field"),
        CheckConstraint("topics IS NULL OR feed_url IS NULL", name="one_source"),
        CheckConstraint("(feed_url IS NULL) = (feed_items IS NULL)", name="feed_says_which"),
        CheckConstraint("feed_failures >= 0", name="feed_failures_not_negative"),
        CheckConstraint(
            "topics_drawn >= 0 AND (topics IS NULL OR topics_drawn <= jsonb_array_length(topics))",
            name="draws_what_is_there",
        ),
        CheckConstraint("ordered >= 0 AND refused >= 0 AND missed_slots >= 0", name="counts_not_negative"),
        CheckConstraint("(idempotency_key IS NULL) = (request_hash IS NULL)", name="key_with_hash"),
        Index("ix_schedules_due", "next_at", postgresql_where=text("paused_at IS NULL")),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    name: Mapped[str]
    pipeline: Mapped[str]
    request: Mapped[dict[str, Any]]
    """What is ordered, as the user sent it: defaults, and what is drawn, are put in at each slot."""
    cron: Mapped[str]
    """Five fields."""
    time_zone: Mapped[str]
    """IANA name."""
    topics: Mapped[list[str] | None] = mapped_column(JSONB(none_as_null=True))
    """What is drawn, one for each run, in this order; NULL = every run has the same request."""
    topics_into: Mapped[str | None]
    """The field of the request that a topic is put into."""
    topics_drawn: Mapped[int] = mapped_column(default=0)
    """How many of `topics`, from the front, have had their run."""
    repeat_topics: Mapped[bool] = mapped_column(default=False)
    """Start again with the first topic after the last one, instead of pausing."""
    feed_url: Mapped[str | None]
    """Where items to draw are fetched from, in the place of topics; NULL = nowhere."""
    feed_items: Mapped[FeedItems | None] = mapped_column(enum_column(FeedItems))
    """Which of them; NULL = it has no feed."""
    feed_read_at: Mapped[datetime | None]
    """When the feed was last read; NULL = never."""
    feed_try_at: Mapped[datetime | None]
    """Not read before this: somebody is at it, or it failed; NULL = as soon as it is due."""
    feed_failures: Mapped[int] = mapped_column(default=0)
    """How often the feed could not be read since it last was."""
    missed: Mapped[MissedPolicy] = mapped_column(enum_column(MissedPolicy), default=MissedPolicy.SKIP)
    """What becomes of slots that nobody started in time."""
    paused_at: Mapped[datetime | None]
    """NULL = it orders."""
    paused_because: Mapped[PauseReason | None] = mapped_column(enum_column(PauseReason))
    next_at: Mapped[datetime | None]
    """The next slot; NULL = paused."""
    last_at: Mapped[datetime | None]
    """When its last run was ordered, by the clock or by hand; NULL = never."""
    last_run_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("runs.id", ondelete="SET NULL"))
    last_problem: Mapped[dict[str, Any] | None]
    """{code, message} of why the last slot has no run; NULL = it has one."""
    ordered: Mapped[int] = mapped_column(default=0)
    """Slots that have a run; runs by hand are not counted."""
    refused: Mapped[int] = mapped_column(default=0)
    """Slots for which no run could be ordered."""
    missed_slots: Mapped[int] = mapped_column(default=0)
    """Slots that nobody started in time."""
    idempotency_key: Mapped[str | None]
    """The Idempotency-Key of the POST that made it; NULL = it had none."""
    request_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    """SHA-256 of that POST."""
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class ScheduleSlot(Base):
    """What came of one slot, or a run that was asked for by hand. The newest of each schedule are kept."""

    __tablename__ = "schedule_slots"
    __table_args__ = (
        # A slot is dealt with once, whoever starts it, and whatever the clocks of two machines say.
        UniqueConstraint("schedule_id", "slot"),
        CheckConstraint("(problem IS NULL) = (outcome <> 'REFUSED')", name="refused_says_why"),
        CheckConstraint("run_id IS NULL OR outcome = 'ORDERED'", name="run_only_when_ordered"),
        CheckConstraint("slot IS NOT NULL OR outcome = 'ORDERED'", name="by_hand_is_ordered"),
        CheckConstraint("missed >= 0", name="missed_not_negative"),
        Index("ix_schedule_slots_newest", "schedule_id", text("at DESC")),
        Index("ix_schedule_slots_run", "run_id", postgresql_where=text("run_id IS NOT NULL")),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    schedule_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("schedules.id", ondelete="CASCADE"))
    slot: Mapped[datetime | None]
    """When it was due; NULL = asked for by hand."""
    at: Mapped[datetime]
    """When it was dealt with."""
    outcome: Mapped[SlotOutcome] = mapped_column(enum_column(SlotOutcome))
    run_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("runs.id", ondelete="SET NULL"))
    topic: Mapped[str | None]
    """What was drawn for the run; NULL = nothing."""
    problem: Mapped[dict[str, Any] | None]
    """{code, message} of why there is no run."""
    missed: Mapped[int] = mapped_column(default=0)
    """Slots that nobody started in time: those before this one and, when MISSED, this one too."""


class ScheduleItem(Base):
    """An article of a schedule's feed. Those that the feed does not list any more are forgotten after a while."""

    __tablename__ = "schedule_items"
    __table_args__ = (
        # An article is drawn once, however often the feed lists it.
        UniqueConstraint("schedule_id", "key"),
        CheckConstraint("run_id IS NULL OR taken_at IS NOT NULL", name="run_only_when_taken"),
        Index("ix_schedule_items_waiting", "schedule_id", postgresql_where=text("taken_at IS NULL")),
        Index("ix_schedule_items_run", "run_id", postgresql_where=text("run_id IS NOT NULL")),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    schedule_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("schedules.id", ondelete="CASCADE"))
    key: Mapped[str]
    """What makes it this article: its address, else a digest of its title."""
    url: Mapped[str | None]
    """NULL = the feed names no address."""
    title: Mapped[str]
    summary: Mapped[str]
    """Empty: the feed has none."""
    has_image: Mapped[bool]
    published: Mapped[datetime | None]
    """NULL = the feed tells no time."""
    seen_at: Mapped[datetime]
    """When it was first read."""
    place: Mapped[int]
    """Its place in the feed then, from 0: feeds list the newest first."""
    listed_at: Mapped[datetime]
    """When the feed last listed it."""
    taken_at: Mapped[datetime | None]
    """When it was drawn; NULL = it waits."""
    run_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("runs.id", ondelete="SET NULL"))
