"""What is made: runs, their pieces, events and notifications."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.db.models.base import Base, enum_column
from app.domain.states import PieceState, RunState


class Run(Base):
    """One order being made. Its id is the post's id."""

    __tablename__ = "runs"
    __table_args__ = (
        CheckConstraint("round >= 1", name="round_from_one"),
        CheckConstraint(
            "reserved_micro_usd >= 0 AND held_micro_usd >= 0 AND spent_micro_usd >= 0", name="money_not_negative"
        ),
        CheckConstraint("overrun_micro_usd >= 0", name="overrun_not_negative"),
        # The cap: passed only by what a provider charged above the worst case that it was asked at.
        CheckConstraint(
            "spent_micro_usd + held_micro_usd <= reserved_micro_usd + overrun_micro_usd", name="within_cap"
        ),
        CheckConstraint(
            "(finished_at IS NOT NULL) = (state IN ('READY', 'PARTIAL', 'FAILED', 'CANCELED'))",
            name="finished_when_terminal",
        ),
        Index("ix_runs_user_created", "user_id", text("created_at DESC")),
        Index("ix_runs_api_key", "api_key_id", postgresql_where=text("api_key_id IS NOT NULL")),
        # All that reports ask of delivered runs: they are counted without a look at the rows, which hold requests.
        Index(
            "ix_runs_delivered",
            "finished_at",
            postgresql_include=["pipeline", "user_id", "made_from"],
            postgresql_where=text("state IN ('READY', 'PARTIAL')"),
        ),
        Index("ix_runs_made_from", "made_from", postgresql_where=text("made_from IS NOT NULL")),
        Index("ix_runs_queued", "created_at", postgresql_where=text("state = 'QUEUED' AND admitted_at IS NULL")),
        Index(
            "ix_runs_live",
            "user_id",
            postgresql_where=text(
                "admitted_at IS NOT NULL AND state IN ('QUEUED', 'GENERATING_TEXT', 'GENERATING_IMAGES')"
            ),
        ),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    api_key_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("api_keys.id", ondelete="SET NULL"))
    """The key that ordered its present round; NULL = a schedule did, or it is from before that was noted."""
    pipeline: Mapped[str]
    pipeline_version: Mapped[int]
    """Version of the pipeline's code that made the first plan; a later version reads it."""
    made_from: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("runs.id", ondelete="SET NULL"))
    """The run whose texts and pictures it has in another format; NULL = it was ordered."""
    made_from_round: Mapped[int | None]
    """The round of that run in which it was copied: only another round can change what was copied."""
    seed_run_id: Mapped[uuid.UUID | None]
    """The first run of a row of copies: their typographic backgrounds are its own. NULL = it copied nothing. No foreign
    key: backgrounds stay what they are when that run is gone."""
    is_sandbox: Mapped[bool | None]
    """Whether the calls for what it copied went to the sandbox; NULL = it copied nothing, and its own calls tell."""
    request: Mapped[dict[str, Any]]
    """The validated request, with defaults filled in; what is null is left out, as workers of the release before refuse
    fields that they do not know."""
    brand: Mapped[dict[str, Any]]
    """The brand kit as it was when the run was ordered."""
    state: Mapped[RunState] = mapped_column(enum_column(RunState), default=RunState.QUEUED)
    round: Mapped[int] = mapped_column(default=1)
    """1 at the start, +1 with each resume, re-render or edit of a finished run."""
    reserved_micro_usd: Mapped[int]
    """What the present round may spend at most, with all earlier rounds' spending: the cap."""
    held_micro_usd: Mapped[int] = mapped_column(default=0)
    """Worst case of the calls whose outcome is not known (INTENT and UNKNOWN)."""
    spent_micro_usd: Mapped[int] = mapped_column(default=0)
    """Cost of the calls that are settled."""
    overrun_micro_usd: Mapped[int] = mapped_column(default=0, server_default="0")
    """By how much the present round passed its cap: a provider charged more than the worst case. 0 = it did not."""
    result: Mapped[dict[str, Any] | None]
    """Storage keys of what belongs to the whole run (carousel_pdf, deck_pptx); NULL until finished."""
    failure: Mapped[dict[str, Any] | None]
    """{code, message} of why the run is FAILED or PARTIAL; NULL otherwise."""
    last_event: Mapped[int] = mapped_column(default=0)
    """Number of the newest event; counts per run, in the transaction of the change."""
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    admitted_at: Mapped[datetime | None]
    """When admission published its first step; NULL = waiting for its turn."""
    started_at: Mapped[datetime | None]
    """First claim of the present round; NULL until then."""
    progressed_at: Mapped[datetime | None]
    """Last event of the present round; the watchdog reads it."""
    finished_at: Mapped[datetime | None]

    pieces: Mapped[list[Piece]] = relationship(
        back_populates="run", order_by="(Piece.kind, Piece.position)", lazy="raise"
    )


