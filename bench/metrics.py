"""How long a scrape of /metrics asks the database on a day of a million calls.

Asked at the end of that day, with the sums of its last ten minutes not merged yet: each question by itself, in a
PostgreSQL of this module's own.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from statistics import median

from prometheus_client.core import Metric
from rich.console import Console
from rich.table import Table
from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session

from app.db import migrate
from app.embedded.services import running
from app.metrics import rows
from app.reports import sums
from bench.reports import CALLS, LOOSE, ROUNDS, seed, vacuum

MOST_S = 1.0
NOW = datetime(2026, 11, 1, 23, 59, tzinfo=UTC)
MERGES_OF_A_DAY = 144  # upkeep.merge_sums runs every ten minutes
QUESTIONS: dict[str, Callable[[Session], Iterator[Metric]]] = {
    "runs": rows.runs,
    "steps": partial(rows.steps, is_backlogged=False),
    "open calls": rows.open_calls,
    "waiting": rows.waiting,
    "budgets": partial(rows.budgets, now=NOW),
    "costs": partial(rows.costs, now=NOW),
    "calls of the day": partial(rows.calls, now=NOW),
}


def main(arguments: list[str] | None = None) -> int:
    """Measure, print the table; return 1 when all questions together took longer than a second."""
    parser = argparse.ArgumentParser(prog="python -m bench.metrics", description="How long a scrape of /metrics takes.")
    parser.add_argument("--calls", type=int, default=CALLS, help=f"calls of the day ({CALLS})")
    calls = parser.parse_args(arguments).calls
    folder = Path(tempfile.mkdtemp(prefix="pressroom-metrics-"))
    try:
        with running(folder) as servers:
            timed = measured(servers.database_url, calls)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    slowest_s = sum(max(taken) for taken in timed.values())
    table = Table("question", title=f"on a day of {calls:,} calls", box=None)
    for heading in ("median", "slowest"):
        table.add_column(heading, justify="right")
    for question, taken in timed.items():
        table.add_row(question, *(f"{seconds * 1000:,.0f} ms" for seconds in (median(taken), max(taken))))
    console = Console()
    console.print(table)
    is_met = slowest_s <= MOST_S
    console.print(
        f"aim: all together within {MOST_S:.0f} s: {'met' if is_met else 'missed'} ({slowest_s:.2f} s)", highlight=False
    )
    return 0 if is_met else 1


def measured(database_url: str, calls: int) -> dict[str, list[float]]:
    """Return how long each question took, in seconds, over so many calls."""
    migrate.migrate(database_url)
    engine = create_engine(database_url)
    with Session(engine) as session, session.begin():
        seed(session, calls, days=1)
    with Session(engine) as session, session.begin():
        sums.merge(session)
        session.execute(text(LOOSE), {"calls": calls // MERGES_OF_A_DAY})
    vacuum(engine.url.render_as_string(hide_password=False))
    timed: dict[str, list[float]] = {}
    for name, ask in QUESTIONS.items():
        for _ in range(ROUNDS):
            with Session(engine) as session, session.begin():
                began = time.perf_counter()
                list(ask(session))
                timed.setdefault(name, []).append(time.perf_counter() - began)
    engine.dispose()
    return timed


if __name__ == "__main__":
    sys.exit(main())
