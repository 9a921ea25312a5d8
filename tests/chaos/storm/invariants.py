"""What must hold after a storm, whatever it did. Each check raises AssertionError, or returns what broke."""

from __future__ import annotations

import io
import time
import uuid
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from PIL import Image
from redis import Redis
from sqlalchemy import select, text

from app.db.models import Call, Event, Piece, Run
from app.db.session import transaction
from app.domain.states import CallState, CostBasis, PieceState, RunState
from chaos.storm.bucket import Bucket
from chaos.storm.clients import Watched
from harness import wait_for
from workers.images import cache

QUEUES = ("text", "images", "media", "control")
TIMED = 600.0  # visibility timeout
DOUBT_SLACK_S = 1.0


def runs_of(ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, Run]:
    """Return runs by their id."""
    with transaction() as session:
        return {run.id: run for run in session.scalars(select(Run).where(Run.id.in_(ids)))}


def lost(ordered: Sequence[uuid.UUID]) -> set[uuid.UUID]:
    """Return the accepted runs that are not there, or not over."""
    runs = runs_of(ordered)
    return {run_id for run_id in ordered if run_id not in runs or not runs[run_id].state.is_terminal}


def nothing_was_ordered_twice(ordered: Sequence[uuid.UUID]) -> None:
    """Each accepted order is one run, however often it was sent."""
    with transaction() as session:
        assert set(session.scalars(select(Run.id))) == set(ordered)


# ---- files


def broken_files(ordered: Sequence[uuid.UUID], bucket: Bucket) -> list[str]:
    """Return what a finished run says that it has, and storage has not, or nobody can decode."""
    broken: list[str] = []
    with transaction() as session:
        pieces = session.scalars(select(Piece).where(Piece.run_id.in_(ordered))).all()
    by_run: dict[uuid.UUID, list[Piece]] = defaultdict(list)
    for piece in pieces:
        by_run[piece.run_id].append(piece)
    for run in runs_of(ordered).values():
        broken += [f"{run.id}: {what}" for what in _of_run(run, by_run[run.id], bucket)]
    return broken


def _of_run(run: Run, pieces: Sequence[Piece], bucket: Bucket) -> Iterator[str]:
    """Yield what one run lacks."""
    if run.state is RunState.READY:
        yield from (f"READY, and {one.kind} {one.position} is {one.state}" for one in pieces if one.state != "READY")
        if run.pipeline == "full-post" and not (run.result or {}).get("carousel_pdf"):
            yield "READY without its carousel"
    for piece in pieces:
        if piece.state is PieceState.READY and piece.is_picture and piece.picture is None:
            yield f"{piece.kind} {piece.position} is READY without a picture"
        for stored in (piece.picture, piece.composed, (piece.picture or {}).get("labelled")):
            if stored and (why := undecodable(bucket, stored["key"])):
                yield f"{piece.kind} {piece.position}: {why}"
    for key in (run.result or {}).values():
        if isinstance(key, str) and key.startswith("posts/") and not bucket.path(key).is_file():
            yield f"{key} is not there"


def undecodable(bucket: Bucket, key: str) -> str | None:
    """Return what is wrong with a stored picture; None = nothing."""
    file = bucket.path(key)
    if not file.is_file():
        return f"{key} is not there"
    try:
        Image.open(io.BytesIO(file.read_bytes())).load()
    except OSError as exc:
        return f"{key}: {exc}"
    return None


# ---- money


def unlisted_repeats(ordered: Sequence[uuid.UUID]) -> dict[uuid.UUID, list[str]]:
    """Return, by run, what was paid more than once although a usable reply was there.

    A repeat is listed when the call before it is UNKNOWN, or its reply was refused or lost and says so.
    """
    with transaction() as session:
        calls = session.scalars(select(Call).where(Call.run_id.in_(ordered)).order_by(Call.started_at)).all()
    questions: dict[Any, list[Call]] = defaultdict(list)
    for call in calls:
        if call.state is CallState.SUCCEEDED and call.cost_basis is not CostBasis.CACHE and call.worst_micro_usd:
            asked = (call.piece_id, call.take, call.purpose, call.prompt_hash)
            questions[asked].append(call)
    twice: dict[uuid.UUID, list[str]] = defaultdict(list)
    for same in questions.values():
        unused = [call for call in same[:-1] if not (call.accepted is False and call.error_code)]
        for call in unused:
            twice[call.run_id].append(f"{call.purpose} of piece {call.piece_id}: call {call.id} could have been used")
    return twice


def listed(ordered: Sequence[uuid.UUID]) -> dict[str, int]:
    """Return how many calls may have been, or were, paid for nothing, by the reason that the journal has."""
    with transaction() as session:
        calls = session.scalars(select(Call).where(Call.run_id.in_(ordered))).all()
    in_vain = [call for call in calls if call.state is CallState.UNKNOWN or call.accepted is False]
    return dict(Counter(call.error_code or "?" for call in in_vain))


def unbooked(charged: Sequence[Mapping[str, Any]], ordered: Sequence[uuid.UUID]) -> list[str]:
    """Return where the provider's bill and our journal disagree; a call in doubt explains one charge.

    charged: the sandbox's calls that it billed.
    """
    with transaction() as session:
        calls = session.scalars(select(Call).where(Call.run_id.in_(ordered))).all()
    booked = {
        (call.provider, call.provider_ref): call
        for call in calls
        if call.state is CallState.SUCCEEDED and call.cost_basis is not CostBasis.CACHE and call.worst_micro_usd
    }
    # In the order of time, and the call that was given up first explains a charge first: else one could take away what
    # alone explains another.
    doubtful = sorted((call for call in calls if call.state is CallState.UNKNOWN), key=given_up_at)
    wrong: list[str] = []
    for one in sorted(charged, key=lambda one: str(one["at"])):
        call = booked.pop((one["vendor"], one["id"]), None)
        if call is not None and call.cost_micro_usd != one["billed_micro_usd"]:
            wrong.append(f"call {call.id} cost {one['billed_micro_usd']}, and we booked {call.cost_micro_usd}")
        if call is None and not _explained(one, doubtful):
            told = f"{one['vendor']} {one['model']} billed {one['billed_micro_usd']} at {one['at']}, unlisted"
            wrong.append(f"{told}; of then: {_under_way(one, calls)}")
    wrong += [f"call {call.id} is booked, and nobody billed it" for call in booked.values() if call.cost_micro_usd]
    return wrong