class Piece(Base):
    """One part of a run's result, text or picture."""

    __tablename__ = "pieces"
    __table_args__ = (
        UniqueConstraint("run_id", "kind", "position"),
        CheckConstraint("attempt >= 0", name="attempt_not_negative"),
        CheckConstraint("(lease_token IS NULL) = (lease_until IS NULL)", name="lease_whole"),
        CheckConstraint("(step IS NULL) = (state IN ('READY', 'FAILED'))", name="step_until_terminal"),
        CheckConstraint("NOT (state = 'READY' AND is_picture AND picture IS NULL)", name="ready_picture_has_key"),
        CheckConstraint("NOT (state = 'FAILED' AND failure IS NULL)", name="failed_says_why"),
        # A slide from before its proof was kept has no `overflow`.
        CheckConstraint(
            "NOT (state = 'READY' AND composed ? 'overflow')"
            """ OR (composed @> '{"missing_glyphs": 0, "overflow": false, "safe": true}'"""
            " AND coalesce((composed ->> 'contrast')::numeric >= 4.5, true)"
            # A picture without words has no type on it.
            " AND (coalesce((composed ->> 'least_type_px')::numeric"
            " >= floor(28 * least((composed ->> 'width')::numeric, (composed ->> 'height')::numeric) / 1080), true)"
            """ OR composed @> '{"least_type_px": 0}' AND concat(composed ->> 'title', composed ->> 'body') = ''))""",
            name="ready_slide_is_proven",
        ),
        Index("ix_pieces_due", "sent_at", postgresql_where=text("step IS NOT NULL")),
        Index("ix_pieces_lease", "lease_token", unique=True, postgresql_where=text("lease_token IS NOT NULL")),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    run_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"))
    kind: Mapped[str]
    """slide, article, quote, content, ...: the pipeline's word."""
    position: Mapped[int]
    """0-based among the pieces of its kind."""
    is_picture: Mapped[bool]
    state: Mapped[PieceState] = mapped_column(enum_column(PieceState), default=PieceState.PENDING)
    step: Mapped[str | None]
    """The step that moves it next; NULL when it is terminal."""
    round: Mapped[int]
    """The run's round in which it was last planned; steps of an older round do nothing."""
    version: Mapped[int] = mapped_column(default=1)
    """Raised by an edit: a result for an older version is paid and kept, not current."""
    take: Mapped[int] = mapped_column(default=1)
    """Raised by a re-render: the same prompt shall give another picture."""
    data: Mapped[dict[str, Any]]
    """Its text, as the pipeline's schema has it."""
    prompt: Mapped[str | None]
    """The drafted image prompt; NULL until PROMPTED."""
    picture: Mapped[dict[str, Any] | None]
    """{key, mime, width, height, bytes, sha256, fingerprint, provider, model, call_id, seconds, cached, sandbox} of the
    picture as the provider made it, and labelled: {key, bytes, sha256, had_credentials} of the copy that people are
    shown, whose file says where it comes from. NULL until RENDERED, and again while a refused one is made anew."""
    review: Mapped[dict[str, Any] | None]
    """The verdict on that picture, or {skipped: why}; NULL until it was looked at."""
    refused: Mapped[list[dict[str, Any]]] = mapped_column(default=list, server_default="[]")
    """The pictures that the review refused in this round: [{picture, verdict}], oldest first."""
    rewrites: Mapped[int] = mapped_column(default=0, server_default="0")
    """How often its prompt was rewritten in this round because a safety filter refused it."""
    composed: Mapped[dict[str, Any] | None]
    """The finished slide: {key, mime, width, height, bytes, sha256}; the texts that stand on it: {title, body, alt_text};
    how it was drawn: {layout, theme, language, scrim}; its proof: {contrast, missing_glyphs, left_out, overflow,
    safe, least_type_px}. NULL until composed. An edit leaves it as it is until the new one is drawn."""
    failure: Mapped[dict[str, Any] | None]
    """{code, message, step} of why it FAILED, and {causes} when several providers did; NULL otherwise."""
    attempt: Mapped[int] = mapped_column(default=0)
    """Claims of the present step; past the step's most, the piece FAILED."""
    lease_token: Mapped[uuid.UUID | None]
    """Who works on it: new with each claim, so that a late result cannot be written."""
    lease_until: Mapped[datetime | None]
    next_try_at: Mapped[datetime | None]
    """Not to be worked on before this; NULL = due."""
    sent_at: Mapped[datetime | None]
    """When its step was last published; NULL = never in this round."""
    sent_count: Mapped[int] = mapped_column(default=0)
    """How often its present step was published; in a backlog the relay's wait doubles with it."""
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now())

    run: Mapped[Run] = relationship(back_populates="pieces", lazy="raise")


