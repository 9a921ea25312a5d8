"""What a storm does to its machine: every fault by name, and the seeded schedule of them."""

from __future__ import annotations

import random
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from app.domain.states import RunState
from chaos.storm.claims import Claims
from chaos.storm.clients import Clients
from chaos.storm.machine import Machine
from failover import REFUSALS, frozen, read_only, refusing
from harness import Sandbox

IO = ("worker-io-1", "worker-io-2")
POINTS: Mapping[str, tuple[str, ...]] = {
    "after_claim": (*IO, "worker-media"),
    "after_intent": IO,
    "after_reply": IO,
    "after_outcome": IO,
    "after_storage": IO,
    "before_commit": (*IO, "worker-media"),
    "before_publish": (*IO, "worker-media", "worker-control", "web"),
    "mid_chord": IO,
}
REACHED_IN_S = 40.0
CHOOSING_S = 20.0
SECOND_BEAT_S = 8.0
USELESS_S = 4.0
"""How long a server is there and does nothing."""
ALL_TRIPLED = "message tripled"
PROVIDER: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "provider hangs": ("hang", {}),
    "provider 429": ("rate_limited", {"retry_after": 1}),
    "provider 500": ("internal_error", {}),
    "provider cut off, paid": ("disconnect_after_charge", {}),
    "provider refuses": ("http_status", {"status": 400, "type": "invalid_request_error", "message": "no"}),
}
STRUCK_AT_MOST = 3
REFUSED = 8  # pictures: enough that some piece is refused by every route, and its run is PARTIAL


@dataclass(slots=True)
class Injected:
    """One fault that did strike."""

    fault: str
    runs: frozenset[uuid.UUID]
    """In flight at that moment."""
    at: float = field(default_factory=time.time)
    """Unix seconds."""


