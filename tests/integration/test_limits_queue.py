"""Who is next: fair by user in virtual time, first come first served within a user, and nobody waits for the absent.

Waiters ask here as workers' threads do, again and again, but in an order that the test decides.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence

import pytest
from limit_workers import forget_limits, somebody
from redis import Redis

from app import traffic
from app.domain.provider_errors import ProviderBusy
from app.routes import Limit
from harness import Installation, wait_for
from workers import limit_scripts, limits

KEYS = traffic.limit_keys("gateway", "image")
ONE = Limit(in_flight=1)


@pytest.fixture(autouse=True)
def _fresh(database: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    assert database
    forget_limits(monkeypatch)


@pytest.fixture
def redis(database: Installation) -> Iterator[Redis]:
    """The test's Redis."""
    with Redis.from_url(database.redis_url) as client:
        yield client


def asks(waiter: limits.Waiter, *, stays: bool = True, limit: Limit = ONE) -> bool:
    """Ask once; return whether the slot was granted. stays: in a thread, else it goes to its row."""
    try:
        return limits._ask("gateway", "image", waiter, limit, f"grant of {waiter.token}", 20 if stays else 0) is None
    except ProviderBusy:
        return False


def is_done(waiter: limits.Waiter) -> None:
    traffic.run(limit_scripts.RELEASE, [KEYS.slots, KEYS.state], f"grant of {waiter.token}", 10)


def waiting() -> int:
    return traffic.limits_now([("gateway", "image")])[0].waiting


class Line:
    """Waiters who all ask while the slot is taken, and then are served one by one."""

    def __init__(self, waiters: Sequence[limits.Waiter]) -> None:
        self.holder = somebody("holder")
        self.waiters = list(waiters)
        self.served: list[limits.Waiter] = []
        assert asks(self.holder)
        for waiter in waiters:
            assert not asks(waiter)

    def join(self, *waiters: limits.Waiter) -> None:
        for waiter in waiters:
            self.waiters.append(waiter)
            assert not asks(waiter)

    def serve(self, times: int) -> list[str]:
        """Free the slot so many times; return whom it went to."""
        for _ in range(times):
            is_done(self.holder)
            # The last come ask first: whoever is served is so by right, not because it was quick.
            (self.holder,) = [waiter for waiter in reversed(self.waiters) if asks(waiter)]
            self.waiters.remove(self.holder)
            self.served.append(self.holder)
        return [waiter.user for waiter in self.served[-times:]]


def several(user: str, number: int, weight: int = 1) -> list[limits.Waiter]:
    return [somebody(user, weight=weight) for _ in range(number)]


def test_within_a_user_the_first_come_are_served_first() -> None:
    mine = several("me", 8)
    line = Line(mine)

    line.serve(8)

    assert line.served == mine


def test_who_comes_late_takes_turns_with_who_waits_for_long() -> None:
    line = Line(several("big", 12))
    line.serve(2)

    line.join(*several("small", 6))

    assert Counter(line.serve(6)) == {"big": 3, "small": 3}


def test_many_users_each_get_a_turn_before_anybody_gets_a_second() -> None:
    line = Line([*several("big", 20), *(somebody(f"small {n}") for n in range(10))])

    assert len(set(line.serve(11))) == 11


def test_a_user_of_weight_three_gets_three_turns_for_one() -> None:
    line = Line([*several("light", 12, weight=1), *several("heavy", 12, weight=3)])

    assert Counter(line.serve(12)) == {"heavy": 9, "light": 3}


def test_a_rest_earns_no_turns() -> None:
    line = Line(several("busy", 20))
    line.join(somebody("rested"))
    line.serve(10)

    line.join(*several("rested", 8))

    assert Counter(line.serve(8)) == {"busy": 4, "rested": 4}


def test_having_used_an_idle_provider_costs_no_turns() -> None:
    for waiter in several("early", 30):
        assert asks(waiter)
        is_done(waiter)

    line = Line([*several("early", 6), *several("late", 6)])

    assert Counter(line.serve(6)) == {"early": 3, "late": 3}


def test_pieces_that_were_canceled_cost_their_user_no_turns() -> None:
    canceled = several("me", 50)
    line = Line([*several("other", 8)])
    for waiter in canceled:
        asks(waiter, stays=False)
    for waiter in canceled:
        limits.forget("gateway", "image", waiter.token)

    line.join(*several("me", 4))

    assert waiting() == 12
    assert Counter(line.serve(8)) == {"other": 4, "me": 4}


def test_several_free_places_go_to_the_first_in_line() -> None:
    three = Limit(in_flight=3)
    holders, line = several("holder", 3), several("me", 5)
    assert [asks(holder, limit=three) for holder in holders] == [True] * 3
    assert [asks(waiter, limit=three) for waiter in line] == [False] * 5

    for holder in holders:
        is_done(holder)

    assert [asks(waiter, limit=three) for waiter in reversed(line)] == [False, False, True, True, True]


