"""An export is packed file by file: always the same bytes, and the memory of two files."""

from __future__ import annotations

import errno
import io
import tempfile
import tracemalloc
import zipfile
from pathlib import Path
from typing import IO

import pytest
from finished_posts import finished, piece

from app import exports
from app.domain.errors import NotFound, StorageError
from app.exports.finished import Finished
from app.storage import Folder
from unpacking import unpacked

MB = 1_000_000


class Pictures(Folder):
    """A store that has something of so many bytes for every key but those that somebody removed."""

    def __init__(self, size: int = 1000, gone: tuple[str, ...] = ()) -> None:
        self.size = size
        self.gone = gone

    def get(self, key: str) -> bytes:
        if key in self.gone:
            raise NotFound(key)
        return key.encode().ljust(self.size, b".")


def a_post(slides: int = 3) -> Finished:
    made = finished(pieces=[piece("slide", n, {"title": f"Title {n}", "body": "B."}) for n in range(slides)])
    made.run.result = {"carousel_pdf": "k.pdf", "deck_pptx": "k.pptx"}
    return made


def zip_of(post: Finished, store: Folder) -> bytes:
    with exports.packed(post, store) as file:
        return file.read()


def test_the_same_run_gives_the_same_bytes_with_the_manifest_behind_all_others() -> None:
    post, store = a_post(), Pictures()

    packed = zip_of(post, store)

    assert packed == zip_of(post, store)
    assert zipfile.ZipFile(io.BytesIO(packed)).namelist()[-1] == "manifest.json"


def test_what_somebody_removed_is_missing_in_the_zip_too() -> None:
    post = a_post()
    store = Pictures(gone=("k.pdf", *post.pictures[1].keys))

    assert {"01.jpg", "carousel.pdf"}.isdisjoint(unpacked(post, store))


def test_a_zip_of_many_pictures_takes_the_memory_of_few() -> None:
    post = a_post(slides=30)
    zip_of(post, Pictures())  # what is loaded once is not counted

    tracemalloc.start()
    with exports.packed(post, Pictures(MB)) as file:
        peak = tracemalloc.get_traced_memory()[1]
        size = file.seek(0, 2)
    tracemalloc.stop()

    assert size > 30 * MB
    assert peak < 6 * MB


def test_a_disk_that_takes_no_zip_is_storage_that_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[IO[bytes]] = []

    class Full(io.BytesIO):
        def write(self, _: object) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

        def close(self) -> None:
            super().close()
            raise OSError(errno.ENOSPC, "No space left on device")

    def full() -> IO[bytes]:
        opened.append(Full())
        return opened[-1]

    monkeypatch.setattr(tempfile, "TemporaryFile", full)

    with pytest.raises(StorageError, match="No space left"):
        exports.packed(a_post(), Pictures())
    assert [file.closed for file in opened] == [True]


def test_a_store_that_breaks_off_leaves_no_open_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    class Away(Pictures):
        def get(self, key: str) -> bytes:
            if key == "k.pdf":
                raise StorageError("the bucket is away")
            return super().get(key)

    file = (tmp_path / "zip").open("w+b")
    monkeypatch.setattr(tempfile, "TemporaryFile", lambda: file)

    with pytest.raises(StorageError, match="the bucket is away"):
        exports.packed(a_post(), Away())
    assert file.closed
