"""The desk: all state of one sandbox behind one lock, and the order in which a call is worked on."""

from __future__ import annotations

import hashlib
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from sandbox import faults
from sandbox.answers import Author
from sandbox.calls import Answer, Ask, Json, Kind, Picture, RefusedError, Trouble, Vendor
from sandbox.catalogue import find, usd
from sandbox.config import Config
from sandbox.fault_names import Fault
from sandbox.jobs import Job, Jobs, JobStatus
from sandbox.ledger import Charge, Entry, Ledger
from sandbox.load import Load
from sandbox.mischief_pictures import spoiled
from sandbox.reply_ids import reply_id


@dataclass(slots=True)
class Visit:
    """One call from its arrival to its reply."""

    entry: Entry
    started_s: float
    """Monotonic."""
    ask: Ask | None = None
    key: str = ""
    """Seeds everything about the reply: equal seed, request and repetition give an equal key."""
    rule: faults.Rule | None = None
    is_admitted: bool = False
    last_picture: Picture | None = None
    """The picture of the same size that was made before."""

    @property
    def seed(self) -> str:
        """Return what the reply's request id comes from, also for a call that was never admitted."""
        return self.key or hashlib.sha256(f"visit:{self.entry.n}".encode()).hexdigest()

    @property
    def fault(self) -> Fault | None:
        """Return the fault this call suffers."""
        return self.rule.fault if self.rule else None

    @property
    def params(self) -> Json:
        """Return the params of its fault."""
        return self.rule.params if self.rule else {}


