"""the first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None

# The legal moves of app.domain.states, once more where no code can pass them by.
RUN_MOVES = """
CREATE FUNCTION legal_run_move(old text, new text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT (old, new) IN (
        ('QUEUED', 'GENERATING_TEXT'), ('QUEUED', 'GENERATING_IMAGES'), ('QUEUED', 'FAILED'), ('QUEUED', 'CANCELED'),
        ('GENERATING_TEXT', 'GENERATING_IMAGES'), ('GENERATING_TEXT', 'READY'), ('GENERATING_TEXT', 'PARTIAL'),
        ('GENERATING_TEXT', 'FAILED'), ('GENERATING_TEXT', 'CANCELED'),
        ('GENERATING_IMAGES', 'READY'), ('GENERATING_IMAGES', 'PARTIAL'), ('GENERATING_IMAGES', 'FAILED'),
        ('GENERATING_IMAGES', 'CANCELED'),
        ('READY', 'GENERATING_TEXT'), ('READY', 'GENERATING_IMAGES'),
        ('PARTIAL', 'GENERATING_TEXT'), ('PARTIAL', 'GENERATING_IMAGES'),
        ('FAILED', 'GENERATING_TEXT'), ('FAILED', 'GENERATING_IMAGES')
    )
$$;
CREATE FUNCTION guard_run_move() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT legal_run_move(OLD.state, NEW.state) THEN
        RAISE EXCEPTION 'a run cannot go from % to %', OLD.state, NEW.state USING ERRCODE = 'check_violation';
    END IF;
    IF OLD.state IN ('READY', 'PARTIAL', 'FAILED') AND NEW.round <= OLD.round THEN
        RAISE EXCEPTION 'a finished run goes on only in a new round' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER guard_run_move BEFORE UPDATE OF state ON runs
    FOR EACH ROW WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION guard_run_move();
"""
PIECE_MOVES = """
CREATE FUNCTION legal_piece_move(old text, new text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT (old, new) IN (
        ('PENDING', 'PROMPTED'), ('PENDING', 'RENDERED'), ('PENDING', 'READY'), ('PENDING', 'FAILED'),
        ('PROMPTED', 'RENDERED'), ('PROMPTED', 'READY'), ('PROMPTED', 'FAILED'),
        ('RENDERED', 'PROMPTED'), ('RENDERED', 'READY'), ('RENDERED', 'FAILED'),
        ('READY', 'PENDING'), ('READY', 'PROMPTED'), ('READY', 'RENDERED'),
        ('FAILED', 'PENDING'), ('FAILED', 'PROMPTED'), ('FAILED', 'RENDERED')
    )
$$;
CREATE FUNCTION guard_piece_move() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT legal_piece_move(OLD.state, NEW.state) THEN
        RAISE EXCEPTION 'a piece cannot go from % to %', OLD.state, NEW.state USING ERRCODE = 'check_violation';
    END IF;
    IF OLD.state IN ('READY', 'FAILED') AND NEW.round <= OLD.round AND NEW.version <= OLD.version THEN
        RAISE EXCEPTION 'a finished piece goes on only in a new round or version' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER guard_piece_move BEFORE UPDATE OF state ON pieces
    FOR EACH ROW WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION guard_piece_move();
"""
# The journal is append-only in what matters: an outcome is written once, and a settled call never changes its money.
CALL_OUTCOMES = """
CREATE FUNCTION guard_call_outcome() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state IN ('SUCCEEDED', 'FAILED')
        AND (NEW.state, NEW.cost_micro_usd, NEW.cost_basis) IS DISTINCT FROM
            (OLD.state, OLD.cost_micro_usd, OLD.cost_basis) THEN
        RAISE EXCEPTION 'call % is settled', OLD.id USING ERRCODE = 'check_violation';
    END IF;
    IF OLD.state = 'UNKNOWN' AND NEW.state = 'INTENT' THEN
        RAISE EXCEPTION 'call % cannot become open again', OLD.id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER guard_call_outcome BEFORE UPDATE ON calls FOR EACH ROW EXECUTE FUNCTION guard_call_outcome();
"""


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "users",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column(
            "plan",
            sa.Enum(
                "free",
                "creator",
                "pro",
                "business",
                name="plan_known",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("webhook_url", sa.String(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("name", name=op.f("uq_users_name")),
    )
    op.create_table(
        "api_keys",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("prefix", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_api_keys_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_keys")),
        sa.UniqueConstraint("hash", name=op.f("uq_api_keys_hash")),
    )
    op.create_index(op.f("ix_api_keys_user_id"), "api_keys", ["user_id"], unique=False)
    op.create_table(
        "brands",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("kit", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_brands_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_brands")),
        sa.UniqueConstraint("user_id", "name", name=op.f("uq_brands_user_id_name")),
    )
    op.create_table(
        "quota_months",
        sa.Column("user_id", sa.Uuid(), nullable=False),
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
        sa.Column("used", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("used >= 0", name=op.f("ck_quota_months_used_not_negative")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_quota_months_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("user_id", "month", "unit", name=op.f("pk_quota_months")),
    )
    op.create_table(
        "runs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("pipeline", sa.String(), nullable=False),
        sa.Column("pipeline_version", sa.BigInteger(), nullable=False),
        sa.Column("request", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column("brand", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "QUEUED",
                "GENERATING_TEXT",
                "GENERATING_IMAGES",
                "READY",
                "PARTIAL",
                "FAILED",
                "CANCELED",
                name="runstate_known",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("round", sa.BigInteger(), nullable=False),
        sa.Column("reserved_micro_usd", sa.BigInteger(), nullable=False),
        sa.Column("held_micro_usd", sa.BigInteger(), nullable=False),
        sa.Column("spent_micro_usd", sa.BigInteger(), nullable=False),
        sa.Column("result", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("failure", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("last_event", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("admitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("progressed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(finished_at IS NOT NULL) = (state IN ('READY', 'PARTIAL', 'FAILED', 'CANCELED'))",
            name=op.f("ck_runs_finished_when_terminal"),
        ),
        sa.CheckConstraint(
            "reserved_micro_usd >= 0 AND held_micro_usd >= 0 AND spent_micro_usd >= 0",
            name=op.f("ck_runs_money_not_negative"),
        ),
        sa.CheckConstraint("round >= 1", name=op.f("ck_runs_round_from_one")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_runs_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_runs")),
    )
    op.create_index(
        "ix_runs_live",
        "runs",
        ["user_id"],
        unique=False,
        postgresql_where=sa.text(
            "admitted_at IS NOT NULL AND state IN ('QUEUED', 'GENERATING_TEXT', 'GENERATING_IMAGES')"
        ),
    )
    op.create_index(
        "ix_runs_queued",
        "runs",
        ["created_at"],
        unique=False,
        postgresql_where=sa.text("state = 'QUEUED' AND admitted_at IS NULL"),
    )
    op.create_index("ix_runs_user_created", "runs", ["user_id", sa.literal_column("created_at DESC")], unique=False)
    op.create_table(
        "events",
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("data", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_events_run_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run_id", "number", name=op.f("pk_events")),
    )
    op.create_table(
        "idempotency_keys",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("request_hash", sa.LargeBinary(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.BigInteger(), nullable=False),
        sa.Column("answer", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_idempotency_keys_run_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_idempotency_keys_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", "key", name=op.f("pk_idempotency_keys")),
    )
    op.create_table(
        "notifications",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("round", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("payload", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("tries", sa.BigInteger(), nullable=False),
        sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("problem", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_notifications_run_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_notifications_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notifications")),
        sa.UniqueConstraint("run_id", "round", "kind", name=op.f("uq_notifications_run_id_round_kind")),
    )
    op.create_index(
        "ix_notifications_unsent",
        "notifications",
        ["created_at"],
        unique=False,
        postgresql_where=sa.text("sent_at IS NULL"),
    )
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
    for statement in (RUN_MOVES, PIECE_MOVES, CALL_OUTCOMES):
        op.execute(statement)


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
    op.drop_index("ix_notifications_unsent", table_name="notifications", postgresql_where=sa.text("sent_at IS NULL"))
    op.drop_table("notifications")
    op.drop_table("idempotency_keys")
    op.drop_table("events")
    op.drop_index("ix_runs_user_created", table_name="runs")
    op.drop_index(
        "ix_runs_queued", table_name="runs", postgresql_where=sa.text("state = 'QUEUED' AND admitted_at IS NULL")
    )
    op.drop_index(
        "ix_runs_live",
        table_name="runs",
        postgresql_where=sa.text(
            "admitted_at IS NOT NULL AND state IN ('QUEUED', 'GENERATING_TEXT', 'GENERATING_IMAGES')"
        ),
    )
    op.drop_table("runs")
    op.drop_table("quota_months")
    op.drop_table("brands")
    op.drop_index(op.f("ix_api_keys_user_id"), table_name="api_keys")
    op.drop_table("api_keys")
    op.drop_table("users")
    for function in ("guard_run_move", "guard_piece_move", "guard_call_outcome"):
        op.execute(f"DROP FUNCTION {function}()")
    for function in ("legal_run_move", "legal_piece_move"):
        op.execute(f"DROP FUNCTION {function}(text, text)")
