from __future__ import annotations

import io
import zipfile

import pytest

from app.storage import MIME_BY_EXTENSION, PPTX, mime_of


def zipped(name: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(name, b"<p/>")
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "mime"),
    [
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "image/webp"),
        (b"%PDF-1.7", "application/pdf"),
        (zipped("ppt/presentation.xml"), PPTX),
        (zipped("word/document.xml"), "application/octet-stream"),
        (b"", "application/octet-stream"),
    ],
)
def test_the_type_is_what_the_bytes_show(data: bytes, mime: str) -> None:
    assert mime_of(data) == mime


def test_an_editable_deck_is_served_as_what_it_is() -> None:
    assert MIME_BY_EXTENSION["pptx"] == PPTX
