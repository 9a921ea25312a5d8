"""Ids that look like each vendor's, from the hex key that seeds a reply."""

from __future__ import annotations

import string
import uuid

from sandbox.calls import Ask, Kind, Vendor

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LETTERS = string.digits + string.ascii_letters


def reply_id(ask: Ask, key: str) -> str:
    """Return the id of a reply; the same key gives the same id."""
    match ask.vendor:
        case Vendor.GATEWAY:
            return f"gen_01K{_spelled(key, CROCKFORD, 23)}"
        case Vendor.GEMINI:
            return _spelled(key, LETTERS, 23)
        case Vendor.ANTHROPIC:
            return f"msg_01{_spelled(key, LETTERS, 22)}"
        case Vendor.OPENAI:
            prefix = {Kind.IMAGE: "img", Kind.MODERATION: "modr", Kind.TRANSCRIPT: "trsc"}.get(ask.kind, "chatcmpl")
            return f"{prefix}-{_spelled(key, LETTERS, 29)}"
        case Vendor.LEONARDO:
            return job_uuid(key)


def job_uuid(key: str) -> str:
    """Return a version 4 UUID from a hex key."""
    return str(uuid.UUID(key[:32], version=4))


def request_id(key: str) -> str:
    """Return what a vendor calls the request itself."""
    return f"req_011C{_spelled(key[::-1], LETTERS, 20)}"


def _spelled(key: str, letters: str, length: int) -> str:
    number = int(key[:60] or "0", 16)
    spelled = []
    for _ in range(length):
        number, place = divmod(number, len(letters))
        spelled.append(letters[place])
    return "".join(spelled)
