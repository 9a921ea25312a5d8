"""The figures that Redis tells: queues, limits, breakers, and what the workers counted."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric, SummaryMetricFamily
from redis.exceptions import ResponseError

from app import counts, routes, traffic
from app.counts import Fact
from app.domain.capabilities import PROVIDER_CAPABILITIES
from app.domain.states import RunState
from app.pipelines.catalog import all_pipelines
from app.routes import Kind
from app.traffic import QUEUES

UNACKED = "unacked_index"  # kombu's sorted set of messages that were handed out and are not acknowledged
KINDS: tuple[Kind, ...] = ("text", "image")
FINISHERS = ("last_piece", "chord", "relay", "watchdog")
ENDS = (RunState.READY, RunState.PARTIAL, RunState.FAILED, counts.REFUSED)
UPKEEP = ("admit", "relay", "notify", "watchdog", "start_schedules", "read_feeds", "alert", "merge_sums", "tidy")
LABELS: dict[Fact, tuple[str, list[str]]] = {
    Fact.ROUNDS_FINISHED: (
        "Rounds that ended, canceled ones apart; REFUSED: for what was ordered. by: who saw it; relay, watchdog: a loss.",
        ["pipeline", "state", "by"],
    ),
    Fact.LEASES_EXPIRED: (
        "Steps that were taken over because their worker's lease had expired: it died, or could not reach the database.",
        ["queue"],
    ),
    Fact.RETRIES: (
        "Steps that were put back to be tried again; reason: the code of the error, without its detail.",
        ["queue", "reason"],
    ),
    Fact.STORAGE_FAILURES: ("Times that storage did not take or give a file.", []),
    Fact.UPKEEP_RUNS: (
        "Times that beat's tasks ended; one that stands still says that beat or worker-control does.",
        ["task"],
    ),
}


def queues() -> Iterator[Metric]:
    """Messages in Redis, and its memory."""

    def looked_up(redis: Any) -> tuple[list[int], int, dict[str, Any]]:
        lengths, unacked = traffic.queue_lengths(redis), redis.zcard(UNACKED)
        try:
            return lengths, unacked, redis.info("memory")
        except ResponseError:
            return lengths, unacked, {}  # some who rent Redis out do not let it be asked

    lengths, unacked, memory = traffic.ask(looked_up)
    family = GaugeMetricFamily("pressroom_queue_messages", "Messages that no worker has taken.", labels=["queue"])
    for queue, length in zip(QUEUES, lengths, strict=True):
        family.add_metric([queue], length)
    yield family
    told = "Messages that workers have and have not acknowledged, of all queues: under way, or lost with their worker."
    yield GaugeMetricFamily("pressroom_unacked_messages", told, value=unacked)
    for name, field, about in (
        ("pressroom_redis_memory_bytes", "used_memory", "Memory that Redis uses."),
        ("pressroom_redis_memory_limit_bytes", "maxmemory", "What Redis may use; 0 = no limit is set."),
    ):
        yield GaugeMetricFamily(name, about, value=memory.get(field))


def writable() -> Iterator[Metric]:
    """Give nothing. Raises Unavailable when Redis, which has told its figures, takes no writes: it is full, or a replica."""
    traffic.check_writable()
    return iter(())


def limits() -> Iterator[Metric]:
    """How busy each provider is that the routes name, by kind of request."""
    labels = ["provider", "kind"]
    in_flight = GaugeMetricFamily("pressroom_limit_in_flight", "Requests under way at a provider.", labels=labels)
    most = GaugeMetricFamily("pressroom_limit_in_flight_most", "Requests that may be under way at once.", labels=labels)
    waiting = GaugeMetricFamily(
        "pressroom_limit_waiting", "Steps that wait for a slot, in threads and in their rows.", labels=labels
    )
    paused = GaugeMetricFamily(
        "pressroom_limit_paused_seconds", "How long nobody may ask, because the provider said so.", labels=labels
    )
    waits = SummaryMetricFamily(
        "pressroom_limit_wait_seconds",
        "How long threads waited for the slots that they got; waits in rows are retries with reason provider_busy.",
        labels=labels,
    )
    named = {route.provider for purpose in routes.routes().purposes.values() for route in purpose.routes}
    pairs = [(provider, kind) for provider in sorted(named) for kind in KINDS]
    for one in traffic.limits_now(pairs):
        who = [one.provider, one.kind]
        in_flight.add_metric(who, one.in_flight)
        most.add_metric(who, routes.limit_of(one.provider, "image" if one.kind == "image" else "text").in_flight)
        waiting.add_metric(who, one.waiting)
        paused.add_metric(who, one.paused_s)
        waits.add_metric(who, count_value=one.grants, sum_value=one.waited_s)
    yield from (in_flight, most, waiting, paused, waits)


def breakers() -> Iterator[Metric]:
    """The breakers that are not closed."""
    family = GaugeMetricFamily(
        "pressroom_breaker_open",
        "1 for each breaker that is open or half-open. kind and model: empty when it is the provider's.",
        labels=["provider", "kind", "model", "reason"],
    )
    for one in traffic.breakers_now():
        family.add_metric([*_apart(one.scope), one.code.partition(":")[0]], 1)
    yield family


def _apart(scope: str) -> tuple[str, str, str]:
    """Return provider, kind and model of a breaker's scope."""
    for provider in PROVIDER_CAPABILITIES:
        if scope.startswith(f"{provider}/"):
            return provider, "", scope.removeprefix(f"{provider}/")
    provider, _, kind = scope.partition(":")
    return provider, kind, ""


def counted() -> Iterator[Metric]:
    """What the workers counted."""
    found = counts.read()
    for fact, (told, labels) in LABELS.items():
        family = CounterMetricFamily(f"pressroom_{fact}", told, labels=labels)
        usual: tuple[tuple[str, ...], ...] = ()
        match fact:  # what is 0 is told where an alert asks whether it grows
            case Fact.UPKEEP_RUNS:
                usual = tuple((task,) for task in UPKEEP)
            case Fact.LEASES_EXPIRED:
                usual = tuple((queue,) for queue in QUEUES)
            case Fact.STORAGE_FAILURES:
                usual = ((),)
            case Fact.ROUNDS_FINISHED:
                usual = tuple(itertools.product(all_pipelines(), ENDS, FINISHERS))
            case _:
                pass
        for values, count in sorted({**dict.fromkeys(usual, 0), **found[fact]}.items()):
            if len(values) == len(labels):
                family.add_metric(values, count)
        yield family
