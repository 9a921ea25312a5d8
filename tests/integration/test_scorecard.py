"""The scorecard: what the journal says of each model, with unknown money told apart and never taken for nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.db.session import transaction
from app.domain.states import CallState
from app.scorecard import PICTURE_PURPOSES, Score, scores
from journaling import Journal

pytestmark = pytest.mark.usefixtures("database")

DAY = timedelta(hours=24)


@pytest.fixture
def journal(database: object) -> Journal:
    assert database
    return Journal()


def read(since: timedelta = DAY) -> list[Score]:
    with transaction() as session:
        return scores(session, since)


def only() -> Score:
    (one,) = read()
    return one


def test_without_calls_there_are_no_scores() -> None:
    assert read() == []


def test_the_success_rate_is_of_calls_that_are_over(journal: Journal) -> None:
    for _ in range(3):
        journal.add()
    journal.rejected()
    journal.unknown()
    journal.add(state=CallState.INTENT, ended_at=None, cost_micro_usd=None, cost_basis=None, accepted=None)

    assert (only().calls, only().succeeded, only().success_rate) == (5, 3, 0.6)


def test_being_put_off_is_no_failure(journal: Journal) -> None:
    journal.add()
    for _ in range(9):
        journal.rejected("provider_busy", 429)

    assert (only().calls, only().busy, only().success_rate) == (10, 9, 1.0)


def test_only_being_put_off_has_no_success_rate(journal: Journal) -> None:
    journal.rejected("provider_busy", 429)

    assert (only().success_rate, only().median_s, only().p95_s) == (None, None, None)


def test_seconds_are_of_successful_calls_only(journal: Journal) -> None:
    for seconds in (1, 2, 3, 4, 100):
        journal.add(seconds=seconds)
    journal.rejected(seconds=0.01)
    journal.unknown(seconds=200)

    assert only().median_s == 3
    assert only().p95_s == pytest.approx(80.8)


def test_gates_are_counted_and_the_commonest_named(journal: Journal) -> None:
    for gate in ("blank", "ratio", "ratio", "bytes"):
        journal.refused(gate)
    journal.add(accepted=False, error_code="prompt_blocked")

    assert (only().refused, only().commonest_gate) == (4, "ratio")


def test_a_picture_costs_what_its_refused_predecessors_cost_too(journal: Journal) -> None:
    for _ in range(2):
        journal.add()
    journal.refused("blank")

    assert (only().pictures, only().micro_usd_per_picture, only().cost_micro_usd) == (2, 90_000, 180_000)


def test_what_a_picture_costs_is_rounded_up(journal: Journal) -> None:
    for cost in (10, 10, 11):
        journal.add(cost_micro_usd=cost)

    assert only().micro_usd_per_picture == 11


@pytest.mark.parametrize("purpose", PICTURE_PURPOSES)
def test_changed_pictures_are_pictures(journal: Journal, purpose: str) -> None:
    journal.add(purpose=purpose)

    assert only().pictures == 1


def test_texts_are_no_pictures(journal: Journal) -> None:
    journal.add(purpose="review_image", cost_micro_usd=500)

    assert (only().pictures, only().micro_usd_per_picture, only().cost_micro_usd) == (0, None, 500)


def test_an_unknown_cost_makes_the_sum_unknown_and_is_never_nothing(journal: Journal) -> None:
    journal.add()
    journal.unknown()

    assert (only().cost_micro_usd, only().micro_usd_per_picture) == (None, None)
    assert (only().known_micro_usd, only().unknown_costs, only().known_micro_usd_per_picture) == (60_000, 1, 60_000)


def test_the_unknown_cost_of_a_text_leaves_pictures_known(journal: Journal) -> None:
    journal.add()
    journal.unknown(purpose="review_image")

    assert (only().cost_micro_usd, only().micro_usd_per_picture) == (None, 60_000)


def test_what_came_from_the_cache_counts_for_nothing_else(journal: Journal) -> None:
    journal.add(seconds=4)
    for _ in range(5):
        journal.cached()

    one = only()
    assert (one.cached, one.calls, one.succeeded, one.median_s) == (5, 1, 1, 4)
    assert (one.pictures, one.micro_usd_per_picture) == (1, 60_000)


def test_a_model_of_which_everything_was_cached_has_no_rates(journal: Journal) -> None:
    journal.cached()

    assert (only().cached, only().calls, only().success_rate, only().cost_micro_usd) == (1, 0, None, 0)


def test_older_calls_do_not_count(journal: Journal) -> None:
    journal.add(ago=timedelta(hours=23))
    journal.add(ago=timedelta(hours=25))

    assert (only().calls, read(timedelta(days=7))[0].calls) == (1, 2)


def test_the_sandbox_is_told_apart_from_the_provider_that_it_stands_in_for(journal: Journal) -> None:
    journal.add()
    journal.rejected(is_sandbox=True)

    assert [(one.is_sandbox, one.success_rate) for one in read()] == [(False, 1.0), (True, 0.0)]


def test_models_stand_with_their_provider_the_busiest_first(journal: Journal) -> None:
    for provider, model, count in (("a", "x", 1), ("b", "y", 2), ("b", "z", 3), ("c", "w", 4)):
        for _ in range(count):
            journal.add(provider=provider, model=model)

    assert [(one.provider, one.model) for one in read()] == [("b", "z"), ("b", "y"), ("c", "w"), ("a", "x")]


def test_the_calls_of_all_users_count(journal: Journal) -> None:
    journal.add()
    Journal().add()

    assert only().calls == 2
