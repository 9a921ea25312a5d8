"""Webhooks after Standard Webhooks 1.0: secrets, and the headers by which a receiver knows that a message is ours."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from datetime import datetime

SECRET_PREFIX = "whsec_"  # noqa: S105 - how every secret begins
SECRET_BYTES = 32  # the standard allows 24 to 64


def new_secret() -> str:
    """Return a fresh secret: 256 random bits in base64, behind the prefix of the standard."""
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def signed(message_id: str, at: datetime, body: bytes, keys: Sequence[str]) -> dict[str, str]:
    """Return the three headers of a message that is sent at `at`.

    message_id: the same in every try, so that a receiver can tell repetitions. keys: the secrets that sign, each with
    its prefix; while one is replaced there are two, and a receiver needs only one of them.
    """
    moment = str(int(at.timestamp()))
    content = f"{message_id}.{moment}.".encode() + body
    return {
        "webhook-id": message_id,
        "webhook-timestamp": moment,
        "webhook-signature": " ".join(f"v1,{_signature(key, content)}" for key in keys),
    }


def _signature(key: str, content: bytes) -> str:
    raw = base64.b64decode(key.removeprefix(SECRET_PREFIX))
    return base64.b64encode(hmac.new(raw, content, hashlib.sha256).digest()).decode()
