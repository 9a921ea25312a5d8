"""Pictures that are meant to do harm: each is refused with a code and what to do, or made harmless; none costs memory.

A logo is the only file that a request can bring; see test_fetched_attacks for those that a request names.
"""

from __future__ import annotations

import io
import struct
import time
import tracemalloc
import zipfile
import zlib
from typing import Any

import pytest
from callers import Caller
from flask.testing import FlaskClient
from PIL import Image
from werkzeug.test import TestResponse

from app.settings import settings
from app.storage import storage
from pngs import SIZE, chunk, chunks_of, header, logo, of, pixels

SCRIPT = b"<script>alert(document.cookie)</script>"
PHP = b"<?php system($_GET['c']); ?>"
SVG = '<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
ENTITY = '<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]><svg>&x;</svg>'
LAUGHS = "<!DOCTYPE x [<!ENTITY a 'ha'>" + "".join(
    f"<!ENTITY {one} '{f'&{before};' * 10}'>" for before, one in zip("abcdefgh", "bcdefghi", strict=True)
)
END, IDAT = chunk(b"IEND"), chunk(b"IDAT", pixels())
MOST_BYTES, MOST_S = 12_000_000, 5.0
MEGABYTE = 1_000_000


def zeros(megabytes: int) -> bytes:
    """Return so many megabytes of zeros, packed: one of them over and over, for to pack 300 takes a second."""
    packer = zlib.compressobj(9, wbits=-zlib.MAX_WBITS)
    one = packer.compress(bytes(MEGABYTE)) + packer.flush(zlib.Z_FULL_FLUSH)
    adler = megabytes * MEGABYTE % 65_521 << 16 | 1
    return b"\x78\xda" + one * megabytes + b"\x03\0" + struct.pack(">I", adler)


def archive() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        file.writestr("META-INF/MANIFEST.MF", "Main-Class: Evil")
    return out.getvalue()


def as_file(kind: str, **options: Any) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", SIZE, "red").save(out, kind, **options)
    return out.getvalue()


def animated(kind: str) -> bytes:
    return as_file(kind, save_all=True, append_images=[Image.new("RGB", SIZE, (n, 0, 0)) for n in range(30)])


def noted(kind: bytes, content: bytes) -> bytes:
    """Return a logo with one more chunk behind its header."""
    (first, *rest) = chunks_of(logo())
    return of(chunk(*first), chunk(kind, content), *(chunk(*one) for one in rest))


def spelled(words: bytes) -> bytes:
    """Return a PNG whose pixels spell something and are not packed."""
    width, height = SIZE
    row = b"\0" + (words * width)[: width * 4]
    return of(header(), chunk(b"IDAT", zlib.compress(row * height, 0)), END)


