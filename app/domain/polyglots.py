"""Files that are a picture and something else as well: what is hidden in one, by the signs that others read it by."""

from __future__ import annotations

import re

# Each is long enough not to come about by chance in millions of packed bytes.
SIGNS = (
    ("HTML or a script", re.compile(rb"(?i)<(?:(?:script|iframe|html|body|object|embed|\?php)[\s/>]|!doctype\s)")),
    ("a script", re.compile(rb"javascript:")),
    ("a PDF", re.compile(rb"%PDF-\d\.\d")),
    ("a ZIP archive", re.compile(rb"(?s)PK(?:\x03\x04[\n\x14\x2d]\0|\x05\x06\0{4}(..)\1)")),
    ("a RAR archive", re.compile(rb"Rar!\x1a\x07")),
    ("a 7z archive", re.compile(rb"7z\xbc\xaf\x27\x1c")),
)


def hidden_in(*parts: bytes) -> str | None:
    """Return what is hidden in the bytes of a picture, in words; None when nothing is."""
    return next((what for what, sign in SIGNS if any(sign.search(part) for part in parts)), None)
