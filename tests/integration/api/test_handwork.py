"""Runs that are worked on by hand: all pieces at once leaves what the real claims and the real journal leave."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from handwork import end, step, work
from sqlalchemy import text

from app.db.session import transaction
from orders import a_user, order, pieces_of

FAILED, UNKNOWN = [1], [2]
TABLES = {
    "runs": "id",
    "pieces": "kind, position",
    "calls": "step, started_at",
    "events": "number",
    "quota_entries": "unit, kind",
    "notifications": "id",
}
OWNER = "user_id = (SELECT user_id FROM runs WHERE id = :run)"
MONTHS = f"SELECT to_jsonb(t) FROM quota_months t WHERE {OWNER} ORDER BY unit"
SUMS = f"""
SELECT jsonb_build_object(
    'step', step, 'calls', sum(calls), 'succeeded', sum(succeeded), 'unknown', sum(unknown),
    'known', sum(known_micro_usd), 'doubt', sum(doubt_micro_usd), 'in', sum(tokens_in), 'out', sum(tokens_out)
) FROM call_sums WHERE {OWNER} GROUP BY step ORDER BY step"""


def one_by_one(run_id: uuid.UUID) -> None:
    """Do what `work` does, each step with a claim of its own and a call that is journaled twice."""
    while open_pieces := [piece for piece in pieces_of(run_id) if piece.step is not None]:
        for piece in open_pieces:
            can_fail = piece.kind in ("slide", "image")
            step(piece, fails=can_fail and piece.position in FAILED, is_unknown=piece.position in UNKNOWN)
    end(run_id)


def lasting(value: Any) -> Any:
    """Return a value without what differs from run to run: ids, times, and names and sums of files."""
    if isinstance(value, dict):
        return {
            name: lasting(one)
            for name, one in value.items()
            if name not in ("id", "sha256", "result") and not name.endswith(("_id", "_at", "key"))
        }
    return [lasting(one) for one in value] if isinstance(value, list) else value


def left(run_id: uuid.UUID) -> dict[str, Any]:
    """Return all that the database has of a run whose user has no other, and what its calls add up to."""
    found: dict[str, Any] = {}
    with transaction() as session:
        for table, by in TABLES.items():
            column = "id" if table == "runs" else "run_id"
            query = text(f"SELECT to_jsonb(t) FROM {table} t WHERE {column} = :run ORDER BY {by}")
            found[table] = [lasting(row) for row in session.scalars(query, {"run": run_id})]
        for name, of_owner in {"months": MONTHS, "sums": SUMS}.items():
            found[name] = [lasting(row) for row in session.scalars(text(of_owner), {"run": run_id})]
    return found


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize(
    "request_",
    [
        {"pipeline": "full-post", "slides": 5},
        {"pipeline": "images", "prompts": ["a red fox", "an owl at dusk", "an elk by a lake"]},
        {"pipeline": "ad", "brief": "A trail shoe for people who run before sunrise"},
    ],
    ids=lambda request: str(request["pipeline"]),
)
def test_all_pieces_at_once_leave_what_they_leave_one_by_one(request_: dict[str, Any]) -> None:
    first, second = order(a_user(), **request_), order(a_user(), **request_)

    work(first, fail=FAILED, unknown=UNKNOWN)
    one_by_one(second)

    at_once, by_one = left(first), left(second)
    assert all(at_once.values())
    for name, rows in by_one.items():
        assert at_once[name] == rows, name