BOMBS = {
    "50,000 x 50,000 px": (of(header((50_000, 50_000)), IDAT, END), "size"),
    "2**31 x 1 px": (of(header((2**31 - 1, 1)), IDAT, END), "size"),
    "pixels that go on for 300 MB": (of(header(), chunk(b"IDAT", zeros(300)), END), "broken"),
    "the largest logo, and not one byte more is unpacked": (of(header((4000, 4000)), chunk(b"IDAT", zeros(65)), END), "broken"),
    "an animation": (animated("PNG"), "animated"),
    "a half": (logo()[: len(logo()) // 2], "broken"),
    "only its first bytes": (logo()[:8], "broken"),
}  # fmt: skip
OTHERS = {
    "nothing": b"",
    "a byte": b"\x89",
    "a GIF": as_file("GIF"),
    "an animated GIF": animated("GIF"),
    "a GIF of 50,000 x 50,000 px": b"GIF89a" + struct.pack("<HH", 50_000, 50_000) + bytes(20),
    "a WebP": as_file("WEBP"),
    "an animated WebP": animated("WEBP"),
    "a JPEG with a script in its comment": as_file("JPEG", comment=SCRIPT),
    "a JPEG that is a ZIP as well": as_file("JPEG") + archive(),
    "a TIFF": as_file("TIFF"),
    "an SVG with a script": SVG.encode(),
    "an SVG with an entity": ENTITY.encode(),
    "an SVG in UTF-16": SVG.encode("utf-16"),
    "an SVG that is packed": zlib.compress(SVG.encode(), wbits=31),
    "a billion laughs": LAUGHS.encode(),
    "a PDF": b"%PDF-1.7\n1 0 obj",
    "a page": b"<!doctype html>" + SCRIPT,
    "PHP": PHP,
    "a ZIP": archive(),
}
POLYGLOTS = {
    "a PNG and a ZIP": (logo() + archive(), "broken"),
    "a PNG and a page": (logo() + b"<html>" + SCRIPT, "broken"),
    "a PNG and PHP": (logo() + PHP, "broken"),
    "two PNGs": (logo() + logo(), "broken"),
    "a page and a PNG": (SCRIPT + logo(), "not_png"),
    "a chunk that nobody knows and everybody must": (noted(b"EVIL", PHP), "broken"),
    "pixels that spell a script": (spelled(SCRIPT), "polyglot"),
    "pixels that spell PHP": (spelled(PHP), "polyglot"),
}
CARRIED = {
    "a script in its text": (b"tEXt", b"Comment\0" + SCRIPT),
    "PHP in its text": (b"tEXt", b"Comment\0" + PHP),
    "a ZIP in a private chunk": (b"prVt", archive()),
    "a text that unpacks to 300 MB": (b"zTXt", b"Comment\0\0" + zeros(300)),
    "a profile that unpacks to 300 MB": (b"iCCP", b"icc\0\0" + zeros(300)),
    "where it was taken": (b"eXIf", b"MM\0*\0\0\0\x08\0\0 33.68 N, 73.04 E"),
}


@pytest.fixture
def path(call: Caller) -> str:
    """Where a brand takes its logo."""
    answer = call("POST", "/api/brands", json={"name": "Acme", "kit": {}})
    return f"/api/brands/{answer.get_json()['id']}/logo"


def put(call: Caller, path: str, data: bytes) -> TestResponse:
    """Send bytes as a logo, and see that it takes neither memory nor time."""
    tracemalloc.start()
    began = time.monotonic()
    try:
        answer = call("PUT", path, data=data, content_type="image/png")
        assert tracemalloc.get_traced_memory()[1] < MOST_BYTES
    finally:
        tracemalloc.stop()
    assert time.monotonic() - began < MOST_S
    return answer


def files() -> list[str]:
    return [path.name for path in (settings().data_dir / "files").rglob("*") if path.is_file()]


def expect_refused(call: Caller, path: str, data: bytes, why: str) -> None:
    answer = put(call, path, data)

    problem = answer.get_json()
    assert (answer.status_code, problem["code"]) == (422, f"logo_refused:{why}")
    assert answer.mimetype == "application/problem+json"
    assert any(told in problem["detail"] for told in ("save it", "cut it", "save one"))
    assert "<" not in problem["detail"]
    assert files() == []
    assert call("GET", path.removesuffix("/logo")).get_json()["logo"] is None


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_is_refused_at_no_cost(call: Caller, path: str, bomb: str) -> None:
    expect_refused(call, path, *BOMBS[bomb])


@pytest.mark.parametrize("other", OTHERS)
def test_what_is_no_png_is_refused_whatever_it_is_called(call: Caller, path: str, other: str) -> None:
    expect_refused(call, path, OTHERS[other], "not_png")


@pytest.mark.parametrize("polyglot", POLYGLOTS)
def test_what_is_something_else_as_well_is_refused(call: Caller, path: str, polyglot: str) -> None:
    expect_refused(call, path, *POLYGLOTS[polyglot])


@pytest.mark.parametrize("carried", CARRIED)
def test_what_a_logo_carries_along_is_neither_unpacked_nor_kept(
    client: FlaskClient, call: Caller, path: str, carried: str
) -> None:
    kind, content = CARRIED[carried]

    answer = put(call, path, noted(kind, content))

    assert answer.status_code == 200
    url = answer.get_json()["logo"]["url"].removeprefix(settings().public_url)
    served = client.get(url, buffered=True)
    assert served.data == logo()
    assert content not in served.data


def test_a_logo_is_served_as_what_its_bytes_are_and_as_nothing_else(
    client: FlaskClient, call: Caller, path: str
) -> None:
    url = put(call, path, logo()).get_json()["logo"]["url"].removeprefix(settings().public_url)

    served = client.get(url, headers={"Accept": "text/html"}, buffered=True)

    assert served.headers["Content-Type"] == "image/png"
    assert served.headers["X-Content-Type-Options"] == "nosniff"
    assert served.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"


@pytest.mark.parametrize("name", ["x.html", "x.svg", "x.php", "x.js", "x.png.html", "x", "x.xml"])
def test_a_file_of_no_known_kind_is_not_served_even_if_it_were_stored(
    client: FlaskClient, path: str, name: str
) -> None:
    key = f"brands/{path.split('/')[3]}/{name}"
    storage().put(key, SCRIPT)

    assert client.get(f"/media/{key}").status_code == 404
