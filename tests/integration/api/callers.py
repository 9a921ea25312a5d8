"""Callers of the API: a test client that sends a key."""

from __future__ import annotations

from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app import accounts
from app.db.models import User
from app.db.session import transaction


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
