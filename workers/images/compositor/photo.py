"""A provider's picture: read once, cut and scaled once."""

from __future__ import annotations

import io
from functools import cached_property

from PIL import Image, ImageCms, ImageFilter, ImageOps, UnidentifiedImageError

from app.domain.errors import PictureRefused
from workers.images.compositor.saliency import WHOLE, Field, Part, best_place, saliency, shift

# A phone shows 1080 px at about 440 to the inch: from 30 cm some 90 px a degree, where good eyes part 60. So up to 1.5
# nothing is lost to the eye, and photographs bear a little more; above it, skin and print are seen to be soft.
MOST_ENLARGED = 1.6
ORIENTATION, SIDEWAYS = 0x0112, 5  # Exif 2.32, 4.6.4: from 5 on the file's width is the picture's height
COARSE, BLUR = 8, 3  # a mirror image is blurred by 24 px, on a copy that is eight times smaller
SAME_RATIO = 0.005  # a ratio as near as this leaves nothing to choose


class Photo:
    """A decoded picture, in sRGB and upright."""

    def __init__(self, data: bytes, wanted: tuple[int, int]) -> None:
        """Decode `data`; a JPEG much larger than `wanted` px is decoded at a fraction of its size, which is faster."""
        try:
            opened = Image.open(io.BytesIO(data))
            if opened.format == "JPEG":
                is_turned = opened.getexif().get(ORIENTATION, 1) >= SIDEWAYS
                opened.draft("RGB", wanted[::-1] if is_turned else wanted)
            opened.load()
            upright = ImageOps.exif_transpose(opened)
        except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError) as exc:
            raise PictureRefused(
                f"the picture of {len(data)} bytes cannot be decoded: {exc}", code="picture_refused:undecodable"
            ) from exc
        self._image = srgb(upright)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in px, as decoded: of a large JPEG less than the file has, never less than was wanted."""
        return self._image.size

    def cover(self, size: tuple[int, int], free: Part = WHOLE) -> Image.Image:
        """Return the picture cut to the ratio of `size` around its subject, and scaled to it, in px.

        free: the part of the result (left, top, right, bottom, 0 to 1) that is seen clearly, because text and its shade
        cover the rest. The subject is brought there; where the picture ends before, it goes on as its own mirror image,
        only under the text.
        """
        left, top, right, bottom = self._box(size, free)
        inner = max(0.0, left), max(0.0, top), min(self._image.width, right), min(self._image.height, bottom)
        across, down = size[0] / (right - left), size[1] / (bottom - top)
        wide, high = round((inner[2] - inner[0]) * across), round((inner[3] - inner[1]) * down)
        part = self._image.resize((wide, high), Image.Resampling.LANCZOS, box=inner, reducing_gap=2.0)
        at = size[0] - wide if left < 0 else 0, size[1] - high if top < 0 else 0
        return part if part.size == size else _continued(part, size, at)

    def enlargement(self, size: tuple[int, int]) -> float:
        """Return how many times larger the picture is drawn, along a side, when it covers `size` px; below 1 = reduced."""
        return max(size[0] / self._image.width, size[1] / self._image.height)

    def allows(self, size: tuple[int, int]) -> bool:
        """Return whether the picture can cover `size` px without being seen to be soft."""
        return self.enlargement(size) <= MOST_ENLARGED

    def _box(self, size: tuple[int, int], free: Part) -> Part:
        """Return what is shown, in px of the picture; beyond its border only under text."""
        width, height = self._image.size
        scale = self.enlargement(size)
        wide, high = min(width, size[0] / scale), min(height, size[1] / scale)
        window = wide / width, high / height
        across, down = (0.5, 0.5) if min(window) > 1 - SAME_RATIO else best_place(self._saliency, window, free)
        left, top = (width - wide) * across, (height - high) * down
        if free != WHOLE:
            box = left / width, top / height, (left + wide) / width, (top + high) / height
            along, up = shift(self._saliency, box, free)
            left, top = left + along * wide, top + up * high
        return left, top, left + wide, top + high

    @cached_property
    def _saliency(self) -> Field:
        return saliency(self._image)


def _continued(part: Image.Image, size: tuple[int, int], at: tuple[int, int]) -> Image.Image:
    """Return `part` on a canvas of `size`, its left top corner at `at`; its mirror image fills the one side left open.

    The mirror image is blurred, so that nobody sees a thing twice.
    """
    wide, high = size[0] - part.width, size[1] - part.height
    is_before = at != (0, 0)
    if wide:
        flip = Image.Transpose.FLIP_LEFT_RIGHT
        first, corner = (0, (0, 0)) if is_before else (part.width - wide, (part.width, 0))
        strip = part.crop((first, 0, first + wide, part.height))
    else:
        flip = Image.Transpose.FLIP_TOP_BOTTOM
        first, corner = (0, (0, 0)) if is_before else (part.height - high, (0, part.height))
        strip = part.crop((0, first, part.width, first + high))
    soft = strip.reduce(COARSE).filter(ImageFilter.GaussianBlur(BLUR)).resize(strip.size, Image.Resampling.BILINEAR)
    canvas = Image.new("RGB", size)
    canvas.paste(part, at)
    canvas.paste(soft.transpose(flip), corner)
    return canvas


def srgb(image: Image.Image) -> Image.Image:
    """Return `image` as RGB in sRGB; see-through parts become white."""
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        alpha = image.convert("RGBA")
        ground = Image.new("RGBA", image.size, (255, 255, 255, 255))
        image = Image.alpha_composite(ground, alpha)
    profile = image.info.get("icc_profile")
    if profile and image.mode in ("RGB", "CMYK"):
        converted = _converted(image, profile)
        if converted is not None:
            return converted
    return image if image.mode == "RGB" else image.convert("RGB")


def _converted(image: Image.Image, profile: bytes) -> Image.Image | None:
    """Return `image` converted from its own profile, or None when there is no need or the profile is broken."""
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if "sRGB" in ImageCms.getProfileDescription(source):
            return None
        return ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError):
        return None
