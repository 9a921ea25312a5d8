"""Secrets that sign webhooks, a log of each try, and alerts of users in the same queue as their finished runs."""

from __future__ import annotations

import base64
import secrets

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

TIME = sa.DateTime(timezone=True)
NOW = sa.text("now()")


def upgrade() -> None:
    """Apply."""
    op.add_column("users", sa.Column("webhook_secret", sa.String(), nullable=True))
    op.add_column("users", sa.Column("webhook_secret_before", sa.String(), nullable=True))
    op.add_column("users", sa.Column("webhook_before_until", TIME, nullable=True))
    _give_secrets()
    op.create_check_constraint(
        op.f("ck_users_webhook_has_secret"), "users", "webhook_url IS NULL OR webhook_secret IS NOT NULL"
    )
    op.create_check_constraint(
        op.f("ck_users_webhook_before_ends"),
        "users",
        "(webhook_secret_before IS NULL) = (webhook_before_until IS NULL)",
    )
    op.alter_column("notifications", "run_id", nullable=True)
    op.alter_column("notifications", "round", nullable=True)
    op.create_check_constraint(
        op.f("ck_notifications_round_of_run"), "notifications", "(run_id IS NULL) = (round IS NULL)"
    )
    op.create_index(
        "ix_notifications_user_created", "notifications", ["user_id", sa.text("created_at DESC"), sa.text("id DESC")]
    )
    # Users get their alerts as notifications from now on.
    op.execute("DELETE FROM alert_deliveries WHERE channel = 'user_webhook'")
    _channels("webhook", "email")
    op.create_table(
        "webhook_attempts",
        sa.Column("notification_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("at", TIME, server_default=NOW, nullable=False),
        sa.Column("ms", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.BigInteger(), nullable=True),
        sa.Column("problem", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["notification_id"],
            ["notifications.id"],
            name=op.f("fk_webhook_attempts_notification_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("notification_id", "number", name=op.f("pk_webhook_attempts")),
    )


def _channels(*known: str) -> None:
    name = op.f("ck_alert_deliveries_alertchannel_known")
    op.drop_constraint(name, "alert_deliveries", type_="check")
    listed = ", ".join(repr(channel) for channel in known)
    op.create_check_constraint(name, "alert_deliveries", f"channel IN ({listed})")


def _give_secrets() -> None:
    """Give each user who is told something a secret: `pressroom users webhook-secret` shows a new one."""
    connection = op.get_bind()
    for (user_id,) in connection.execute(sa.text("SELECT id FROM users WHERE webhook_url IS NOT NULL")).all():
        connection.execute(
            sa.text("UPDATE users SET webhook_secret = :secret WHERE id = :id"),
            {"id": user_id, "secret": "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()},
        )


def downgrade() -> None:
    """Undo."""
    op.drop_table("webhook_attempts")
    _channels("webhook", "email", "user_webhook")
    op.drop_index("ix_notifications_user_created", "notifications")
    op.drop_constraint(op.f("ck_notifications_round_of_run"), "notifications", type_="check")
    op.execute("DELETE FROM notifications WHERE run_id IS NULL")
    op.alter_column("notifications", "round", nullable=False)
    op.alter_column("notifications", "run_id", nullable=False)
    for name in ("webhook_before_ends", "webhook_has_secret"):
        op.drop_constraint(op.f(f"ck_users_{name}"), "users", type_="check")
    for column in ("webhook_before_until", "webhook_secret_before", "webhook_secret"):
        op.drop_column("users", column)
