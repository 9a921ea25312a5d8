"""What the API's tests share: a user with a key, a client of the web process, a client that sends the key."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app import accounts
from app.api import create_app
from app.db.models import User
from app.db.session import transaction
from app.domain.plans import Plan
from harness import Installation
from orders import a_user


class Caller:
    """Sends requests with a key."""

    def __init__(self, client: FlaskClient, key: str) -> None:
        self.client = client
        self.key = key

    def __call__(self, method: str, path: str, **options: Any) -> TestResponse:
        headers = {"Authorization": f"Bearer {self.key}", **options.pop("headers", {})}
        return self.client.open(path, method=method, headers=headers, **options)


@pytest.fixture
def client(installation: Installation) -> FlaskClient:
    return create_app().test_client()


@pytest.fixture
def user(installation: Installation) -> User:
    return a_user(Plan.BUSINESS)


def key_of(user: User) -> str:
    """Return a new key of the user."""
    with transaction() as session:
        return accounts.create_key(session, user, "test")[1]


@pytest.fixture
def api_key(user: User) -> str:
    return key_of(user)


@pytest.fixture
def call(client: FlaskClient, api_key: str) -> Caller:
    """Send a request with the user's key: call("GET", "/api/runs")."""
    return Caller(client, api_key)


@pytest.fixture
def stranger(client: FlaskClient) -> Caller:
    """Send a request as somebody else."""
    return Caller(client, key_of(a_user(Plan.BUSINESS)))
