"""What a storm does to claims: which runs are live while it blows, and how long claims of the dead stay."""

from __future__ import annotations

import itertools
import threading
import time
import uuid
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.exc import SQLAlchemyError

from app.db.session import transaction
from app.settings import settings

LOOK_S = 0.25
SLACK_S = 0.5
WRITTEN_DOWN = """
    CREATE TABLE storm_changes (
        id bigserial PRIMARY KEY, at timestamptz NOT NULL DEFAULT clock_timestamp(), piece_id uuid, run_id uuid,
        token uuid, lease_until timestamptz, new_token uuid, sent_at timestamptz
    );
    CREATE FUNCTION storm_write_down() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO storm_changes (piece_id, run_id, token, lease_until, new_token, sent_at)
        VALUES (old.id, old.run_id, old.lease_token, old.lease_until, new.lease_token, new.sent_at);
        RETURN NULL;
    END $$;
    CREATE TRIGGER storm_write_down AFTER UPDATE OF lease_token, sent_at ON pieces FOR EACH ROW
        WHEN (old.lease_token IS NOT NULL) EXECUTE FUNCTION storm_write_down();
"""
"""Every claim that ends, and every publication while one is held; a step that is done within a moment is seen, too."""
CHANGES = """
    SELECT piece_id, run_id, token, new_token, extract(epoch FROM at)::float AS at,
           extract(epoch FROM lease_until)::float AS until, extract(epoch FROM sent_at)::float AS sent
      FROM storm_changes ORDER BY id
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
    at: float
    """When it was over, in Unix seconds."""
    story: str
    """What happened when, before the end, in seconds."""


class Claims:
    """Has the database write down what becomes of claims, and looks four times a second which runs are live.

    The recovery after a kill -9: of each claim that ran out because its owner was dead, the time from the first kill
    after its last heartbeat until another worker had claimed the piece, or its run was over. Was its step published
    meanwhile, and that message lost by a later fault, the kill's recovery ends with the publication; what follows is
    the recovery from the later fault. A message that no fault explains counts from the kill.
    """

    def __init__(self) -> None:
        self.live: frozenset[uuid.UUID] = frozenset()
        """The runs that are not over."""
        self._losses: list[Loss] = []
        self._stopping = threading.Event()
        with transaction() as session:
            session.execute(text(WRITTEN_DOWN))
        self._thread = threading.Thread(target=self._look_on, name="claims")
        self._thread.start()

    def hit(self, fault: str, *, leaves_claims: bool = True) -> None:
        """Note that something happens now that can leave claims behind, or only lose messages."""
        self._losses.append(Loss(fault, time.time(), leaves_claims))

    def stop(self) -> None:
        """Look no more."""
        self._stopping.set()
        self._thread.join()

    def recovered(self) -> list[Recovered]:
        """Return every recovery of the storm."""
        with transaction() as session:
            changes = session.execute(text(CHANGES)).all()
        found: list[Recovered] = []
        sends: dict[uuid.UUID, list[float]] = defaultdict(list)
        for change in changes:
            of_token = sends[change.token]
            if change.new_token != change.token:
                if change.at > change.until:
                    found += self._taken_over(change, [sent for sent in of_token if sent > change.until])
            elif change.sent is not None:
                of_token.append(change.sent)
            elif of_token:
                of_token.pop()  # it could not be published
        return found

    def _look_on(self) -> None:
        while not self._stopping.wait(LOOK_S):
            with suppress(SQLAlchemyError), transaction(durable=False) as session:
                self.live = frozenset(session.execute(text(LIVE)).scalars().all())

    def _taken_over(self, change: Row[Any], sends: Sequence[float]) -> Iterator[Recovered]:
        heartbeat, losses = change.until - settings().lease.total_seconds(), self._losses
        killed = next(
            (one for one in losses if one.leaves_claims and heartbeat - SLACK_S <= one.at <= change.until), None
        )
        if killed is None:
            return
        story = (
            f"piece {change.piece_id}: heartbeat {change.at - heartbeat:.1f}, killed {change.at - killed.at:.1f}, out"
            f" {change.at - change.until:.1f}, published {', '.join(f'{change.at - at:.1f}' for at in sends)}"
        )
        for sent, again in itertools.pairwise(sends):
            later = next((one for one in losses if sent - SLACK_S <= one.at <= again), None)
            if later is None:
                break
            yield Recovered(killed.fault, change.run_id, sent - killed.at, sent, story)
            killed = later
            story += f", lost by {later.fault} {change.at - later.at:.1f}"
        yield Recovered(killed.fault, change.run_id, change.at - killed.at, change.at, story)
