"""Taking an order: what is checked, what is reserved, and what the same request twice means."""

from __future__ import annotations

import hashlib
from functools import partial
from typing import Any

import pytest
from sqlalchemy import func, select

from app import costs, quotas
from app.db.models import Brand, IdempotencyKey, Run, User
from app.db.session import transaction
from app.domain.brand import DEFAULT_BRAND
from app.domain.errors import Conflict, InvalidRequest, QuotaExceeded
from app.domain.plans import Plan, month_of
from app.domain.states import PieceState, QuotaUnit, RunState
from app.runs.accept import Accepted, accept
from making import FULL_POST
from orders import TOPIC, a_user, events_of, pieces_of, run_of
from races import losers, together, winners

pytestmark = pytest.mark.usefixtures("database")


def hash_of(body: object) -> bytes:
    return hashlib.sha256(repr(body).encode()).digest()


def ask(user: User, key: str | None = None, /, **body: Any) -> Accepted:
    """Order, with an Idempotency-Key when one is given."""
    request = {"topic": TOPIC, **body}
    with transaction() as session:
        return accept(session, user, FULL_POST, request, idempotency=(key, hash_of(request)) if key else None)


def count_of_runs() -> int:
    with transaction() as session:
        return session.scalar(select(func.count()).select_from(Run)) or 0


def posts_used(user: User) -> int:
    with transaction() as session:
        month = session.scalar(select(func.now()))
        assert month is not None
        return quotas.usage(session, user, month_of(month))[QuotaUnit.POSTS]["used"] or 0


def test_an_order_is_queued_in_round_1() -> None:
    run = run_of(ask(a_user()).run_id)

    assert (run.state, run.round, run.admitted_at) == (RunState.QUEUED, 1, None)


def test_an_order_has_its_first_piece_and_its_first_event() -> None:
    run_id = ask(a_user()).run_id

    assert [(piece.kind, piece.step, piece.state) for piece in pieces_of(run_id)] == [
        ("content", "write_content", PieceState.PENDING)
    ]
    assert [(told.number, told.type) for told in events_of(run_id)] == [(1, "run.queued")]


def test_the_request_is_stored_with_its_defaults_and_without_nulls() -> None:
    run = run_of(ask(a_user()).run_id)

    assert run.request == {
        "topic": TOPIC,
        "tone": "educational",
        "slides": 11,
        "format": "4:5",
        "pictures": "jpeg",
        "caption": False,
        "language": "en",
        "validate_first": False,
    }


def test_the_same_request_twice_is_one_run() -> None:
    user = a_user()

    first, second = ask(user, "k"), ask(user, "k")

    assert (second.run_id, second.is_replay, first.is_replay) == (first.run_id, True, False)
    assert count_of_runs() == 1


def test_the_same_request_20_times_at_once_is_one_run_and_one_post() -> None:
    user = a_user(Plan.FREE)

    results = together([lambda: ask(user, "k")] * 20)

    assert losers(results) == []
    assert len({one.run_id for one in winners(results)}) == 1
    assert (count_of_runs(), posts_used(user)) == (1, 1)


def test_of_the_same_request_20_times_at_once_one_is_new_and_19_are_replays() -> None:
    user = a_user()

    results = winners(together([lambda: ask(user, "k")] * 20))

    assert sorted(one.is_replay for one in results) == [False] + [True] * 19


def test_a_replay_answers_as_the_first_time_did() -> None:
    user = a_user()
    first = ask(user, "k")
    with transaction() as session:
        session.get_one(Run, first.run_id).state = RunState.GENERATING_TEXT

    again = ask(user, "k")

    assert (again.pipeline, again.state) == ("full-post", RunState.QUEUED)


def test_one_key_for_two_requests_is_a_conflict() -> None:
    user = a_user()
    ask(user, "k")

    with pytest.raises(Conflict) as refused:
        ask(user, "k", topic="Something else")

    assert refused.value.code == "idempotency_key_reused"


def test_one_key_for_two_requests_at_once_makes_one_run() -> None:
    user = a_user()

    results = together([partial(ask, user, "k", topic=f"topic {n % 2}") for n in range(8)])

    assert count_of_runs() == 1
    assert {type(lost) for lost in losers(results)} == {Conflict}


def test_a_key_belongs_to_its_user() -> None:
    first, second = ask(a_user(), "k"), ask(a_user(), "k")

    assert first.run_id != second.run_id


def test_requests_without_a_key_are_two_runs() -> None:
    user = a_user()

    ask(user)
    ask(user)

    assert count_of_runs() == 2


def test_a_refused_request_does_not_use_its_key_up() -> None:
    user = a_user(Plan.FREE)
    for _ in range(3):
        ask(user)
    with pytest.raises(QuotaExceeded):
        ask(user, "k")

    with transaction() as session:
        assert session.scalar(select(func.count()).select_from(IdempotencyKey)) == 0


