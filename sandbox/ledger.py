"""What the sandbox remembers of the calls: the log of all, the bill of those that cost."""

from __future__ import annotations

import hashlib
from collections import Counter, OrderedDict
from dataclasses import asdict, dataclass, replace

from sandbox.calls import Answer, Ask, Json, Vendor

REMEMBERED = 100_000  # calls kept in the log and in the bill's list: a long benchmark, some 50 MB


@dataclass(slots=True)
class Entry:
    """One call received."""

    n: int
    """1 is the first call since the start or the last reset."""
    at: str
    """ISO 8601, UTC."""
    vendor: str
    id: str | None = None
    """The id that the reply carried; None when there was no answer."""
    model: str | None = None
    kind: str | None = None
    prompt_sha256: str | None = None
    prompt_start: str | None = None
    """First 80 characters; shown nowhere else."""
    status: int | None = None
    """HTTP status sent; None while working, 0 when the connection was closed without an answer."""
    fault: str | None = None
    billed_micro_usd: int | None = None
    """None: nothing was charged, or the model has no known price."""
    seconds: float | None = None
    in_flight_at_start: int | None = None

    def describe(self, ask: Ask) -> None:
        """Note what was asked."""
        self.model, self.kind = ask.model, ask.kind.value
        self.prompt_sha256 = hashlib.sha256(ask.prompt.encode("utf-8", "surrogatepass")).hexdigest()
        self.prompt_start = ask.prompt[:80]


@dataclass(frozen=True, slots=True)
class Charge:
    """One answered call on the bill."""

    model: str
    answer: Answer
    ask: Ask
    """Without texts and pictures."""
    at: str
    """ISO 8601, UTC: when the call came."""


class Ledger:
    """Log and bill. Not safe for threads by itself: the desk's lock guards it."""

    def __init__(self) -> None:
        """Start empty."""
        self._entries: OrderedDict[int, Entry] = OrderedDict()
        self._charges: OrderedDict[str, Charge] = OrderedDict()
        self._counts: Counter[tuple[Vendor, str]] = Counter()
        self._sums: Counter[tuple[Vendor, str]] = Counter()
        self._received = 0

    def receive(self, vendor: Vendor, at: str) -> Entry:
        """Open the next entry of the log."""
        self._received += 1
        entry = Entry(n=self._received, at=at, vendor=vendor.value)
        self._entries[entry.n] = entry
        if len(self._entries) > REMEMBERED:
            self._entries.popitem(last=False)
        return entry

    def charge(self, entry: Entry, ask: Ask, answer: Answer) -> None:
        """Put an answer on the bill. Texts and pictures are dropped from what is kept."""
        entry.id, entry.billed_micro_usd = answer.id, answer.cost_micro_usd
        bare = replace(ask, system="", prompt="", pictures=(), schema={})
        self._charges[answer.id] = Charge(ask.model, answer, bare, entry.at)
        self._counts[ask.vendor, ask.model] += 1
        self._sums[ask.vendor, ask.model] += answer.cost_micro_usd or 0
        if len(self._charges) > REMEMBERED:
            self._charges.popitem(last=False)

    def charges(self) -> list[Charge]:
        """Return every remembered charge, oldest first."""
        return list(self._charges.values())

    @property
    def total_micro_usd(self) -> int:
        """Return the sum of all charges since the start or the last reset."""
        return self._sums.total()

    def find(self, call_id: str) -> Charge | None:
        """Return the charge for an answer's id."""
        return self._charges.get(call_id)

    def log(self) -> list[Json]:
        """Return every remembered call, oldest first."""
        return [asdict(entry) for entry in self._entries.values()]

    def bill(self) -> Json:
        """Return totals, counts and sums per model and per vendor, and the ids billed."""
        return {
            "total_micro_usd": self.total_micro_usd,
            "calls": self._counts.total(),
            "models": self._grouped(1),
            "vendors": self._grouped(0),
            "ids": list(self._charges),
        }

    def _grouped(self, place: int) -> Json:
        groups: Json = {}
        for of, count in sorted(self._counts.items()):
            row = groups.setdefault(str(of[place]), {"calls": 0, "micro_usd": 0})
            row["calls"] += count
            row["micro_usd"] += self._sums[of]
        return groups
