"""Feeds of schedules: when each was read, and the articles that it listed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

TIME = sa.DateTime(timezone=True)
OUTCOMES = ("ORDERED", "REFUSED", "MISSED")


def _outcomes(known: tuple[str, ...]) -> None:
    listed = ", ".join(repr(value) for value in known)
    name = op.f("ck_schedule_slots_slotoutcome_known")
    op.drop_constraint(name, "schedule_slots", type_="check")
    op.create_check_constraint(name, "schedule_slots", f"outcome IN ({listed})")


def upgrade() -> None:
    """Apply."""
    op.add_column("schedules", sa.Column("feed_items", sa.String(32), nullable=True))
    op.add_column("schedules", sa.Column("feed_read_at", TIME, nullable=True))
    op.add_column("schedules", sa.Column("feed_try_at", TIME, nullable=True))
    op.add_column("schedules", sa.Column("feed_failures", sa.BigInteger(), nullable=False, server_default="0"))
    op.alter_column("schedules", "feed_failures", server_default=None)
    op.execute("UPDATE schedules SET feed_items = 'without_image' WHERE feed_url IS NOT NULL")
    op.create_check_constraint(
        op.f("ck_schedules_feeditems_known"), "schedules", "feed_items IN ('without_image', 'all')"
    )
    op.create_check_constraint(
        op.f("ck_schedules_feed_says_which"), "schedules", "(feed_url IS NULL) = (feed_items IS NULL)"
    )
    op.create_check_constraint(op.f("ck_schedules_feed_failures_not_negative"), "schedules", "feed_failures >= 0")
    _outcomes((*OUTCOMES, "NOTHING_NEW"))
    op.create_table(
        "schedule_items",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("schedule_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("url", sa.String(), nullable=True),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("summary", sa.String(), nullable=False),
        sa.Column("has_image", sa.Boolean(), nullable=False),
        sa.Column("published", TIME, nullable=True),
        sa.Column("seen_at", TIME, nullable=False),
        sa.Column("place", sa.BigInteger(), nullable=False),
        sa.Column("listed_at", TIME, nullable=False),
        sa.Column("taken_at", TIME, nullable=True),
        sa.Column("run_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "run_id IS NULL OR taken_at IS NOT NULL", name=op.f("ck_schedule_items_run_only_when_taken")
        ),
        sa.ForeignKeyConstraint(
            ["schedule_id"], ["schedules.id"], name=op.f("fk_schedule_items_schedule_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_schedule_items_run_id"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_schedule_items")),
        sa.UniqueConstraint("schedule_id", "key", name=op.f("uq_schedule_items_schedule_id_key")),
    )
    op.create_index(
        "ix_schedule_items_waiting", "schedule_items", ["schedule_id"], postgresql_where=sa.text("taken_at IS NULL")
    )
    op.create_index(
        "ix_schedule_items_run", "schedule_items", ["run_id"], postgresql_where=sa.text("run_id IS NOT NULL")
    )


def downgrade() -> None:
    """Undo; slots without anything new are forgotten."""
    op.drop_table("schedule_items")
    op.execute("DELETE FROM schedule_slots WHERE outcome = 'NOTHING_NEW'")
    _outcomes(OUTCOMES)
    for column in ("feed_failures", "feed_try_at", "feed_read_at", "feed_items"):
        op.drop_column("schedules", column)
