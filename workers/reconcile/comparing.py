"""One comparison: which calls are asked for, how, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta

from app.domain.errors import SetupError
from app.domain.provider_errors import ProviderAccount, ProviderError
from app.settings import settings
from workers.reconcile import reports
from workers.reconcile.figures import Booked, Findings, ModelUse, Pair, Used, lines_of
from workers.reconcile.matching import SLACK, matched, same_model
from workers.reconcile.usage_csv import Usage

AT_ONCE = 4  # look-ups under way at a time
REPORTING = ("gateway",)
Told = Callable[[int, int], None]
Asked = tuple[Booked, Used | ProviderError | None]


def check_reports(provider: str) -> None:
    """Do nothing when a provider can be asked for its books. Raises SetupError that says what to do instead."""
    if provider not in REPORTING:
        raise SetupError(
            f"{provider} tells no cost of single calls to the key that makes them; export its usage as CSV and compare"
            f" with --provider {provider} --usage-csv FILE"
        )


def with_gateway(booked: Sequence[Booked], since: datetime, until: datetime, told: Told) -> Findings:
    """Compare with the gateway: each call by its id or label, and the sums of the days. Raises ProviderError.

    told: done and total, after each look-up.
    """
    found = Findings()
    named = [call for call in booked if call.ref and (call.is_settled or call.is_in_doubt)]
    by_label = [call for call in booked if call.is_in_doubt and not call.ref and settings().gateway_labels]
    asked = {call.id for call in (*named, *by_label)}
    found.in_doubt = [call for call in booked if call.is_in_doubt and call.id not in asked]
    found.not_compared = [call for call in booked if call.is_settled and call.id not in asked]
    failures: list[ProviderError] = []
    total = len(named) + len(by_label)
    with closing(_answers(named, by_label)) as answers:
        for done, (call, answer) in enumerate(answers, 1):
            if isinstance(answer, ProviderError):
                failures.append(answer)
                found.unanswered.add(call.id)
            _sort_in(found, call, answer)
            told(done, total)
    if failures:
        found.is_partial = True
        found.notes.append(f"{len(failures)} look-ups were not answered: {failures[0]}")
    if any(call.is_in_doubt and not call.ref for call in booked) and not settings().gateway_labels:
        found.notes.append(
            "calls without an answer have no id to look up; PRESSROOM_GATEWAY_LABELS=true gives new ones a label"
        )
    _add_sums(found, booked, since, until)
    return found


def _answers(named: Sequence[Booked], by_label: Sequence[Booked]) -> Generator[Asked]:
    """Yield calls and what the gateway has of them, or why it did not say. Raises ProviderAccount at once."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        under_way = {pool.submit(reports.look_up, call): call for call in named}
        under_way |= {pool.submit(reports.labelled, call): call for call in by_label}
        try:
            for future in as_completed(under_way):
                try:
                    yield under_way[future], future.result()
                except ProviderAccount:
                    raise
                except ProviderError as exc:
                    yield under_way[future], exc
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _sort_in(found: Findings, call: Booked, answer: Used | ProviderError | None) -> None:
    if isinstance(answer, Used) and not (call.is_in_doubt and answer.cost_micro_usd is None):
        found.pairs.append(Pair(call, answer))
    elif call.is_in_doubt:
        found.in_doubt.append(call)
    elif call.is_fresh or answer is not None:
        found.not_compared.append(call)
    else:
        found.missing.append(call)


def _add_sums(found: Findings, booked: Sequence[Booked], since: datetime, until: datetime) -> None:
    try:
        used = reports.by_model(since.date(), (until - timedelta(microseconds=1)).date())
    except ProviderError as exc:
        found.is_partial = True
        found.notes.append(f"the gateway's report did not come: {exc}")
        return
    if used is None:
        found.notes.append("the account has no reports, so what only the gateway has is not known")
        return
    found.lines = lines_of([call for call in booked if call.started_at >= since], used, found.pairs)


def with_file(booked: Sequence[Booked], usage: Usage, since: datetime, until: datetime) -> Findings:
    """Compare with a usage export, within the time that it covers."""
    if usage.times is not None:
        first, last = max(since, usage.times[0] - SLACK), min(until, usage.times[1] + SLACK)
    else:
        first, last = since, until
    if usage.sums:
        inside = [call for call in booked if since <= call.started_at < until]
        doubtful = [call for call in booked if call.is_in_doubt]
        found = Findings(lines=lines_of(inside, _renamed(usage.sums, inside), ()), in_doubt=doubtful)
        found.notes.append("the file holds sums by model; no single call was looked for")
        return found
    inside = [call for call in booked if first <= call.started_at < last]
    rows = [row for row in usage.calls if row.at is None or first <= row.at <= last]
    found = matched(inside, rows)
    kept = {call.id for call in inside}
    found.in_doubt += [call for call in booked if call.is_in_doubt and call.id not in kept]
    found.not_compared += [call for call in booked if call.is_settled and call.id not in kept]
    if usage.times is not None and (first > since or last < until):
        found.notes.append(f"the file covers {usage.times[0]:%Y-%m-%d %H:%M} to {usage.times[1]:%Y-%m-%d %H:%M} UTC")
    return found


def _renamed(sums: Sequence[ModelUse], booked: Sequence[Booked]) -> list[ModelUse]:
    """Return a report's sums under our models' names."""
    ours = sorted({call.model for call in booked})
    merged: dict[str, ModelUse] = {}
    for one in sums:
        name = next((model for model in ours if same_model(model, one.model)), one.model)
        before = merged.get(name, ModelUse(name, 0, 0))
        merged[name] = replace(
            before, calls=before.calls + one.calls, cost_micro_usd=before.cost_micro_usd + one.cost_micro_usd
        )
    return list(merged.values())
