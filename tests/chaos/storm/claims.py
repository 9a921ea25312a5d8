"""What the driver of a storm sees in the rows while it blows: which runs are live, and how long claims of the dead stay."""

from __future__ import annotations

import threading
import time
import uuid
from contextlib import suppress
from dataclasses import dataclass, field

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from app.db.session import transaction
from app.settings import settings

LOOK_S = 0.25
SLACK_S = 0.5
HELD = """
    SELECT id, run_id, lease_token, extract(epoch FROM lease_until) AS until, extract(epoch FROM sent_at) AS sent
      FROM pieces WHERE lease_token IS NOT NULL
"""
LIVE = "SELECT id FROM runs WHERE finished_at IS NULL"


@dataclass(frozen=True, slots=True)
class Loss:
    """A fault that can leave claims behind, or lose messages."""

    fault: str
    at: float
    """Unix seconds."""
    leaves_claims: bool


@dataclass(frozen=True, slots=True)
class Recovered:
    """A claim that ran out and was taken over, or its step that was published and lost once more."""

    fault: str
    run_id: uuid.UUID
    seconds: float
    story: str
    """What happened when, before the end, in seconds."""


@dataclass(slots=True)
class _Held:
    piece: uuid.UUID
    run: uuid.UUID
    until: float
    sends: list[float] = field(default_factory=list)
    """When its step was published since the claim ran out."""

    def sent(self, at: float) -> None:
        if at > self.until and at not in self.sends:
            self.sends.append(at)


class Claims:
    """Looks at the rows four times a second.

    The recovery after a kill -9: of each claim that ran out because its owner was dead, the time from the first kill
    after its last heartbeat until another worker had claimed the piece, or its run was over. Was its step published
    meanwhile, and that message lost by a later fault, the kill's recovery ends with the publication; what follows is
    the recovery from the later fault. A message that no fault explains counts from the kill.
    """

    def __init__(self) -> None:
        self.live: frozenset[uuid.UUID] = frozenset()
        """The runs that are not over."""
        self.recovered: list[Recovered] = []
        self._losses: list[Loss] = []
        self._held: dict[uuid.UUID, _Held] = {}
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._look_on, name="claims")
        self._thread.start()

    def hit(self, fault: str, *, leaves_claims: bool = True) -> None:
        """Note that something happens now that can leave claims behind, or only lose messages."""
        self._losses.append(Loss(fault, time.time(), leaves_claims))

    def stop(self) -> None:
        """Look no more."""
        self._stopping.set()
        self._thread.join()

    def _look_on(self) -> None:
        while not self._stopping.wait(LOOK_S):
            with suppress(SQLAlchemyError):
                self._look()

    def _look(self) -> None:
        with transaction(durable=False) as session:
            rows = session.execute(text(HELD)).all()
            self.live = frozenset(session.execute(text(LIVE)).scalars().all())
        now, before, seen = time.time(), self._held, dict[uuid.UUID, _Held]()
        for row in rows:
            one = seen[row.lease_token] = _Held(row.id, row.run_id, float(row.until))
            if row.lease_token in before:
                one.sends = before[row.lease_token].sends
            one.sent(float(row.sent or 0))
        last_sent = {row.id: float(row.sent or 0) for row in rows}
        for token, held in before.items():
            if token not in seen and now > held.until:
                held.sent(last_sent.get(held.piece, 0.0))
                self._taken_over(held, now)
        self._held = seen

    def _taken_over(self, held: _Held, now: float) -> None:
        heartbeat, losses = held.until - settings().lease.total_seconds(), list(self._losses)
        killed = next(
            (one for one in losses if one.leaves_claims and heartbeat - SLACK_S <= one.at <= held.until), None
        )
        if killed is None:
            return
        story = (
            f"piece {held.piece}: heartbeat {now - heartbeat:.1f}, killed {now - killed.at:.1f}, out"
            f" {now - held.until:.1f}, published {', '.join(f'{now - at:.1f}' for at in held.sends)}"
        )
        for sent, again in zip(held.sends, held.sends[1:], strict=False):
            later = next((one for one in losses if sent - SLACK_S <= one.at <= again), None)
            if later is None:
                break
            self.recovered.append(Recovered(killed.fault, held.run, sent - killed.at, story))
            killed = later
            story += f", lost by {later.fault} {now - later.at:.1f}"
        self.recovered.append(Recovered(killed.fault, held.run, now - killed.at, story))
