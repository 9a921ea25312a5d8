"""Pictures as text, the way replies carry them."""

from __future__ import annotations

import base64
import binascii
from urllib.parse import quote_from_bytes, unquote_to_bytes

from sandbox.calls import Answer, Picture, RefusedError, Trouble
from sandbox.fault_names import Fault


def base64_text(answer: Answer, picture: Picture) -> str:
    """Return the picture in base64, cut off in the middle of a group when the fault is that."""
    text = base64.b64encode(picture.data).decode("ascii")
    if answer.fault == Fault.TRUNCATED_BASE64:
        return text[: len(text) // 8 * 4 + 1]
    return text


def data_url(answer: Answer, picture: Picture) -> str:
    """Return the picture as a data URL; percent-encoded instead of base64 when the fault is that."""
    if answer.fault == Fault.DATA_URL_WITHOUT_BASE64:
        return f"data:{picture.mime},{quote_from_bytes(picture.data)}"
    return f"data:{picture.mime};base64,{base64_text(answer, picture)}"


def bytes_of(text: str) -> bytes:
    """Return what base64 text holds. Raises: RefusedError."""
    try:
        return base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        raise RefusedError(Trouble.INVALID_REQUEST, "Invalid base64 image data.") from None


def bytes_of_url(url: str) -> bytes | None:
    """Return what a data URL holds; None for an address elsewhere, which is not fetched. Raises: RefusedError."""
    head, comma, data = url.partition(",")
    if not url.startswith("data:") or not comma:
        return None
    return bytes_of(data) if head.endswith(";base64") else unquote_to_bytes(data)
