"""Facts that no row tells, counted in Redis for `/metrics`: one number for each fact and its labels, over all processes.

A count is a help, not the truth: while Redis is away nothing is counted, and a Redis that lost its data begins at 0,
which Prometheus takes for a restart. Labels are words of a closed set, never anything that a user wrote: there are as
many numbers as there are words, however long the installation runs.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from enum import StrEnum
from typing import cast

from app import traffic
from app.domain.errors import Unavailable

COUNTS = "pressroom:counts"
"""Hash: fact and labels -> how often."""
REFUSED = "REFUSED"
"""How the end of a round is counted that FAILED because of what its user ordered."""
_BETWEEN = "|"


class Fact(StrEnum):
    """What is counted, and by which labels."""

    ROUNDS_FINISHED = "rounds_finished"
    """pipeline, state (or REFUSED), by (a Finisher, or `unknown`)."""
    LEASES_EXPIRED = "leases_expired"
    """queue."""
    RETRIES = "retries"
    """queue, reason (the code of an error's class)."""
    STORAGE_FAILURES = "storage_failures"
    """Without labels."""
    UPKEEP_RUNS = "upkeep_runs"
    """task."""


def add(fact: Fact, *labels: str) -> None:
    """Count a fact once, after the commit that made it one. Does nothing while Redis is away."""
    with suppress(Unavailable):
        traffic.ask(lambda redis: redis.hincrby(COUNTS, _BETWEEN.join((fact, *labels)), 1))


def read() -> Mapping[Fact, Mapping[tuple[str, ...], int]]:
    """Return every count by fact and labels. Raises Unavailable."""
    stored = traffic.ask(lambda redis: cast("dict[bytes, bytes]", redis.hgetall(COUNTS)))
    found: dict[Fact, dict[tuple[str, ...], int]] = {fact: {} for fact in Fact}
    for field, count in stored.items():
        fact, *labels = field.decode().split(_BETWEEN)
        with suppress(ValueError):  # a later release may count more
            found[Fact(fact)][tuple(labels)] = int(count)
    return found
