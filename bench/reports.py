"""How long reports of costs take over a journal of a million calls in one month, in a PostgreSQL of this module's own.

The calls are written by one statement, and the database keeps its own sums of them; then also with the lines that a day
of such a month adds when nobody merges them: three for each call. As `pressroom report` asks, names and all.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table
from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session

from app.db import migrate
from app.embedded.services import running
from app.reports import costs, sums
from app.reports.costs import Dimension
from app.reports.periods import Period

CALLS, ROUNDS, MOST_S = 1_000_000, 5, 1.0
CALLS_OF_A_RUN = 25
MONTH = Period(date(2026, 11, 1))
GROUPS: tuple[tuple[Dimension, ...], ...] = (
    (Dimension.PROVIDER, Dimension.MODEL),
    (Dimension.DAY, Dimension.PROVIDER),
    (Dimension.PIPELINE, Dimension.STAGE),
    (Dimension.USER,),
    tuple(Dimension),
)

USERS = "INSERT INTO users (id, name, plan) SELECT gen_random_uuid(), 'user-' || n, 'business' FROM generate_series(0, 19) n"
RUNS = """
    INSERT INTO runs (id, user_id, pipeline, pipeline_version, request, brand, state, round, reserved_micro_usd,
        held_micro_usd, spent_micro_usd, last_event, created_at, finished_at)
    SELECT gen_random_uuid(), (SELECT id FROM users WHERE name = 'user-' || n % 20),
        (ARRAY['full-post', 'ad', 'linkedin-post', 'product-listing', 'answer'])[1 + n % 5], 1,
        jsonb_build_object('topic', repeat(md5(n::text), 10)), jsonb_build_object('voice', repeat(md5((-n)::text), 20)),
        'READY', 1, 2000000, 0, 0, 0, at, at
    FROM (SELECT n, timestamptz '2026-11-01Z' + n * make_interval(days => :days) / :runs AS at FROM generate_series(0, :runs - 1) n) r
"""
PIECES = """
    INSERT INTO pieces (id, run_id, kind, position, is_picture, state, step, round, version, take, data, attempt, sent_count)
    SELECT gen_random_uuid(), id, 'content', 0, false, 'PENDING', 'write_content', 1, 1, 1, '{}', 0, 0 FROM runs
"""
# Of 25 calls six are pictures, one of these refused, one from the cache, and one call has no answer.
JOURNAL = """
    INSERT INTO calls (id, user_id, run_id, piece_id, round, version, take, attempt, step, purpose, provider, model,
        prompt_hash, state, accepted, worst_micro_usd, cost_micro_usd, cost_basis, tokens_in, tokens_out, tokens_cached,
        tokens_image, pictures, reply, reply_bytes, is_sandbox, started_at, ended_at)
    SELECT gen_random_uuid(), user_id, run_id, pieces.id, 1, 1, 1, 1, step, step, provider, model,
        md5(k::text) || md5(pieces.id::text), CASE k WHEN 9 THEN 'UNKNOWN' ELSE 'SUCCEEDED' END,
        CASE WHEN is_picture THEN k <> 2 END, 90000,
        CASE k WHEN 9 THEN NULL WHEN 6 THEN 0 ELSE 5000 + k END,
        CASE k WHEN 9 THEN 'unknown' WHEN 6 THEN 'cache' ELSE 'provider' END,
        CASE WHEN k <> 9 THEN 1200 END, CASE WHEN k <> 9 THEN 800 END, CASE WHEN k <> 9 THEN 0 END,
        CASE WHEN is_picture THEN 1120 END, (is_picture AND k <> 6)::int,
        CASE WHEN is_picture THEN 'posts/' || run_id || '/' || k || '/0123456789ab.png' ELSE repeat(md5(k::text), 10) END,
        800, false, at + k * interval '1 second', at + k * interval '5 seconds'
    FROM (SELECT pieces.id, run_id, user_id, created_at AS at FROM pieces JOIN runs ON runs.id = run_id) pieces,
        (SELECT k, k % 4 = 2 AS is_picture,
            (ARRAY['write_content', 'draft_prompt', 'render_image', 'review_image'])[1 + k % 4] AS step,
            (ARRAY['gemini', 'anthropic', 'gemini', 'gateway'])[1 + k % 4] AS provider,
            (ARRAY['gemini-2.5-flash', 'claude-sonnet-4-6', 'gemini-3.1-flash-image', 'anthropic/claude-sonnet-4.6'])
                [1 + k % 4] AS model
         FROM generate_series(0, :each - 1) k) kinds
"""
LOOSE = """
    INSERT INTO call_sums (day, user_id, api_key_id, pipeline, step, purpose, provider, model, is_sandbox, calls, cached,
        pictures, accepted, known_micro_usd, unknown, doubt_micro_usd, tokens_in, tokens_out, tokens_cached, tokens_image)
    SELECT (started_at AT TIME ZONE 'UTC')::date, user_id, NULL, 'full-post', step, purpose, provider, model, false,
        (n = 1)::int, 0, 0, 0, CASE n WHEN 2 THEN 5000 ELSE 0 END, CASE n WHEN 1 THEN 1 WHEN 2 THEN -1 ELSE 0 END, 0,
        NULL, NULL, NULL, NULL
    FROM (SELECT * FROM calls LIMIT :calls) c, generate_series(1, 3) n
