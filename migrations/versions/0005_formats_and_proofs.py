"""Runs that were made from another one in another format, and slides that prove what they hold."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

# Slides from before have no `overflow`, and what they lack in glyphs stays as it is.
PROVEN = """
    NOT (state = 'READY' AND composed ? 'overflow') OR composed @> '{"missing_glyphs": 0, "overflow": false, "safe": true}'
"""


def upgrade() -> None:
    """Apply."""
    op.add_column("runs", sa.Column("made_from", sa.Uuid(), nullable=True))
    op.add_column("runs", sa.Column("made_from_round", sa.BigInteger(), nullable=True))
    op.add_column("runs", sa.Column("is_sandbox", sa.Boolean(), nullable=True))
    op.create_foreign_key(op.f("fk_runs_made_from"), "runs", "runs", ["made_from"], ["id"], ondelete="SET NULL")
    op.create_index(
        "ix_runs_made_from", "runs", ["made_from"], postgresql_where=sa.text("made_from IS NOT NULL"), unique=False
    )
    op.create_check_constraint(op.f("ck_pieces_ready_slide_is_proven"), "pieces", PROVEN.strip())


def downgrade() -> None:
    """Undo."""
    op.drop_constraint(op.f("ck_pieces_ready_slide_is_proven"), "pieces", type_="check")
    op.drop_index("ix_runs_made_from", table_name="runs", postgresql_where=sa.text("made_from IS NOT NULL"))
    op.drop_constraint(op.f("fk_runs_made_from"), "runs", type_="foreignkey")
    op.drop_column("runs", "is_sandbox")
    op.drop_column("runs", "made_from_round")
    op.drop_column("runs", "made_from")
