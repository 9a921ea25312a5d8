"""Slides prove contrast and size of type too; copies of copies keep the backgrounds of the first run."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

NAME = "ck_pieces_ready_slide_is_proven"
BEFORE = """
    NOT (state = 'READY' AND composed ? 'overflow') OR composed @> '{"missing_glyphs": 0, "overflow": false, "safe": true}'
"""
# What an older slide did not measure stays as it is; a picture without words has no type on it.
NOW = """
    NOT (state = 'READY' AND composed ? 'overflow')
    OR (composed @> '{"missing_glyphs": 0, "overflow": false, "safe": true}'
        AND coalesce((composed ->> 'contrast')::numeric >= 4.5, true)
        AND (coalesce((composed ->> 'least_type_px')::numeric
                >= floor(28 * least((composed ->> 'width')::numeric, (composed ->> 'height')::numeric) / 1080), true)
            OR composed @> '{"least_type_px": 0}' AND concat(composed ->> 'title', composed ->> 'body') = ''))
"""
# Slides that were shown before these two were asked for keep what they are; from now on they count as slides from
# before there was a proof, so that neither this upgrade nor a later change of their row stops at them.
FROM_BEFORE = f"UPDATE pieces SET composed = composed - 'overflow' WHERE NOT ({NOW})"  # noqa: S608 - words of ours
FIRST_OF_COPIES = """
    WITH RECURSIVE copies AS (
        SELECT id, made_from AS first FROM runs
        WHERE made_from IN (SELECT id FROM runs WHERE made_from IS NULL)
        UNION ALL
        SELECT runs.id, copies.first FROM runs JOIN copies ON runs.made_from = copies.id
    )
    UPDATE runs SET seed_run_id = copies.first FROM copies WHERE runs.id = copies.id
"""


def upgrade() -> None:
    """Apply."""
    op.add_column("runs", sa.Column("seed_run_id", sa.Uuid(), nullable=True))
    op.execute(FIRST_OF_COPIES)
    op.execute(FROM_BEFORE)
    op.drop_constraint(op.f(NAME), "pieces", type_="check")
    op.create_check_constraint(op.f(NAME), "pieces", NOW.strip())


def downgrade() -> None:
    """Undo."""
    op.drop_constraint(op.f(NAME), "pieces", type_="check")
    op.create_check_constraint(op.f(NAME), "pieces", BEFORE.strip())
    op.drop_column("runs", "seed_run_id")