"""


@dataclass(frozen=True, slots=True)
class Timed:
    """One report."""

    lines: str
    group_by: str
    rows: int
    median_s: float
    slowest_s: float


def seed(session: Session, calls: int, days: int = 29) -> None:
    """Write a journal of so many calls, 25 of a run, over so many days of the month."""
    session.execute(text("SET LOCAL synchronous_commit = off"))
    session.execute(text(USERS))
    session.execute(text(RUNS), {"runs": max(1, calls // CALLS_OF_A_RUN), "days": days})
    session.execute(text(PIECES))
    session.execute(text(JOURNAL), {"each": CALLS_OF_A_RUN})


def main(arguments: list[str] | None = None) -> int:
    """Measure, print the table; return 1 when a report took longer than a second."""
    parser = argparse.ArgumentParser(prog="python -m bench.reports", description="How long reports of costs take.")
    parser.add_argument("--calls", type=int, default=CALLS, help=f"calls in the month ({CALLS})")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"rounds of which the median counts ({ROUNDS})")
    parser.add_argument("--explain", action="store_true", help="print the plans as well")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there as well")
    options = parser.parse_args(arguments)
    folder = Path(tempfile.mkdtemp(prefix="pressroom-bench-"))
    try:
        with running(folder) as services:
            timed, plans = measure(services.database_url, options.calls, max(1, options.rounds))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    is_met = all(one.slowest_s <= MOST_S for one in timed)
    _show(timed, options.calls, is_met=is_met)
    if options.explain:
        sys.stdout.write("\n\n".join(plans) + "\n")
    if options.json:
        figures = {"calls": options.calls, "rounds": options.rounds, "reports": [asdict(one) for one in timed]}
        options.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    return 0 if is_met else 1


def measure(database_url: str, calls: int, rounds: int) -> tuple[list[Timed], list[str]]:
    """Return how long each report took, over merged sums and over loose ones, and the plans of the first."""
    migrate.migrate(database_url)
    engine = create_engine(database_url)

    def in_transaction(work: Callable[[Session], object]) -> None:
        with Session(engine) as session, session.begin():
            work(session)

    in_transaction(lambda session: seed(session, calls))
    in_transaction(sums.merge)
    vacuum(engine.url.render_as_string(hide_password=False))
    timed, plans = [], []
    with Session(engine) as session:
        timed += [_timed(session, "merged", group_by, rounds) for group_by in GROUPS]
        plans += [explained(session, group_by) for group_by in GROUPS[:2]]
    in_transaction(lambda session: session.execute(text(LOOSE), {"calls": calls // len(MONTH.days)}))
    vacuum(engine.url.render_as_string(hide_password=False))
    with Session(engine) as session:
        timed += [_timed(session, "a day loose", group_by, rounds) for group_by in GROUPS[:2]]
    engine.dispose()
    return timed, plans


def vacuum(url: str) -> None:
    """Have PostgreSQL learn what the tables hold, as it does by itself after a while."""
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("VACUUM ANALYZE"))
    engine.dispose()


def _timed(session: Session, lines: str, group_by: Sequence[Dimension], rounds: int) -> Timed:
    taken, rows = [], 0
    for _ in range(rounds):
        began = time.perf_counter()
        rows = len(costs.costs(session, MONTH, group_by).rows)
        taken.append(time.perf_counter() - began)
    return Timed(lines, ",".join(group_by), rows, round(median(taken), 4), round(max(taken), 4))


def explained(session: Session, group_by: Sequence[Dimension]) -> str:
    """Return how PostgreSQL carries a report's query out."""
    query = costs.query(MONTH, group_by).compile(session.get_bind(), compile_kwargs={"literal_binds": True})
    return "\n".join(session.scalars(text(f"EXPLAIN (ANALYZE, BUFFERS) {query}")))


def _show(timed: Sequence[Timed], calls: int, *, is_met: bool) -> None:
    table = Table("sums", "grouped by", title=f"reports of costs over {calls:,} calls of one month", box=None)
    for heading in ("rows", "median", "slowest"):
        table.add_column(heading, justify="right")
    for one in timed:
        times = (f"{seconds * 1000:,.0f} ms" for seconds in (one.median_s, one.slowest_s))
        table.add_row(one.lines, one.group_by, f"{one.rows:,}", *times)
    console = Console()
    console.print(table)
    aim = f"aim: no report takes longer than {MOST_S:.0f} s"
    console.print(f"{aim}: {'met' if is_met else 'missed'}", highlight=False)


if __name__ == "__main__":
    sys.exit(main())
