"""Limits of the providers, over all workers: rate, requests under way, pauses that providers ask for; fair by user.

One atomic Lua script grants rate and place together, or answers how long to wait: no rate is used up while there is no
place. A slot is a lease that the process' heartbeat renews, so that a killed worker's slots are free again as soon as
its pieces are: were a slot's lease its call's whole deadline, five slots of a dead worker would hold every picture back
for a minute and a half (seen).

Waiting is fair by user, not first come (start-time fair queueing): each grant moves its user's next turn on by one
share of virtual time, and the user whose turn is earliest is served. So one post of a small user does not wait behind
a big user's hundreds, and who comes after a rest gets no credit for it. Within a user the first come are served first;
who waits in its row instead of a thread keeps its place, for its token is the piece's id.
"""

from __future__ import annotations

import random
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from app import traffic
from app.domain.errors import NotClaimed, Unavailable
from app.domain.provider_errors import ProviderBusy
from app.routes import Kind, Limit, limit_of
from app.settings import settings
from app.traffic import LimitKeys
from workers import limit_scripts

MAX_PARKED_S = 20.0  # longer waits are the row's, not a thread's
LONGEST_ROW_WAIT_S = 25.0  # a bounced piece looks again after this at the latest, whatever the estimate says
EARLY = 0.5  # it comes back after this part of the wait: an idle provider costs more than a look too many
EARLY_BY_RATE = 0.75  # how long calls take is a guess, a rate is not: half as many looks while hundreds wait
SHORTEST_ROW_WAIT_S = (0.25, 0.75)
HANDED_BACK_S = 1.0
LOOK_S = 1.0  # how often a sleeper asks whether its piece is still wanted
PATIENCE_S = 1.0  # sleepers ask several times in this; who did not is passed over, and keeps its place
LOCAL_INTERVAL_S = 2.0  # while Redis is away each process makes at most one request in this time
ROW_OF_REFUSALS_S = 30.0  # 429s for this long without a success, or a longer wait asked for: the provider is used up
SETTLE_S = 0.15  # from grant to request under a rate: the journal's commit takes 2 to 100 ms on a busy machine
LOCAL_LOOK_S = 0.2  # Redis may be back
REPORT_S = 1.0  # successes are told to the other workers at most this often


@dataclass(frozen=True, slots=True)
class Waiter:
    """Who asks for a slot."""

    token: str
    """The piece's id: it keeps its place while it waits in its row."""
    user: str
    weight: int = 1
    """How many turns the user gets for one of a user with weight 1."""
    is_wanted: Callable[[], bool] = lambda: True
    """Whether the slot is still wanted; asked about every second while a thread sleeps."""