def _under_way(charge: Mapping[str, Any], calls: Sequence[Call]) -> list[str]:
    """Return the calls that a charge might be of, for whoever looks for the reason."""
    at = datetime.fromisoformat(str(charge["at"]))
    around = timedelta(seconds=20)
    return [
        f"{call.id} {call.purpose} {call.state} {call.error_code} {call.started_at:%H:%M:%S.%f}-{given_up_at(call):%H:%M:%S.%f}"
        for call in calls
        if (call.provider, call.model) == (charge["vendor"], charge["model"])
        and call.started_at - around < at < given_up_at(call) + around
        and call.state is not CallState.SUCCEEDED
    ]


def given_up_at(call: Call) -> datetime:
    """Return when nobody waited for a call's answer any more."""
    return call.ended_at or datetime.max.replace(tzinfo=UTC)


def _explained(charge: Mapping[str, Any], doubtful: list[Call]) -> bool:
    at = datetime.fromisoformat(str(charge["at"]))
    for call in doubtful:
        since = (at - call.started_at).total_seconds()
        if (call.provider, call.model) == (charge["vendor"], charge["model"]) and since > -DOUBT_SLACK_S:
            if call.ended_at is not None and at > call.ended_at:
                continue
            assert call.worst_micro_usd >= charge["billed_micro_usd"], "a call in doubt is held at its worst"
            doubtful.remove(call)
            return True
    return False


# ---- watchers


def broken_streams(watched: Sequence[Watched]) -> list[str]:
    """Return what watchers got that is not what the rows say: each event once, in order, with the same content."""
    broken: list[str] = []
    for one in watched:
        with transaction() as session:
            events = session.scalars(select(Event).where(Event.run_id == one.run_id).order_by(Event.number)).all()
        true = [(event.number, event.type, event.data) for event in events]
        if one.events != true[: len(one.events)]:
            at = next(n for n, (got, row) in enumerate(zip(one.events, [*true, None], strict=False)) if got != row)
            broken.append(f"{one.run_id}: event {one.events[at]} where the rows say {true[at : at + 1]}")
        if not one.is_complete:
            broken.append(f"{one.run_id}: the stream never said that it was over")
    return broken


# ---- what must not grow


def left_in_postgres() -> dict[str, int]:
    """Return how many rows are open that should not be, by what they are.

    The pictures that the dead were making are forgotten after a day: they are made older, so that it is now.
    """
    with transaction() as session:
        session.execute(
            text("UPDATE cached_pictures SET created_at = created_at - interval '2 days' WHERE owner IS NOT NULL")
        )
        cache.forget_old(session)
    asked = {
        "claims": "SELECT count(*) FROM pieces WHERE lease_token IS NOT NULL",
        "open pieces": "SELECT count(*) FROM pieces WHERE step IS NOT NULL",
        "open calls": "SELECT count(*) FROM calls WHERE state = 'INTENT'",
        "bytes that wait": "SELECT count(*) FROM unstored",
        "pictures being made": "SELECT count(*) FROM cached_pictures WHERE picture IS NULL",
        "idle transactions": "SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%'"
        " AND state_change < now() - interval '10 s'",
    }
    with transaction() as session:
        found = {name: int(session.execute(text(query)).scalar_one()) for name, query in asked.items()}
    return {name: count for name, count in found.items() if count}


def redis_is_empty_of_work(url: str) -> dict[str, Any]:
    """Wait until no message is left in Redis; return how many keys of each kind there are that never expire.

    Messages of the dead are handed out again after the visibility timeout: their time is set back, so that it is now.
    """
    with Redis.from_url(url, decode_responses=True) as redis:
        aged = {tag: score - TIMED for tag, score in redis.zrange("unacked_index", 0, -1, withscores=True)}
        if aged:
            redis.zadd("unacked_index", aged)

        def is_idle() -> bool:
            waiting = sum(int(redis.llen(key)) for queue in QUEUES for key in redis.scan_iter(f"{queue}*"))
            return not waiting and not redis.hlen("unacked") and not redis.zcard("unacked_index")

        deadline = time.monotonic() + 90
        while not is_idle():
            assert time.monotonic() < deadline, {
                "unacked": redis.hgetall("unacked"),
                "index": redis.zrange("unacked_index", 0, -1, withscores=True),
                **{queue: redis.lrange(queue, 0, 3) for queue in QUEUES},
            }
            time.sleep(0.05)
        lasting = Counter[str]()
        for key in redis.scan_iter("*", count=1000):
            if redis.ttl(key) == -1:
                lasting[key.split(":")[0] if key.startswith("celery") else key] += 1
        return dict(lasting)


def wait_until_over(seconds: float) -> None:
    """Wait until every run is over."""

    def live() -> int:
        with transaction() as session:
            return int(session.execute(text("SELECT count(*) FROM runs WHERE finished_at IS NULL")).scalar_one())

    wait_for(lambda: not live(), seconds=seconds, what="every run is over")
