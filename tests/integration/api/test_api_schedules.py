"""Schedules over HTTP: made, seen, and nobody else's."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from callers import Caller, counted_queries, key_of
from flask.testing import FlaskClient
from pydantic import BaseModel
from schedule_calls import PATH, POST, SOON, made, refused, shown, start

from app.domain.plans import Plan
from app.pipelines.pipeline import Pipeline
from app.runs.accept import parse
from app.schedules import rows, wishes
from orders import TOPIC, a_user
from races import together
from scheduling import set_columns

# ---- made and seen


def test_a_schedule_tells_its_next_five_runs_in_its_own_time(call: Caller) -> None:
    schedule = made(call)

    upcoming = [datetime.fromisoformat(moment) for moment in schedule["upcoming"]]
    assert len(upcoming) == 5
    assert upcoming == sorted(upcoming)
    assert all(moment.isoformat().endswith("T09:00:00+05:00") and moment.weekday() < 5 for moment in upcoming)
    assert datetime.now(UTC) < upcoming[0] < datetime.now(UTC) + SOON
    assert datetime.fromisoformat(schedule["next_at"]) == upcoming[0]
    assert schedule["in_words"] == "At 09:00 on Monday through Friday"
    assert (schedule["status"], schedule["last_run"], schedule["problem"]) == ("ACTIVE", None, None)


def test_where_it_was_made_it_is_shown_and_listed(call: Caller) -> None:
    answer = call("POST", PATH, json=POST)
    schedule = answer.get_json()

    assert call("GET", answer.headers["Location"]).get_json() == schedule == shown(call, schedule)
    (row,) = call("GET", PATH).get_json()["schedules"]
    assert row == {name: value for name, value in schedule.items() if name not in ("topics", "history")}


def test_what_has_not_changed_is_not_sent_again(call: Caller) -> None:
    schedule = made(call)

    for path in (PATH, f"{PATH}/{schedule['id']}"):
        tag = call("GET", path).headers["ETag"]
        assert call("GET", path, headers={"If-None-Match": tag}).status_code == 304


def test_schedules_are_listed_by_name(call: Caller) -> None:
    for name in ("b", "c", "a"):
        made(call, name=name)

    assert [row["name"] for row in call("GET", PATH).get_json()["schedules"]] == ["a", "b", "c"]


def test_its_last_run_its_history_and_its_next_topic_are_shown(call: Caller) -> None:
    schedule = made(call, topics=["First", "Second", "Third"])
    (run_id,) = start(schedule)

    now = shown(call, schedule)
    assert (now["last_run"]["id"], now["last_run"]["status"]) == (str(run_id), "QUEUED")
    assert now["last_run"]["links"]["self"].endswith(f"/api/runs/{run_id}")
    assert (now["topics_drawn"], now["topics_left"], now["next_topic"]) == (1, 2, "Second")
    (row,) = now["history"]
    assert (row["slot"], row["outcome"], row["topic"]) == (schedule["next_at"], "ORDERED", "First")
    assert row["run"] == now["last_run"]
    assert now["slots"] == {"ordered": 1, "refused": 0, "missed": 0}


def test_a_used_up_quota_is_told_until_a_run_is_ordered_again(client: FlaskClient) -> None:
    poor = Caller(client, key_of(user := a_user(Plan.FREE)))
    schedule = made(poor)
    for _ in range(4):
        start(shown(poor, schedule))

    now = shown(poor, schedule)
    assert (now["problem"]["code"], now["status"], len(now["upcoming"])) == ("quota_exceeded:posts", "ACTIVE", 5)
    assert now["history"][0]["problem"] == now["problem"]
    assert (now["slots"]["ordered"], now["slots"]["refused"]) == (3, 1)
    set_columns(uuid.UUID(schedule["id"]), next_at=datetime.fromisoformat(now["next_at"]) + timedelta(days=35))
    start(shown(poor, schedule))
    assert shown(poor, schedule)["problem"] is None
    assert user.plan is Plan.FREE


# ---- refused


@pytest.mark.parametrize(
    ("changes", "field", "told"),
    [
        ({"cron": "61 9 * * *"}, "cron", "minute '61'"),
        ({"cron": "0 9 * *"}, "cron", "4 fields"),
        ({"cron": "0 9 30 2 *"}, "cron", "never comes"),
        ({"cron": "0 " * 99}, "cron", "at most 100"),
        ({"time_zone": "Asia/Karachy"}, "time_zone", "did you mean Asia/Karachi?"),
        ({"time_zone": "../../../etc/passwd"}, "time_zone", "no time zone"),
        ({"pipeline": "horoscope"}, "pipeline", "there is no pipeline"),
        ({"request": {"topic": "x"}}, "request.topic", "at least 3"),
        ({"request": {"topic": TOPIC, "tone": "angry"}}, "request.tone", "educational"),
        ({"request": {}}, "request.topic", "required"),
        ({"request": {"topic": TOPIC, "brand": "nobody"}}, "request.brand", "no brand"),
        ({"request": "a post"}, "request", "dictionary"),
        ({"missed": "sometimes"}, "missed", "catch_up_once"),
        ({"name": " "}, "name", "at least 1"),
        ({"colour": "blue"}, "colour", "not permitted"),
        ({"topics": []}, "topics", "at least 1"),
        ({"topics": ["Good one", "x"]}, "topics.1", "at least 3"),
        ({"topics": ["Twice", "Once", " Twice "]}, "topics", "there twice"),
        ({"topics": ["a topic"] * 1001}, "topics", "at most 1000"),
        ({"topics": ["Good one"], "request": {"topic": "Also here"}}, "request.topic", "leave one of the two out"),
        ({"topics": ["Good one"], "request": {"tone": "angry"}}, "request.tone", "educational"),
        ({"topics": ["Good one"], "topics_into": "subject"}, "topics_into", "topic, tone"),
        ({"topics": "Good one"}, "topics", "list"),
    ],
    ids=lambda value: str(value)[:50],
)
def test_what_is_wrong_is_told_by_its_field_and_makes_nothing(
    call: Caller, changes: dict[str, Any], field: str, told: str
) -> None:
    fields = refused(call, **changes)

    assert told in fields[field]
    assert call("GET", PATH).get_json()["schedules"] == []


def test_a_brand_that_is_unknown_has_the_code_that_an_order_would_have(call: Caller) -> None:
    answer = call("POST", PATH, json=POST | {"request": {"topic": TOPIC, "brand": "nobody"}})

    assert answer.get_json()["code"] == "unknown_brand"


def test_of_many_wrong_topics_the_first_are_told(call: Caller) -> None:
    fields = refused(call, topics=[f"{n}" for n in range(30)])

    assert [*fields] == [f"topics.{n}" for n in range(5)]


def test_what_is_wrong_beside_the_topics_is_found_with_the_first_of_them(
    call: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[object] = []

    def looked(pipeline: Pipeline, body: Any) -> BaseModel:
        looks.append(body)
        return parse(pipeline, body)

    monkeypatch.setattr(wishes, "parse", looked)
    topics = [f"Topic {n}" for n in range(1000)]

    assert [*refused(call, topics=["x", *topics[1:]], request={"tone": "angry"})] == ["request.tone"]
    assert len(looks) == 1
    assert [*refused(call, topics=["Good one", *map(str, range(30))])] == [f"topics.{n}" for n in range(1, 6)]
    assert len(looks) == 1 + 6


def test_a_list_has_long_texts_cut_and_the_schedule_itself_has_them_whole(call: Caller) -> None:
    offer = "Half the price until Friday. " * 60
    request = {
        "contacts_csv": "email,city\n" + "".join(f"a{n}@example.com,Lahore\n" for n in range(500)),
        "sender": "Us",
    }
    long = made(call, name="a", pipeline="email-campaign", topics_into="offer", topics=[offer], request=request)
    many = made(call, name="b", pipeline="images", request={"prompts": ["a red fox " * 100, "an owl"]})

    first, second = call("GET", PATH).get_json()["schedules"]
    assert first["request"] == {"contacts_csv": request["contacts_csv"][:199] + "…", "sender": "Us"}
    assert (first["topics_drawn"], first["topics_left"], first["next_topic"]) == (0, 1, offer.strip())
    assert second["request"]["prompts"] == [("a red fox " * 100)[:199] + "…", "an owl"]
    assert shown(call, long)["request"] == request
    assert shown(call, many)["request"]["prompts"][0] == "a red fox " * 100


def test_a_list_counts_topics_without_reading_them(call: Caller) -> None:
    schedule = made(call, topics=["First", "Second"])
    for left, following in [(2, "First"), (1, "Second"), (0, None)]:
        with counted_queries() as seen:
            (row,) = call("GET", PATH).get_json()["schedules"]
        assert (row["topics_drawn"], row["topics_left"], row["next_topic"]) == (2 - left, left, following)
        assert not any("schedules.topics," in statement for statement in seen)
        now = shown(call, schedule)
        assert {name: now[name] for name in row} == row
        if left:
            start(now)


def test_a_body_is_read_once_its_sender_is_known(client: FlaskClient, call: Caller) -> None:
    schedule = made(call)
    for method, path in (("POST", PATH), ("PUT", f"{PATH}/{schedule['id']}")):
        for body in ("{", '{"name": 7}'):
            assert client.open(path, method=method, data=body).status_code == 401


def test_a_name_is_taken_once_and_only_for_its_user(call: Caller, stranger: Caller) -> None:
    made(call)
    made(stranger)

    answer = call("POST", PATH, json=POST)
    assert (answer.status_code, answer.get_json()["code"]) == (409, "schedule_exists")
    other = made(call, name="other")
    assert call("PUT", f"{PATH}/{other['id']}", json=POST).get_json()["code"] == "schedule_exists"


def test_a_user_has_fifty_schedules_at_most_also_when_they_come_at_once(client: FlaskClient, call: Caller) -> None:
    for n in range(rows.MAX_SCHEDULES - 2):
        made(call, name=f"s{n}")
    callers = [Caller(client.application.test_client(), call.key) for _ in range(4)]

    answers = together([partial(one, "POST", PATH, json=POST | {"name": f"t{n}"}) for n, one in enumerate(callers)])

    assert sorted(answer.status_code for answer in answers if not isinstance(answer, Exception)) == [201, 201, 409, 409]
    assert len(call("GET", PATH).get_json()["schedules"]) == rows.MAX_SCHEDULES


def test_the_same_post_with_the_same_key_makes_one_schedule(client: FlaskClient, call: Caller) -> None:
    headers = {"Idempotency-Key": "k"}
    callers = [Caller(client.application.test_client(), call.key) for _ in range(4)]

    answers = together([partial(one, "POST", PATH, json=POST, headers=headers) for one in callers])

    assert {answer.get_json()["id"] for answer in answers if not isinstance(answer, Exception)} == {
        call("GET", PATH).get_json()["schedules"][0]["id"]
    }
    other = call("POST", PATH, json=POST | {"name": "other"}, headers=headers)
    assert (other.status_code, other.get_json()["code"]) == (409, "idempotency_key_reused")


# ---- nobody else's


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", ""), ("PUT", ""), ("DELETE", ""), ("POST", "/pause"), ("POST", "/resume"), ("POST", "/run")],
)
def test_a_strangers_schedule_is_not_there(call: Caller, stranger: Caller, method: str, path: str) -> None:
    schedule = made(call)

    answer = stranger(method, f"{PATH}/{schedule['id']}{path}", json=POST if method == "PUT" else None)

    assert (answer.status_code, answer.get_json()["code"]) == (404, "not_found")
    assert shown(call, schedule) == schedule
    assert stranger("GET", PATH).get_json()["schedules"] == []


@pytest.mark.parametrize("path", ["", "/6f1c2b3a-4d5e-4f60-8a7b-9c0d1e2f3a4b"])
def test_without_a_key_there_are_no_schedules(client: FlaskClient, path: str) -> None:
    assert client.get(f"{PATH}{path}").status_code == 401


def test_the_description_tells_what_a_schedule_is(client: FlaskClient) -> None:
    described = client.get("/openapi.json").get_json()

    assert described["components"]["schemas"]["ScheduleBody"]["properties"]["cron"]["description"]
    paths = described["paths"]
    assert paths[PATH]["post"]["requestBody"]["content"]["application/json"]["schema"]["$ref"].endswith("/ScheduleBody")
    run = paths[f"{PATH}/{{schedule_id}}/run"]["post"]
    assert "202" in run["responses"]
    assert "Idempotency-Key" in [parameter["name"] for parameter in run["parameters"]]
