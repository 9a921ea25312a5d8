"""A PPTX file is a zip of parts; here without the moment of its writing."""

from __future__ import annotations

import io
import zipfile

EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip can say
PACKED_ALREADY = (".jpg", ".jpeg", ".png")


def repacked(data: bytes) -> bytes:
    """Return the same parts with one date, pictures not packed again: the same parts give the same bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as parts, zipfile.ZipFile(out, "w") as archive:
        for name in parts.namelist():
            info = zipfile.ZipInfo(name, EPOCH)
            info.external_attr = 0o644 << 16
            packed = zipfile.ZIP_STORED if name.endswith(PACKED_ALREADY) else zipfile.ZIP_DEFLATED
            archive.writestr(info, parts.read(name), packed)
    return out.getvalue()
