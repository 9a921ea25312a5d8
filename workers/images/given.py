"""A picture of a user's own, from anywhere: written anew from its pixels, for its file may be anything else as well.

Phones put films, maps of brightness and the place where one stood into their pictures; others put scripts there. None of
it is stored, shown or sent to a model.
"""

from __future__ import annotations

import io
import threading

import numpy as np
from PIL import Image, ImageOps

from app.domain.polyglots import hidden_in
from workers.images import gates
from workers.images.anatomy import Anatomy, anatomy
from workers.images.compositor.photo import srgb
from workers.images.refusals import Gate, refusal

MAX_BYTES = 25_000_000  # of what is written; a picture that is so large as a PNG is a photo, and should be a JPEG
JPEG_QUALITY = 92
PNG_LEVEL = 3  # a third of the time of the usual 6, for 5 % more bytes

# 25 million pixels take about 200 MB while they are written, and worker-io has 32 threads.
_one_at_a_time = threading.Lock()


def cleaned(data: bytes) -> gates.Accepted:
    """Return the picture that the bytes show, upright, in sRGB, without anything else: a JPEG, or a PNG as it was one.

    What can be seen through stays so. Raises PictureRefused: json, html, svg, format (also when it is animated), bomb,
    truncated, bytes, polyglot.
    """
    mime = gates.type_of(data)
    found = anatomy(data, mime)
    if found.frames != 1 and mime != "image/jpeg":  # a JPEG's others are previews, which end here
        raise refusal(Gate.FORMAT, "it is animated")
    with _one_at_a_time:
        written = _written(data, mime, found)
        if len(written) > MAX_BYTES:
            raise refusal(Gate.BYTES, f"it takes {len(written)} bytes without loss; save it as JPEG")
        if what := hidden_in(written):
            raise refusal(Gate.POLYGLOT, f"{what} is hidden in its pixels")
        return gates.describe(written)


def _written(data: bytes, mime: str, found: Anatomy) -> bytes:
    """Return a new file of what a file shows."""
    out = io.BytesIO()
    try:
        picture = gates.opened(data, mime, found)
        picture.load()
        image = ImageOps.exif_transpose(picture)
        if image.mode.startswith("I"):  # 16 bits, which Pillow would clip to white
            image = Image.fromarray((np.asarray(image) // 256).astype(np.uint8))
        is_clear = "A" in image.getbands() or "transparency" in image.info
        alpha = image.convert("RGBA").getchannel("A") if is_clear else None
        image = srgb(image)
        if alpha is not None:
            image.putalpha(alpha)
        image.info.clear()  # or comments and profiles would be written again
        if alpha is not None or mime == "image/png":
            image.save(out, "PNG", compress_level=PNG_LEVEL)
        else:
            image.save(out, "JPEG", quality=JPEG_QUALITY)
    except gates.UNREADABLE as exc:
        raise refusal(Gate.TRUNCATED, f"it does not decode: {exc}") from exc
    return out.getvalue()
