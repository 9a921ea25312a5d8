"""Pictures on the wire: data URLs, media types, and the sizes that are asked for."""

from __future__ import annotations

import base64
import binascii
import urllib.parse

from workers.providers.refusals import cannot

SIZES_PX: dict[str, tuple[int, int]] = {
    "1:1": (1024, 1024),
    "4:5": (1088, 1360),  # a slide is 1080x1350, which is not a multiple of 16: asked a little larger, cut by us
    "5:4": (1360, 1088),
    "3:4": (1056, 1408),
    "4:3": (1408, 1056),
    "2:3": (1024, 1536),
    "3:2": (1536, 1024),
    "9:16": (864, 1536),
    "16:9": (1536, 864),
    "21:9": (1344, 576),
}
"""Exact ratios near 1K, each side a multiple of 16 (OpenAI; so also of 8, Leonardo) and at most 1536 (Leonardo)."""
MAGIC = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
)


def size_px(provider: str, aspect_ratio: str) -> tuple[int, int]:
    """Return width and height to ask for. Raises ProviderRejected for a ratio without a size."""
    try:
        return SIZES_PX[aspect_ratio]
    except KeyError:
        raise cannot(provider, f"has no size for pictures of {aspect_ratio}") from None


def media_type(data: bytes) -> str:
    """Return what the bytes are by their own word, not by what somebody called them; PNG when they do not say."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    return next((name for magic, name in MAGIC if data.startswith(magic)), "image/png")


def in_base64(data: bytes) -> str:
    """Return the bytes as base64 text."""
    return base64.b64encode(data).decode("ascii")


def data_url(data: bytes) -> str:
    """Return the picture as a data URL."""
    return f"data:{media_type(data)};base64,{in_base64(data)}"


def from_base64(payload: str) -> bytes:
    """Return the bytes of base64; what is none comes back as it is, for the gates to refuse by name."""
    packed = "".join(payload.split())
    try:
        return base64.b64decode(packed, validate=True)
    except (binascii.Error, ValueError):
        return payload.encode("utf-8", "replace")


def from_data_url(url: str) -> bytes:
    """Return the bytes of a data URL, base64 or percent-encoded; anything else as `from_base64` does."""
    head, comma, payload = url.partition(",")
    if comma and head.startswith("data:") and not head.endswith(";base64"):
        return urllib.parse.unquote_to_bytes(payload.encode("utf-8", "replace"))
    return from_base64(payload if comma else url)
