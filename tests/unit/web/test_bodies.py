"""Bodies: unpacked within bounds, read as text whatever the server forgot to say."""

from __future__ import annotations

import gzip
import tracemalloc
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.web.bodies import BrokenBody, Unpacker, as_text, known_charset

MANY = 1 << 20


def bare(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


def unpacked(encoding: str, parts: list[bytes], most: int = MANY) -> bytes:
    unpacker, made = Unpacker(encoding), b""
    for part in parts:
        made += unpacker.unpack(part, most - len(made))
    unpacker.end()
    return made


@given(st.binary(min_size=1, max_size=500), st.integers(2, 50))
def test_a_packed_body_is_unpacked_however_it_is_cut_into_parts(data: bytes, size: int) -> None:
    twice = gzip.compress(data, mtime=0) + gzip.compress(data, mtime=0)
    for encoding, packed, expected in (
        ("gzip", gzip.compress(data, mtime=0), data),
        ("gzip", twice, data + data),
        ("gzip", gzip.compress(data, mtime=0) + b"\0" * 20, data),
        ("deflate", zlib.compress(data), data),
        ("deflate", bare(data), data),
        ("identity", data, data),
        ("", data, data),
    ):
        assert unpacked(encoding, [packed[at : at + size] for at in range(0, len(packed), size)]) == expected


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip", "compress"])
def test_only_what_we_ask_for_is_unpacked(encoding: str) -> None:
    with pytest.raises(KeyError):
        Unpacker(encoding)


@pytest.mark.parametrize(
    ("encoding", "packed"), [("gzip", gzip.compress(b"x" * 999, mtime=0)), ("deflate", zlib.compress(b"x" * 999))]
)
def test_a_packed_body_that_ends_too_soon_is_broken(encoding: str, packed: bytes) -> None:
    with pytest.raises(BrokenBody):
        unpacked(encoding, [packed[:-5]])


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_what_is_not_packed_at_all_is_broken(encoding: str) -> None:
    with pytest.raises(BrokenBody):
        unpacked(encoding, [b"\xff<html>"])


def test_a_bomb_takes_no_more_memory_than_was_asked_for() -> None:
    bomb = gzip.compress(b"\0" * (64 * MANY))
    tracemalloc.start()
    made = Unpacker("gzip").unpack(bomb, 100_000)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert len(made) == 100_000
    assert peak < 2 * MANY


def test_padding_behind_a_packed_body_is_not_kept() -> None:
    """It was gathered, and copied anew with each part."""
    unpacker = Unpacker("gzip")
    assert unpacker.unpack(gzip.compress(b"x"), MANY) == b"x"
    part = b"\0" * 64 * 1024
    tracemalloc.start()
    for _ in range(200):
        assert unpacker.unpack(part, MANY) == b""
    kept, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    unpacker.end()
    assert (kept < MANY, peak < MANY) == (True, True)


@pytest.mark.parametrize(
    ("body", "charset", "text"),
    [
        ("Grüße".encode(), None, "Grüße"),
        ("Grüße".encode("latin-1"), None, "Grüße"),
        ("Grüße".encode("latin-1"), "iso-8859-1", "Grüße"),
        ("“x”".encode("cp1252"), "iso-8859-1", "“x”"),
        ("Grüße".encode("utf-16"), None, "Grüße"),
        ("Grüße".encode("utf-8-sig"), "latin-1", "Grüße"),
        ('<?xml encoding="koi8-r"?>да'.encode("koi8-r"), None, '<?xml encoding="koi8-r"?>да'),
        ("<meta charset=shift_jis>日本".encode("shift_jis"), None, "<meta charset=shift_jis>日本"),
        ("<meta charset=utf-16>日本".encode(), None, "<meta charset=utf-16>日本"),
        ("中文".encode("gb18030"), "gb2312", "中文"),
        (b"a\xffb", "utf-8", "aÿb"),
        (b"abc", "no-such-charset", "abc"),
    ],
)
def test_a_text_is_read_by_its_mark_its_header_its_own_words_or_a_good_guess(
    body: bytes, charset: str | None, text: str
) -> None:
    assert as_text(body, charset) == text


@pytest.mark.parametrize("name", ["punycode", "idna", "zip", "hex", "unicode_escape", "utf-7", "rot13", "x\0y", ""])
def test_a_codec_that_is_no_charset_of_pages_is_unknown(name: str) -> None:
    assert known_charset(name) is None


@given(st.binary(max_size=300), st.text(max_size=20))
def test_every_body_can_be_read_as_some_text(body: bytes, charset: str) -> None:
    assert isinstance(as_text(body, charset), str)
