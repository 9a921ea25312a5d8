"""Budgets of a month, what is reserved in them, and the alerts that they sent."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

TIME = sa.DateTime(timezone=True)
NOW = sa.text("now()")


def _known(column: str, table: str, kind: str, *values: str) -> sa.CheckConstraint:
    listed = ", ".join(repr(value) for value in values)
    return sa.CheckConstraint(f"{column} IN ({listed})", name=op.f(f"ck_{table}_{kind}_known"))


def _of(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=op.f(f"fk_{table}_{column}"), ondelete="CASCADE")


def upgrade() -> None:
    """Apply."""
    op.add_column("runs", sa.Column("api_key_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(op.f("fk_runs_api_key_id"), "runs", "api_keys", ["api_key_id"], ["id"], ondelete="SET NULL")
    op.create_index("ix_runs_api_key", "runs", ["api_key_id"], postgresql_where=sa.text("api_key_id IS NOT NULL"))
    _budgets()
    _alerts()


def _budgets() -> None:
    op.create_table(
        "budgets",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("scope", sa.String(32), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("limit_micro_usd", sa.BigInteger(), nullable=False),
        sa.Column("created_at", TIME, server_default=NOW, nullable=False),
        sa.CheckConstraint("limit_micro_usd >= 0", name=op.f("ck_budgets_limit_not_negative")),
        sa.CheckConstraint("(scope = 'installation') = (subject = '')", name=op.f("ck_budgets_has_a_subject")),
        sa.CheckConstraint("(scope IN ('user', 'key')) = (user_id IS NOT NULL)", name=op.f("ck_budgets_has_an_owner")),
        _known("scope", "budgets", "budgetscope", "key", "user", "provider", "installation"),
        _of("budgets", "user_id", "users"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_budgets")),
        sa.UniqueConstraint("scope", "subject", name=op.f("uq_budgets_scope_subject")),
    )
    op.create_index(op.f("ix_budgets_user_id"), "budgets", ["user_id"])
    op.create_table(
        "budget_months",
        sa.Column("budget_id", sa.Uuid(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("used", sa.BigInteger(), nullable=False),
        sa.Column("spent", sa.BigInteger(), nullable=False),
        sa.Column("refused_at", TIME, nullable=True),
        sa.CheckConstraint("spent >= 0 AND used >= spent", name=op.f("ck_budget_months_used_holds_spent")),
        _of("budget_months", "budget_id", "budgets"),
        sa.PrimaryKeyConstraint("budget_id", "month", name=op.f("pk_budget_months")),
    )
    op.create_table(
        "budget_entries",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("budget_id", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("round", sa.BigInteger(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("created_at", TIME, server_default=NOW, nullable=False),
        sa.CheckConstraint("amount >= 0 OR kind = 'RECONCILED'", name=op.f("ck_budget_entries_amount_not_negative")),
        _known("kind", "budget_entries", "budgetentrykind", "RESERVED", "SETTLED", "RECONCILED"),
        _of("budget_entries", "budget_id", "budgets"),
        _of("budget_entries", "run_id", "runs"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_budget_entries")),
        sa.UniqueConstraint(
            "run_id", "round", "budget_id", "kind", name=op.f("uq_budget_entries_run_id_round_budget_id_kind")
        ),
    )
    op.create_index("ix_budget_entries_budget_month", "budget_entries", ["budget_id", "month"])


def _alerts() -> None:
    op.create_table(
        "alerts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("budget_id", sa.Uuid(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("threshold", sa.String(32), nullable=False),
        sa.Column("limit_micro_usd", sa.BigInteger(), nullable=False),
        sa.Column("used", sa.BigInteger(), nullable=False),
        sa.Column("spent", sa.BigInteger(), nullable=False),
        sa.Column("projected_micro_usd", sa.BigInteger(), nullable=True),
        sa.Column("created_at", TIME, server_default=NOW, nullable=False),
        _known("threshold", "alerts", "alertthreshold", "50", "80", "100", "projected"),
        _of("alerts", "budget_id", "budgets"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alerts")),
        sa.UniqueConstraint("budget_id", "month", "threshold", name=op.f("uq_alerts_budget_id_month_threshold")),
    )
    op.create_table(
        "alert_deliveries",
        sa.Column("alert_id", sa.Uuid(), nullable=False),
        sa.Column("channel", sa.String(32), nullable=False),
        sa.Column("tries", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("next_try_at", TIME, nullable=True),
        sa.Column("sent_at", TIME, nullable=True),
        sa.Column("problem", sa.String(), nullable=True),
        _known("channel", "alert_deliveries", "alertchannel", "webhook", "email", "user_webhook"),
        _of("alert_deliveries", "alert_id", "alerts"),
        sa.PrimaryKeyConstraint("alert_id", "channel", name=op.f("pk_alert_deliveries")),
    )
    op.create_index(
        "ix_alert_deliveries_unsent",
        "alert_deliveries",
        ["next_try_at"],
        postgresql_where=sa.text("sent_at IS NULL"),
    )


def downgrade() -> None:
    """Undo."""
    for table in ("alert_deliveries", "alerts", "budget_entries", "budget_months", "budgets"):
        op.drop_table(table)
    op.drop_index("ix_runs_api_key", "runs")
    op.drop_column("runs", "api_key_id")
