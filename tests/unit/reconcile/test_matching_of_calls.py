"""The same call in two books: what is certain, what is likely, and what nobody may guess."""

from __future__ import annotations

from datetime import timedelta

import pytest
from booked import MODEL, at, booked, in_doubt, used
from hypothesis import given
from hypothesis import strategies as st

from workers.reconcile.figures import Booked, Used
from workers.reconcile.matching import matched, same_model


def test_a_call_is_known_by_the_providers_id_whatever_the_rest_says() -> None:
    call = booked(ref="gen_1")
    row = used(500, ref="gen_1", cost_micro_usd=70_000, tokens_in=1)

    found = matched([call], [row])

    assert [(pair.booked, pair.used, pair.drift_micro_usd) for pair in found.matched] == [(call, row, 2_800)]
    assert not found.agrees


def test_a_call_in_doubt_is_known_by_its_label_although_others_look_alike() -> None:
    lost, other = in_doubt(), in_doubt()
    row = used(label=str(lost.id))

    found = matched([other, lost], [row, used()])

    assert {pair.booked.id for pair in found.to_settle} == {lost.id, other.id}  # and so the other one is unique
    assert next(pair.used for pair in found.to_settle if pair.booked is lost) is row


def test_calls_without_an_id_are_matched_by_model_time_and_tokens_each_once() -> None:
    calls = [booked(0), booked(1), booked(1, tokens_out=1300)]
    rows = [used(1), used(0), used(1, tokens_out=1300)]

    found = matched(calls, rows)

    assert found.agrees
    assert {pair.booked.id: pair.used.at for pair in found.matched} == {
        calls[0].id: at(0),
        calls[1].id: at(1),
        calls[2].id: at(1),
    }


def test_what_only_one_book_has_is_missing_or_extra() -> None:
    call, row = booked(0, ref="gen_1"), used(0, ref="gen_2")

    found = matched([call], [row])

    assert (found.missing, found.extra, found.pairs) == ([call], [row], [])
    assert not found.agrees


def test_the_only_row_that_a_call_in_doubt_can_be_settles_it() -> None:
    lost = in_doubt()

    (pair,) = matched([booked(0, ref="gen_1"), lost], [used(0, ref="gen_1"), used(0, ref="gen_2")]).to_settle

    assert (pair.booked, pair.used.ref) == (lost, "gen_2")


def test_of_two_rows_that_a_call_in_doubt_can_be_none_is_taken() -> None:
    lost = in_doubt()

    found = matched([lost], [used(0, ref="gen_1"), used(1, ref="gen_2", cost_micro_usd=1)])

    assert (found.to_settle, found.left_in_doubt, len(found.extra)) == ([], [lost], 2)


def test_a_row_that_two_calls_in_doubt_can_be_settles_neither() -> None:
    lost = [in_doubt(0), in_doubt(1)]

    found = matched(lost, [used(0, ref="gen_1")])

    assert (found.to_settle, found.left_in_doubt) == ([], lost)


@pytest.mark.parametrize(
    "row",
    [
        used(8), used(-3), used(None), used(model="google/gemini-2.5-flash"), used(cost_micro_usd=90_001),
        used(cost_micro_usd=None), used(label="another's"),
    ],
    ids=["too late", "too early", "no time", "another model", "dearer than it can be", "no cost", "another's label"],
)  # fmt: skip
def test_a_row_that_cannot_be_the_call_settles_nothing(row: Used) -> None:
    lost = in_doubt()

    found = matched([lost], [row])

    assert (found.to_settle, found.left_in_doubt) == ([], [lost])


def test_a_call_that_may_still_be_waited_for_is_not_settled() -> None:
    lost = in_doubt(is_fresh=True, ref="gen_1")

    found = matched([lost], [used(0, ref="gen_1")])

    assert (found.to_settle, found.left_in_doubt) == ([], [lost])


def test_a_fresh_call_that_the_provider_does_not_have_yet_is_not_missing() -> None:
    call = booked(ref="gen_1", is_fresh=True)

    found = matched([call], [])

    assert (found.agrees, found.not_compared) == (True, [call])


def test_a_call_that_was_settled_late_is_still_looked_for_at_its_beginning() -> None:
    late = booked(0, tokens_in=None, tokens_out=None, ended_at=at(60 * 24 * 7))

    assert matched([late], [used(0), used(300)]).matched[0].used.at == at(0)


def test_a_rounding_is_no_drift() -> None:
    (pair,) = matched([booked(ref="gen_1")], [used(ref="gen_1", cost_micro_usd=67_199)]).matched

    assert pair.drift_micro_usd == 0


@pytest.mark.parametrize(
    ("theirs", "is_same"),
    [
        (MODEL, True), ("gemini-3.1-flash-image", True), ("Gemini-3-1-Flash-Image", True),
        ("gemini-3.1-flash-image-2026-05-28", True), ("gemini-3.1-flash-image-20260528", True),
        ("gemini-3.1-flash-image-preview", False), ("gemini-3.1-flash", False), ("", False),
    ],
)  # fmt: skip
def test_models_are_known_with_or_without_creator_and_date(theirs: str, *, is_same: bool) -> None:
    assert same_model(MODEL, theirs) is is_same


CALLS = st.lists(
    st.builds(
        lambda minutes, ref, lost: (in_doubt if lost else booked)(minutes, ref=ref),
        st.integers(0, 12),
        st.sampled_from([None, "a", "b"]),
        st.booleans(),
    ),
    max_size=8,
)
ROWS = st.lists(
    st.builds(
        lambda minutes, ref, cost: used(minutes, ref=ref, cost_micro_usd=cost),
        st.integers(0, 12),
        st.sampled_from([None, "a", "b", "c"]),
        st.sampled_from([None, 1, 67_200, 95_000]),
    ),
    max_size=8,
)


@given(CALLS, ROWS)
def test_nothing_is_counted_twice_and_nothing_is_lost(calls: list[Booked], rows: list[Used]) -> None:
    found = matched(calls, rows)

    assert sorted(
        [call.id for call in found.missing + found.in_doubt + found.not_compared] + [p.booked.id for p in found.pairs]
    ) == sorted(call.id for call in calls)
    assert len(found.extra) + len(found.pairs) == len(rows)


@given(CALLS, ROWS)
def test_what_is_settled_without_a_name_had_one_candidate(calls: list[Booked], rows: list[Used]) -> None:
    for pair in matched(calls, rows).to_settle:
        if pair.booked.ref is not None and pair.booked.ref == pair.used.ref:
            continue
        assert pair.used.at is not None
        assert abs(pair.used.at - pair.booked.started_at) <= timedelta(minutes=3)
        assert (pair.used.cost_micro_usd or 0) <= pair.booked.worst_micro_usd
        rivals = [
            call
            for call in calls
            if call is not pair.booked
            and call.is_in_doubt
            and call.started_at == pair.booked.started_at
            and not call.ref
        ]
        assert not rivals or pair.booked.ref
