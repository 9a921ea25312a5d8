"""The table of a storm: each fault, how often it struck, and what became of the runs that it struck."""

from __future__ import annotations

import uuid
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from app.db.models import Run
from app.domain.states import RunState
from chaos.storm.claims import Recovered
from chaos.storm.faults import Injected

HEADS = (
    *("fault", "times", "runs", "READY", "PARTIAL", "FAILED", "CANCELED"),
    *("lost", "paid twice unlisted", "longest recovery"),
)


@dataclass(frozen=True, slots=True)
class Row:
    """One line."""

    fault: str
    times: int
    states: Counter[RunState]
    runs: int
    lost: int
    twice: int
    recovery_s: float | None
    """None: none of its strikes left a claim behind."""

    @property
    def cells(self) -> tuple[str, ...]:
        """What stands in the line."""
        ends = (RunState.READY, RunState.PARTIAL, RunState.FAILED, RunState.CANCELED)
        numbers = (self.times, self.runs, *(self.states[state] for state in ends), self.lost, self.twice)
        recovery = "-" if self.recovery_s is None else f"{self.recovery_s:.1f} s"
        return (self.fault, *map(str, numbers), recovery)


def rows(
    injected: Sequence[Injected],
    runs: Mapping[uuid.UUID, Run],
    lost: AbstractSet[uuid.UUID],
    twice: Mapping[uuid.UUID, Sequence[str]],
    recovered: Sequence[Recovered],
) -> list[Row]:
    """Return a line for each fault and one for all together."""
    struck: dict[str, set[uuid.UUID]] = defaultdict(set)
    times: Counter[str] = Counter()
    for one in injected:
        times[one.fault] += 1
        struck[one.fault] |= one.runs
    longest: dict[str, float] = {}
    for back in recovered:
        longest[back.fault] = max(longest.get(back.fault, 0.0), back.seconds)

    def row(fault: str, count: int, those: AbstractSet[uuid.UUID], recovery_s: float | None) -> Row:
        states = Counter(runs[run_id].state for run_id in those if run_id in runs)
        paid = sum(len(twice.get(run_id, ())) for run_id in those)
        return Row(fault, count, states, len(those), len(those & lost), paid, recovery_s)

    lines = [row(fault, times[fault], struck[fault], longest.get(fault)) for fault in sorted(times)]
    every = set(runs) | set(lost)
    return [*lines, row("all", times.total(), every, max(longest.values(), default=None))]


def drawn(lines: Iterable[Row]) -> str:
    """Return the table with aligned columns."""
    cells = [HEADS, *(line.cells for line in lines)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(HEADS))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if n == 0 else cell.rjust(width)
            for n, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in cells
    )
