"""GET /metrics: each figure equals the rows that it is of, or what Redis has."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families
from redis import Redis
from sqlalchemy import text

from app import counts, traffic
from app.api import create_app
from app.counts import COUNTS, Fact
from app.db.models import Budget, BudgetMonth, Notification, Piece, Run, Unstored
from app.db.session import transaction
from app.domain.budgets import BudgetScope
from app.domain.plans import month_of
from app.domain.states import CallState
from app.metrics import collector, rows
from harness import Installation
from journaling import Journal
from making import change, opened, take
from orders import a_user, order, pieces_of
from settings_of import own_settings

TOKEN = "a-token-of-the-operators-own"
SECRET = "Quarterly layoffs at Acme"
LABELS = {
    *("pipeline", "state", "queue", "provider", "model", "purpose", "kind", "outcome", "sandbox"),
    *("by", "reason", "scope", "task", "part"),
}

Scrape = Callable[..., float | None]


@pytest.fixture(autouse=True)
def _token(database: Installation, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    assert database
    own_settings(monkeypatch, PRESSROOM_METRICS_TOKEN=TOKEN)
    collector.forget()
    yield
    collector.forget()
    with transaction() as session:
        session.execute(text("DELETE FROM budgets"))  # the operator's belong to no user


@pytest.fixture
def client() -> FlaskClient:
    return create_app().test_client()


def body(client: FlaskClient) -> str:
    collector.forget()
    answer = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 200, answer.text
    return answer.text


@pytest.fixture
def told(client: FlaskClient) -> Scrape:
    """Scrape, and return the value of one series; None when it is not there: told("pressroom_runs", state="QUEUED")."""

    def value(name: str, **labels: str) -> float | None:
        found = [
            sample.value
            for family in text_string_to_metric_families(body(client))
            for sample in family.samples
            if sample.name == name and labels.items() <= sample.labels.items()
        ]
        return sum(found) if found else None

    return value


# ---- figures of rows


def test_runs_that_are_not_over_are_counted_by_pipeline_and_state(told: Scrape) -> None:
    for _ in range(3):
        order()
    order(pipeline="images", prompts=["a fox", "an owl"])
    admitted(opened())

    assert told("pressroom_runs", pipeline="full-post", state="QUEUED") == 3
    assert told("pressroom_runs", pipeline="images", state="QUEUED") == 1
    with transaction() as session:
        live = session.scalar(text("SELECT count(*) FROM runs WHERE finished_at IS NULL"))
    assert told("pressroom_runs") == live == 5


def test_the_oldest_run_that_waits_for_its_turn_is_told(told: Scrape) -> None:
    assert told("pressroom_run_wait_seconds") == 0
    order()
    change(Run, order(), created_at=rows.utc_now() - timedelta(seconds=90))

    assert 89 < (told("pressroom_run_wait_seconds") or 0) < 120


def admitted(run_id: uuid.UUID) -> None:
    change(Run, run_id, admitted_at=rows.utc_now())


def test_a_step_that_is_due_has_waited_since_it_was_first_published(told: Scrape) -> None:
    run_id = order()
    admitted(run_id)
    (piece,) = pieces_of(run_id)
    ago = timedelta(seconds=10)
    change(Piece, piece.id, sent_at=rows.utc_now() - ago, sent_count=3)  # the relay came twice, after 20 s each

    assert (told("pressroom_steps", state="due"), told("pressroom_steps", queue="text")) == (1, 1)
    assert 49 < (told("pressroom_step_wait_seconds", queue="text") or 0) < 60
    assert told("pressroom_step_wait_seconds", queue="images") == 0


def test_in_a_backlog_the_relay_came_after_20_s_and_after_40_s(told: Scrape) -> None:
    run_id = order()
    admitted(run_id)
    change(Piece, pieces_of(run_id)[0].id, sent_at=rows.utc_now() - timedelta(seconds=10), sent_count=3)
    traffic.ask(lambda redis: redis.rpush("media", *range(traffic.BACKLOG + 1)))

    assert 69 < (told("pressroom_step_wait_seconds", queue="text") or 0) < 80


def test_a_step_is_counted_once_by_what_keeps_it(told: Scrape) -> None:
    now, ids = rows.utc_now(), [order() for _ in range(4)]
    working, abandoned, later, due = (pieces_of(run_id)[0].id for run_id in ids)
    for run_id in ids:
        admitted(run_id)
    for piece_id in (working, abandoned):
        with transaction() as session:
            piece = session.get_one(Piece, piece_id)
        take(piece)
    change(Piece, abandoned, lease_until=now - timedelta(seconds=7))
    change(Piece, later, sent_at=now, next_try_at=now + timedelta(minutes=5))
    change(Piece, due, sent_at=now)

    found = {state: told("pressroom_steps", state=state) for state in ("working", "due", "later", "abandoned")}
    assert found == {"working": 1, "due": 1, "later": 1, "abandoned": 1}
    assert 7 <= (told("pressroom_step_wait_seconds", queue="text") or 0) < 15


def test_todays_calls_are_counted_by_what_came_of_them(told: Scrape) -> None:
    journal, at_once = Journal(), {"ago": timedelta(seconds=1), "seconds": 0.5}
    for _ in range(3):
        journal.add(**at_once)
    journal.refused("blank", **at_once)  # paid, like the others
    journal.rejected("provider_busy", 429, **at_once)
    journal.rejected(**at_once)
    journal.unknown(**at_once)
    journal.cached(ago=timedelta(seconds=1))
    journal.add(model="other", is_sandbox=True, **at_once)
    journal.add(state=CallState.INTENT, ended_at=None, cost_micro_usd=None, cost_basis=None, accepted=None)

    outcomes = {
        how: told("pressroom_calls_total", model="painter", outcome=how)
        for how in ("succeeded", "busy", "failed", "unknown", "cached")
    }
    assert outcomes == {"succeeded": 4, "busy": 1, "failed": 1, "unknown": 1, "cached": 1}
    assert told("pressroom_calls_total", model="other", sandbox="yes", purpose="render_image") == 1
    assert told("pressroom_open_calls", state="INTENT") == 1
    assert told("pressroom_open_calls", state="UNKNOWN") == 1
    assert told("pressroom_open_calls_at_most_micro_usd", state="UNKNOWN") == 90_000


def test_yesterdays_calls_do_not_count(told: Scrape) -> None:
    Journal().add(ago=timedelta(hours=25))

    assert told("pressroom_calls_total") is None
    assert told("pressroom_cost_today_micro_usd") is None


def test_cost_is_told_by_provider_and_what_is_unknown_apart(told: Scrape) -> None:
    journal, now = Journal(), {"ago": timedelta(seconds=1), "seconds": 0.5}
    journal.add(**now)
    journal.add(cost_micro_usd=5, **now)
    journal.add(provider="openai", cost_micro_usd=7, is_sandbox=True, **now)
    journal.unknown(**now)

    assert told("pressroom_cost_today_micro_usd", provider="gemini", sandbox="no") == 60_005
    assert told("pressroom_cost_today_micro_usd", provider="openai", sandbox="yes") == 7
    assert told("pressroom_cost_unknown_calls_today", provider="gemini") == 1


def test_what_waits_for_storage_and_for_receivers_is_told_with_its_age(told: Scrape) -> None:
    assert (told("pressroom_unstored_pictures"), told("pressroom_unstored_seconds")) == (0, 0)
    journal = Journal()
    journal.add()
    with transaction() as session:
        call_id = session.scalar(text("SELECT id FROM calls"))
        long_ago = rows.utc_now() - timedelta(minutes=3)
        session.add(Unstored(call_id=call_id, key="k", mime="image/png", data=b"png", created_at=long_ago))
        session.add(
            Notification(
                user_id=journal.run.user_id, run_id=journal.run.id, round=1, kind="run_finished", payload={},
                created_at=long_ago,
            )
        )  # fmt: skip

    assert (told("pressroom_unstored_pictures"), told("pressroom_notifications_waiting")) == (1, 1)
    assert 180 <= (told("pressroom_unstored_seconds") or 0) < 200
    assert 180 <= (told("pressroom_notification_wait_seconds") or 0) < 200


def test_of_users_budgets_only_the_fullest_is_told_and_nobodys_name(client: FlaskClient, told: Scrape) -> None:
    month = month_of(rows.utc_now())
    with transaction() as session:
        for user, used in ((a_user(), 200), (a_user(), 900)):
            budget = Budget(scope=BudgetScope.USER, subject=str(user.id), user_id=user.id, limit_micro_usd=1000)
            session.add(budget)
            session.flush()
            session.add(BudgetMonth(budget_id=budget.id, month=month, used=used, spent=0))
        session.add(Budget(scope=BudgetScope.PROVIDER, subject="openai", limit_micro_usd=1000))

    assert told("pressroom_budget_used_ratio", scope="user") == 0.9
    assert told("pressroom_budget_used_ratio", scope="provider", provider="openai") == 0
    assert str(user.id) not in body(client)


def test_a_limit_of_0_was_set_to_refuse_and_is_not_told_as_full(told: Scrape) -> None:
    with transaction() as session:
        session.add(Budget(scope=BudgetScope.INSTALLATION, subject="", limit_micro_usd=0))

    assert told("pressroom_budget_used_ratio", scope="installation") is None
    assert told("pressroom_budgets_refusing", scope="installation") == 0


# ---- figures of Redis


def test_queues_are_as_long_as_redis_says(told: Scrape, database: Installation) -> None:
    with Redis.from_url(database.redis_url) as redis:
        redis.rpush("images", *"abc")
        redis.zadd("unacked_index", {"a": 1, "b": 2})

    assert [told("pressroom_queue_messages", queue=queue) for queue in traffic.QUEUES] == [0, 3, 0, 0]
    assert told("pressroom_unacked_messages") == 2
    assert (told("pressroom_redis_memory_bytes") or 0) > 100_000


def test_a_redis_that_does_not_tell_its_memory_tells_its_queues(
    told: Scrape, database: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Redis.from_url(database.redis_url) as redis:
        redis.acl_setuser("rented", enabled=True, nopass=True, keys=["*"], categories=["+@all"], commands=["-info"])
        own_settings(monkeypatch, REDIS_URL=database.redis_url.replace("unix://", "unix://rented:@"))
        try:
            assert told("pressroom_part_up", part="redis") == 1
            assert told("pressroom_queue_messages", queue="text") == 0
            assert told("pressroom_redis_memory_bytes") is None
        finally:
            redis.acl_deluser("rented")


def test_a_breaker_is_told_with_its_provider_and_model(told: Scrape, database: Installation) -> None:
    open_one = '{"code":"model_retired","message":"gone","ends":9e15,"cool_ms":1}'
    with Redis.from_url(database.redis_url) as redis:
        redis.hset(
            traffic.BREAKERS, mapping={"gateway/google/nano": open_one, "openai:image": open_one, "gemini": open_one}
        )

    assert told("pressroom_breaker_open", provider="gateway", model="google/nano", kind="", reason="model_retired") == 1
    assert told("pressroom_breaker_open", provider="openai", kind="image", model="") == 1
    assert told("pressroom_breaker_open", provider="gemini", kind="", model="") == 1


def test_what_is_counted_adds_up_and_what_never_happened_is_0(told: Scrape) -> None:
    assert told("pressroom_leases_expired_total", queue="images") == 0
    assert told("pressroom_upkeep_runs_total", task="relay") == 0
    assert told("pressroom_rounds_finished_total", pipeline="ad", state="FAILED", by="watchdog") == 0
    for _ in range(3):
        counts.add(Fact.LEASES_EXPIRED, "images")
    counts.add(Fact.ROUNDS_FINISHED, "full-post", "READY", "last_piece")

    assert told("pressroom_leases_expired_total", queue="images") == 3
    assert told("pressroom_rounds_finished_total", pipeline="full-post", state="READY", by="last_piece") == 1


def test_counts_that_a_later_release_made_are_passed_over(told: Scrape, database: Installation) -> None:
    with Redis.from_url(database.redis_url) as redis:
        redis.hset(COUNTS, mapping={"unheard_of|x": 3, "retries|images": 1, "retries|images|storage|more": 1})

    assert told("pressroom_retries_total") is None


# ---- when parts are away


def test_without_redis_the_rows_are_still_told(told: Scrape, monkeypatch: pytest.MonkeyPatch) -> None:
    order()
    own_settings(monkeypatch, REDIS_URL="redis://127.0.0.1:1/0")

    assert (told("pressroom_part_up", part="redis"), told("pressroom_part_up", part="database")) == (0, 1)
    assert told("pressroom_runs") == 1
    assert told("pressroom_queue_messages") is None


def test_while_a_table_is_locked_a_scrape_ends_and_redis_is_still_told(told: Scrape) -> None:
    began = time.monotonic()
    with transaction() as session:
        session.execute(text("LOCK TABLE runs IN ACCESS EXCLUSIVE MODE"))
        up = told("pressroom_part_up", part="database")
    assert up == 0
    assert time.monotonic() - began < collector.MOST_S + 2
    assert told("pressroom_part_up", part="database") == 1


def test_a_storm_of_scrapes_asks_once(client: FlaskClient) -> None:
    first = body(client)
    order()

    again = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"}).text

    assert again == first != body(client)


# ---- what labels may say


def test_no_label_holds_what_a_user_wrote(client: FlaskClient) -> None:
    user = a_user()
    order(user, topic=SECRET)
    order(user, pipeline="images", prompts=[SECRET, SECRET + "!"])
    Journal().rejected(SECRET, ago=timedelta(seconds=1), seconds=0.5, error=SECRET)

    shown = body(client)

    assert SECRET not in shown
    assert user.name not in shown
    families = list(text_string_to_metric_families(shown))
    assert {name for family in families for sample in family.samples for name in sample.labels} <= LABELS
