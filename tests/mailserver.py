"""A small SMTP server on a loopback socket: takes mail, or refuses it, as a test wants."""

from __future__ import annotations

import base64
import socket
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage


@dataclass(slots=True)
class Mailbox:
    """What the server says, and what it got."""

    port: int = 0
    answer: str = "250 taken"
    """Its answer to a message."""
    refused: frozenset[str] = frozenset()
    """Receivers that it does not know."""
    received: list[EmailMessage] = field(default_factory=list)
    receivers: list[str] = field(default_factory=list)
    logins: list[tuple[str, str]] = field(default_factory=list)


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, box: Mailbox, tls: ssl.SSLContext | None, *, on_request: bool) -> None:
        super().__init__(("127.0.0.1", 0), _Conversation)
        self.box, self.tls, self.on_request = box, tls, on_request

    def get_request(self) -> tuple[socket.socket, object]:
        taken, address = super().get_request()
        if self.tls is None or self.on_request:
            return taken, address
        return self.tls.wrap_socket(taken, server_side=True, do_handshake_on_connect=False), address

    def handle_error(self, *_: object) -> None:
        """Say nothing: a client that does not trust us goes away."""


class _Conversation(socketserver.StreamRequestHandler):
    timeout = 10
    server: _Server

    def handle(self) -> None:
        self.say("220 localhost")
        while line := self.rfile.readline().decode().rstrip("\r\n"):
            verb, _, rest = line.partition(" ")
            match verb.upper():
                case "EHLO":
                    more = "250-STARTTLS\r\n" if self.server.on_request else ""
                    self.say(f"250-localhost\r\n{more}250-AUTH PLAIN\r\n250 SMTPUTF8")
                case "STARTTLS":
                    self.encrypt()
                case "AUTH":
                    self.log_in(rest)
                case "RCPT":
                    self.address(rest)
                case "DATA":
                    self.take()
                case "QUIT":
                    self.say("221 bye")
                    return
                case _:
                    self.say("250 fine")

    def encrypt(self) -> None:
        assert self.server.tls is not None
        self.say("220 go on")
        self.request = self.server.tls.wrap_socket(self.request, server_side=True)
        self.rfile, self.wfile = self.request.makefile("rb"), self.request.makefile("wb", buffering=0)

    def finish(self) -> None:
        super().finish()
        self.request.close()  # the one that is encrypted; the server closes the one that it opened

    def log_in(self, rest: str) -> None:
        _, user, password = base64.b64decode(rest.partition(" ")[2]).decode().split("\0")
        self.server.box.logins.append((user, password))
        self.say("535 wrong password" if password == "wrong" else "235 welcome")

    def address(self, rest: str) -> None:
        receiver = rest.partition("<")[2].partition(">")[0]
        is_refused = receiver in self.server.box.refused
        self.server.box.receivers += [] if is_refused else [receiver]
        self.say("550 nobody of that name" if is_refused else "250 fine")

    def take(self) -> None:
        self.say("354 go on")
        lines = list(iter(self.rfile.readline, b".\r\n"))
        if self.server.box.answer.startswith("2"):
            self.server.box.received.append(message_from_bytes(b"".join(lines), policy=policy.default))
        self.say(self.server.box.answer)

    def say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


@contextmanager
def mailserver(tls: ssl.SSLContext | None = None, *, on_request: bool = False) -> Iterator[Mailbox]:
    """Serve on a free port of 127.0.0.1; with `tls` encrypted, from the start or when the client wants it."""
    box = Mailbox()
    with _Server(box, tls, on_request=on_request) as server:
        box.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield box
        finally:
            server.shutdown()
            thread.join()
