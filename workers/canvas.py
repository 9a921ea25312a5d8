"""What is published: plain chains, and the chord of one chain per piece whose body is `finish`.

A chain per piece instead of a barrier per stage: a slide renders as soon as its own prompt is there.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from typing import Any

from celery import chain, chord
from kombu.exceptions import OperationalError

from app.broker import celery, guarded
from app.db.session import transaction
from app.domain.errors import Unavailable
from app.runs.finish import Finisher
from app.runs.plan import Link, give_back, plan, type_chain


def publish(chains: Sequence[type_chain]) -> None:
    """Publish each piece's planned steps. Raises Unavailable when Redis is away: then the relay publishes."""

    def send() -> None:
        for links in chains:
            _chain(links).apply_async(retry=False)

    _publish(chains, send)


def publish_chord(chains: Sequence[type_chain], run_id: uuid.UUID, round_: int) -> None:
    """Publish the chains as the header of a chord with `runs.finish` as its body. Raises Unavailable.

    The body is a spare: the commit that makes the last piece terminal publishes `finish` too, and a header
    message that is lost, or whose claim is lost, never counts.
    """
    body = celery().signature("runs.finish", args=(str(run_id), round_), immutable=True, headers=Finisher.CHORD.headers)

    def send() -> None:
        try:
            chord([_chain(links) for links in chains])(body, retry=False)
        except RuntimeError as exc:  # of Celery's, which looks out for results that nobody asks for
            raise OperationalError(str(exc)) from exc

    _publish(chains, send)


def _publish(chains: Sequence[type_chain], send: Callable[[], None]) -> None:
    """Send, or take back the note that it was: the relay then publishes as soon as Redis is there. Raises Unavailable."""
    if not chains:
        return
    try:
        guarded(send)
    except Unavailable:
        with transaction(durable=False) as session:
            give_back(session, chains)
        raise


def _chain(links: type_chain) -> Any:
    signatures = [_signature(link) for link in links]
    return signatures[0] if len(signatures) == 1 else chain(*signatures)


def _signature(link: Link) -> Any:
    """Return an immutable signature: no value is passed on, each step reads its row."""
    return celery().signature(link.task, args=link.args, immutable=True, queue=link.queue, ignore_result=True)


def publish_plan(run_id: uuid.UUID) -> None:
    """Publish what remains of one run as plain chains. Raises Unavailable."""
    with transaction(durable=False) as session:
        chains = plan(session, run_id)
    publish(chains)
