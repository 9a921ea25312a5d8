"""`python -m workers.reconcile`: compare, settle, and tell it as lines of JSON; `pressroom reconcile` shows them."""

from __future__ import annotations

import argparse
import json
import sys
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from app.domain.errors import PressroomError
from app.settings import settings
from workers.reconcile import books, comparing, usage_csv
from workers.reconcile.figures import Booked, Findings, Pair, Used

SHOWN = 1000  # rows of each kind that are told; their number is told in full


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the options ask; return the exit code: 0 also when the books disagree, which the last line tells."""
    options = _options(arguments)
    try:
        _tell(**_reconciled(options))
    except PressroomError as exc:
        sys.stderr.write(f"{exc}\n")
        return 1
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m workers.reconcile", description=__doc__)
    parser.add_argument("--provider", default="gateway")
    parser.add_argument("--since", type=date.fromisoformat, required=True, help="first day, UTC")
    parser.add_argument("--until", type=date.fromisoformat, required=True, help="last day, UTC")
    parser.add_argument("--usage-csv", type=Path)
    parser.add_argument("--dry-run", action="store_true")
    parser.add_argument("--write-off-after", type=int, metavar="DAYS")
    parser.add_argument("--write-off-at", choices=("worst", "zero"), default="worst")
    return parser.parse_args(arguments)


def _reconciled(options: argparse.Namespace) -> dict[str, Any]:
    since, until = _midnight(options.since), _midnight(options.until) + timedelta(days=1)
    usage = usage_csv.read(options.usage_csv) if options.usage_csv else None
    if usage is None:
        comparing.check_reports(options.provider)
    is_sandbox = usage is None and settings().is_sandboxed  # no file tells of the sandbox's calls
    booked = books.read(options.provider, since, until, is_sandbox=is_sandbox)
    if usage is None:
        found = comparing.with_gateway(booked, since, until, lambda done, total: _tell(done=done, total=total))
    else:
        found = comparing.with_file(booked, usage, since, until)
    settled = [pair for pair in found.to_settle if options.dry_run or _settle(pair)]
    written_off = []
    if options.write_off_after is not None:
        old = _to_write_off(found, options.write_off_after)
        at_worst = options.write_off_at == "worst"
        written_off = [call for call in old if options.dry_run or books.write_off(call, at_worst=at_worst)]
    return _report(found, settled, written_off)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _settle(pair: Pair) -> bool:
    cost = pair.used.cost_micro_usd
    assert cost is not None, "only calls with a cost are settled"
    return books.settle(pair.booked, cost, pair.used.ref)


def _to_write_off(found: Findings, days: int) -> list[Booked]:
    """Return the calls in doubt that are older than so many days, without those that the provider did not answer for."""
    old = [call for call in found.left_in_doubt if not call.is_fresh and books.is_older(call, days)]
    unanswered = [call for call in old if call.id in found.unanswered]
    if unanswered:
        found.notes.append(
            f"{len(unanswered)} calls were not written off: the provider did not say whether it charged them; run it"
            " again, or compare with --usage-csv"
        )
    return [call for call in old if call.id not in found.unanswered]


def _report(found: Findings, settled: list[Pair], written_off: list[Booked]) -> dict[str, Any]:
    gone = {call.id for call in written_off}
    left = [call for call in found.left_in_doubt if call.id not in gone]
    return {
        "agrees": found.agrees,
        "matched": {"calls": len(found.matched), "micro_usd": sum(_ours(pair) for pair in found.matched)},
        "not_compared": len(found.not_compared),
        "missing": _listed([_call(call) for call in found.missing]),
        "extra": _listed([_row(row) for row in found.extra]),
        "drift": _drift(found.drifting),
        "settled": _listed([_call(pair.booked) | {"micro_usd": pair.used.cost_micro_usd} for pair in settled])
        | {"micro_usd": sum(pair.used.cost_micro_usd or 0 for pair in settled)},
        "written_off": _listed([_call(call) for call in written_off]),
        "in_doubt": _listed([_call(call) for call in left])
        | {"worst_micro_usd": sum(call.worst_micro_usd for call in left)},
        "models": [asdict(line) | {"verdict": line.verdict} for line in found.lines],
        "notes": found.notes,
    }


def _listed(rows: list[dict[str, Any]]) -> dict[str, Any]:
    return {"calls": len(rows), "rows": rows[:SHOWN]}


def _call(call: Booked) -> dict[str, Any]:
    return {
        "id": str(call.id),
        "model": call.model,
        "started_at": call.started_at.isoformat(),
        "ref": call.ref,
        "micro_usd": call.cost_micro_usd,
        "worst_micro_usd": call.worst_micro_usd,
    }


def _row(row: Used) -> dict[str, Any]:
    at = row.at.isoformat() if row.at else None
    return {"ref": row.ref, "model": row.model, "at": at, "micro_usd": row.cost_micro_usd}


def _drift(pairs: list[Pair]) -> list[dict[str, Any]]:
    """Return by model what we and the provider say of the calls on which we disagree."""
    by_model: defaultdict[str, list[Pair]] = defaultdict(list)
    for pair in pairs:
        by_model[pair.booked.model].append(pair)
    return [
        {
            "model": model,
            "calls": len(some),
            "our_micro_usd": sum(_ours(pair) for pair in some),
            "their_micro_usd": sum(pair.used.cost_micro_usd or 0 for pair in some),
        }
        for model, some in sorted(by_model.items())
    ]


def _ours(pair: Pair) -> int:
    return pair.booked.cost_micro_usd or 0


def _tell(**facts: Any) -> None:
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
