"""No run passes its cap, and no call is settled twice: said by the database too."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

WITHIN = "spent_micro_usd + held_micro_usd <= reserved_micro_usd + overrun_micro_usd"
# A cost that was not known is said once, later; whatever is known stays.
SETTLED_ONCE = """
CREATE OR REPLACE FUNCTION guard_call_outcome() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state IN ('SUCCEEDED', 'FAILED')
        AND (NEW.state, NEW.cost_micro_usd, NEW.cost_basis) IS DISTINCT FROM
            (OLD.state, OLD.cost_micro_usd, OLD.cost_basis)
        AND NOT (OLD.cost_micro_usd IS NULL AND NEW.state = OLD.state) THEN
        RAISE EXCEPTION 'call % is settled', OLD.id USING ERRCODE = 'check_violation';
    END IF;
    IF OLD.state = 'UNKNOWN' AND NEW.state = 'INTENT' THEN
        RAISE EXCEPTION 'call % cannot become open again', OLD.id USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.worst_micro_usd <> OLD.worst_micro_usd THEN
        RAISE EXCEPTION 'call % keeps the worst case that it left with', OLD.id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
"""
BEFORE = """
CREATE OR REPLACE FUNCTION guard_call_outcome() RETURNS trigger LANGUAGE plpgsql AS $$
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
"""


def _know(*kinds: str) -> None:
    known, signed = op.f("ck_quota_entries_quotaentrykind_known"), op.f("ck_quota_entries_amount_not_negative")
    op.drop_constraint(known, "quota_entries", type_="check")
    op.drop_constraint(signed, "quota_entries", type_="check")
    op.create_check_constraint(known, "quota_entries", f"kind IN ({', '.join(repr(kind) for kind in kinds)})")
    late = " OR kind = 'RECONCILED'" if "RECONCILED" in kinds else ""
    op.create_check_constraint(signed, "quota_entries", f"amount >= 0{late}")


def upgrade() -> None:
    """Apply."""
    op.add_column("runs", sa.Column("overrun_micro_usd", sa.BigInteger(), server_default="0", nullable=False))
    op.execute(
        "UPDATE runs SET overrun_micro_usd = spent_micro_usd + held_micro_usd - reserved_micro_usd"
        " WHERE spent_micro_usd + held_micro_usd > reserved_micro_usd"
    )
    op.create_check_constraint(op.f("ck_runs_overrun_not_negative"), "runs", "overrun_micro_usd >= 0")
    op.create_check_constraint(op.f("ck_runs_within_cap"), "runs", WITHIN)
    op.execute(SETTLED_ONCE)
    _know("RESERVED", "REFUNDED", "RELEASED", "RECONCILED")


def downgrade() -> None:
    """Undo; what became known late stays counted in the month, but no line of the ledger says so."""
    op.execute("DELETE FROM quota_entries WHERE kind = 'RECONCILED'")
    _know("RESERVED", "REFUNDED", "RELEASED")
    op.execute(BEFORE)
    op.drop_constraint(op.f("ck_runs_within_cap"), "runs", type_="check")
    op.drop_constraint(op.f("ck_runs_overrun_not_negative"), "runs", type_="check")
    op.drop_column("runs", "overrun_micro_usd")
