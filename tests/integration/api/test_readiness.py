"""A server that answers and takes nothing counts as away: to probes, to Prometheus and to whoever orders."""

from __future__ import annotations

import pytest
from callers import Caller
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families

from app.metrics import collector
from failover import REFUSALS, Refusal, read_only, refusing
from harness import Installation, wait_for

READY = {"database": "ok", "schema": "ok", "redis": "ok", "storage": "ok"}


def readiness(client: FlaskClient) -> tuple[int, dict[str, str]]:
    answer = client.get("/readyz")
    return answer.status_code, answer.get_json()["parts"]


def scraped() -> dict[str, float]:
    """Return what a scrape tells of parts, and how much Redis holds."""
    collector.forget()
    samples = [
        sample
        for family in text_string_to_metric_families(collector.exposition().decode())
        for sample in family.samples
    ]
    parts = {sample.labels["part"]: sample.value for sample in samples if sample.name == "pressroom_part_up"}
    return parts | {sample.name: sample.value for sample in samples if sample.name == "pressroom_redis_memory_bytes"}


def order(call: Caller) -> tuple[int, str | None]:
    answer = call("POST", "/api/generate/full-post", json={"topic": "Tea", "slides": 5})
    return answer.status_code, answer.get_json().get("code")


@pytest.mark.parametrize("refusal", REFUSALS.values(), ids=REFUSALS)
def test_while_redis_takes_no_writes_orders_are_taken_and_everybody_is_told(
    client: FlaskClient, call: Caller, database: Installation, refusal: Refusal
) -> None:
    assert readiness(client) == (200, READY)

    with refusing(database.redis_url, refusal):
        assert readiness(client) == (503, READY | {"redis": "failed"})
        assert order(call) == (202, None)
        told = scraped()
        assert (told["redis"], told["database"]) == (0, 1)
        assert told["pressroom_redis_memory_bytes"] > 0, "whoever is full says how full"

    assert readiness(client) == (200, READY)
    wait_for(lambda: scraped()["redis"] == 1, seconds=5)


@pytest.mark.usefixtures("own_connections")
def test_while_the_database_takes_no_writes_nothing_is_ordered_and_everybody_is_told(
    client: FlaskClient, call: Caller, database: Installation
) -> None:
    assert order(call) == (202, None)

    with read_only(database.database_url):
        assert order(call) == (503, "database_unavailable")
        assert call("GET", "/api/runs").status_code == 200, "what is there can be read"
        assert readiness(client) == (503, READY | {"database": "failed"})
        assert scraped()["database"] == 0

    wait_for(lambda: readiness(client) == (200, READY), seconds=5, what="who only reads finds the primary, too")
    assert scraped()["database"] == 1
    assert order(call) == (202, None)
