"""The calls of a run as a table: what was asked of whom, what came of it, and what it cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from rich.markup import escape

from app.cli import screen, tables
from app.cli.tables import Column

MAX_MODEL = 24
NARROW_MODEL = 18
INDENT = 10
HASH_LENGTH = 12
type_call = Mapping[str, Any]


def say(calls: Sequence[type_call]) -> None:
    """Print calls, oldest first; what a narrow terminal cannot hold is left out, and what went wrong has a line of its own."""
    if not calls:
        screen.say("No calls yet: nothing was asked of a model.")
        return
    wide = screen.out().width
    columns = tables.fitting(_columns(calls, MAX_MODEL), wide)
    if tables.width(columns) > wide:
        columns = tables.fitting(_columns(calls, NARROW_MODEL), wide)
    has_outcome = any(column.heading == "outcome" for column in columns)
    heading, *lines = tables.rows(columns)
    screen.say(heading)
    for line, call in zip(lines, calls, strict=True):
        screen.say(line)
        if not has_outcome and not _is_good(call):
            screen.say(f"{escape(call['provider'])}: {_outcome(call)}", indent=INDENT)
    screen.say()
    _say_sum(calls)


def _columns(calls: Sequence[type_call], most: int) -> list[Column]:
    def texts(name: str) -> list[str]:
        return ["" if call[name] is None else str(call[name]) for call in calls]

    return [
        Column("UTC", [datetime.fromisoformat(call["time"]).strftime("%H:%M:%S") for call in calls]),
        Column("piece", [escape(call["piece"]) for call in calls]),
        Column("purpose", [screen.words(call["purpose"]) for call in calls]),
        Column("try", texts("attempt"), is_right=True, rank=4),
        Column("provider", [escape(call["provider"]) for call in calls], rank=2),
        Column("model", [escape(screen.clipped(call["model"], most)) for call in calls]),
        Column("outcome", [_outcome(call) for call in calls], rank=1),
        Column("tokens", [_tokens(call) for call in calls], is_right=True, rank=3),
        Column("of it image", texts("tokens_image"), is_right=True, rank=6),
        Column("of it cached", texts("tokens_cached"), is_right=True, rank=7),
        Column("bytes", texts("bytes"), is_right=True, rank=5),
        Column("cost", [_cost(call) for call in calls], is_right=True),
        Column("by", texts("cost_basis"), rank=8),
        Column("s", [_seconds(call) for call in calls], is_right=True),
        Column("prompt", [call["prompt_hash"][:HASH_LENGTH] for call in calls], rank=9),
    ]


def _is_good(call: type_call) -> bool:
    return call["state"] == "SUCCEEDED" and call["accepted"] is not False


def _outcome(call: type_call) -> str:
    """Return what came of a call, in markup."""
    if call["state"] == "INTENT":
        return "[cyan]under way[/]"
    if call["state"] == "UNKNOWN":
        return f"[red]no answer: {escape(str(call['error_code']))}[/]"
    if not _is_good(call):
        return f"[red]{escape(str(call['error_code'] or call['state'].lower()))}[/]"
    return "[green]cached[/]" if call["cost_basis"] == "cache" else "[green]ok[/]"


def _cost(call: type_call) -> str:
    return _unknown(call) if call["cost_micro_usd"] is None else screen.dollars(call["cost_micro_usd"])


def _seconds(call: type_call) -> str:
    return _unknown(call) if call["seconds"] is None else f"{call['seconds']:.1f}"


def _tokens(call: type_call) -> str:
    """Return tokens in and out: `312 + 1120`."""
    if call["tokens_in"] is None or call["tokens_out"] is None:
        return ""
    return f"{call['tokens_in']} + {call['tokens_out']}"


def _unknown(call: type_call) -> str:
    """Return what stands where nobody knows a figure, or not yet."""
    return "" if call["state"] == "INTENT" else "?"


def _say_sum(calls: Sequence[type_call]) -> None:
    known = screen.dollars(sum(call["cost_micro_usd"] or 0 for call in calls))
    unknown = sum(call["cost_micro_usd"] is None and call["state"] != "INTENT" for call in calls)
    told = f"{len(calls)} call{'s' if len(calls) > 1 else ''}, {known}"
    if unknown:
        told += f" and [red]{unknown} of unknown cost[/]"
    if any(call["sandbox"] for call in calls):
        told += "  [yellow]sandbox: nothing was really paid[/]"
    screen.say(told)