class Desk:
    """Shared by all request threads; every public method may be called from any of them."""

    def __init__(self, config: Config) -> None:
        """Start with an empty log and no faults."""
        self.stopping = threading.Event()
        self._lock = threading.Lock()
        self._config = self._first_config = config
        self._author = Author(config)
        self._ledger = Ledger()
        self._load = Load()
        self._jobs = Jobs()
        self._rules: list[faults.Rule] = []
        self._repeats: Counter[str] = Counter()
        self._epoch_s = time.monotonic()

    @property
    def config(self) -> Config:
        """Return the configuration in force."""
        return self._config

    @contextmanager
    def visit(self, vendor: Vendor) -> Iterator[Visit]:
        """Log one call from start to end; leaving frees its place among the calls in flight.

        Leave before the reply's bytes are sent: a client that has read them may call again at once, and
        must not be counted twice.
        """
        with self._lock:
            entry = self._ledger.receive(vendor, datetime.now(UTC).isoformat(timespec="milliseconds"))
        visit = Visit(entry, time.monotonic())
        try:
            yield visit
        finally:
            with self._lock:
                self._depart(visit)
            entry.seconds = round(time.monotonic() - visit.started_s, 4)

    def leave_early(self, visit: Visit) -> None:
        """Free the visit's place among the calls in flight before it ends."""
        with self._lock:
            self._depart(visit)

    def admit(self, visit: Visit, ask: Ask) -> None:
        """Count a readable request in and decide whether a fault strikes it.

        Raises: RefusedError when the model is unknown, the credits are used up or a limit is reached.
        """
        visit.ask = ask
        visit.entry.describe(ask)
        if ask.kind not in (Kind.POLL, Kind.DOWNLOAD) and find(ask.vendor, ask.model) is None:
            raise RefusedError(Trouble.MODEL_NOT_FOUND)
        with self._lock:
            if ask.kind.is_paid:
                self._count_in(visit, ask)
            self._repeats[ask.fingerprint] += 1
            visit.key = _key(self._config.seed, ask.fingerprint, self._repeats[ask.fingerprint])
            visit.rule = faults.strike(self._rules, ask, visit.key)
        visit.entry.fault = visit.fault

    def _count_in(self, visit: Visit, ask: Ask) -> None:
        if self._ledger.total_micro_usd >= self._config.credits_micro_usd:
            raise RefusedError(Trouble.INSUFFICIENT_FUNDS)
        visit.entry.in_flight_at_start = self._load.admit(ask.model, self._config.limits, self._now_s())
        visit.is_admitted = True

    def answer(self, visit: Visit) -> Answer:
        """Take the time a model would take and return its answer; nothing is billed yet.

        Raises: RefusedError when the server stops meanwhile, or a picture to edit cannot be read.
        """
        ask = visit.ask
        assert ask is not None, "admit() comes first"
        if not ask.kind.is_paid:
            self.pause(self._config.latency.seconds(ask.kind, visit.key))
            return Answer(reply_id(ask, visit.key), "", 0, 0, 0)
        wake_s = time.monotonic() + (0 if ask.is_job else self._config.latency.seconds(ask.kind, visit.key))
        visit.last_picture = self._author.last(ask)
        answer = self._author.answer(ask, visit.key, faults.blocked_words(self._rules))
        self.pause(wake_s - time.monotonic())
        return answer

    def pause(self, seconds: float) -> None:
        """Sleep in the request's thread, cut short when the server stops.

        Raises: RefusedError when the server stops.
        """
        if self.stopping.is_set() or (seconds > 0 and self.stopping.wait(seconds)):
            raise RefusedError(Trouble.OVERLOADED, "The sandbox is stopping.")

    def charge(self, visit: Visit, answer: Answer) -> None:
        """Put the answer on the bill, and set its job going if it is one."""
        ask = visit.ask
        assert ask is not None, "admit() comes first"
        if not ask.kind.is_paid:
            return
        with self._lock:
            self._ledger.charge(visit.entry, ask, replace(answer, pictures=(), text=""))
            if ask.is_job:
                self._start(visit, ask, answer)

    def _start(self, visit: Visit, ask: Ask, answer: Answer) -> None:
        """Keep a job; until its pictures are there it stays among the calls in flight."""
        due_s = self._now_s() + self._config.latency.seconds(ask.kind, visit.key)
        self._jobs.add(Job(answer.id, ask, answer, visit.key, due_s, visit.entry.at, visit.fault))
        if visit.is_admitted:
            self._load.park(ask.model, due_s)
            visit.is_admitted = False

    def find_job(self, job_id: str) -> tuple[Job, JobStatus] | None:
        """Return a job and how it stands now."""
        with self._lock:
            job = self._jobs.find(job_id)
        return None if job is None else (job, job.status(self._now_s()))

    def all_jobs(self) -> list[tuple[Job, JobStatus]]:
        """Return every job and how it stands now, the latest first."""
        with self._lock:
            return [(job, job.status(self._now_s())) for job in self._jobs.newest_first()]

    def job_picture(self, job: Job, number: int) -> Picture:
        """Return a picture of a finished job, painted when the first of them is looked at."""
        author = self._author

        def paint() -> list[Picture]:
            last = author.last(job.ask)
            pictures = list(author.pictures(job.ask, job.key))
            return [spoiled(one, job.ask, job.fault, job.key, last) if job.fault else one for one in pictures]

        return job.pictures(paint)[number]

    def credits(self) -> tuple[str, str]:
        """Return the balance left and the total used, as decimal strings of US dollars."""
        left = self.credits_micro_usd()
        return usd(left), usd(self._config.credits_micro_usd - left)

    def credits_micro_usd(self) -> int:
        """Return the balance left; below zero when the last call cost more than was left."""
        with self._lock:
            return self._config.credits_micro_usd - self._ledger.total_micro_usd

    def charges(self) -> list[Charge]:
        """Return everything on the bill that accounts know of by now, oldest first."""
        with self._lock:
            return [charge for charge in self._ledger.charges() if self._is_known(charge)]

    def find_charge(self, call_id: str) -> Charge | None:
        """Return what was billed for an answer's id, once accounts know of it."""
        with self._lock:
            charge = self._ledger.find(call_id)
            return charge if charge is not None and self._is_known(charge) else None

    def _is_known(self, charge: Charge) -> bool:
        since = datetime.now(UTC) - datetime.fromisoformat(charge.at)
        return since.total_seconds() >= self._config.usage_after_s

    def configure(self, config: Config) -> None:
        """Put another configuration in force; calls under way keep what they have begun with."""
        author = self._author if config.paints_as(self._config) else Author(config)
        with self._lock:
            if config.seed != self._config.seed:
                self._repeats.clear()
            self._config, self._author = config, author

    def set_rules(self, rules: list[faults.Rule]) -> None:
        """Replace all fault rules."""
        with self._lock:
            self._rules = rules

    def reset(self) -> None:
        """Forget calls, bill, load figures, repetitions and faults; settings are again those of the start."""
        self.configure(self._first_config)
        self._author.forget()
        with self._lock:
            self._ledger = Ledger()
            self._jobs = Jobs()
            self._load.forget()
            self._rules = []
            self._repeats.clear()

    def snapshot(self, part: str) -> Json:
        """Return a part of the state as JSON: config, faults, log, bill or load."""
        with self._lock:
            match part:
                case "config":
                    return self._config.as_json()
                case "faults":
                    return {"rules": [rule.as_json() for rule in self._rules]}
                case "log":
                    return {"calls": self._ledger.log()}
                case "bill":
                    return self._ledger.bill()
                case "load":
                    return {"models": self._load.as_json(self._now_s())}
                case _:
                    raise KeyError(part)

    def _now_s(self) -> float:
        return time.monotonic() - self._epoch_s

    def _depart(self, visit: Visit) -> None:
        if visit.is_admitted and visit.ask is not None:
            self._load.leave(visit.ask.model)
            visit.is_admitted = False


def _key(seed: int, fingerprint: str, repetition: int) -> str:
    return hashlib.sha256(f"{seed}:{fingerprint}:{repetition}".encode()).hexdigest()
