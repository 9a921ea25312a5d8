"""Quota of pictures and of items, for the pipelines that make neither posts nor ads."""

from __future__ import annotations

from alembic import op

revision = "0007"
down_revision = "0006"

TABLES = ("quota_months", "quota_entries")
BEFORE = ("posts", "ads", "micro_usd")
NOW = ("posts", "ads", "images", "items", "micro_usd")


def _know(units: tuple[str, ...]) -> None:
    listed = ", ".join(repr(unit) for unit in units)
    for table in TABLES:
        name = op.f(f"ck_{table}_quotaunit_known")
        op.drop_constraint(name, table, type_="check")
        op.create_check_constraint(name, table, f"unit IN ({listed})")


def upgrade() -> None:
    """Apply."""
    _know(NOW)


def downgrade() -> None:
    """Undo; what was counted in the new units is forgotten."""
    for table in reversed(TABLES):
        op.execute(f"DELETE FROM {table} WHERE unit IN ('images', 'items')")  # noqa: S608 - names of ours
    _know(BEFORE)
