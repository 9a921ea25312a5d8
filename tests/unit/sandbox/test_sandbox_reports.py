"""The gateway's account in the sandbox: its report as @ai-sdk/gateway asks for it, and books that lag behind."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from sandbox.server import create_app

BEARER = {"Authorization": "Bearer vck_test"}
COUNTS = ("input_tokens", "output_tokens", "cached_input_tokens", "cache_creation_input_tokens", "reasoning_tokens")


@pytest.fixture
def client() -> FlaskClient:
    """A sandbox of one test's own."""
    return create_app().test_client()


def ask(client: FlaskClient, model: str = "openai/gpt-4o", **labels: object) -> str:
    body = {"model": model, "messages": [{"role": "user", "content": "Hi"}], "providerOptions": {"gateway": labels}}
    return str(client.post("/v1/chat/completions", headers=BEARER, json=body).get_json()["id"])


def report(client: FlaskClient, **query: str) -> list[dict[str, Any]]:
    days = {"start_date": "2020-01-01", "end_date": "2099-12-31"}
    reply = client.get("/v1/report", headers=BEARER, query_string=days | query)
    assert reply.status_code == 200
    return list(reply.get_json()["results"])


def configured(client: FlaskClient, **changes: object) -> int:
    return client.put("/sandbox/config", json=changes).status_code


def test_a_row_holds_what_the_sdk_reads(client: FlaskClient) -> None:
    ask(client)

    (row,) = report(client, group_by="model")

    assert set(row) == {"model", "total_cost", "market_cost", "request_count", *COUNTS}
    assert (row["model"], row["request_count"]) == ("openai/gpt-4o", 1)
    assert row["total_cost"] == row["market_cost"] > 0


@pytest.mark.parametrize(
    ("query", "row"),
    [({}, "%Y-%m-%d"), ({"group_by": "day"}, "%Y-%m-%d"), ({"group_by": "day", "date_part": "hour"}, "%Y-%m-%dT%H:")],
)
def test_without_a_group_rows_are_days_or_hours(client: FlaskClient, query: dict[str, str], row: str) -> None:
    began = datetime.now(UTC)
    ask(client)

    (told,) = report(client, **query)

    part = query.get("date_part", "day")
    assert told[part].startswith((began.strftime(row), datetime.now(UTC).strftime(row)))


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({"tags": "a"}, 2), ({"tags": "b"}, 1), ({"tags": "b,c"}, 2), ({"tags": "z"}, 0), ({"user_id": "jo"}, 1),
        ({"model": "openai/gpt-4o"}, 2), ({"provider": "anthropic"}, 1), ({"credential_type": "system"}, 3),
        ({"credential_type": "byok"}, 0), ({"tags": "a", "user_id": "jo"}, 1),
    ],
)  # fmt: skip
def test_a_report_can_be_filtered(client: FlaskClient, query: dict[str, str], count: int) -> None:
    ask(client, tags=["a"], user="jo")
    ask(client, tags=["a", "b"])
    ask(client, "anthropic/claude-haiku-4.5", tags=["c"])

    assert sum(row["request_count"] for row in report(client, **query)) == count


@pytest.mark.parametrize("query", [{"group_by": "colour"}, {"date_part": "week"}])
def test_a_report_by_what_there_is_not_is_refused(client: FlaskClient, query: dict[str, str]) -> None:
    days = {"start_date": "2020-01-01", "end_date": "2099-12-31"}
    assert client.get("/v1/report", headers=BEARER, query_string=days | query).status_code == 400


def test_a_report_holds_only_the_days_asked_for(client: FlaskClient) -> None:
    ask(client)
    long_ago = str(datetime.now(UTC).date() - timedelta(days=2))

    assert report(client, end_date=long_ago) == []


def test_books_lag_behind_as_long_as_they_are_told_to(client: FlaskClient) -> None:
    assert configured(client, usage_after_s=3600) == 200
    call = ask(client)

    unknown = client.get(f"/v1/generation?id={call}", headers=BEARER)
    assert (unknown.status_code, unknown.get_json()) == (404, {"error": {"message": "Usage event not found"}})
    assert report(client) == []

    configured(client, usage_after_s=0)
    assert client.get(f"/v1/generation?id={call}", headers=BEARER).status_code == 200
    assert configured(client, usage_after_s=-1) == 400
