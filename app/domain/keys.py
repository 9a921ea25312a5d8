"""Keys: of the API, and of the bytes in storage."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

API_KEY_PREFIX = "pr_"


def new_api_key() -> str:
    """Return a fresh API key: 256 random bits behind a prefix that secret scanners can find."""
    return API_KEY_PREFIX + secrets.token_urlsafe(32)


def api_key_hash(key: str) -> bytes:
    """Return what we store of a key. SHA-256 suffices: the key has 256 random bits, so no dictionary helps."""
    return hashlib.sha256(key.encode()).digest()


def shown_prefix(key: str) -> str:
    """Return the part of a key that may be shown in lists and logs."""
    return key[:11]


def stream_ticket(key_hash: bytes, run_id: uuid.UUID, expires_at: int) -> str:
    """Return the signature that opens one run's event stream until `expires_at` (Unix seconds).

    Signed with the key's stored hash: a revoked key ends its tickets, and no further secret is needed.
    """
    return hmac.new(key_hash, f"{run_id}:{expires_at}".encode(), hashlib.sha256).hexdigest()


def content_digest(data: bytes) -> str:
    """Return the SHA-256 of `data` in hex."""
    return hashlib.sha256(data).hexdigest()


def picture_key(run_id: uuid.UUID, name: str, digest: str, extension: str) -> str:
    """Return the immutable key of a picture: other bytes, other key, so caches may keep it for ever."""
    return key_in(f"posts/{run_id}/{name}", digest, extension)


def key_in(place: str, digest: str, extension: str) -> str:
    """Return the immutable key of bytes that belong to a place, as `place_of` names it."""
    return f"{place}/{digest[:12]}.{extension}"


def place_of(run_id: uuid.UUID, kind: str, position: int, revised_at: datetime | None = None) -> str:
    """Return where a piece's pictures are kept: `posts/{id}/{n}`, or `ads/{id}/{timestamp}` for an ad's revision.

    revised_at: when an ad's revision was asked for; None = it is no such piece.
    """
    if revised_at is None:
        return f"posts/{run_id}/{piece_name(kind, position)}"
    return f"ads/{run_id}/{revised_at.astimezone(UTC):%Y%m%dT%H%M%S%fZ}"


def logo_key(brand_id: uuid.UUID, digest: str) -> str:
    """Return the immutable key of a brand's logo; runs that were ordered with it go on to use it."""
    return f"brands/{brand_id}/logo-{digest[:12]}.png"


def labelled_key(key: str, digest: str) -> str:
    """Return the key of a picture's labelled copy, beside the original at `key`; digest: of the copy's own bytes."""
    folder, _, name = key.rpartition("/")
    return f"{folder}/{digest[:12]}.{name.rpartition('.')[2]}"


def shown_key(picture: Mapping[str, Any]) -> str:
    """Return the key under which people see a picture, as a piece has it: its labelled copy, where there is one."""
    labelled = picture.get("labelled")
    return str(labelled["key"] if labelled else picture["key"])


def current_copy_key(place: str, extension: str) -> str:
    """Return the key of the copy that always holds a place's current version; nothing reads it back."""
    return f"{place}.{extension}"


def piece_name(kind: str, position: int) -> str:
    """Return a piece's name in storage keys: `0`..`10` for slides, `article-cover`, `quote`, `<kind>-<n>` for others."""
    match kind:
        case "slide":
            return str(position)
        case "article":
            return "article-cover"
        case _:
            return kind if position == 0 else f"{kind}-{position}"
