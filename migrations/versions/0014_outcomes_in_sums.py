"""Sums of calls by what came of them, so that `/metrics` reads no call."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"

OUTCOMES = ("succeeded", "busy", "failed", "unanswered")

# As in 0012, and with the outcomes of calls that were made: a call that is open has none yet, the cache's made none.
SUMS = """
    INSERT INTO call_sums (day, user_id, api_key_id, pipeline, step, purpose, provider, model, is_sandbox,
        calls, cached, pictures, accepted, known_micro_usd, unknown, doubt_micro_usd,
        tokens_in, tokens_out, tokens_cached, tokens_image{names})
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
            sum(sign * tokens_cached) AS tokens_cached, sum(sign * tokens_image) AS tokens_image{amounts}
        FROM ({changed}) c JOIN (SELECT id AS run_id, pipeline FROM runs) r USING (run_id)
        GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9
    ) s
    WHERE (calls, cached, pictures, accepted, known, unknown, doubt) <> (0, 0, 0, 0, 0, 0, 0)
        OR (coalesce(tokens_in, 0), coalesce(tokens_out, 0)) <> (0, 0)
        OR (coalesce(tokens_cached, 0), coalesce(tokens_image, 0)) <> (0, 0)
        {condition}
"""
COUNTED = {
    "succeeded": "state = 'SUCCEEDED' AND cost_basis IS DISTINCT FROM 'cache'",
    "busy": "state = 'FAILED' AND error_code = 'provider_busy'",
    "failed": "state = 'FAILED' AND error_code IS DISTINCT FROM 'provider_busy'",
    "unanswered": "state = 'UNKNOWN'",
}
WITH_OUTCOMES = {
    "names": "".join(f", {name}" for name in OUTCOMES),
    "amounts": "".join(f", coalesce(sum(sign) FILTER (WHERE {COUNTED[name]}), 0) AS {name}" for name in OUTCOMES),
    "condition": f"OR ({', '.join(OUTCOMES)}) <> (0, 0, 0, 0)",
}
WITHOUT = {"names": "", "amounts": "", "condition": ""}
# Only today's are read. Those of two days are few, and the workers wait until they are counted.
RECENT_CALLS = """
    INSERT INTO call_sums (day, user_id, api_key_id, pipeline, step, purpose, provider, model, is_sandbox,
        calls, cached, pictures, accepted, known_micro_usd, unknown, doubt_micro_usd, {listed})
    SELECT (started_at AT TIME ZONE 'UTC')::date, user_id, api_key_id, pipeline, step, purpose, provider, model,
        is_sandbox, 0, 0, 0, 0, 0, 0, 0, {counts}
    FROM calls JOIN (SELECT id AS run_id, pipeline FROM runs) r USING (run_id)
    WHERE started_at >= now() - interval '2 days' AND state <> 'INTENT'
    GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9
"""
RECENT = RECENT_CALLS.format(
    listed=", ".join(OUTCOMES),
    counts=", ".join(f"count(*) FILTER (WHERE {COUNTED[name]})" for name in OUTCOMES),
)


def upgrade() -> None:
    """Apply. The release before merges lines without these columns: while it still runs, a few of a day's are lost."""
    for name in OUTCOMES:
        op.add_column("call_sums", sa.Column(name, sa.BigInteger(), server_default="0", nullable=False))
    op.execute(RECENT)
    op.execute(sum_calls(WITH_OUTCOMES))


def sum_calls(outcomes: dict[str, str]) -> str:
    """Return the function that the triggers of 0012 call, with or without outcomes."""
    made = SUMS.format(changed="SELECT 1 AS sign, * FROM new_calls", **outcomes)
    moved = SUMS.format(changed="SELECT 1 AS sign, * FROM new_calls UNION ALL SELECT -1, * FROM old_calls", **outcomes)
    return f"""
        CREATE OR REPLACE FUNCTION sum_calls() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'INSERT' THEN {made}; ELSE {moved}; END IF;
            RETURN NULL;
        END $$
    """


def downgrade() -> None:
    """Undo."""
    op.execute(sum_calls(WITHOUT))
    for name in reversed(OUTCOMES):
        op.drop_column("call_sums", name)
