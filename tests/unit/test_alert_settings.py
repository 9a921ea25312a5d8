"""Where alerts go: settings that are checked at the start, and secrets that no message shows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.domain.errors import SetupError
from app.settings import Settings, settings
from harness import forget_settings

SMTP = "smtps://ada:s3cret@mail.example.org"


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    forget_settings()
    yield
    forget_settings()


def given(monkeypatch: pytest.MonkeyPatch, **values: str) -> Settings:
    for name, value in values.items():
        monkeypatch.setenv(f"PRESSROOM_{name}", value)
    forget_settings()
    return settings()


def test_several_people_can_get_the_mail(monkeypatch: pytest.MonkeyPatch) -> None:
    found = given(monkeypatch, ALERT_EMAIL="a@example.org, b@example.org", SMTP_URL=SMTP)

    assert found.alert_email == ("a@example.org", "b@example.org")


def test_mail_without_a_server_is_refused_at_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SetupError, match="set PRESSROOM_SMTP_URL"):
        given(monkeypatch, ALERT_EMAIL="a@example.org")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SMTP_URL", "http://ada:s3cret@mail.example.org"),
        ("SMTP_URL", "smtp://"),
        ("SMTP_URL", "smtp://ada:s3cret@mail.example.org:0"),
        ("SMTP_URL", "smtp://ada:s3cret/@mail.example.org"),
        ("ALERT_WEBHOOK", "s3cret.example.org/hook"),
        ("ALERT_WEBHOOK", "file:///s3cret"),
    ],
)
def test_an_address_that_is_none_is_refused_and_not_repeated(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    with pytest.raises(SetupError, match=f"PRESSROOM_{name}") as refused:
        given(monkeypatch, **{name: value})

    assert "s3cret" not in str(refused.value)


@pytest.mark.parametrize("address", ["ada", "a@b@c", "<a@example.org>"])
def test_a_mailbox_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    with pytest.raises(SetupError, match="no e-mail address"):
        given(monkeypatch, ALERT_EMAIL=address, SMTP_URL=SMTP)


def test_neither_address_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = repr(given(monkeypatch, ALERT_WEBHOOK="https://hooks.example.org/s3cret", SMTP_URL=SMTP))

    assert "s3cret" not in shown
