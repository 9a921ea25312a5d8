"""The files of an export, for tests: as whoever downloads it unpacks them."""

from __future__ import annotations

import zipfile

from app.exports import Finished, packed
from app.storage import Storage


def unpacked(finished: Finished, storage: Storage) -> dict[str, bytes]:
    """Return the run's files by name, in the order of the zip. Raises StorageError."""
    with packed(finished, storage) as file, zipfile.ZipFile(file) as archive:
        return {name: archive.read(name) for name in archive.namelist()}
