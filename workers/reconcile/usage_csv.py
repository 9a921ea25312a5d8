"""Reads a provider's usage export: one row a call, or one row a day and model. Headers are read leniently.

| what | headers that are understood, in any case, with spaces, dashes or underscores |
| --- | --- |
| model | model, model_id, model_name, slug |
| cost in USD | cost, cost_usd, total_cost, amount, amount_usd, price, usage_usd, charge; "(USD)" behind it is ignored |
| id | id, generation_id, request_id, response_id, provider_ref |
| label | tag, tags, label, user, metadata |
| time | time, timestamp, created_at, created, date_time, started_at, date, day; without a zone it is UTC |
| tokens | input_tokens, prompt_tokens, tokens_prompt, tokens_in; output_tokens, completion_tokens, ... |
| calls in the row | requests, request_count, num_model_requests, calls |

Needed: model, cost, and one of id, label, time, calls in the row.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from app.domain.errors import SetupError
from workers.providers import replies
from workers.providers.gateway import LABEL
from workers.reconcile.figures import ModelUse, Used, micro_usd_of

MAX_BYTES = 200 * 1024 * 1024
HEADERS: dict[str, tuple[str, ...]] = {
    "model": ("model", "model_id", "model_name", "slug"),
    "cost": ("cost", "cost_usd", "total_cost", "amount", "amount_usd", "amount_value", "price", "usage_usd", "charge"),
    "ref": ("id", "generation_id", "request_id", "response_id", "provider_ref"),
    "label": ("tag", "tags", "label", "user", "metadata"),
    "at": ("time", "timestamp", "created_at", "created", "date_time", "started_at", "date", "day"),
    "tokens_in": ("input_tokens", "prompt_tokens", "tokens_prompt", "tokens_in", "native_tokens_prompt"),
    "tokens_out": (
        "output_tokens", "completion_tokens", "tokens_completion", "tokens_out", "native_tokens_completion",
    ),
    "calls": ("requests", "request_count", "num_model_requests", "calls"),
}  # fmt: skip
DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
THOUSANDS = re.compile(r"\d{1,3}(,\d{3})+\.\d+")
LABELLED = re.compile(re.escape(LABEL.format("")) + r"([0-9a-f-]{36})")


@dataclass(frozen=True, slots=True)
class Usage:
    """What a file holds: single calls, or sums by model."""

    calls: list[Used]
    sums: list[ModelUse]
    times: tuple[datetime, datetime] | None
    """Of its first and its last row; a row of a day covers all of it. None = it tells no times."""


def read(path: Path) -> Usage:
    """Return what a usage export holds. Raises SetupError that says which row or column cannot be read."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise SetupError(f"{path} is bigger than {MAX_BYTES // 2**20} MB; export a shorter period")
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as exc:
        raise SetupError(f"{path} cannot be read as UTF-8 text: {exc}") from exc
    try:
        dialect: type[csv.Dialect] | str = csv.Sniffer().sniff(text[:4096], delimiters=",;\t")
    except csv.Error:
        dialect = "excel"
    try:
        rows = list(csv.DictReader(io.StringIO(text, newline=""), dialect=dialect))
    except csv.Error as exc:
        raise SetupError(f"{path} is no CSV: {exc}") from exc
    columns = _columns(path, list(rows[0]) if rows else text.partition("\n")[0].split(","))
    return _usage(path, rows, columns)


def _columns(path: Path, headings: Sequence[str]) -> dict[str, str]:
    plain = {_plain(heading): heading for heading in reversed(headings) if heading}
    columns = {
        what: plain[next(name for name in names if name in plain)]
        for what, names in HEADERS.items()
        if not plain.keys().isdisjoint(names)
    }
    for what in ("model", "cost"):
        if what not in columns:
            raise SetupError(f"{path} has no column for {what}; call it {' or '.join(HEADERS[what][:2])}")
    if columns.keys().isdisjoint(("ref", "label", "at", "calls")):
        raise SetupError(f"{path} tells of no call when or which it was; it needs a column id, time or requests")
    return columns


def _plain(heading: str) -> str:
    bare = re.sub(r"[(\[]\s*(usd|us\$|\$)\s*[)\]]", "", heading.strip().lower())
    return re.sub(r"[\s_.-]+", "_", bare).strip("_")


def _usage(path: Path, rows: Sequence[Mapping[str, str]], columns: Mapping[str, str]) -> Usage:
    calls: list[Used] = []
    sums: dict[str, ModelUse] = {}
    times: list[datetime] = []
    for number, row in enumerate(rows, 2):
        told = {what: (row.get(heading) or "").strip() for what, heading in columns.items()}
        if not told["model"]:
            continue  # a line of totals, or of what is no model's
        amount = _amount(path, number, told["cost"])
        at = _time(path, number, told.get("at", ""))
        is_exact = at is not None and not DAY.fullmatch(told["at"])
        if at is not None:
            times.append(at)
            if not is_exact:
                times.append(at + timedelta(days=1))
        if "calls" in columns:
            before = sums.get(told["model"], ModelUse(told["model"], 0, 0))
            counted = before.calls + (_whole(path, number, told["calls"]) or 0)
            sums[told["model"]] = ModelUse(told["model"], counted, before.cost_micro_usd + micro_usd_of(amount))
            continue
        label = LABELLED.search(told.get("label", ""))
        calls.append(
            Used(
                told["model"],
                replies.cost(amount),
                ref=told.get("ref") or None,
                label=label[1] if label else None,
                at=at if is_exact else None,
                tokens_in=_whole(path, number, told.get("tokens_in", "")),
                tokens_out=_whole(path, number, told.get("tokens_out", "")),
            )
        )
    return Usage(calls, list(sums.values()), (min(times), max(times)) if times else None)


def _amount(path: Path, number: int, told: str) -> str:
    """Return the plain number of a cell such as `$0.0672`; "" for an empty one."""
    bare = told.replace("$", "").replace("USD", "").strip()
    if THOUSANDS.fullmatch(bare):
        bare = bare.replace(",", "")
    try:
        is_cost = not bare or float(bare) >= 0
    except ValueError:  # a decimal comma is not guessed at: 0,067 may be 67 dollars or 7 cents
        is_cost = False
    if not is_cost:
        raise SetupError(f"{path}, line {number}: {told!r} is no cost in US dollars; write 0.067")
    return bare


def _time(path: Path, number: int, told: str) -> datetime | None:
    if not told:
        return None
    try:
        if told.isdigit():
            return datetime.fromtimestamp(int(told) / (1000 if len(told) > 11 else 1), UTC)  # noqa: PLR2004 - ms since 1970
        at = datetime.fromisoformat(told.removesuffix(" UTC"))
    except (ValueError, OverflowError, OSError):
        raise SetupError(f"{path}, line {number}: {told!r} is no time; write 2026-11-21T10:00:00Z") from None
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def _whole(path: Path, number: int, told: str) -> int | None:
    if not told:
        return None
    try:
        return int(float(told.replace(",", "")))
    except (ValueError, OverflowError):
        raise SetupError(f"{path}, line {number}: {told!r} is no number") from None
