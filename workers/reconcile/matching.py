"""Finds the same call in two books: by our label, by the provider's id, and else by what both tell of it.

What only looks alike settles no money unless there is one call and one row that it can be: a guess would be a cost
that nobody can explain later.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from workers.reconcile.figures import Booked, Findings, Pair, Used

LONGEST = timedelta(minutes=5)
"""No call takes longer; one that was settled late has its end then."""
SLACK = timedelta(minutes=2)
"""Between our clock and the provider's, and for what it goes on with after we have hung up."""


def matched(booked: Sequence[Booked], used: Sequence[Used]) -> Findings:
    """Return what two books have in common, and what only one of them has.

    1. By label, then by id: certain.
    2. Settled calls by model, time and tokens; of several alike, the nearest in time.
    3. What is left by model and time, only where both are the one candidate of the other.
    """
    books = _Books(booked, used)
    books.pair_by_name({str(call.id): call for call in booked}, ((n, row.label) for n, row in enumerate(used)))
    books.pair_by_name({call.ref: call for call in booked if call.ref}, ((n, row.ref) for n, row in enumerate(used)))
    books.pair_alike()
    books.pair_unique()
    found = Findings(pairs=books.pairs)
    for call in books.calls.values():
        if call.is_in_doubt:
            found.in_doubt.append(call)
        elif call.is_fresh:
            found.not_compared.append(call)
        elif call.is_settled:
            found.missing.append(call)
    found.extra = list(books.rows.values())
    return found


class _Books:
    """What is still to be paired."""

    def __init__(self, booked: Sequence[Booked], used: Sequence[Used]) -> None:
        self.calls = {call.id: call for call in booked}
        self.rows = dict(enumerate(used))
        self.pairs: list[Pair] = []
        self._timed: dict[str, list[tuple[datetime, int]]] = {}
        for n, row in enumerate(used):
            if row.at is not None:
                self._timed.setdefault(row.model, []).append((row.at, n))
        for times in self._timed.values():
            times.sort()

    def pair_by_name(self, named: dict[str, Booked], told: Iterable[tuple[int, str | None]]) -> None:
        for n, name in told:
            if n in self.rows and name in named and named[name].id in self.calls:
                self._pair(named[name], n)

    def pair_alike(self) -> None:
        for call in list(self.calls.values()):
            if not call.is_settled or call.tokens_in is None:
                continue
            tokens = (call.tokens_in, call.tokens_out)
            alike = [n for n in self._may_be(call) if (self.rows[n].tokens_in, self.rows[n].tokens_out) == tokens]
            if alike:
                began = call.started_at
                self._pair(call, min(alike, key=lambda n: abs((self.rows[n].at or began) - began)))

    def pair_unique(self) -> None:
        fits = {call.id: self._affordable(call) for call in self.calls.values()}
        wanted = Counter(n for candidates in fits.values() for n in candidates)
        for call_id, candidates in fits.items():
            if len(candidates) == 1 and wanted[candidates[0]] == 1:
                self._pair(self.calls[call_id], candidates[0])

    def _affordable(self, call: Booked) -> list[int]:
        costs = [(n, self.rows[n].cost_micro_usd) for n in self._may_be(call)]
        return [n for n, cost in costs if cost is not None and cost <= call.worst_micro_usd]

    def _may_be(self, call: Booked) -> list[int]:
        """Return the rows that model, time and names allow to be the call."""
        ended = min(call.ended_at or call.started_at, call.started_at + LONGEST)
        first, last = call.started_at - SLACK, ended + SLACK
        found = []
        for model, times in self._timed.items():
            if not same_model(call.model, model):
                continue
            low = bisect_left(times, first, key=lambda one: one[0])
            high = bisect_right(times, last, key=lambda one: one[0])
            found += [n for _, n in times[low:high] if n in self.rows and not _is_another(call, self.rows[n])]
        return found

    def _pair(self, call: Booked, n: int) -> None:
        self.pairs.append(Pair(call, self.rows.pop(n)))
        del self.calls[call.id]


def _is_another(call: Booked, row: Used) -> bool:
    """Whether their names say that they are not the same: names that agree are paired before."""
    return row.label is not None or (call.ref is not None and row.ref is not None)


def same_model(ours: str, theirs: str) -> bool:
    """Whether a report's name means our model: with or without its creator, and with the date that vendors add."""
    name, reported = _plain(ours), _plain(theirs)
    return name == reported or bool(re.fullmatch(rf"{re.escape(name)}-(\d{{8}}|\d{{4}}-\d{{2}}-\d{{2}})", reported))


def _plain(model: str) -> str:
    return model.rpartition("/")[2].lower().replace(".", "-")