@dataclass
class Storm:
    """Blows faults at a machine, several at once, as its seed says."""

    machine: Machine
    clients: Clients
    claims: Claims
    sandbox: Sandbox
    rng: random.Random
    injected: list[Injected] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)
    """Faults that found nothing to strike."""
    _is_over: threading.Event = field(default_factory=threading.Event)
    _one_at_a_time: Mapping[str, threading.Lock] = field(
        default_factory=lambda: {name: threading.Lock() for name in ("redis", "postgres", "storage", "rules", "beat")}
    )

    # ---- the schedule

    def warm_up(self, runs: int, seconds: float = 40.0) -> None:
        """Have some runs ordered, and return when a part of them is over: there is something to strike."""
        for _ in range(runs):
            self.clients.order(self.rng)
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if len(self.clients.ordered) == runs and len(self.claims.live) <= runs / 2:
                return
            time.sleep(0.2)

    def blow(self, seconds: float, *, every_s: float, order_every_s: float) -> None:
        """Inject faults for so long, one each `every_s` on average; in each pass every kind comes at least once."""
        kinds = self._kinds()
        ends, next_order = time.monotonic() + seconds, 0.0
        with ThreadPoolExecutor(24, thread_name_prefix="fault") as pool:
            begun = []
            for kind in self._order_of(kinds):
                until = min(ends, time.monotonic() + self.rng.uniform(0.4, 1.6) * every_s)
                while (now := time.monotonic()) < until:
                    if now >= next_order:
                        self.clients.order(self.rng)
                        next_order = now + order_every_s
                    time.sleep(min(0.1, max(until - now, 0.0)))
                if time.monotonic() >= ends:
                    break
                begun.append(pool.submit(kinds[kind], self.rng.random()))
            self._is_over.set()
            for one in begun:
                one.result()
        self.machine.disarm()
        self.sandbox.fail()

    def _order_of(self, kinds: Mapping[str, Any]) -> Iterator[str]:
        """Yield the kinds for ever, each pass in another order; what is cheap, or often finds nothing, comes more often."""
        while True:
            names = [name for name in kinds for _ in range(self._times(name))]
            self.rng.shuffle(names)
            yield from names

    @staticmethod
    def _times(fault: str) -> int:
        if fault.endswith("twice at once"):
            return 3
        return 2 if fault.startswith(("provider", "storage")) or fault.endswith("mid_chord") else 1

    def _kinds(self) -> dict[str, Callable[[float], None]]:
        groups = {
            "worker-io": IO,
            **{name: (name,) for name in ("worker-media", "worker-control", "beat", "web", "events")},
        }
        kinds: dict[str, Callable[[float], None]] = {}
        for group, names in groups.items():
            kinds[f"SIGKILL {group}"] = partial(self._kill, f"SIGKILL {group}", names)
            kinds[f"SIGTERM {group}"] = partial(self._terminate, f"SIGTERM {group}", names)
        kinds["SIGKILL of a child"] = self._kill_a_child
        for point, names in POINTS.items():
            for group in sorted({"web" if name == "web" else "worker" for name in names}):
                fault = f"{group} killed {point}"
                kinds[fault] = partial(self._at_point, fault, point, [n for n in names if n.startswith(group)])
        for fault in PROVIDER:
            kinds[fault] = partial(self._provider, fault)
        for what in ("cancel", "edit", "render", "resume", "refine"):
            kinds[f"{what} twice at once"] = partial(self._twice, what)
        return kinds | {
            "Redis killed": partial(self._redis, "Redis killed", self.machine.restart_redis),
            "Redis emptied": partial(self._redis, "Redis emptied", self.machine.empty_redis),
            "Redis is full": partial(self._redis, "Redis is full", self._while_redis_is_full),
            "PostgreSQL stopped": partial(
                self._postgres, "PostgreSQL stopped", partial(self.machine.restart_postgres, immediate=False)
            ),
            "PostgreSQL crashed": partial(
                self._postgres, "PostgreSQL crashed", partial(self.machine.restart_postgres, immediate=True)
            ),
            "PostgreSQL only reads": partial(
                self._postgres, "PostgreSQL only reads", partial(self._while_postgres, read_only)
            ),
            "PostgreSQL stands still": partial(
                self._postgres, "PostgreSQL stands still", partial(self._while_postgres, frozen)
            ),
            "storage refuses": partial(self._storage, "storage refuses", refuses=True, delay_s=0.0),
            "storage is slow": partial(self._storage, "storage is slow", refuses=False, delay_s=1.5),
            "two beats": self._two_beats,
        }

    def _struck(self, fault: str) -> None:
        self.injected.append(Injected(fault, self.claims.live))

    # ---- processes

    def _ready(self, names: tuple[str, ...] | list[str], luck: float) -> str | None:
        """Return one of the processes, which does its work: one that is just starting would never come to it."""
        ready = [name for name in names if self.machine.is_ready(name)]
        return ready[int(luck * len(ready))] if ready else None

    def _chosen(self, fault: str, names: tuple[str, ...] | list[str], luck: float) -> str | None:
        deadline = time.monotonic() + CHOOSING_S
        while (name := self._ready(names, luck)) is None and time.monotonic() < deadline:
            if self._is_over.wait(0.2):
                break
        if name is None:
            self.missed.append(fault)
        return name

    def _kill(self, fault: str, names: tuple[str, ...], luck: float) -> None:
        if name := self._chosen(fault, names, luck):
            self._struck(fault)
            if name.startswith("worker"):
                self.claims.hit(fault)
            self.machine.kill(name)

    def _terminate(self, fault: str, names: tuple[str, ...], luck: float) -> None:
        if name := self._chosen(fault, names, luck):
            self._struck(fault)
            self.machine.terminate(name)

    def _kill_a_child(self, luck: float) -> None:
        if name := self._chosen("SIGKILL of a child", ["worker-media"], luck):
            runs = self.claims.live
            if self.machine.kill_a_child(name, luck):
                self.injected.append(Injected("SIGKILL of a child", runs))
                self.claims.hit("SIGKILL of a child")

    def _at_point(self, fault: str, point: str, names: list[str], luck: float) -> None:
        name = self._ready(names, luck) or names[int(luck * len(names))]
        token = self.machine.arm(name, point)
        deadline = time.monotonic() + REACHED_IN_S
        while token.exists() and time.monotonic() < deadline:
            if self._is_over.wait(0.05):
                break
        if token.exists():
            token.unlink(missing_ok=True)
            self.missed.append(fault)
        else:
            self._struck(fault)
            if name != "web":
                self.claims.hit(fault)

    def _two_beats(self, _luck: float) -> None:
        with self._one_at_a_time["beat"]:
            self._struck("two beats")
            self.machine.keep_second_beat(wanted=True)
            time.sleep(SECOND_BEAT_S)
            self.machine.keep_second_beat(wanted=False)

    # ---- services

    def _alone(self, what: str, fault: str, strike: Callable[[], None]) -> None:
        with self._one_at_a_time[what]:
            self._struck(fault)
            strike()

    def _redis(self, fault: str, strike: Callable[[], None], _luck: float) -> None:
        def struck() -> None:
            self.claims.hit(fault, leaves_claims=False)
            strike()

        self._alone("redis", fault, struck)

    def _while_redis_is_full(self) -> None:
        with refusing(self.machine.redis_url, REFUSALS["full"]):
            time.sleep(USELESS_S)

    def _postgres(self, fault: str, strike: Callable[[], None], _luck: float) -> None:
        self._alone("postgres", fault, strike)

    def _while_postgres(self, is_useless: Callable[[str], AbstractContextManager[None]]) -> None:
        with is_useless(self.machine.database_url):
            time.sleep(USELESS_S)

    def _storage(self, fault: str, luck: float, *, refuses: bool, delay_s: float) -> None:
        def strike() -> None:
            self.machine.bucket.refuses, self.machine.bucket.delay_s = refuses, delay_s
            time.sleep(2 + 3 * luck)
            self.machine.bucket.refuses, self.machine.bucket.delay_s = False, 0.0

        self._alone("storage", fault, strike)

    def _provider(self, fault: str, luck: float) -> None:
        """Have the next calls of a kind fail; those that do are counted from the sandbox's own log at the end."""
        name, params = PROVIDER[fault]
        match = {"kind": "image" if luck < 0.7 else "text", "times": 1 + int(luck * STRUCK_AT_MOST)}
        if fault == "provider refuses":
            match = {"kind": "image", "times": REFUSED}
        rule = {"match": match, "fault": name, "params": dict(params)}
        with self._one_at_a_time["rules"]:
            self._struck(fault)
            self.sandbox.fail(rule)

    # ---- users

    def _twice(self, what: str, luck: float) -> None:
        """Do one thing to a run twice at the same moment."""
        deadline = time.monotonic() + CHOOSING_S
        while time.monotonic() < deadline and not self._is_over.is_set():
            path, body = self._wish(what, luck)
            if path is not None:
                runs = self.claims.live
                who, _ = self.clients.ordered[uuid.UUID(path.split("/")[3])]
                answers = self.clients.twice(who, "PATCH" if what == "edit" else "POST", path, body)
                if answers:
                    self.injected.append(Injected(f"{what} twice at once", runs))
                    if what != "edit" and sum(status < 300 for status in answers) > 1:
                        self.clients.broken.append(f"{what} was granted twice at once: {path}")
                    return
            luck = (luck * 997) % 1.0
            time.sleep(0.2)
        self.missed.append(f"{what} twice at once")

    def _wish(self, what: str, luck: float) -> tuple[str | None, Any]:
        """Return the path and body of what one could do to a run that is picked by luck; None = not to this one."""
        runs = list(self.clients.ordered)
        shown = self.clients.show(runs[int(luck * len(runs))]) if runs else None
        return (None, None) if shown is None else self._of(shown, what, luck)

    @staticmethod
    def _of(shown: dict[str, Any], what: str, luck: float) -> tuple[str | None, Any]:
        state, run = RunState(shown["status"]), f"/api/runs/{shown['id']}"
        pictures = [piece for piece in shown["pieces"] if piece["kind"] in ("slide", "image")]
        piece = f"{run}/pieces/{pictures[int(luck * len(pictures))]['id']}" if pictures else None
        match what:
            case "cancel" if not state.is_terminal and luck < 0.5:
                return f"{run}/cancel", None
            case "resume" if state in (RunState.PARTIAL, RunState.FAILED):
                return f"{run}/resume", {}
            case "edit" if shown["pipeline"] == "full-post" and piece and state is not RunState.CANCELED:
                return piece, {"title": f"Edited at {int(luck * 1e6)}"}
            case "render" if piece and state in (RunState.READY, RunState.PARTIAL):
                return f"{piece}/render", {}
            case "refine" if shown["pipeline"] == "ad" and state is RunState.READY:
                return f"/api/ads/{shown['id']}/refine", {"instruction": f"make the sky darker, {int(luck * 1e6)}"}
        return None, None