class _Parking:
    """The places for threads of this process that sleep here.

    A user may have at most a half, less the more users there are: one place more than each one's share stays free for
    whoever comes next. Else one user's pieces, which come back all the time, would take every place that gets free.
    """

    def __init__(self, places: int) -> None:
        self._places = places
        self._lock = threading.Lock()
        self._by_user: Counter[str] = Counter()

    def enter(self, user: str) -> bool:
        """Take a place, if there is one for this user."""
        with self._lock:
            share = max(self._places // (len(self._by_user.keys() | {user}) + 1), 1)
            if self._by_user.total() >= self._places or self._by_user[user] >= share:
                return False
            self._by_user[user] += 1
            return True

    def leave(self, user: str) -> None:
        with self._lock:
            self._by_user[user] -= 1
            self._by_user += Counter()  # forget users without a place


stopping = threading.Event()
"""Set at shutdown: sleepers wake and hand their pieces back."""

_parking = _Parking(16)
_lock = threading.Lock()
_held: dict[str, LimitKeys] = {}
"""The slots of this process, by grant."""
_told: dict[LimitKeys, float] = {}
"""When this process last told of a success (monotonic)."""
_local_next = 0.0


def set_threads(concurrency: int) -> None:
    """Let at most half of a pool of `concurrency` threads sleep in limits, so that other work is never starved."""
    global _parking  # noqa: PLW0603 - set once at worker start
    _parking = _Parking(max(concurrency // 2, 1))


@contextmanager
def slot(provider: str, kind: Kind, waiter: Waiter, *, limit: Limit | None = None) -> Iterator[Callable[[], None]]:
    """Hold one of a provider's slots for `text` or `image` requests until the block ends, or this process dies.

    Gives `leave`, to be called just before the request: what is done between grant and request takes now longer, now
    shorter, and two requests would reach the provider closer together than its rate allows.

    limit: None = the one in the routes. Raises ProviderBusy when the wait is the row's: `retry_after_s` says for how
    long; NotClaimed when the waiter is no longer wanted. While Redis is away, a low rate of this process' own holds.
    """
    keys = traffic.limit_keys(provider, kind)
    # A token of its own for each grant: after a lost lease the same piece may be at work twice, in two slots.
    grant = uuid.uuid4().hex
    terms = limit or limit_of(provider, kind)
    asked = time.monotonic()
    _wait(provider, kind, waiter, terms, grant)
    began = time.monotonic()
    with _lock:
        _held[grant] = keys
    try:
        yield lambda: _leave(keys, terms, began)
    finally:
        with _lock:
            del _held[grant]
        with suppress(Unavailable):  # the lease ends by itself
            held_ms, waited_ms = (time.monotonic() - began) * 1000, (began - asked) * 1000
            traffic.run(limit_scripts.RELEASE, [keys.slots, keys.state], grant, held_ms, waited_ms)


def _leave(keys: LimitKeys, limit: Limit, granted_at: float) -> None:
    """Sleep until the request may leave: no two of a rate leave closer together than it says."""
    if not limit.per_second:
        return
    early_ms = max(granted_at + SETTLE_S - time.monotonic(), 0) * 1000
    with suppress(Unavailable):
        time.sleep(
            traffic.run(limit_scripts.LEAVE, [keys.state], 1000 / limit.per_second, limit.burst, early_ms) / 1000
        )


def renew_held() -> None:
    """Extend the leases of this process' slots; the heartbeat calls it. Does nothing while Redis is away."""
    with _lock:
        held = dict(_held)
    grants: dict[str, list[str]] = {}
    for grant, keys in held.items():
        grants.setdefault(keys.slots, []).append(grant)
    for slots, mine in grants.items():
        with suppress(Unavailable):
            traffic.run(limit_scripts.RENEW, [slots], _lease_ms(), *mine)


def forget(provider: str, kind: str, token: str) -> None:
    """Take a waiter that is no longer wanted out of the queue."""
    keys = traffic.limit_keys(provider, kind)
    with suppress(Unavailable):
        traffic.run(limit_scripts.FORGET, [keys.asked, keys.owners, keys.places], token)


def pause(provider: str, kind: str, seconds: float) -> None:
    """Hold everybody back from a provider for `seconds`; a longer pause that is on stays."""
    with suppress(Unavailable):
        traffic.run(limit_scripts.PAUSE, [traffic.limit_keys(provider, kind).state], seconds * 1000)


def pushed_back(provider: str, kind: str, retry_after_s: float | None) -> bool:
    """Note a 429, and pause everybody for as long as it asks; else for 1, 2, 4, 8 s, longer with each refusal in a row.

    Return True, and set no pause, when the provider is used up: it asks for more than 30 s, or it refused for 30 s and
    nothing succeeded meanwhile.
    """
    global _local_next  # noqa: PLW0603 - one rate for this process
    keys, asked_s = traffic.limit_keys(provider, kind), max(retry_after_s or 0, 0)
    with _lock:
        _told.pop(keys, None)  # so that the next success ends this row of refusals at once
    jitter = random.uniform(1.0, 1.25)  # other installations were refused at the same time
    try:
        args = (asked_s * 1000, jitter, ROW_OF_REFUSALS_S * 1000)
        return bool(traffic.run(limit_scripts.PUSHED_BACK, [keys.refused, keys.state], *args))
    except Unavailable:
        with _lock:
            _local_next = max(_local_next, time.monotonic() + min(asked_s, ROW_OF_REFUSALS_S))
        return asked_s > ROW_OF_REFUSALS_S


def succeeded(provider: str, kind: str) -> None:
    """Note a success: it ends a row of 429s, whoever met them. At most one command to Redis in a second."""
    keys = traffic.limit_keys(provider, kind)
    with _lock:
        if time.monotonic() - _told.get(keys, float("-inf")) < REPORT_S:
            return
        _told[keys] = time.monotonic()
    with suppress(Unavailable):
        traffic.ask(lambda redis: redis.delete(keys.refused))


def _wait(provider: str, kind: str, waiter: Waiter, limit: Limit, grant: str) -> None:
    """Return when a slot is granted: at once, or after sleeping here if a thread may. Raises ProviderBusy, NotClaimed."""
    parking = _parking  # what is entered is left, whatever set_threads does meanwhile
    is_parked = parking.enter(waiter.user)
    began = looked = time.monotonic()
    try:
        while True:
            if stopping.is_set():
                raise ProviderBusy("this worker is stopping", provider=provider, retry_after_s=HANDED_BACK_S)
            stay_s = max(began + MAX_PARKED_S - time.monotonic(), 0) if is_parked else 0
            try:
                wait_s = _ask(provider, kind, waiter, limit, grant, stay_s)
            except Unavailable:
                wait_s = _ask_locally(provider, stay_s)
            if wait_s is None:
                return
            stopping.wait(wait_s)
            if time.monotonic() - looked > LOOK_S:
                looked = time.monotonic()
                if not waiter.is_wanted():
                    forget(provider, kind, waiter.token)
                    raise NotClaimed(f"{waiter.token} is no longer wanted")
    finally:
        if is_parked:
            parking.leave(waiter.user)


def _ask(provider: str, kind: str, waiter: Waiter, limit: Limit, grant: str, stay_s: float) -> float | None:
    """Return None when the slot is granted, else seconds to sleep here. Raises ProviderBusy, Unavailable."""
    interval_ms = 1000 / limit.per_second if limit.per_second else 0
    who = (waiter.token, waiter.user, waiter.weight, grant)
    times_ms = (_lease_ms(), PATIENCE_S * 1000, traffic.FORGET_S * 1000, stay_s * 1000)
    keys = traffic.limit_keys(provider, kind)
    told = traffic.run(limit_scripts.GRANT, keys, *who, limit.in_flight, interval_ms, limit.burst, *times_ms)
    match told:
        case [0]:
            return None
        case [1, wait_ms]:
            return float(wait_ms / 1000)
        case _:
            _, pause_ms, turn_ms, is_by_rate = told
            raise ProviderBusy(
                f"{provider} is fully used, or asked to be left alone",
                provider=provider,
                retry_after_s=_row_wait_s(pause_ms / 1000, turn_ms / 1000, is_by_rate=bool(is_by_rate)),
            )


def _row_wait_s(pause_s: float, until_turn_s: float, *, is_by_rate: bool) -> float:
    """Return when a piece had better look again: well before its turn, for the turn is a guess.

    Where calls set the pace, whoever guesses by three quarters leaves slots idle when they get quicker: with 200
    waiting, 15 s of nothing (seen). Where the rate sets it, no turn comes sooner.
    """
    early_s = until_turn_s * (EARLY_BY_RATE if is_by_rate else EARLY)
    return max(pause_s + min(early_s, LONGEST_ROW_WAIT_S), random.uniform(*SHORTEST_ROW_WAIT_S))


def _ask_locally(provider: str, stay_s: float) -> float | None:
    """As _ask, for a process that cannot reach Redis: no burst, which would cost refusals, and no standstill."""
    global _local_next  # noqa: PLW0603 - one rate for this process
    with _lock:
        wait_s = _local_next - time.monotonic()
        if wait_s <= 0:
            _local_next = time.monotonic() + LOCAL_INTERVAL_S
            return None
    if wait_s > stay_s:
        raise ProviderBusy(
            "Redis is away: few requests are made", provider=provider, retry_after_s=wait_s + LOCAL_INTERVAL_S
        )
    return min(wait_s, LOCAL_LOOK_S)


def _lease_ms() -> int:
    return int(settings().lease.total_seconds() * 1000)