WRONG: list[tuple[str, Any]] = [
    ("topic", "ab"),
    ("topic", "  a  "),
    ("topic", "x" * 201),
    ("topic", ""),
    ("topic", None),
    ("topic", 7),
    ("topic", ["a", "b", "c"]),
    ("tone", "angry"),
    ("tone", None),
    ("slides", 4),
    ("slides", 13),
    ("slides", 7.5),
    ("slides", "many"),
    ("slides", True),
    ("format", "3:2"),
    ("brand", "x" * 101),
    ("brand", 5),
    ("language", "english please"),
    ("language", "e"),
    ("language", ""),
    ("max_cost_usd", 0),
    ("max_cost_usd", -1),
    ("max_cost_usd", 1001),
    ("max_cost_usd", "much"),
    ("max_cost_usd", float("nan")),
    ("max_cost_usd", float("inf")),
    ("colour", "blue"),
]


@pytest.mark.parametrize(("field", "value"), WRONG, ids=[f"{field}={str(value)[:20]}" for field, value in WRONG])
def test_a_wrong_field_is_refused_by_its_name(field: str, value: Any) -> None:
    with pytest.raises(InvalidRequest) as refused:
        ask(a_user(), **{field: value})

    assert list(refused.value.fields) == [field]


@pytest.mark.parametrize("body", [None, [], "text", 7, True, [{"topic": TOPIC}]], ids=str)
def test_a_body_that_is_no_object_is_refused(body: object) -> None:
    with pytest.raises(InvalidRequest), transaction() as session:
        accept(session, a_user(), FULL_POST, body)


def test_a_missing_topic_is_refused_by_its_name() -> None:
    with pytest.raises(InvalidRequest) as refused, transaction() as session:
        accept(session, a_user(), FULL_POST, {})

    assert list(refused.value.fields) == ["topic"]


def test_every_wrong_field_is_named_at_once() -> None:
    with pytest.raises(InvalidRequest) as refused:
        ask(a_user(), tone="angry", slides=99, colour="blue")

    assert set(refused.value.fields) == {"tone", "slides", "colour"}


@pytest.mark.parametrize(
    "body",
    [
        {"topic": "abc"},
        {"topic": "x" * 200},
        {"topic": "Привет, мир 👋"},
        {"slides": 5},
        {"slides": 12},
        {"format": "9:16"},
        {"language": "pt-BR"},
        {"language": "zh-Hant-TW"},
        {"max_cost_usd": 0.000_001},
    ],
    ids=lambda body: str(body)[:30],
)
def test_a_request_at_the_edge_of_what_is_allowed_is_taken(body: dict[str, Any]) -> None:
    assert ask(a_user(), **body).state is RunState.QUEUED


def test_spaces_around_the_topic_are_dropped() -> None:
    assert run_of(ask(a_user(), topic="  Sleep well \n").run_id).request["topic"] == "Sleep well"


def test_a_brand_that_is_not_yours_is_refused() -> None:
    owner, stranger = a_user(), a_user()
    with transaction() as session:
        session.add(Brand(user_id=owner.id, name="acme", kit=DEFAULT_BRAND.model_dump()))

    with pytest.raises(InvalidRequest) as refused:
        ask(stranger, brand="acme")

    assert refused.value.code == "unknown_brand"


def test_the_brand_is_kept_as_it_was_when_the_run_was_ordered() -> None:
    user = a_user()
    with transaction() as session:
        brand = Brand(user_id=user.id, name="acme", kit=DEFAULT_BRAND.model_dump() | {"handle": "@acme"})
        session.add(brand)
    run_id = ask(user, brand="acme").run_id
    with transaction() as session:
        session.get_one(Brand, brand.id).kit = DEFAULT_BRAND.model_dump()

    assert run_of(run_id).brand["handle"] == "@acme"


def test_the_worst_case_is_reserved() -> None:
    run = run_of(ask(a_user()).run_id)

    quoted = costs.quote(FULL_POST, FULL_POST.request.model_validate({"topic": TOPIC}))
    assert run.reserved_micro_usd == quoted.worst_micro_usd


@pytest.mark.parametrize(("usd", "micro_usd"), [(0.5, 500_000), (1.23, 1_230_000), (0.29, 290_000), (1.1, 1_100_000)])
def test_max_cost_lowers_the_reservation_to_the_micro_dollar(usd: float, micro_usd: int) -> None:
    assert run_of(ask(a_user(), max_cost_usd=usd).run_id).reserved_micro_usd == micro_usd


def test_a_max_cost_above_the_worst_case_changes_nothing() -> None:
    user = a_user()

    capped, free = ask(user, max_cost_usd=1000), ask(user)

    assert run_of(capped.run_id).reserved_micro_usd == run_of(free.run_id).reserved_micro_usd


def test_fewer_slides_reserve_less() -> None:
    user = a_user()

    short, long = ask(user, slides=5), ask(user, slides=12)

    assert run_of(short.run_id).reserved_micro_usd < run_of(long.run_id).reserved_micro_usd
