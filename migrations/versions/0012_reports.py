"""What reports of costs read: pictures and key of each call, sums of calls by day, rates of exchange."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

# A picture came when a purpose that makes one succeeded with a reply; what the cache brought was not made.
MADE = """
    UPDATE calls SET pictures = 1
    WHERE state = 'SUCCEEDED' AND purpose IN ('render_image', 'refine_image')
      AND cost_basis <> 'cache' AND reply IS NOT NULL
"""
ORDERED_BY = (
    "UPDATE calls SET api_key_id = runs.api_key_id FROM runs WHERE runs.id = run_id AND runs.api_key_id IS NOT NULL"
)
# A run's key is that of its present round; a call keeps the key of its own.
KEY_OF_CALL = """
    CREATE FUNCTION key_of_call() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        NEW.api_key_id := (SELECT api_key_id FROM runs WHERE id = NEW.run_id);
        RETURN NEW;
    END $$
"""

# `sign` is 1 for what a call is now and -1 for what it was. Tokens that nobody told stay NULL. A change of anything
# else, such as a provider's reference, adds no line.
SUMS = """
    INSERT INTO call_sums (day, user_id, api_key_id, pipeline, step, purpose, provider, model, is_sandbox,
        calls, cached, pictures, accepted, known_micro_usd, unknown, doubt_micro_usd,
        tokens_in, tokens_out, tokens_cached, tokens_image)
    SELECT * FROM (
        SELECT (started_at AT TIME ZONE 'UTC')::date, user_id, api_key_id, pipeline, step, purpose, provider, model,
            is_sandbox,
            coalesce(sum(sign) FILTER (WHERE cost_basis IS DISTINCT FROM 'cache'), 0) AS calls,
            coalesce(sum(sign) FILTER (WHERE cost_basis = 'cache'), 0) AS cached,
            sum(sign * pictures) AS pictures,
            coalesce(sum(sign * pictures) FILTER (WHERE accepted), 0) AS accepted,
            coalesce(sum(sign * cost_micro_usd), 0) AS known,
            coalesce(sum(sign) FILTER (WHERE cost_micro_usd IS NULL), 0) AS unknown,
            coalesce(sum(sign * worst_micro_usd) FILTER (WHERE cost_micro_usd IS NULL), 0) AS doubt,
            sum(sign * tokens_in) AS tokens_in, sum(sign * tokens_out) AS tokens_out,
            sum(sign * tokens_cached) AS tokens_cached, sum(sign * tokens_image) AS tokens_image
        FROM ({changed}) c JOIN (SELECT id AS run_id, pipeline FROM runs) r USING (run_id)
        GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9
    ) s
    WHERE (calls, cached, pictures, accepted, known, unknown, doubt) <> (0, 0, 0, 0, 0, 0, 0)
        OR (coalesce(tokens_in, 0), coalesce(tokens_out, 0)) <> (0, 0)
        OR (coalesce(tokens_cached, 0), coalesce(tokens_image, 0)) <> (0, 0)
"""
SUM_CALLS = """
    CREATE FUNCTION sum_calls() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'INSERT' THEN {made}; ELSE {moved}; END IF;
        RETURN NULL;
    END $$
""".format(
    made=SUMS.format(changed="SELECT 1 AS sign, * FROM new_calls"),
    moved=SUMS.format(changed="SELECT 1 AS sign, * FROM new_calls UNION ALL SELECT -1, * FROM old_calls"),
)


def upgrade() -> None:
    """Apply."""
    op.add_column("calls", sa.Column("pictures", sa.SmallInteger(), server_default="0", nullable=False))
    op.add_column("calls", sa.Column("api_key_id", sa.Uuid(), nullable=True))
    op.execute(MADE)
    op.execute(ORDERED_BY)
    op.create_check_constraint(op.f("ck_calls_pictures_not_negative"), "calls", "pictures >= 0")
    _create_sums()
    op.create_index(
        "ix_runs_delivered",
        "runs",
        ["finished_at"],
        postgresql_include=["pipeline", "user_id", "made_from"],
        postgresql_where=sa.text("state IN ('READY', 'PARTIAL')"),
    )
    op.create_table(
        "exchange_rates",
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("rate", sa.Numeric(precision=20, scale=10), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("rate > 0", name=op.f("ck_exchange_rates_rate_positive")),
        sa.CheckConstraint(
            "currency ~ '^[A-Z]{3}$' AND currency <> 'USD'", name=op.f("ck_exchange_rates_currency_code")
        ),
        sa.CheckConstraint("source <> ''", name=op.f("ck_exchange_rates_source_told")),
        sa.PrimaryKeyConstraint("currency", "as_of", name=op.f("pk_exchange_rates")),
    )


def _create_sums() -> None:
    """Make the table of sums, fill it from the calls there are, and have the database keep it from now on."""
    counts = ("calls", "cached", "pictures", "accepted", "known_micro_usd", "unknown", "doubt_micro_usd")
    tokens = ("tokens_in", "tokens_out", "tokens_cached", "tokens_image")
    op.create_table(
        "call_sums",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("api_key_id", sa.Uuid(), nullable=True),
        *(
            sa.Column(name, sa.String(), nullable=False)
            for name in ("pipeline", "step", "purpose", "provider", "model")
        ),
        sa.Column("is_sandbox", sa.Boolean(), nullable=False),
        sa.Column("is_merged", sa.Boolean(), server_default=sa.false(), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in counts),
        *(sa.Column(name, sa.BigInteger(), nullable=True) for name in tokens),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_call_sums_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_call_sums")),
    )
    op.create_index("ix_call_sums_day", "call_sums", ["day"])
    op.create_index("ix_call_sums_user_day", "call_sums", ["user_id", "day"])
    op.create_index("ix_call_sums_loose", "call_sums", ["day"], postgresql_where=sa.text("NOT is_merged"))
    op.execute(SUMS.format(changed="SELECT 1 AS sign, * FROM calls"))
    op.execute(KEY_OF_CALL)
    op.execute(SUM_CALLS)
    op.execute("CREATE TRIGGER key_of_call BEFORE INSERT ON calls FOR EACH ROW EXECUTE FUNCTION key_of_call()")
    op.execute(
        "CREATE TRIGGER sum_new_calls AFTER INSERT ON calls REFERENCING NEW TABLE AS new_calls"
        " FOR EACH STATEMENT EXECUTE FUNCTION sum_calls()"
    )
    op.execute(
        "CREATE TRIGGER sum_changed_calls AFTER UPDATE ON calls"
        " REFERENCING OLD TABLE AS old_calls NEW TABLE AS new_calls"
        " FOR EACH STATEMENT EXECUTE FUNCTION sum_calls()"
    )


def downgrade() -> None:
    """Undo."""
    op.drop_table("exchange_rates")
    op.drop_index("ix_runs_delivered", table_name="runs")
    for trigger in ("sum_changed_calls", "sum_new_calls", "key_of_call"):
        op.execute(f"DROP TRIGGER {trigger} ON calls")
    op.execute("DROP FUNCTION sum_calls()")
    op.execute("DROP FUNCTION key_of_call()")
    op.drop_table("call_sums")
    op.drop_constraint(op.f("ck_calls_pictures_not_negative"), "calls", type_="check")
    op.drop_column("calls", "api_key_id")
    op.drop_column("calls", "pictures")
