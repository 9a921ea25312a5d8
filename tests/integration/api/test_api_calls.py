"""The calls of a run over HTTP: everything that is known of each, and never what was said."""

from __future__ import annotations

import csv
import io
import zipfile

from callers import FOX, Caller, ordered_images
from handwork import COST, opened_call, work

from app.db.session import transaction
from app.records import COLUMNS
from app.runs.claims import claim
from orders import pieces_of


def test_every_call_is_listed_without_what_was_said(call: Caller) -> None:
    run_id = ordered_images(call)
    work(run_id, unknown=[1])

    answer = call("GET", f"/api/runs/{run_id}/calls")

    calls = answer.get_json()["calls"]
    assert [tuple(one) for one in calls] == [COLUMNS] * 3
    assert [(one["piece"], one["cost_micro_usd"], one["cost_basis"]) for one in calls] == [
        ("image-01", COST, "table"),
        ("image-02", None, "unknown"),
        ("image-03", COST, "table"),
    ]
    first = calls[0]
    assert (first["purpose"], first["provider"], first["model"]) == ("render_image", "gateway", "a/model")
    assert (first["state"], first["attempt"], first["tokens_in"], first["bytes"]) == ("SUCCEEDED", 1, 100, 7)
    assert (first["prompt_hash"], first["sandbox"]) == ("0" * 64, True)
    assert first["seconds"] >= 0
    assert FOX not in answer.text
    assert "a reply" not in answer.text


def test_the_list_of_calls_has_the_columns_of_the_costs_file(call: Caller) -> None:
    run_id = ordered_images(call)
    work(run_id, unknown=[1])

    calls = call("GET", f"/api/runs/{run_id}/calls").get_json()["calls"]
    with zipfile.ZipFile(io.BytesIO(call("GET", f"/api/runs/{run_id}/export.zip").data)) as archive:
        lines = list(csv.DictReader(io.StringIO(archive.read("costs.csv").decode())))

    as_text = [{name: "" if value is None else str(value) for name, value in one.items()} for one in calls]
    assert lines == as_text


def test_a_call_that_is_under_way_has_neither_seconds_nor_cost(call: Caller) -> None:
    run_id = ordered_images(call)
    assert call("GET", f"/api/runs/{run_id}/calls").get_json()["calls"] == []
    piece = pieces_of(run_id)[0]
    with transaction() as session:
        opened_call(session, claim(session, piece.id, "render_image", 1))

    (one,) = call("GET", f"/api/runs/{run_id}/calls").get_json()["calls"]

    assert (one["state"], one["seconds"], one["cost_micro_usd"], one["accepted"]) == ("INTENT", None, None, None)


def test_the_calls_of_somebody_else_are_not_there(call: Caller, stranger: Caller) -> None:
    run_id = ordered_images(call)

    assert stranger("GET", f"/api/runs/{run_id}/calls").status_code == 404


def test_clients_are_told_of_the_list(call: Caller) -> None:
    assert "get" in call("GET", "/openapi.json").get_json()["paths"]["/api/runs/{run_id}/calls"]
