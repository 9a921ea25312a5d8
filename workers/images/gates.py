"""Gates: what a provider's bytes must be before they count as a picture. Cheapest first; refused by name."""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass

from PIL import Image, ImageStat

from app.domain.errors import PictureRefused
from app.storage import EXTENSIONS, mime_of

MAX_PIXELS = 40_000_000  # 4K pictures have 16 million; above this it is a decompression bomb
MIN_SIDE_PX = 512
RATIO_TOLERANCE = 0.10  # the brief: providers return slightly different dimensions than asked
BLANK_DEVIATION = 2.0  # of 255: a uniform picture has 0, fog about 10


@dataclass(frozen=True, slots=True)
class Accepted:
    """A picture that passed."""

    data: bytes
    mime: str
    width: int
    height: int


def check(data: bytes, aspect_ratio: str, *, min_bytes: int) -> Accepted:
    """Return the picture if it passes every gate. Raises PictureRefused with code `picture_refused:<gate>`.

    Gates: format (PNG, JPEG or WebP by magic bytes), bytes, decode, pixels, ratio (within 10 %), blank.
    """
    mime = mime_of(data)
    if mime not in EXTENSIONS or mime == "application/pdf":
        raise _refused("format", f"the bytes are no PNG, JPEG or WebP ({len(data)} bytes)")
    if len(data) < min_bytes:
        raise _refused("bytes", f"{len(data)} bytes are less than {min_bytes}: a placeholder or an error picture")
    picture = decoded(data)
    width, height = picture.size
    if min(width, height) < MIN_SIDE_PX:
        raise _refused("pixels", f"{width}x{height} is smaller than {MIN_SIDE_PX} px")
    across, down = (int(part) for part in aspect_ratio.split(":"))
    asked = across / down
    if abs(width / height - asked) / asked > RATIO_TOLERANCE:
        raise _refused("ratio", f"{width}x{height} is not {aspect_ratio}")
    if max(_deviations(picture)) < BLANK_DEVIATION:
        raise _refused("blank", "the picture is one plain colour")
    return Accepted(data, mime, width, height)


def decoded(data: bytes) -> Image.Image:
    """Return the picture, decoded to the last byte: a truncated file fails here. Raises PictureRefused."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            picture = Image.open(io.BytesIO(data), formats=["PNG", "JPEG", "WEBP"])
            if picture.width * picture.height > MAX_PIXELS:
                raise _refused("pixels", f"{picture.width}x{picture.height} is more than {MAX_PIXELS} pixels")
            picture.load()
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError, Image.DecompressionBombWarning) as exc:
        raise _refused("decode", f"it does not decode: {exc}") from exc
    return picture


def _deviations(picture: Image.Image) -> list[float]:
    """Return the standard deviation of each channel of a small copy, 0..127."""
    return list(ImageStat.Stat(picture.convert("RGB").resize((64, 64), Image.Resampling.BOX)).stddev)


def _refused(gate: str, message: str) -> PictureRefused:
    return PictureRefused(f"the picture was refused: {message}", code=f"picture_refused:{gate}")