class Event(Base):
    """One change of a run, in the order in which it happened."""

    __tablename__ = "events"

    run_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    """1, 2, 3, ... per run, without a gap: taken in the transaction of the change."""
    type: Mapped[str]
    """run.<state>, piece.<state>, piece.retry, ..."""
    data: Mapped[dict[str, Any]]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Notification(Base):
    """Something to tell a user, written with the change; the relay sends it."""

    __tablename__ = "notifications"
    __table_args__ = (
        UniqueConstraint("run_id", "round", "kind"),
        CheckConstraint("(run_id IS NULL) = (round IS NULL)", name="round_of_run"),
        Index("ix_notifications_unsent", "created_at", postgresql_where=text("sent_at IS NULL")),
        Index("ix_notifications_user_created", "user_id", text("created_at DESC"), text("id DESC")),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    run_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"))
    """The run that it tells of; NULL = it tells of a budget."""
    round: Mapped[int | None]
    kind: Mapped[str]
    """run_finished, budget_alert: the message's `type`."""
    payload: Mapped[dict[str, Any]]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    tries: Mapped[int] = mapped_column(default=0)
    next_try_at: Mapped[datetime | None]
    """NULL = at once."""
    sent_at: Mapped[datetime | None]
    """NULL while it is to be sent; also set when the user has no address or it was given up: nothing is tried for ever."""
    problem: Mapped[str | None]
    """Why the last try failed, or `no_address`."""


class WebhookAttempt(Base):
    """One try to tell a user something."""

    __tablename__ = "webhook_attempts"

    notification_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("notifications.id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(primary_key=True)
    """1, 2, 3, ... of its notification."""
    at: Mapped[datetime] = mapped_column(server_default=func.now())
    ms: Mapped[int]
    """How long the receiver took, or was waited for."""
    status: Mapped[int | None]
    """Its HTTP status; NULL = it did not answer, or was not asked."""
    problem: Mapped[str | None]
    """Why it was no delivery; NULL = it was."""
