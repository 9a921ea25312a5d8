"""Reviews of pictures, rewritten prompts, and the picture cache."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"

BASES = ("provider", "table", "none", "cache", "unknown")
JSONB = postgresql.JSONB(astext_type=sa.Text())


def _bases(names: tuple[str, ...]) -> str:
    return f"cost_basis IN ({', '.join(repr(name) for name in names)})"


def upgrade() -> None:
    """Apply."""
    op.add_column("pieces", sa.Column("review", postgresql.JSONB(none_as_null=True, astext_type=sa.Text())))
    op.add_column("pieces", sa.Column("refused", JSONB, nullable=False, server_default="[]"))
    op.add_column("pieces", sa.Column("rewrites", sa.BigInteger(), nullable=False, server_default="0"))
    # Pictures from before are not looked at again: an edit of their text must stay free.
    op.execute("UPDATE pieces SET review = jsonb_build_object('skipped', 'turned_off') WHERE picture IS NOT NULL")
    op.drop_constraint(op.f("ck_calls_costbasis_known"), "calls", type_="check")
    op.create_check_constraint(op.f("ck_calls_costbasis_known"), "calls", _bases(BASES))
    op.create_table(
        "cached_pictures",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("owner", sa.Uuid(), nullable=True),
        sa.Column("picture", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "(owner IS NULL) = (picture IS NOT NULL)", name=op.f("ck_cached_pictures_made_or_being_made")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_cached_pictures_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cached_pictures")),
    )
    op.create_index("uq_cached_pictures_one_flight", "cached_pictures", ["user_id", "key"], unique=True)
    op.create_index(
        "ix_cached_pictures_owner", "cached_pictures", ["owner"], postgresql_where=sa.text("owner IS NOT NULL")
    )


def downgrade() -> None:
    """Undo."""
    op.drop_table("cached_pictures")
    op.execute("UPDATE calls SET cost_basis = 'none' WHERE cost_basis = 'cache'")
    op.drop_constraint(op.f("ck_calls_costbasis_known"), "calls", type_="check")
    op.create_check_constraint(
        op.f("ck_calls_costbasis_known"), "calls", _bases(tuple(name for name in BASES if name != "cache"))
    )
    for column in ("rewrites", "refused", "review"):
        op.drop_column("pieces", column)
