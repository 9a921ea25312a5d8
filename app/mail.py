"""Send one e-mail by SMTP."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Sequence
from email.message import EmailMessage
from email.utils import formatdate
from ipaddress import ip_address
from urllib.parse import unquote, urlsplit

from app.domain.errors import SetupError

TIMEOUT_S = 10.0
PORTS = {"smtp": 587, "smtps": 465}


def send(
    url: str, to: Sequence[str], subject: str, text: str, message_id: str, *, trust: ssl.SSLContext | None = None
) -> list[str]:
    """Send `text` to all of `to`; return those whom the server at `url` does not take it for.

    smtp:// is encrypted where the server can, smtps:// from the start. message_id: the same for the same message, so that
    a second copy can be told. trust: None = whom this machine trusts. Raises OSError and smtplib.SMTPException (also when
    nobody gets it), and SetupError rather than send a password in clear.
    """
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or PORTS[parts.scheme]
    trusted = trust or ssl.create_default_context()
    with (
        smtplib.SMTP_SSL(host, port, timeout=TIMEOUT_S, context=trusted)
        if parts.scheme == "smtps"
        else smtplib.SMTP(host, port, timeout=TIMEOUT_S)
    ) as server:
        server.ehlo_or_helo_if_needed()
        is_encrypted = parts.scheme == "smtps"
        if not is_encrypted and server.has_extn("starttls"):
            server.starttls(context=trusted)
            is_encrypted = True
        if parts.username is not None:
            if not (is_encrypted or _is_here(host)):
                raise SetupError("the mail server offers no encryption, and gets no password without it", code="no_tls")
            server.login(unquote(parts.username), unquote(parts.password or ""))
        refused = server.send_message(_message(unquote(parts.username or ""), to, subject, text, message_id))
    return sorted(refused)


def _message(login: str, to: Sequence[str], subject: str, text: str, message_id: str) -> EmailMessage:
    """Return the message, sent by whom the server knows."""
    message = EmailMessage()
    message["From"] = login if "@" in login else to[0]
    message["To"] = ", ".join(to)
    message["Subject"] = " ".join(subject.split())  # a line break would begin another header
    message["Date"] = formatdate(localtime=False)
    message["Message-ID"] = message_id
    message.set_content(text)
    return message


def _is_here(host: str) -> bool:
    """Return whether a host is this machine."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
