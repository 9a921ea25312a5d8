"""Reports over HTTP: one's own costs in every format, the step log of a run, and nothing of anybody else."""

from __future__ import annotations

import csv
import io
import json
import uuid
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from callers import Caller, ordered_images

from app.db.models import Call, User
from app.db.session import transaction
from app.domain.states import CallState, CostBasis
from orders import pieces_of
from reporting import noted, this_month, without_rates


@pytest.fixture(autouse=True)
def _no_rates(database: object) -> Iterator[None]:
    with without_rates():
        yield


def paid(call: Caller, **values: Any) -> uuid.UUID:
    """Order pictures and write one call for them into the journal; return the run's id."""
    run_id = ordered_images(call)
    piece = pieces_of(run_id)[0]
    usual: dict[str, Any] = {
        "round": 1, "version": 1, "take": 1, "attempt": 1, "step": "render_image", "purpose": "render_image",
        "provider": "gateway", "model": "painter", "prompt_hash": "0" * 64, "state": CallState.SUCCEEDED, "pictures": 1,
        "accepted": True, "worst_micro_usd": 90_000, "cost_micro_usd": 40_000, "cost_basis": CostBasis.PROVIDER,
        "reply": "posts/secret.png", "reply_bytes": 812_000, "is_sandbox": False,
    }  # fmt: skip
    with transaction() as session:
        session.add(Call(id=uuid.uuid4(), user_id=_user_of(call), run_id=run_id, piece_id=piece.id,
                         ended_at=this_month().ends, **{**usual, **values}))  # fmt: skip
    return run_id


def _user_of(call: Caller) -> uuid.UUID:
    from app import accounts  # noqa: PLC0415 - only here

    with transaction() as session:
        return accounts.user_for_key(session, call.key).user.id


def costs(call: Caller, query: str = "") -> Any:
    answer = call("GET", f"/api/reports/costs{query}")
    assert answer.status_code == 200, answer.text
    return answer.get_json()


def test_a_report_shows_what_ones_calls_of_this_month_cost(call: Caller) -> None:
    paid(call)

    told = costs(call)
    assert (told["month"], told["group_by"], told["currency"]) == (this_month().name, ["provider"], "USD")
    (row,) = told["rows"]
    assert (row["provider"], row["cost_usd"], row["images"], row["accepted_images"]) == ("gateway", "0.04", 1, 1)
    assert told["total"]["cost_per_accepted_image_usd"] == "0.04"


def test_nobody_sees_what_others_pay(call: Caller, stranger: Caller) -> None:
    run_id = paid(call)

    assert costs(stranger, "?group_by=user,key")["rows"] == []
    assert stranger("GET", f"/api/runs/{run_id}/log").status_code == 404
    assert "cost" not in stranger("GET", "/api/reports/costs?format=csv").text.splitlines()[1:]


@pytest.mark.parametrize(
    "path", ["/api/reports/costs", "/api/reports/roi", "/api/runs/00000000-0000-4000-8000-000000000000/log"]
)
def test_reports_need_a_key(client: Any, path: str) -> None:
    assert client.get(path).status_code == 401


def test_the_key_that_ordered_is_told(call: Caller) -> None:
    paid(call)
    ((name,),) = [(row["key"],) for row in costs(call, "?group_by=key")["rows"]]
    assert name.startswith(call.key[:6])


def test_another_currency_is_told_with_its_rate(call: Caller) -> None:
    noted("PKR", "280.50", date(2020, 1, 1), "a bank")
    paid(call)

    (row,) = costs(call, "?currency=PKR&group=model")["rows"]
    assert (row["cost_pkr"], row["rate"], row["rate_as_of"], row["rate_source"]) == (
        "11.22",
        "280.5",
        "2020-01-01",
        "a bank",
    )


def test_a_currency_without_a_rate_is_refused_with_its_code(call: Caller) -> None:
    answer = call("GET", "/api/reports/costs?currency=PKR")
    assert (answer.status_code, answer.get_json()["code"]) == (404, "no_exchange_rate")


@pytest.mark.parametrize(
    ("query", "field"),
    [("month=2026-13", "month"), ("month=now", "month"), ("group_by=colour", "group"), ("format=pdf", "format"),
     ("currency=rupees", "currency"), ("sandbox=yes", "sandbox"), ("month=0000-01", "month"), ("month=٢٠٢٦-11", "month")],
)  # fmt: skip
def test_what_cannot_be_asked_is_named(call: Caller, query: str, field: str) -> None:
    answer = call("GET", f"/api/reports/costs?{query}")
    assert (answer.status_code, list(answer.get_json()["fields"])) == (422, [field])


def test_a_report_downloads_as_csv(call: Caller) -> None:
    paid(call)

    answer = call("GET", "/api/reports/costs?format=csv&group_by=provider,model")
    assert answer.mimetype == "text/csv"
    assert answer.headers["Content-Disposition"] == f'attachment; filename="costs-{this_month().name}.csv"'
    (row,) = csv.DictReader(io.StringIO(answer.text))
    assert (row["provider"], row["model"], row["cost_micro_usd"]) == ("gateway", "painter", "40000")


@pytest.mark.parametrize(
    ("as_", "mime", "begins"), [("png", "image/png", b"\x89PNG"), ("svg", "image/svg+xml", b"<?xml")]
)
def test_a_report_is_drawn(call: Caller, as_: str, mime: str, begins: bytes) -> None:
    paid(call)

    answer = call("GET", f"/api/reports/costs?format={as_}&group_by=stage")
    assert (answer.status_code, answer.mimetype) == (200, mime)
    assert answer.data.startswith(begins)
    assert "sandbox" in answer.headers["Content-Security-Policy"]


def test_the_log_of_a_run_is_json_lines_without_a_reply(call: Caller) -> None:
    run_id = paid(call)

    answer = call("GET", f"/api/runs/{run_id}/log")
    assert answer.mimetype == "application/x-ndjson"
    (line,) = (json.loads(text) for text in answer.text.splitlines())
    assert (line["pipeline_id"], line["output_summary"]) == (str(run_id), "picture, 812 KB, accepted")
    assert (line["estimated_cost_usd"], line["estimated_cost_pkr"], line["status"]) == (0.04, None, "SUCCESS")
    assert "secret" not in answer.text


def test_a_run_without_calls_has_an_empty_log(call: Caller) -> None:
    assert call("GET", f"/api/runs/{ordered_images(call)}/log").text == ""


def test_what_was_saved_is_told(call: Caller, user: User) -> None:
    noted("PKR", "280", date(2020, 1, 1))
    paid(call)

    told = call("GET", "/api/reports/roi").get_json()
    assert (told["currency"], told["total"]["cost"]) == ("PKR", "11.20")
    assert [(one["pipeline"], one["delivered"]) for one in told["pipelines"]] == [("images", 0)]


def test_reports_stand_in_the_description(call: Caller) -> None:
    paths = call("GET", "/openapi.json").get_json()["paths"]
    assert {"/api/reports/costs", "/api/reports/roi", "/api/runs/{run_id}/log"} <= paths.keys()
