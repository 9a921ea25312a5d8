"""Callers of the API: a test client that sends a key."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import event
from werkzeug.test import TestResponse

from app import accounts
from app.db.models import User
from app.db.session import engine, transaction

FOX, OWL, ELK = "a red fox in fresh snow", "an owl at dusk", "an elk by a lake"


class Caller:
    """Sends requests with a key."""

    def __init__(self, client: FlaskClient, key: str) -> None:
        self.client = client
        self.key = key

    def __call__(self, method: str, path: str, **options: Any) -> TestResponse:
        headers = {"Authorization": f"Bearer {self.key}", **options.pop("headers", {})}
        return self.client.open(path, method=method, headers=headers, **options)


def key_of(user: User) -> str:
    """Return a new key of the user."""
    with transaction() as session:
        return accounts.create_key(session, user, "test")[1]


def ordered_images(call: Caller, **request: Any) -> uuid.UUID:
    """Order three images and return the run's id."""
    answer = call("POST", "/api/generate/images", json={"prompts": [FOX, OWL, ELK], **request})
    assert answer.status_code == 202, answer.text
    return uuid.UUID(answer.get_json()["id"])


@contextmanager
def counted_queries() -> Iterator[list[str]]:
    """Collect the statements that this process sends."""
    seen: list[str] = []

    def note(_c: object, _cursor: object, statement: str, *_: object) -> None:
        seen.append(statement)

    event.listen(engine(), "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine(), "before_cursor_execute", note)
