"""POST /api/runs/{id}/reformat: a finished post once more, in another format."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from callers import Caller, ordered_images
from flask.testing import FlaskClient
from handwork import work

from app.db.models import User
from orders import order, pieces_of, run_of
from races import together, winners


@pytest.fixture
def post(user: User) -> uuid.UUID:
    """A READY post of five slides."""
    run_id = order(user, slides=5)
    work(run_id)
    return run_id


def reformat(call: Caller, run_id: object, body: Any = None, **headers: str) -> Any:
    return call(
        "POST", f"/api/runs/{run_id}/reformat", json={"format": "1:1"} if body is None else body, headers=headers
    )


def test_it_answers_202_with_a_new_run_that_can_be_followed(call: Caller, post: uuid.UUID) -> None:
    answer = reformat(call, post)

    assert answer.status_code == 202
    body = answer.get_json()
    assert (body["status"], body["pipeline"], body["made_from"]) == ("QUEUED", "full-post", str(post))
    assert body["id"] != str(post)
    assert answer.headers["Location"] == f"/api/runs/{body['id']}"
    shown = call("GET", answer.headers["Location"]).get_json()
    assert (shown["made_from"], shown["request"]["format"]) == (str(post), "1:1")
    assert shown["links"]["made_from"].endswith(f"/api/runs/{post}")
    assert shown["cost"]["reserved_micro_usd"] == 0


def test_the_list_says_what_was_made_from_what(call: Caller, post: uuid.UUID) -> None:
    copy = reformat(call, post).get_json()["id"]

    listed = {run["id"]: run["made_from"] for run in call("GET", "/api/runs").get_json()["runs"]}

    assert listed == {copy: str(post), str(post): None}


def test_it_is_finished_and_downloaded_as_any_post(call: Caller, post: uuid.UUID) -> None:
    copy = uuid.UUID(reformat(call, post).get_json()["id"])
    work(copy)

    assert call("GET", f"/api/posts/{copy}").get_json()["status"] == "READY"
    with call("GET", f"/api/runs/{copy}/carousel.pdf") as pdf:
        assert pdf.status_code == 200
    with call("GET", f"/api/runs/{copy}/export.zip") as archive:
        assert archive.status_code == 200


def test_the_usage_of_the_month_stays_what_it_was(call: Caller, post: uuid.UUID) -> None:
    before = call("GET", "/api/usage").get_json()

    work(uuid.UUID(reformat(call, post).get_json()["id"]))

    assert call("GET", "/api/usage").get_json() == before


def test_the_same_key_gets_the_same_answer_and_another_body_409(call: Caller, post: uuid.UUID) -> None:
    first = reformat(call, post, **{"Idempotency-Key": "k"})
    again = reformat(call, post, **{"Idempotency-Key": "k"})
    other = reformat(call, post, {"format": "16:9"}, **{"Idempotency-Key": "k"})

    assert first.get_json() == again.get_json()
    assert (other.status_code, other.get_json()["code"]) == (409, "idempotency_key_reused")
    assert len(call("GET", "/api/runs").get_json()["runs"]) == 2


def test_asked_by_many_at_once_there_is_one_new_run(client: FlaskClient, call: Caller, post: uuid.UUID) -> None:
    callers = [Caller(client.application.test_client(), call.key) for _ in range(6)]

    answers = winners(together([lambda one=one: reformat(one, post).get_json() for one in callers]))  # type: ignore[misc]

    assert len({answer["id"] for answer in answers}) == 1
    assert len(answers) == 6
    assert len(call("GET", "/api/runs").get_json()["runs"]) == 2


def test_somebody_elses_run_is_not_there(stranger: Caller, post: uuid.UUID) -> None:
    before = len(pieces_of(post))

    answer = reformat(stranger, post)

    assert (answer.status_code, answer.get_json()["code"]) == (404, "not_found")
    assert stranger("GET", "/api/runs").get_json()["runs"] == []
    assert len(pieces_of(post)) == before


def test_a_copy_is_its_owners_alone(call: Caller, stranger: Caller, post: uuid.UUID) -> None:
    copy = reformat(call, post).get_json()["id"]

    assert stranger("GET", f"/api/runs/{copy}").status_code == 404
    assert stranger("POST", f"/api/runs/{copy}/cancel").status_code == 404


@pytest.mark.parametrize("body", [{}, {"format": "3:2"}, {"format": None}, {"format": "1:1", "slides": 7}], ids=str)
def test_a_wrong_body_names_its_field(call: Caller, post: uuid.UUID, body: dict[str, Any]) -> None:
    answer = reformat(call, post, body)

    assert (answer.status_code, answer.get_json()["code"]) == (422, "invalid_request")
    assert set(answer.get_json()["fields"]) <= {"format", "slides"}


def test_what_cannot_be_made_in_another_format_says_why(call: Caller, user: User, post: uuid.UUID) -> None:
    waiting = order(user, slides=5)
    images = ordered_images(call)
    work(images)

    said = {
        code: reformat(call, run_id, {"format": wanted})
        for code, run_id, wanted in (
            ("same_format", post, "4:5"),
            ("not_finished", waiting, "1:1"),
            ("no_formats", images, "1:1"),
        )
    }

    for code, answer in said.items():
        assert (answer.status_code, answer.get_json()["code"]) == (409, code)
        assert answer.get_json()["detail"]


def test_only_runs_with_formats_have_the_link(call: Caller, user: User, post: uuid.UUID) -> None:
    images = ordered_images(call)

    assert "reformat" in call("GET", f"/api/runs/{post}").get_json()["links"]
    assert "reformat" not in call("GET", f"/api/runs/{images}").get_json()["links"]
    assert run_of(images).made_from is None
    assert user


def test_it_is_described_to_clients(client: FlaskClient) -> None:
    described = client.get("/openapi.json").get_json()["paths"]["/api/runs/{run_id}/reformat"]["post"]

    assert described["requestBody"]["content"]["application/json"]["schema"] == {
        "$ref": "#/components/schemas/Reformat"
    }
    assert "202" in described["responses"]
    assert "Idempotency-Key" in [parameter["name"] for parameter in described["parameters"]]
