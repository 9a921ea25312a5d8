"""A provider's picture: read once, cut and scaled once."""

from __future__ import annotations

import io

from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from app.domain.errors import PictureRefused

FOCUS = 0.38  # where a crop is centred, 0 = top: faces and subjects stand above the middle


class Photo:
    """A decoded picture, in sRGB and upright."""

    def __init__(self, data: bytes, wanted: tuple[int, int]) -> None:
        """Decode `data`; a JPEG much larger than `wanted` px is decoded at a fraction of its size, which is faster."""
        try:
            opened = Image.open(io.BytesIO(data))
            if opened.format == "JPEG":
                opened.draft("RGB", wanted)
            opened.load()
            upright = ImageOps.exif_transpose(opened)
        except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError) as exc:
            raise PictureRefused(
                f"the picture of {len(data)} bytes cannot be decoded: {exc}", code="picture_refused:undecodable"
            ) from exc
        self._image = _srgb(upright)

    def cover(self, size: tuple[int, int]) -> Image.Image:
        """Return the picture cut to the ratio of `size` and scaled to it, in px."""
        width, height = self._image.size
        scale = min(width / size[0], height / size[1])
        cut = size[0] * scale, size[1] * scale
        left, top = max(0.0, (width - cut[0]) / 2), max(0.0, (height - cut[1]) * FOCUS)
        box = (left, top, min(width, left + cut[0]), min(height, top + cut[1]))  # rounding must not leave the picture
        return self._image.resize(size, Image.Resampling.LANCZOS, box=box, reducing_gap=2.0)


def _srgb(image: Image.Image) -> Image.Image:
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
