"""Pictures and feeds that a user's url brings and that are meant to do harm: refused before anything is paid, or harmless."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator

import pytest
from fetch_servers import Page, Site, serving
from PIL import Image

from app.domain.states import RunState
from app.settings import settings
from app.storage import MIME_BY_EXTENSION, mime_of, storage
from harness import Installation, Sandbox, forget_settings
from orders import calls_of, order, pieces_of
from pngs import chunk, logo, of
from rendering import billed, only, use_routes
from working import worked

BRIEF = "A hand-thrown stoneware mug, speckled white, with a thick handle."
SCRIPT = b"<script>alert(document.cookie)</script>"
PHP = b"<?php system($_GET['c']); ?>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
LAUGHS = b"<!DOCTYPE rss [<!ENTITY a 'ha'>" + b"".join(
    b"<!ENTITY %c '%s'>" % (one, b"&%c;" % before * 10) for before, one in zip(b"abcdefgh", b"bcdefghi", strict=True)
)
PNG = logo((640, 480), "RGB")


@pytest.fixture(autouse=True)
def _shipped_routes(monkeypatch: pytest.MonkeyPatch, database: Installation, sandbox: Sandbox) -> None:
    assert database
    assert sandbox
    use_routes(monkeypatch)


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """A site on loopback, which the operator allows."""
    with serving({}) as served:
        monkeypatch.setenv("PRESSROOM_FETCH_ALLOW", "127.0.0.0/8")
        monkeypatch.setenv("PRESSROOM_FETCH_PORTS", str(served.port))
        forget_settings()
        yield served


def jpeg(**options: object) -> bytes:
    out = io.BytesIO()
    Image.open(io.BytesIO(PNG)).save(out, "JPEG", **options)
    return out.getvalue()


def archive() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        file.writestr("META-INF/MANIFEST.MF", "Main-Class: Evil")
    return out.getvalue()


def says(width: int, height: int) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return of(chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(bytes(4_000))), chunk(b"IEND"))


def animated() -> bytes:
    out = io.BytesIO()
    frames = [Image.new("RGB", (640, 480), (shade, 0, 0)) for shade in range(30)]
    frames[0].save(out, "PNG", save_all=True, append_images=frames[1:])
    return out.getvalue()


def ordered(site: Site, data: bytes, mime: str = "image/png") -> tuple[RunState, str | None]:
    """Order a photo from what the site has; return how the run ended, and the code of its piece's failure."""
    site.pages["/x"] = Page(data, content_type=mime)
    run_id = order(None, "product-photo", brief=BRIEF, reference_url=f"http://127.0.0.1:{site.port}/x")
    state = worked(run_id)
    failure = pieces_of(run_id)[0].failure
    if failure:
        assert calls_of(run_id) == []
        assert "give one still PNG, JPEG or WebP" in failure["message"] or failure["code"].startswith("fetch_failed")
    return state, failure and failure["code"]


def given() -> list[str]:
    """Return the keys under which users' own pictures are stored."""
    root = settings().data_dir / "files"
    return [str(path.relative_to(root)) for path in root.rglob("given/*")]


REFUSED = {
    "50,000 x 50,000 px": (says(50_000, 50_000), "bomb"),
    "a text that unpacks to 30 MB": (PNG[:33] + chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(30_000_000))) + PNG[33:], "bomb"),
    "an animation": (animated(), "format"),
    "a half": (PNG[: len(PNG) // 2], "truncated"),
    "an SVG": (SVG, "svg"),
    "a packed SVG": (zlib.compress(SVG, wbits=31), "format"),
    "a page": (b"<!doctype html>" + SCRIPT, "html"),
    "a PDF": (b"%PDF-1.7\n1 0 obj", "format"),
    "a byte": (b"\x89", "format"),
    "nothing": (b"", "format"),
}  # fmt: skip


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_no_honest_picture_ends_the_order_once_and_unpaid(site: Site, sandbox: Sandbox, what: str) -> None:
    data, gate = REFUSED[what]

    assert ordered(site, data) == (RunState.FAILED, f"picture_refused:{gate}")

    assert site.paths == ["/x"]
    assert (billed(sandbox), given()) == (0, [])


def test_an_svg_that_says_so_is_not_even_read(site: Site) -> None:
    assert ordered(site, SVG, "image/svg+xml") == (RunState.FAILED, "fetch_failed:content_type")


POLYGLOTS = {
    "a PNG and a ZIP": (PNG + archive(), "image/png", archive()),
    "a PNG and a page": (PNG + b"<html>" + SCRIPT, "image/png", SCRIPT),
    "PHP in a PNG's text": (PNG[:33] + chunk(b"tEXt", b"a\0" + PHP) + PNG[33:], "image/png", PHP),
    "a JPEG that is a ZIP as well": (jpeg() + archive(), "image/jpeg", archive()),
    "a script in a JPEG's comment": (jpeg(comment=SCRIPT), "image/jpeg", SCRIPT),
}


@pytest.mark.parametrize("what", POLYGLOTS)
def test_of_a_file_that_is_something_else_as_well_only_the_picture_is_kept_and_shown(site: Site, what: str) -> None:
    data, mime, hidden = POLYGLOTS[what]
    assert hidden in data

    assert ordered(site, data, mime) == (RunState.READY, None)

    (key,) = given()
    kept = storage().get(key)
    assert hidden not in kept
    assert mime_of(kept) == MIME_BY_EXTENSION[key.rsplit(".", 1)[-1]] == mime


BAD_FEEDS = {
    "a billion laughs": LAUGHS + b"]><rss version='2.0'><channel><item><title>&i;</title></item></channel></rss>",
    "an entity from outside": b"<!DOCTYPE rss [<!ENTITY x SYSTEM 'file:///etc/passwd'>]>"
    b"<rss version='2.0'><channel><item><title>&x;</title></item></channel></rss>",
    "an entity of parameters": b"<!DOCTYPE rss [<!ENTITY % x SYSTEM 'http://127.0.0.1:9/x'> %x;]>"
    b"<rss version='2.0'><channel><item><title>a</title></item></channel></rss>",
}


@pytest.mark.parametrize("charset", ["utf-8", "utf-16", "utf-32"])
@pytest.mark.parametrize("what", BAD_FEEDS)
def test_a_feed_that_declares_entities_ends_the_order_unpaid(
    site: Site, sandbox: Sandbox, what: str, charset: str
) -> None:
    body = BAD_FEEDS[what].decode().encode(charset)
    site.pages["/feed"] = Page(body, content_type=f"application/rss+xml; charset={charset}")
    run_id = order(None, "news-brief", feed_url=f"http://127.0.0.1:{site.port}/feed")

    assert worked(run_id) is RunState.FAILED

    assert only(pieces_of(run_id)[0].failure)["code"] == "feed_refused:broken"
    assert billed(sandbox) == 0
