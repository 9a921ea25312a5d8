"""Writes the finished canvas as a JPEG that says where it comes from."""

from __future__ import annotations

import io
from functools import cache

from PIL import Image, ImageCms

QUALITY = 90
SUBSAMPLING = 0  # 4:4:4: halved colour frays coloured letters on a dark ground
DIGITAL_SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
_XMP = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/">
<xmp:CreatorTool>{tool}</xmp:CreatorTool>
<Iptc4xmpExt:DigitalSourceType>{source}</Iptc4xmpExt:DigitalSourceType>
</rdf:Description></rdf:RDF></x:xmpmeta>
<?xpacket end="w"?>"""


def jpeg(image: Image.Image, *, is_sandbox: bool) -> bytes:
    """Return `image` as JPEG bytes, sRGB, with its XMP; the same pixels give the same bytes."""
    out = io.BytesIO()
    image.save(
        out,
        "JPEG",
        quality=QUALITY,
        subsampling=SUBSAMPLING,
        xmp=xmp(is_sandbox=is_sandbox),
        icc_profile=_srgb_profile(),
    )
    return out.getvalue()


def xmp(*, is_sandbox: bool) -> bytes:
    """Return the XMP packet: made with trained models (IPTC DigitalSourceType), by Pressroom."""
    tool = "Pressroom (sandbox pictures)" if is_sandbox else "Pressroom"
    return _XMP.format(tool=tool, source=DIGITAL_SOURCE_TYPE).encode()


@cache
def _srgb_profile() -> bytes:
    """Return an sRGB ICC profile. Its creation date is set to 2000-01-01, so that two processes write the same bytes."""
    data = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    data[24:36] = bytes.fromhex("07d000010001000000000000")  # ICC.1:2022, 7.2.8: year, month, day, h, min, s
    data[84:100] = bytes(16)  # 7.2.18: profile id, 0 = not computed
    return bytes(data)
