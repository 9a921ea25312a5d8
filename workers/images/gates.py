"""Gates: what a provider's bytes must be before they count as a picture. Cheapest first; refused by name."""

from __future__ import annotations

import io
import re
import struct
from dataclasses import dataclass

from PIL import Image, UnidentifiedImageError

from app.domain.polyglots import hidden_in
from app.storage import mime_of
from workers.images.anatomy import Anatomy, anatomy
from workers.images.blank import is_blank
from workers.images.fingerprint import fingerprint
from workers.images.refusals import Gate, refusal

FORMATS = {"image/png": "PNG", "image/jpeg": "JPEG", "image/webp": "WEBP"}
OTHER_FORMATS = (
    (b"GIF8", "a GIF"), (b"BM", "a BMP"), (b"II*\0", "a TIFF"), (b"MM\0*", "a TIFF"), (b"%PDF-", "a PDF"),
    (b"PK\x03\x04", "a ZIP archive"), (b"\x1f\x8b", "gzip"), (b"http", "an address"),
)  # fmt: skip
ALIASES = {"image/jpg": "image/jpeg", "image/pjpeg": "image/jpeg", "image/x-png": "image/png"}
SAYS_NOTHING = frozenset({"", "application/octet-stream", "binary/octet-stream"})
MIN_SIDE_PX = 512
RATIO_PERCENT = 10  # the brief: providers return slightly different dimensions than asked
PADDING_BYTES = 64  # so many zeros or blanks behind a picture are a habit of some writers
SMALL_PX = (72, 64)  # the copy that is judged and hashed, 8 px for each cell of the hash
HEAD_BYTES = 1024
JSON = re.compile(rb'[{\[]\s*(?:["{}\[\]]|-?\d|true|false|null|$)')
BASE64 = re.compile(rb"[A-Za-z0-9+/=\s]{16,}")
# All that Pillow says when bytes cannot be decoded; a Warning comes where warnings are errors.
UNREADABLE = (
    OSError, SyntaxError, ValueError, TypeError, LookupError, ArithmeticError, EOFError, struct.error, Warning,
    Image.DecompressionBombError,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Accepted:
    """A picture and what it is."""

    data: bytes
    mime: str
    width: int
    """In px as shown, as `height`: EXIF may turn what is stored."""
    height: int
    fingerprint: str
    """Of what it shows; see workers.images.fingerprint."""


def check(
    data: bytes,
    aspect_ratio: str,
    *,
    min_bytes: int,
    declared_type: str | None = None,
    asked_px: tuple[int, int] | None = None,
) -> Accepted:
    """Return the picture if it passes every gate. Raises PictureRefused with code `picture_refused:<gate>`.

    declared_type: the media type that the provider said. asked_px: width and height that the provider was asked for,
    which go before `aspect_ratio`: some make only fixed sizes. The gates are in workers.images.refusals.
    """
    mime = type_of(data)
    _check_label(mime, declared_type)
    if len(data) < min_bytes:
        raise refusal(Gate.BYTES, f"{len(data)} bytes are less than {min_bytes}: a placeholder or an error picture")
    found = anatomy(data, mime)
    if found.frames != 1:
        raise refusal(Gate.FORMAT, f"it holds {found.frames} or more frames; one still picture was asked for")
    across, down = asked_px or tuple(int(part) for part in aspect_ratio.split(":"))
    _check_shape(found.size_px, across, down)
    _check_alone(data, found)
    small = _decoded(data, mime, found)
    if is_blank(small):
        raise refusal(Gate.BLANK, "it shows nothing but a plain colour, a plain ramp or noise")
    return _accepted(data, mime, found, small)


def describe(data: bytes) -> Accepted:
    """Return what a picture of ours is, without gates. Raises PictureRefused when it cannot be decoded."""
    mime = type_of(data)
    found = anatomy(data, mime)
    return _accepted(data, mime, found, _decoded(data, mime, found))


def _accepted(data: bytes, mime: str, found: Anatomy, small: Image.Image) -> Accepted:
    return Accepted(data, mime, *found.size_px, fingerprint(small))


def type_of(data: bytes) -> str:
    """Return the MIME type of a picture. Raises PictureRefused: json, html, svg, format."""
    mime = mime_of(data)
    if mime in FORMATS:
        return mime
    head = data[:HEAD_BYTES].removeprefix(b"\xef\xbb\xbf").lstrip()
    told = head[:60].decode("utf-8", "replace")
    lower = head.lower()
    if JSON.match(head):
        raise refusal(Gate.JSON, f"the bytes are JSON: {told}")
    if b"<!doctype html" in lower or b"<html" in lower:
        raise refusal(Gate.HTML, f"the bytes are a page of HTML: {told}")
    if lower.startswith(b"<") and (b"<svg" in lower or b"<!doctype svg" in lower):
        raise refusal(Gate.SVG, "the bytes are an SVG drawing, which may hold scripts")
    if re.match(rb"<(?:[a-z]|!--)", lower):
        raise refusal(Gate.HTML, f"the bytes are HTML: {told}")
    kind = next((kind for magic, kind in OTHER_FORMATS if data.startswith(magic)), "unknown")
    if data[4:8] == b"ftyp":
        kind = "an AVIF, HEIC or film"
    elif BASE64.fullmatch(head):
        kind = "text, such as base64 that was cut off"
    raise refusal(Gate.FORMAT, f"the {len(data)} bytes are no PNG, JPEG or WebP, but {kind}")


def _check_label(mime: str, declared_type: str | None) -> None:
    said = (declared_type or "").partition(";")[0].strip().lower()
    if said not in SAYS_NOTHING and ALIASES.get(said, said) != mime:
        raise refusal(Gate.MISLABELLED, f"it is {mime} and was called {said[:60]}")


def _check_shape(size_px: tuple[int, int], across: int, down: int) -> None:
    width, height = size_px
    if min(width, height) < MIN_SIDE_PX:
        raise refusal(Gate.PIXELS, f"{width}x{height} is smaller than {MIN_SIDE_PX} px")
    asked, got = across * height, down * width  # the two ratios over one denominator, without rounding
    if abs(got - asked) * 100 > RATIO_PERCENT * asked:
        raise refusal(Gate.RATIO, f"{width}x{height} is not {across}:{down}")


def _check_alone(data: bytes, found: Anatomy) -> None:
    """Do nothing when the bytes are a picture and nothing else. Raises PictureRefused: polyglot."""
    behind = len(data) - found.end
    if behind > PADDING_BYTES or data[found.end :].strip(b"\0\r\n\t "):
        raise refusal(Gate.POLYGLOT, f"{behind} bytes follow its end")
    if what := hidden_in(data, *found.notes):
        raise refusal(Gate.POLYGLOT, f"{what} is hidden in it")


def _decoded(data: bytes, mime: str, found: Anatomy) -> Image.Image:
    """Return a small RGB copy, for which the picture was decoded to its end. Raises PictureRefused: truncated."""
    try:
        picture = opened(data, mime, found)
        # A JPEG is unpacked to its end, but its pixels are made at an eighth of the size: twice as fast.
        picture.draft("RGB", (max(1, picture.width // 8), max(1, picture.height // 8)))
        picture.load()
        return _small(picture)
    except UnidentifiedImageError as exc:
        raise refusal(Gate.TRUNCATED, "it does not decode: its header is broken") from exc
    except UNREADABLE as exc:
        raise refusal(Gate.TRUNCATED, f"it does not decode: {exc}") from exc


def opened(data: bytes, mime: str, found: Anatomy) -> Image.Image:
    """Return the picture, not decoded yet. Raises PictureRefused (truncated), and what is in UNREADABLE."""
    picture = Image.open(io.BytesIO(data), formats=[FORMATS[mime]])
    if picture.size != found.stored_px:
        raise refusal(Gate.TRUNCATED, f"it claims to be {picture.size} and {found.stored_px} px")
    return picture


def _small(picture: Image.Image) -> Image.Image:
    """Return a small RGB copy as a slide would show it: what can be seen through is white."""
    if "A" in picture.getbands() or "transparency" in picture.info:
        picture = picture.convert("RGBA")
    elif picture.mode != "RGB":
        picture = picture.convert("RGB")
    small = picture.resize(SMALL_PX, Image.Resampling.LANCZOS, reducing_gap=2.0)
    if small.mode == "RGB":
        return small
    return Image.alpha_composite(Image.new("RGBA", SMALL_PX, (255, 255, 255, 255)), small).convert("RGB")