def test_who_waits_in_its_row_keeps_its_place() -> None:
    first, second = several("me", 2)
    line = Line([])
    assert not asks(first, stays=False)
    line.join(second, first)

    line.serve(1)

    assert line.served == [first]


def test_who_waits_in_its_row_holds_nobody_up() -> None:
    line = Line([])
    for waiter in several("me", 5):
        assert not asks(waiter, stays=False)
    line.join(somebody("me"))

    assert line.serve(1) == ["me"]


def test_a_waiter_whose_worker_was_killed_is_passed_over_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "PATIENCE_S", 0.3)
    killed, alive = several("me", 2)
    line = Line([killed, alive])
    is_done(line.holder)
    began = time.monotonic()

    wait_for(lambda: asks(alive), seconds=3)

    assert time.monotonic() - began < 1
    assert waiting() == 1


def test_a_waiter_that_never_comes_back_is_forgotten(monkeypatch: pytest.MonkeyPatch, redis: Redis) -> None:
    monkeypatch.setattr(traffic, "FORGET_S", 1.5)
    line = Line([])
    for waiter in several("gone", 5):
        asks(waiter, stays=False)
    assert waiting() == 5

    wait_for(lambda: waiting() == 0, seconds=3)
    line.join(somebody("me"))

    assert redis.zcard(KEYS.asked) == 1
    assert redis.exists(KEYS.places + "gone") == 0


def test_nothing_is_kept_of_a_queue_that_has_ended(redis: Redis) -> None:
    line = Line([*several("one", 3), *several("two", 3)])
    line.serve(6)
    is_done(line.holder)

    assert redis.keys("pressroom:limit:*") == [KEYS.state.encode()]


def test_a_slot_that_is_shut_burns_no_rate() -> None:
    limit = Limit(in_flight=1, per_second=2)
    holder, waiter = several("me", 2)
    assert asks(holder, limit=limit)
    ends = time.monotonic() + 1.2
    while time.monotonic() < ends:
        assert not asks(waiter, limit=limit)

    is_done(holder)

    assert asks(waiter, limit=limit)


@pytest.mark.parametrize("burst", [1, 3])
def test_the_rate_allows_its_burst_and_not_one_more(burst: int) -> None:
    limit = Limit(in_flight=100, per_second=2, burst=burst)

    assert [asks(waiter, limit=limit) for waiter in several("me", burst + 1)] == [True] * burst + [False]


def test_after_a_pause_no_burst_follows() -> None:
    limit = Limit(in_flight=100, per_second=2, burst=5)
    limits.pause("gateway", "image", 0.2)
    first = somebody()

    wait_for(lambda: asks(first, limit=limit), seconds=3)

    assert not asks(somebody(), limit=limit)


def told_to_wait(waiter: limits.Waiter, limit: Limit = ONE) -> float:
    with pytest.raises(ProviderBusy) as busy:
        limits._ask("gateway", "image", waiter, limit, "grant", 0)
    return busy.value.retry_after_s or 0


def test_the_wait_in_the_row_grows_with_the_queue_and_is_at_most_25_s() -> None:
    held_for(2.0)
    Line([])
    waits = [told_to_wait(waiter) for waiter in several("me", 30)]

    assert 0 < waits[0] < 1
    assert waits[6] == pytest.approx(6 * 2.0 * 0.5, abs=0.5)
    assert waits[2:] == sorted(waits[2:])
    assert waits[-1] == 25


@pytest.mark.parametrize(("held_s", "part"), [(0.1, 0.75), (4.0, 0.5)])
def test_who_waits_for_a_rate_comes_back_later_than_who_waits_for_calls_that_may_get_quicker(
    held_s: float, part: float
) -> None:
    held_for(held_s)
    Line([])
    slow = Limit(in_flight=1, per_second=0.5, burst=1)
    waits = [told_to_wait(waiter, slow) for waiter in several("me", 7)]

    assert waits[6] == pytest.approx(6 * max(2.0, held_s) * part, abs=0.5)


def test_the_wait_of_a_small_user_does_not_grow_with_a_big_ones_queue() -> None:
    held_for(2.0)
    Line([])
    for waiter in several("big", 50):
        told_to_wait(waiter)

    assert told_to_wait(somebody("small")) < 3


def held_for(seconds: float) -> None:
    """Let slots have been held for so long on average."""
    waiter = somebody()
    assert asks(waiter)
    traffic.run(limit_scripts.RELEASE, [KEYS.slots, KEYS.state], f"grant of {waiter.token}", seconds * 1000)
