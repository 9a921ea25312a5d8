"""Places for watchers: bounded for a run, a user and the process, and free again when they are left."""

from __future__ import annotations

import uuid

import pytest

from app.api.places import Places
from app.domain.errors import TooManyRequests, Unavailable
from races import losers, together, winners

ANN, BOB = uuid.UUID(int=1), uuid.UUID(int=2)


def a_run() -> uuid.UUID:
    return uuid.uuid4()


def test_a_run_has_so_many_watchers_and_no_more() -> None:
    places, run = Places(of_run=3), a_run()
    for _ in range(3):
        places.take(ANN, run)

    with pytest.raises(TooManyRequests, match=r"this run has 3 watchers here, .*close one") as refused:
        places.take(ANN, run)

    assert (refused.value.code, refused.value.retry_after_s) == ("too_many_watchers", 15)
    places.take(ANN, a_run())


def test_a_user_has_so_many_over_all_runs_and_others_still_have_theirs() -> None:
    places = Places(of_user=3)
    for _ in range(3):
        places.take(ANN, a_run())

    with pytest.raises(TooManyRequests, match="your account has 3 watchers") as refused:
        places.take(ANN, a_run())

    assert refused.value.code == "too_many_watchers"
    places.take(BOB, a_run())


@pytest.mark.parametrize(("threads", "places"), [(600, 540), (100, 90), (10, 9), (5, 4), (2, 1), (1, 1)])
def test_some_threads_are_never_a_watchers(threads: int, places: int) -> None:
    made = Places()
    made.fit(threads)
    for _ in range(places):
        made.take(uuid.uuid4(), a_run())

    with pytest.raises(Unavailable) as refused:
        made.take(uuid.uuid4(), a_run())

    assert refused.value.code == "no_place_to_watch"


def test_a_place_that_was_left_is_there_for_the_next() -> None:
    places, run = Places(of_run=1), a_run()
    places.leave(places.take(ANN, run))

    assert places.take(ANN, run)


def test_a_place_that_is_left_twice_frees_no_other() -> None:
    places, run = Places(of_run=2), a_run()
    first, _ = places.take(ANN, run), places.take(ANN, run)
    places.leave(first)
    places.leave(first)

    places.take(ANN, run)
    with pytest.raises(TooManyRequests):
        places.take(ANN, run)


def test_a_refused_watcher_takes_nothing() -> None:
    places, run = Places(of_run=1), a_run()
    only = places.take(ANN, run)
    for _ in range(5):
        with pytest.raises(TooManyRequests):
            places.take(ANN, run)

    places.leave(only)

    assert places.taken() == 0


def test_of_many_at_once_no_more_get_a_place_than_there_are() -> None:
    places, run = Places(of_run=7), a_run()

    results = together([lambda: places.take(ANN, run)] * 40)

    assert len(winners(results)) == places.taken() == 7
    assert all(isinstance(one, TooManyRequests) for one in losers(results))
