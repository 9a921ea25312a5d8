"""The places in the data dir, and the short directory for sockets."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shutil
import stat
import tempfile
from pathlib import Path
from typing import Any, BinaryIO

from app.embedded.errors import DataDirNotWritable, DiskFull, SocketDirUnsafe

log = logging.getLogger(__name__)

SOCKET_ROOT = Path("/tmp")  # noqa: S108 - checked below; a socket's path has 107 bytes at most, and TMPDIR may be long
LEAST_FREE_BYTES = 10_000_000  # for servers that have their files
LEAST_NEW_BYTES = 100_000_000  # a new cluster takes 40 MB, and as much again while it begins to be used
LOG_KEEP_BYTES = 10_000_000  # a log above this becomes NAME.log.1


def prepare(data_dir: Path) -> Path:
    """Make the data dir if need be and return its real path. Raises DataDirNotWritable."""
    real = data_dir.expanduser().resolve()
    try:
        real.mkdir(parents=True, exist_ok=True)
        for name in ("logs", "children"):
            (real / name).mkdir(exist_ok=True)
    except OSError as exc:
        raise DataDirNotWritable(real, exc.strerror or str(exc)) from exc
    for folder in (real, real / "logs", real / "children"):
        if not os.access(folder, os.W_OK | os.X_OK):
            raise DataDirNotWritable(real, f"no write permission on {folder}")
    return real


def check_room(data_dir: Path, least_bytes: int) -> None:
    """Do nothing when the disk of the data dir has room for servers to start. Raises DiskFull."""
    disk = shutil.disk_usage(data_dir)
    if disk.total and disk.free < least_bytes:  # 0: a mount that does not say
        raise DiskFull(
            f"the disk of the data dir {data_dir} has {disk.free // 1_000_000} MB left; make room there"
            f" ({least_bytes // 1_000_000} MB at least, 1 GB is better), or set PRESSROOM_DATA_DIR to another folder"
        )


def socket_dir(data_dir: Path, *, uid: int, gid: int) -> Path:
    """Return the directory for the sockets of this data dir and user, mode 0700. Raises SocketDirUnsafe."""
    path = SOCKET_ROOT / f"pressroom-{uid}-{_short_name(data_dir)}"
    try:
        path.mkdir(mode=0o700)
        if uid != os.geteuid():
            os.chown(path, uid, gid)
    except FileExistsError:
        pass
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != uid or found.st_mode & 0o077:
        raise SocketDirUnsafe(f"{path} must be a directory of user {uid} with mode 0700; remove it and start again")
    return path


def remove_socket_dirs(data_dir: Path) -> None:
    """Remove the socket directories of a data dir whose servers have ended."""
    for path in SOCKET_ROOT.glob(f"pressroom-*-{_short_name(data_dir)}"):
        shutil.rmtree(path, ignore_errors=True)


def log_path(data_dir: Path, name: str) -> Path:
    """Return where the output of a process goes."""
    return data_dir / "logs" / f"{name}.log"


def open_log(data_dir: Path, name: str) -> BinaryIO:
    """Open a log for appending; one that grew too large is put aside first."""
    path = log_path(data_dir, name)
    if path.exists() and path.stat().st_size > LOG_KEEP_BYTES:
        path.replace(path.with_suffix(".log.1"))
    return path.open("ab")


def put_aside_grown_logs(data_dir: Path) -> None:
    """Copy each log that grew too large to NAME.log.1 and empty it, while processes append to it."""
    for path in (data_dir / "logs").glob("*.log"):
        try:
            if path.stat().st_size > LOG_KEEP_BYTES:
                _put_aside(path)
        except OSError as exc:  # such as a full disk: the next look may have more luck
            log.warning("log_not_put_aside", extra={"path": str(path), "reason": str(exc)})


def _put_aside(path: Path) -> None:
    """Empty a log in place: a writer has it open for appending, so that its next line is the first one.

    What is written between the last look at the end and the cut is lost, so that is the shortest moment.
    """
    with path.open("r+b") as grown, path.with_suffix(".log.1").open("wb") as aside:
        shutil.copyfileobj(grown, aside)
        aside.flush()  # a disk that is full says so here, before anything is cut
        shutil.copyfileobj(grown, aside)
        grown.truncate(0)


def last_lines(path: Path, count: int = 15) -> str:
    """Return the end of a log, for an error message."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - 8192))
            lines = file.read().decode(errors="replace").splitlines()
    except OSError:
        lines = []
    return "\n".join(lines[-count:]) or "(empty)"


def write_json(path: Path, value: dict[str, Any]) -> None:
    """Replace a JSON file as a whole: a reader sees the old or the new one, also after a crash."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")  # mode 0600
    try:
        with os.fdopen(handle, "w") as file:
            json.dump(value, file, indent=2)
        Path(name).replace(path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise


def read_json(path: Path) -> dict[str, Any] | None:
    """Return what a JSON file holds, None if it is missing or cut off."""
    try:
        value = json.loads(path.read_text())
    except (OSError, ValueError):
        return None
    return value if isinstance(value, dict) else None


def _short_name(data_dir: Path) -> str:
    return hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:8]
