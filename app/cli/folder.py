"""A finished run as a folder of files."""

from __future__ import annotations

import io
import re
import unicodedata
import zipfile
from pathlib import Path

from app.cli.client import Api
from app.domain.errors import SetupError

MAX_SLUG = 60
FLAT_NAME = re.compile(r"[\w.-]+")  # what an archive may hold: no folder, nothing above ours


def download(api: Api, run_id: str, folder: Path) -> Path:
    """Write the run's files into a folder, made if need be; return its real path. Raises SetupError, ApiError."""
    with zipfile.ZipFile(io.BytesIO(api.export(run_id))) as archive:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for name in archive.namelist():
                if FLAT_NAME.fullmatch(name) and not name.startswith("."):
                    (folder / name).write_bytes(archive.read(name))
        except OSError as exc:
            raise SetupError(f"cannot write into {folder} ({exc.strerror}); choose another folder with --out") from exc
    return folder.resolve()


def place(parent: Path, title: str, run_id: str) -> Path:
    """Return the folder for a run: named for its title, and never one that holds something already."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:MAX_SLUG].rstrip("-") or "post"
    folder = parent / slug
    return parent / f"{slug}-{run_id[:8]}" if folder.exists() else folder
