"""Pictures on the wire: data URLs, media types, and the sizes that are asked for."""

from __future__ import annotations

import base64
import binascii
import re
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
FIXED_SIZES = ("gpt-image-1", "chatgpt-image")  # older models: three sizes only; any multiple of 16 from gpt-image-2 on
MAGIC = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
)
TYPE_CHARACTERS = 100


def size_px(provider: str, aspect_ratio: str) -> tuple[int, int]:
    """Return width and height to ask for. Raises ProviderRejected for a ratio without a size."""
    try:
        return SIZES_PX[aspect_ratio]
    except KeyError:
        raise cannot(provider, f"has no size for pictures of {aspect_ratio}") from None


def asked_px(size: object) -> tuple[int, int] | None:
    """Return the size that a request asks for, from "1088x1360"; None for "auto" and the like."""
    found = re.fullmatch(r"([1-9]\d{1,4})x([1-9]\d{1,4})", str(size), re.ASCII)
    return (int(found[1]), int(found[2])) if found else None


def declared_type(told: str | None) -> str | None:
    """Return the media type that somebody told, without its parameters; None when he told none."""
    return (told or "").partition(";")[0].strip().lower()[:TYPE_CHARACTERS] or None


def type_of_url(url: str) -> str | None:
    """Return the media type that a data URL says; None for one that says none, and for any other text."""
    head, comma, _ = url.partition(",")
    return declared_type(head.removeprefix("data:")) if comma and head.startswith("data:") else None


def openai_size_px(provider: str, model: str, aspect_ratio: str) -> tuple[int, int]:
    """As size_px; an older model of OpenAI's, whoever passes it on, gets the nearest of its three sizes."""
    width, height = size_px(provider, aspect_ratio)
    if not model.startswith(FIXED_SIZES):
        return width, height
    return (1024, 1024) if width == height else (1536, 1024) if width > height else (1024, 1536)


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
