"""Customers of a running API: they order, try again while it is restarted, and follow their runs to the end."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass, field

import httpx

from app import accounts
from app.cli.client import Api
from app.db.models import User
from app.db.session import transaction
from orders import TOPIC

PATIENCE_S = 120.0
AGAIN_S = 0.2


@dataclass(slots=True)
class Customer:
    """A user with a key, who speaks HTTP to one address."""

    user: User
    url: str
    key: str
    refused: list[int] = field(default_factory=list)
    """The status of each answer that was an error of the server's."""

    @classmethod
    def at(cls, url: str, user: User) -> Customer:
        """Return a customer with a new key."""
        with transaction() as session:
            _, key = accounts.create_key(session, user, "drill")
        return cls(user, url, key)

    def order(self, pipeline: str = "full-post", **request: object) -> uuid.UUID:
        """Order once, however often the server goes away meanwhile: the key of the order is sent again with it."""
        once = {"Authorization": f"Bearer {self.key}", "Idempotency-Key": uuid.uuid4().hex}
        usual = {"topic": TOPIC} if pipeline == "full-post" else {}
        deadline = time.monotonic() + PATIENCE_S
        with httpx.Client(base_url=self.url, headers=once, timeout=30, trust_env=False) as client:
            while True:
                try:
                    answer = client.post(f"/api/generate/{pipeline}", json={**usual, **request})
                except httpx.TransportError:
                    assert time.monotonic() < deadline, "no API answers"
                    time.sleep(AGAIN_S)
                    continue
                if answer.is_server_error:
                    self.refused.append(answer.status_code)
                assert answer.status_code == 202, answer.text
                return uuid.UUID(answer.json()["id"])

    def events_of(self, run_id: uuid.UUID, url: str) -> list[int]:
        """Return the numbers of a run's events as a client sees them that comes back whenever its stream ends."""
        seen: list[int] = []
        deadline = time.monotonic() + PATIENCE_S
        address = f"{url}/api/runs/{run_id}/events"
        with httpx.Client(headers={"Authorization": f"Bearer {self.key}"}, timeout=30, trust_env=False) as client:
            while time.monotonic() < deadline:
                heard = len(seen)
                try:
                    for number in Api(client).events(address, str(seen[-1]) if seen else None):
                        seen.append(int(number))  # noqa: PERF401 - what came before the stream broke is kept
                except httpx.HTTPError:
                    time.sleep(AGAIN_S)
                    continue
                if seen and len(seen) == heard:
                    return seen  # 204: there is nothing more to come
        raise AssertionError(f"the run's events did not end; seen {seen}")
