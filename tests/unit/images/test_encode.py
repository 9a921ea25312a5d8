from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from PIL import Image
from provider_pictures import drawing

from app.domain.provenance import Source
from workers.images.compositor.encode import jpeg, png


def chunks(data: bytes) -> list[bytes]:
    names, at = [], 8
    while at < len(data):
        names.append(data[at + 4 : at + 8])
        at += 12 + int.from_bytes(data[at : at + 4], "big")
    return names


def test_a_png_slide_loses_nothing() -> None:
    image = Image.open(io.BytesIO(png(drawing(), is_sandbox=False)))
    assert (image.format, image.mode, image.tobytes()) == ("PNG", "RGB", drawing().tobytes())


def test_a_png_slide_is_marked_as_srgb_and_by_nothing_that_contradicts_it() -> None:
    image = drawing()
    image.info["icc_profile"] = b"of the picture that it was made from"
    names = chunks(png(image, is_sandbox=False))
    assert b"iCCP" not in names
    assert names.index(b"sRGB") < names.index(b"IDAT")
    assert names.index(b"iTXt") < names.index(b"IDAT")


@pytest.mark.parametrize("encode", [jpeg, png])
@pytest.mark.parametrize("source", Source)
def test_a_slide_says_what_it_was_made_with(encode: Callable[..., bytes], source: Source) -> None:
    image = Image.open(io.BytesIO(encode(drawing(), is_sandbox=False, source=source)))
    assert source.value.encode() in bytes(image.info["xmp"])


@pytest.mark.parametrize("encode", [jpeg, png])
def test_the_same_pixels_give_the_same_bytes(encode: Callable[..., bytes]) -> None:
    assert encode(drawing(), is_sandbox=True) == encode(drawing(), is_sandbox=True)
