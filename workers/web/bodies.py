"""Bodies of replies: unpacked without ever holding more than was asked for, and read as text."""

from __future__ import annotations

import codecs
import re
import zlib

GZIP_OR_ZLIB = 32 + zlib.MAX_WBITS
BARE = -zlib.MAX_WBITS
GZIP_MAGIC = b"\x1f\x8b"
PACKINGS = {"": 0, "identity": 0, "gzip": GZIP_OR_ZLIB, "x-gzip": GZIP_OR_ZLIB, "deflate": GZIP_OR_ZLIB}
"""Content encodings that are read; zlib tells how much it makes of what it is given, so that a bomb stays small."""
DECLARED = re.compile(rb"""(?:encoding|charset)\s*=\s*["']?\s*([A-Za-z0-9_.:-]{1,40})""")
DECLARED_WITHIN = 1024  # HTML: in the first 1,024 bytes; XML: in the first line
MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
CHARSET = re.compile(
    r"utf_(8|16|32)(_[bl]e)?|ascii|iso8859_\d+|cp\d+|koi8_[rtu]|mac_\w+|ptcp154|big5(hkscs)?|gb2312|gbk|gb18030|hz"
    r"|euc_\w+|shift_jis\w*|iso2022_\w+|johab|tis_620"
)
"""Charsets of pages, by Python's names. Not all that Python has: punycode and idna take the square of a text's length."""


class BrokenBody(ValueError):
    """Raised when a packed body cannot be unpacked."""


class Unpacker:
    """Unpacks the parts of one body. Raises KeyError for an encoding that is not read."""

    def __init__(self, encoding: str) -> None:
        self._bits = PACKINGS[encoding]
        self._encoding = encoding
        self._zlib = zlib.decompressobj(self._bits) if self._bits else None
        self._has_begun = False
        self._is_over = False

    def unpack(self, part: bytes, most: int) -> bytes:
        """Return what the part holds, at most `most` bytes (1 or more). Raises BrokenBody."""
        if self._zlib is None:
            return part[:most]
        made = bytearray()
        while part and len(made) < most and not self._is_over:
            made += self._once(part, most - len(made))
            part = self._zlib.unused_data
            if not part.startswith(GZIP_MAGIC):
                self._is_over = len(part) >= len(GZIP_MAGIC)  # padding, which zlib would gather, copied with each part
                break
            self._zlib = zlib.decompressobj(self._bits)  # gzip files may be put one after the other
        return bytes(made)

    def end(self) -> None:
        """Raise BrokenBody when the body is not whole."""
        if self._zlib is not None and self._has_begun and not self._zlib.eof:
            raise BrokenBody("the packed body ends too soon")

    def _once(self, part: bytes, most: int) -> bytes:
        assert self._zlib is not None, "the caller has looked"
        try:
            made = self._zlib.decompress(part, most)
        except zlib.error as exc:
            if self._encoding != "deflate" or self._has_begun:
                raise BrokenBody(str(exc)) from exc
            self._zlib = zlib.decompressobj(BARE)  # what many servers mean by "deflate"
            try:
                made = self._zlib.decompress(part, most)
            except zlib.error as bare:
                raise BrokenBody(str(bare)) from bare
        self._has_begun = True
        return made


def as_text(body: bytes, charset: str | None = None) -> str:
    """Return a page's or feed's text, by its byte order mark, the reply's charset or what it says itself; else UTF-8.

    What no charset can read becomes a replacement character.
    """
    for mark, name in MARKS:
        if body.startswith(mark):
            return body.decode(name, "replace")
    found = DECLARED.search(body[:DECLARED_WITHIN])
    declared = found[1].decode("ascii") if found else ""
    if declared.lower().startswith(("utf-16", "utf-32")):
        declared = "utf-8"  # or these words could not be read
    for told in (charset, declared, "utf-8", "cp1252"):
        if told and (known := known_charset(told)):
            try:
                return body.decode(known)
            except UnicodeError:
                continue
    return body.decode("utf-8", "replace")


def known_charset(name: str) -> str | None:
    """Return Python's name of a charset that pages are written in; None for any other."""
    try:
        found = codecs.lookup(name.strip("\"' ")).name.replace("-", "_")
    except (LookupError, ValueError):
        return None
    if found in ("iso8859_1", "ascii"):
        return "cp1252"  # what browsers read under these names (WHATWG Encoding)
    if found in ("gb2312", "gbk"):
        return "gb18030"  # likewise, and holds both
    return found if CHARSET.fullmatch(found) else None
