"""Who may scrape: whoever brings the operator's token, and nobody while there is none."""

from __future__ import annotations

import base64

import pytest
from callers import key_of
from flask.testing import FlaskClient

from app.api import create_events_app
from app.domain.errors import SetupError
from app.metrics import collector
from app.settings import settings
from harness import Installation
from orders import a_user
from settings_of import own_settings

TOKEN = "a-token-of-the-operators-own"


@pytest.fixture(autouse=True)
def _token(database: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    assert database
    own_settings(monkeypatch, PRESSROOM_METRICS_TOKEN=TOKEN)
    collector.forget()


def test_without_the_setting_there_are_no_metrics(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    own_settings(monkeypatch, PRESSROOM_METRICS_TOKEN="")

    answer = client.get("/metrics", headers={"Authorization": "Bearer "})

    assert (answer.status_code, answer.get_json()["code"]) == (404, "not_found")


@pytest.mark.parametrize(
    "sent",
    [
        None,
        "Bearer",
        "Bearer ",
        f"Bearer {TOKEN}x",
        f"Bearer {TOKEN[:-1]}",
        f"Bearer {TOKEN.upper()}",
        f"Digest {TOKEN}",
        TOKEN,
        "Basic " + base64.b64encode(TOKEN.encode()).decode(),
        "Basic " + base64.b64encode(f"{TOKEN}:".encode()).decode(),
        "Basic !!!",
        "Bearer \u00e9t\u00e9",
    ],
)
def test_whoever_does_not_bring_the_token_sees_nothing(client: FlaskClient, sent: str | None) -> None:
    answer = client.get("/metrics", headers={} if sent is None else {"Authorization": sent})

    assert (answer.status_code, answer.get_json()["code"]) == (401, "unauthenticated")
    assert "pressroom_" not in answer.text


def test_a_users_key_is_no_token(client: FlaskClient) -> None:
    key = key_of(a_user())

    assert client.get("/metrics", headers={"Authorization": f"Bearer {key}"}).status_code == 401


@pytest.mark.parametrize("user", ["prometheus", "", "anybody:"[:-1]])
def test_the_token_is_taken_as_anybodys_password(client: FlaskClient, user: str) -> None:
    answer = client.get("/metrics", auth=(user, TOKEN))

    assert answer.status_code == 200
    assert answer.content_type.startswith("text/plain; version=")


def test_a_token_that_could_be_guessed_is_no_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    own_settings(monkeypatch, PRESSROOM_METRICS_TOKEN="short")

    with pytest.raises(SetupError, match="PRESSROOM_METRICS_TOKEN") as told:
        settings()

    assert "short" not in str(told.value).split("PRESSROOM_METRICS_TOKEN")[1].replace("at least", "")
    own_settings(monkeypatch, PRESSROOM_METRICS_TOKEN="")


def test_the_stream_process_tells_no_metrics() -> None:
    answer = create_events_app().test_client().get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})

    assert answer.status_code == 404
