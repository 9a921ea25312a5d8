"""One e-mail by SMTP: encrypted where it matters, and no password for anybody who listens."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest
from test_fetch_tls import Authority

from app import mail
from app.domain.errors import SetupError
from mailserver import mailserver

TO = ["ops@example.org"]


def sent(url: str, trust: ssl.SSLContext | None = None) -> list[str]:
    return mail.send(url, TO, "A subject", "A text: ärger.", "<1@pressroom.invalid>", trust=trust)


def test_a_mail_arrives_as_it_was_written() -> None:
    with mailserver() as box:
        assert sent(f"smtp://127.0.0.1:{box.port}") == []

    [found] = box.received
    assert (found["Subject"], found["From"], found["To"]) == ("A subject", *TO, *TO)
    assert found["Message-ID"] == "<1@pressroom.invalid>"
    assert found.get_content().strip() == "A text: ärger."
    assert box.logins == []


@pytest.mark.parametrize(("scheme", "on_request"), [("smtps", False), ("smtp", True)])
def test_a_trusted_server_that_can_encrypt_gets_login_and_mail(tmp_path: Path, scheme: str, on_request: bool) -> None:  # noqa: FBT001 - a column of the table
    authority = Authority(tmp_path)
    with mailserver(authority.server("127.0.0.1"), on_request=on_request) as box:
        sent(f"{scheme}://ada:pass@127.0.0.1:{box.port}", authority.trusted())

    assert (box.logins, len(box.received)) == ([("ada", "pass")], 1)


@pytest.mark.parametrize(("scheme", "on_request"), [("smtps", False), ("smtp", True)])
def test_a_server_that_nobody_vouches_for_gets_nothing(tmp_path: Path, scheme: str, on_request: bool) -> None:  # noqa: FBT001 - a column of the table
    tls = Authority(tmp_path).server("127.0.0.1")
    with mailserver(tls, on_request=on_request) as box, pytest.raises(OSError, match="CERTIFICATE_VERIFY"):
        sent(f"{scheme}://ada:pass@127.0.0.1:{box.port}")

    assert (box.logins, box.received) == ([], [])


def test_a_password_is_not_sent_in_clear_to_what_may_be_another_machine() -> None:
    with mailserver() as box, pytest.raises(SetupError, match="no encryption") as refused:
        sent(f"smtp://ada:pass@127.1:{box.port}")  # loopback, in a spelling that is not known as such

    assert (refused.value.code, box.logins, box.received) == ("no_tls", [], [])
