"""Sends what users are to be told: signed, through the guard of addresses, one try after the other."""

from __future__ import annotations

import logging
import time
import uuid
from datetime import UTC, datetime

import httpcore
import httpx

from app import notifications
from app.db.session import transaction
from app.domain.errors import FetchFailed, UrlRefused
from app.domain.webhooks import signed
from app.notifications import Message, Told
from workers.web.connections import asked
from workers.web.exchange import user_agent
from workers.web.guard import checked
from workers.web.outside import OUTSIDE, Outside

log = logging.getLogger(__name__)

TIMEOUT_S = 10.0  # for the name, the connection and the answer together
MOST = 10  # in one pass: all of them may time out within notifications.CLAIM
PASS_S = 20.0  # nothing is sent later than this in one pass, so that it is over after 30 s
SLOW_S = 3.0  # a receiver that takes longer has others told first


def send_due() -> None:
    """Send what is due, each by one sender. No transaction is held while a receiver takes its time.

    A receiver that is slow, or does not answer at all, is left alone for the rest of the pass: it would keep the others
    waiting. What there is no time for is due again.
    """
    with transaction() as session:
        due = notifications.claim(session, datetime.now(UTC), MOST)
    ends = time.monotonic() + PASS_S
    unsent = {message.id: message for message in due}
    slow: set[uuid.UUID] = set()
    try:
        for message in due:
            if message.user_id in slow or time.monotonic() > ends:
                continue
            del unsent[message.id]
            told = _send(message)
            if told.status is None or told.ms > SLOW_S * 1000:
                slow.add(message.user_id)
    finally:
        if unsent or slow:
            with transaction(durable=False) as session:
                notifications.put_off(session, list(unsent.values()), slow, datetime.now(UTC))


def _send(message: Message) -> Told:
    """Send a message and note how that went."""
    told = post(message)
    with transaction() as session:
        is_over = notifications.record(session, message.id, told, datetime.now(UTC))
    if told.problem is not None:
        ids = {"user_id": str(message.user_id), "notification_id": str(message.id)}
        event = "webhook_given_up" if is_over else "webhook_failed"
        log.warning(event, extra={**ids, "problem": told.problem})
    return told


def post(message: Message, *, outside: Outside = OUTSIDE) -> Told:
    """POST a message, and return how its receiver answered; a redirect is no delivery. The address is told to nobody."""
    began = time.monotonic()
    status, problem = None, None
    try:
        target = checked(message.url, timeout_s=TIMEOUT_S, outside=outside)
        headers = {
            "User-Agent": user_agent(),
            "Content-Type": "application/json",
            "Content-Length": str(len(message.body)),
            "Connection": "close",
            **signed(str(message.id), datetime.now(UTC), message.body, message.secrets),
        }
        ends = began + TIMEOUT_S
        with asked(target, headers, ends=ends, outside=outside, method="POST", body=message.body) as response:
            status = response.status
    except (UrlRefused, FetchFailed) as exc:
        problem = exc.code
    except (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError) as exc:
        if status is None:  # an answer that breaks after its first line is an answer
            problem = type(exc).__name__
    if status is not None and not httpx.codes.is_success(status):
        problem = f"HTTP {status}"
    return Told(status, problem, round((time.monotonic() - began) * 1000))
