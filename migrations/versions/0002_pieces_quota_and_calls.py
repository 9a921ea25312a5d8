"""Pieces, the quota ledger and the journal of calls."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "pieces",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("is_picture", sa.Boolean(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "PENDING",
                "PROMPTED",
                "RENDERED",
                "READY",
                "FAILED",
                name="piecestate_known",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("step", sa.String(), nullable=True),
        sa.Column("round", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("take", sa.BigInteger(), nullable=False),
        sa.Column("data", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column("prompt", sa.String(), nullable=True),
        sa.Column("picture", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("composed", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("failure", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("attempt", sa.BigInteger(), nullable=False),
        sa.Column("lease_token", sa.Uuid(), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_count", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "(step IS NULL) = (state IN ('READY', 'FAILED'))", name=op.f("ck_pieces_step_until_terminal")
        ),
        sa.CheckConstraint("NOT (state = 'FAILED' AND failure IS NULL)", name=op.f("ck_pieces_failed_says_why")),
        sa.CheckConstraint(
            "NOT (state = 'READY' AND is_picture AND picture IS NULL)", name=op.f("ck_pieces_ready_picture_has_key")
        ),
        sa.CheckConstraint("(lease_token IS NULL) = (lease_until IS NULL)", name=op.f("ck_pieces_lease_whole")),
        sa.CheckConstraint("attempt >= 0", name=op.f("ck_pieces_attempt_not_negative")),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_pieces_run_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pieces")),
        sa.UniqueConstraint("run_id", "kind", "position", name=op.f("uq_pieces_run_id_kind_position")),
    )
    op.create_index("ix_pieces_due", "pieces", ["sent_at"], unique=False, postgresql_where=sa.text("step IS NOT NULL"))
    op.create_index(
        "ix_pieces_lease", "pieces", ["lease_token"], unique=True, postgresql_where=sa.text("lease_token IS NOT NULL")
    )
    op.create_table(
        "quota_entries",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("round", sa.BigInteger(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column(
            "unit",
            sa.Enum(
                "posts",
                "ads",
                "micro_usd",
                name="quotaunit_known",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "kind",
            sa.Enum(
                "RESERVED",
                "REFUNDED",
                "RELEASED",
                name="quotaentrykind_known",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("amount >= 0", name=op.f("ck_quota_entries_amount_not_negative")),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_quota_entries_run_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_quota_entries_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quota_entries")),
    )
    op.create_index("ix_quota_entries_user_month", "quota_entries", ["user_id", "month"], unique=False)
    op.create_index(
        "uq_quota_entries_given_back_once",
        "quota_entries",
        ["run_id", "round", "unit"],
        unique=True,
        postgresql_where=sa.text("kind IN ('REFUNDED', 'RELEASED')"),
    )
    op.create_index("uq_quota_entries_once", "quota_entries", ["run_id", "round", "unit", "kind"], unique=True)
    op.create_table(
        "calls",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("piece_id", sa.Uuid(), nullable=False),
        sa.Column("round", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("take", sa.BigInteger(), nullable=False),
        sa.Column("attempt", sa.BigInteger(), nullable=False),
        sa.Column("step", sa.String(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("provider", sa.String(), nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("prompt_hash", sa.String(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "INTENT",
                "SUCCEEDED",
                "FAILED",
                "UNKNOWN",
                name="callstate_known",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("accepted", sa.Boolean(), nullable=True),
        sa.Column("worst_micro_usd", sa.BigInteger(), nullable=False),
        sa.Column("cost_micro_usd", sa.BigInteger(), nullable=True),
        sa.Column(
            "cost_basis",
            sa.Enum(
                "provider",
                "table",
                "none",
                "unknown",
                name="costbasis_known",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column("tokens_in", sa.BigInteger(), nullable=True),
        sa.Column("tokens_out", sa.BigInteger(), nullable=True),
        sa.Column("tokens_cached", sa.BigInteger(), nullable=True),
        sa.Column("tokens_image", sa.BigInteger(), nullable=True),
        sa.Column("reply", sa.String(), nullable=True),
        sa.Column("reply_bytes", sa.BigInteger(), nullable=True),
        sa.Column("provider_ref", sa.String(), nullable=True),
        sa.Column("error_code", sa.String(), nullable=True),
        sa.Column("error", sa.String(), nullable=True),
        sa.Column("http_status", sa.BigInteger(), nullable=True),
        sa.Column("is_sandbox", sa.Boolean(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(cost_micro_usd IS NULL) = (cost_basis IS NULL OR cost_basis = 'unknown')",
            name=op.f("ck_calls_unknown_cost_is_null"),
        ),
        sa.CheckConstraint("(ended_at IS NULL) = (state = 'INTENT')", name=op.f("ck_calls_ended_unless_open")),
        sa.CheckConstraint("cost_micro_usd >= 0 AND worst_micro_usd >= 0", name=op.f("ck_calls_money_not_negative")),
        sa.ForeignKeyConstraint(["piece_id"], ["pieces.id"], name=op.f("fk_calls_piece_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_calls_run_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_calls_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calls")),
    )
    op.create_index(
        "ix_calls_open",
        "calls",
        ["started_at"],
        unique=False,
        postgresql_where=sa.text("state IN ('INTENT', 'UNKNOWN')"),
    )
    op.create_index("ix_calls_piece_purpose", "calls", ["piece_id", "purpose"], unique=False)
    op.create_index("ix_calls_run", "calls", ["run_id"], unique=False)
    op.create_index("ix_calls_user_started", "calls", ["user_id", "started_at"], unique=False)
    op.create_table(
        "unstored",
        sa.Column("call_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("mime", sa.String(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name=op.f("fk_unstored_call_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("call_id", name=op.f("pk_unstored")),
    )


def downgrade() -> None:
    """Undo."""
    op.drop_table("unstored")
    op.drop_index("ix_calls_user_started", table_name="calls")
    op.drop_index("ix_calls_run", table_name="calls")
    op.drop_index("ix_calls_piece_purpose", table_name="calls")
    op.drop_index("ix_calls_open", table_name="calls", postgresql_where=sa.text("state IN ('INTENT', 'UNKNOWN')"))
    op.drop_table("calls")
    op.drop_index("uq_quota_entries_once", table_name="quota_entries")
    op.drop_index(
        "uq_quota_entries_given_back_once",
        table_name="quota_entries",
        postgresql_where=sa.text("kind IN ('REFUNDED', 'RELEASED')"),
    )
    op.drop_index("ix_quota_entries_user_month", table_name="quota_entries")
    op.drop_table("quota_entries")
    op.drop_index("ix_pieces_lease", table_name="pieces", postgresql_where=sa.text("lease_token IS NOT NULL"))
    op.drop_index("ix_pieces_due", table_name="pieces", postgresql_where=sa.text("step IS NOT NULL"))
    op.drop_table("pieces")
