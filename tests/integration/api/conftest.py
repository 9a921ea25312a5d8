"""What the API's tests share: a user with a key, a client of the web process, a client that sends the key."""

from __future__ import annotations

import pytest
from callers import Caller, key_of
from flask import Flask
from flask.testing import FlaskClient

from app.api import create_app
from app.db.models import User
from app.domain.plans import Plan
from harness import Installation
from orders import a_user


@pytest.fixture
def home(request: pytest.FixtureRequest) -> Installation:
    """The installation of a test that starts processes, which has a database of its own; for others the shared one."""
    kind = "installation" if "installation" in request.fixturenames else "database"
    made: Installation = request.getfixturevalue(kind)
    return made


@pytest.fixture(scope="session")
def web() -> Flask:
    """The application of the web process. It keeps no settings, so that one is enough: its routes are compiled once."""
    return create_app()


@pytest.fixture
def client(home: Installation, web: Flask) -> FlaskClient:
    assert home
    return web.test_client()


@pytest.fixture
def user(home: Installation) -> User:
    return a_user(Plan.BUSINESS)


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
