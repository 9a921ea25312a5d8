"""Schedules over HTTP: changed, paused, run by hand and deleted."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

from callers import Caller, key_of
from flask.testing import FlaskClient
from schedule_calls import DRAWING, PATH, POST, made, shown, start

from app.db.models import User
from app.domain.plans import Plan
from app.schedules import starts
from orders import a_user, run_of, used
from scheduling import now_of, set_columns, topics_of

# ---- changed


def test_a_new_time_holds_from_now_on(call: Caller) -> None:
    schedule = made(call)

    changed = call(
        "PUT", f"{PATH}/{schedule['id']}", json=POST | {"cron": "30 18 * * *", "time_zone": "Europe/Berlin"}
    ).get_json()

    assert {moment[11:16] for moment in changed["upcoming"]} == {"18:30"}
    assert datetime.fromisoformat(changed["next_at"]) < datetime.now(UTC) + timedelta(hours=25)
    assert start(changed)


def test_a_change_that_leaves_the_time_alone_does_not_skip_a_slot_that_is_due(call: Caller) -> None:
    schedule = made(call)
    due = datetime.now(UTC) - timedelta(seconds=30)
    set_columns(uuid.UUID(schedule["id"]), next_at=due)

    call("PUT", f"{PATH}/{schedule['id']}", json=POST | {"name": "renamed"})

    assert now_of(uuid.UUID(schedule["id"])).next_at == due
    assert shown(call, schedule)["name"] == "renamed"


def test_topics_that_had_their_run_have_none_again_however_the_list_is_changed(call: Caller, user: User) -> None:
    schedule = made(call, topics=["First", "Second", "Third"])
    start(schedule)
    start(shown(call, schedule))

    changed = call(
        "PUT", f"{PATH}/{schedule['id']}", json=DRAWING | {"topics": ["Fourth", "Third", "Second", "Fifth"]}
    ).get_json()

    assert (changed["topics"], changed["topics_drawn"]) == (["Second", "Fourth", "Third", "Fifth"], 1)
    for _ in range(3):
        start(shown(call, schedule))
    assert topics_of(user) == ["First", "Second", "Fourth", "Third", "Fifth"]
    assert shown(call, schedule)["paused_because"] == "topics_used_up"


def test_new_topics_wake_a_schedule_that_had_used_up_its_own(call: Caller) -> None:
    schedule = made(call, topics=["First"])
    start(schedule)
    paused = shown(call, schedule)
    assert (paused["status"], paused["next_topic"], paused["upcoming"]) == ("PAUSED", None, [])
    again = call("POST", f"{PATH}/{schedule['id']}/resume")
    assert (again.status_code, again.get_json()["code"]) == (409, "topics_used_up")

    woken = call("PUT", f"{PATH}/{schedule['id']}", json=DRAWING | {"topics": ["First", "Second"]}).get_json()

    assert (woken["status"], woken["next_topic"], len(woken["upcoming"])) == ("ACTIVE", "Second", 5)


def test_repeating_wakes_it_too_from_the_first_topic(call: Caller) -> None:
    schedule = made(call, topics=["First"])
    start(schedule)

    woken = call(
        "PUT", f"{PATH}/{schedule['id']}", json=DRAWING | {"topics": ["First"], "repeat_topics": True}
    ).get_json()

    assert (woken["status"], woken["next_topic"]) == ("ACTIVE", "First")


def test_a_schedule_that_its_owner_paused_stays_paused_when_it_is_changed(call: Caller) -> None:
    schedule = made(call)
    call("POST", f"{PATH}/{schedule['id']}/pause")

    changed = call("PUT", f"{PATH}/{schedule['id']}", json=POST | {"cron": "0 0 * * *"}).get_json()

    assert (changed["status"], changed["paused_because"], changed["next_at"]) == ("PAUSED", "asked", None)


def test_a_refused_change_changes_nothing(call: Caller) -> None:
    schedule = made(call)

    assert call("PUT", f"{PATH}/{schedule['id']}", json=POST | {"cron": "x"}).status_code == 422
    assert shown(call, schedule) == schedule


def test_a_schedule_can_be_paused_and_resumed_any_number_of_times(call: Caller) -> None:
    schedule = made(call)
    path = f"{PATH}/{schedule['id']}"

    first, second = (call("POST", f"{path}/pause").get_json() for _ in range(2))
    assert first == second
    assert (first["status"], first["upcoming"], first["next_at"]) == ("PAUSED", [], None)
    assert starts.start_due(datetime.now(UTC) + timedelta(days=9)) == []
    first, second = (call("POST", f"{path}/resume").get_json() for _ in range(2))
    assert first == second == schedule


# ---- by hand


def test_a_run_by_hand_is_an_extra_one_and_moves_no_slot(call: Caller, user: User) -> None:
    schedule = made(call, topics=["First", "Second", "Third"])

    answer = call("POST", f"{PATH}/{schedule['id']}/run")

    assert answer.status_code == 202
    body, now = answer.get_json(), shown(call, schedule)
    assert run_of(uuid.UUID(body["id"])).request["topic"] == "First"
    assert answer.headers["Location"] == f"/api/runs/{body['id']}"
    assert body["links"]["self"].endswith(answer.headers["Location"])
    assert (now["next_at"], now["last_run"]["id"], now["next_topic"]) == (schedule["next_at"], body["id"], "Second")
    assert [(row["slot"], row["outcome"]) for row in now["history"]] == [(None, "ORDERED")]
    assert now["slots"]["ordered"] == 0
    start(now)
    assert topics_of(user) == ["First", "Second"]


def test_a_run_by_hand_with_the_same_key_is_one_run_even_when_it_took_the_last_topic(call: Caller, user: User) -> None:
    schedule = made(call, topics=["First"])
    headers = {"Idempotency-Key": "k"}

    answers = [call("POST", f"{PATH}/{schedule['id']}/run", headers=headers) for _ in range(3)]

    assert len({answer.get_json()["id"] for answer in answers}) == 1
    assert topics_of(user) == ["First"]
    assert shown(call, schedule)["paused_because"] == "topics_used_up"
    assert call("POST", f"{PATH}/{schedule['id']}/run").get_json()["code"] == "topics_used_up"


def test_a_paused_schedule_can_be_run_by_hand_and_stays_paused_by_its_owner(call: Caller) -> None:
    schedule = made(call, topics=["First"])
    call("POST", f"{PATH}/{schedule['id']}/pause")

    assert call("POST", f"{PATH}/{schedule['id']}/run").status_code == 202
    assert shown(call, schedule)["paused_because"] == "asked"


def test_a_run_by_hand_is_refused_when_the_quota_is_used_up_and_draws_nothing(client: FlaskClient) -> None:
    poor = Caller(client, key_of(user := a_user(Plan.FREE)))
    schedule = made(poor, topics=["First", "Second", "Third", "Fourth"])
    path = f"{PATH}/{schedule['id']}/run"

    assert [poor("POST", path).status_code for _ in range(4)] == [202, 202, 202, 429]

    now = shown(poor, schedule)
    assert (used(user), now["next_topic"], len(now["history"])) == (3, "Fourth", 3)


# ---- gone


def test_a_deleted_schedule_is_gone_and_its_runs_stay(call: Caller) -> None:
    schedule = made(call)
    (run_id,) = start(schedule)

    assert call("DELETE", f"{PATH}/{schedule['id']}").status_code == 204

    assert call("GET", f"{PATH}/{schedule['id']}").status_code == 404
    assert call("GET", f"/api/runs/{run_id}").status_code == 200
    assert starts.start_due(datetime.now(UTC) + timedelta(days=9)) == []
    made(call)  # its name is free
