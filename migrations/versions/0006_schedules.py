"""Schedules, and what came of their slots."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"

JSONB = postgresql.JSONB(none_as_null=True, astext_type=sa.Text())
TIME = sa.DateTime(timezone=True)


def _known(column: str, table: str, kind: str, values: tuple[str, ...]) -> sa.CheckConstraint:
    listed = ", ".join(repr(value) for value in values)
    return sa.CheckConstraint(f"{column} IN ({listed})", name=op.f(f"ck_{table}_{kind}_known"))


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "schedules",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("pipeline", sa.String(), nullable=False),
        sa.Column("request", JSONB, nullable=False),
        sa.Column("cron", sa.String(), nullable=False),
        sa.Column("time_zone", sa.String(), nullable=False),
        sa.Column("topics", JSONB, nullable=True),
        sa.Column("topics_into", sa.String(), nullable=True),
        sa.Column("topics_drawn", sa.BigInteger(), nullable=False),
        sa.Column("repeat_topics", sa.Boolean(), nullable=False),
        sa.Column("feed_url", sa.String(), nullable=True),
        sa.Column("missed", sa.String(32), nullable=False),
        sa.Column("paused_at", TIME, nullable=True),
        sa.Column("paused_because", sa.String(32), nullable=True),
        sa.Column("next_at", TIME, nullable=True),
        sa.Column("last_at", TIME, nullable=True),
        sa.Column("last_run_id", sa.Uuid(), nullable=True),
        sa.Column("last_problem", JSONB, nullable=True),
        sa.Column("ordered", sa.BigInteger(), nullable=False),
        sa.Column("refused", sa.BigInteger(), nullable=False),
        sa.Column("missed_slots", sa.BigInteger(), nullable=False),
        sa.Column("idempotency_key", sa.String(), nullable=True),
        sa.Column("request_hash", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", TIME, server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("(paused_at IS NULL) = (next_at IS NOT NULL)", name=op.f("ck_schedules_due_unless_paused")),
        sa.CheckConstraint("(paused_at IS NULL) = (paused_because IS NULL)", name=op.f("ck_schedules_pause_says_why")),
        sa.CheckConstraint("(topics IS NULL) = (topics_into IS NULL)", name=op.f("ck_schedules_topics_have_a_field")),
        sa.CheckConstraint("topics IS NULL OR feed_url IS NULL", name=op.f("ck_schedules_one_source")),
        sa.CheckConstraint(
            "topics_drawn >= 0 AND (topics IS NULL OR topics_drawn <= jsonb_array_length(topics))",
            name=op.f("ck_schedules_draws_what_is_there"),
        ),
        sa.CheckConstraint(
            "ordered >= 0 AND refused >= 0 AND missed_slots >= 0", name=op.f("ck_schedules_counts_not_negative")
        ),
        sa.CheckConstraint(
            "(idempotency_key IS NULL) = (request_hash IS NULL)", name=op.f("ck_schedules_key_with_hash")
        ),
        _known("missed", "schedules", "missedpolicy", ("skip", "catch_up_once")),
        _known("paused_because", "schedules", "pausereason", ("asked", "topics_used_up", "unusable")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_schedules_user_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["last_run_id"], ["runs.id"], name=op.f("fk_schedules_last_run_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_schedules")),
        sa.UniqueConstraint("user_id", "name", name=op.f("uq_schedules_user_id_name")),
        sa.UniqueConstraint("user_id", "idempotency_key", name=op.f("uq_schedules_user_id_idempotency_key")),
    )
    op.create_index("ix_schedules_due", "schedules", ["next_at"], postgresql_where=sa.text("paused_at IS NULL"))
    op.create_table(
        "schedule_slots",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("schedule_id", sa.Uuid(), nullable=False),
        sa.Column("slot", TIME, nullable=True),
        sa.Column("at", TIME, nullable=False),
        sa.Column("outcome", sa.String(32), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=True),
        sa.Column("topic", sa.String(), nullable=True),
        sa.Column("problem", JSONB, nullable=True),
        sa.Column("missed", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "(problem IS NULL) = (outcome <> 'REFUSED')", name=op.f("ck_schedule_slots_refused_says_why")
        ),
        sa.CheckConstraint(
            "run_id IS NULL OR outcome = 'ORDERED'", name=op.f("ck_schedule_slots_run_only_when_ordered")
        ),
        sa.CheckConstraint(
            "slot IS NOT NULL OR outcome = 'ORDERED'", name=op.f("ck_schedule_slots_by_hand_is_ordered")
        ),
        sa.CheckConstraint("missed >= 0", name=op.f("ck_schedule_slots_missed_not_negative")),
        _known("outcome", "schedule_slots", "slotoutcome", ("ORDERED", "REFUSED", "MISSED")),
        sa.ForeignKeyConstraint(
            ["schedule_id"], ["schedules.id"], name=op.f("fk_schedule_slots_schedule_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_schedule_slots_run_id"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_schedule_slots")),
        sa.UniqueConstraint("schedule_id", "slot", name=op.f("uq_schedule_slots_schedule_id_slot")),
    )
    op.create_index("ix_schedule_slots_newest", "schedule_slots", ["schedule_id", sa.text("at DESC")])
    op.create_index(
        "ix_schedule_slots_run", "schedule_slots", ["run_id"], postgresql_where=sa.text("run_id IS NOT NULL")
    )


def downgrade() -> None:
    """Undo."""
    op.drop_table("schedule_slots")
    op.drop_table("schedules")
