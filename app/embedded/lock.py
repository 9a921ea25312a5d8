"""Who owns the data dir: a lock that the kernel frees at the owner's end, and a note of what the owner runs."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime
from pathlib import Path

from app.embedded import paths
from app.embedded.errors import DataDirBusy, DataDirNotWritable

POLL_S = 0.1


@dataclass(frozen=True, slots=True)
class Owner:
    """What the owner of a data dir tells those who attach to it."""

    pid: int
    started_at: str
    """ISO 8601, UTC."""
    database_url: str | None
    """None = the owner does not run a PostgreSQL."""
    redis_url: str | None
    """None = the owner does not run a Redis."""
    ports: Mapping[str, int] = field(default_factory=dict)
    """What listens where on this machine, such as {"web": 8000}."""


class DataDirLock:
    """The lock of one data dir; `prepare`d beforehand."""

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir
        self._file: int | None = None

    def acquire(self) -> bool:
        """Try to become the owner; return whether that worked."""
        try:
            file = os.open(self._data_dir / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as exc:
            raise DataDirNotWritable(self._data_dir, exc.strerror or str(exc)) from exc
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(file)
            return False
        self._file = file
        _note(self._data_dir).unlink(missing_ok=True)  # of an owner that was killed
        return True

    def acquire_or_attach(self, *, timeout_s: float) -> Owner | None:
        """Become the owner and return None, or return who is, once that one's services run. Raises DataDirBusy."""
        deadline = time.monotonic() + timeout_s
        while not self.acquire():
            owner = read_owner(self._data_dir)
            if owner is not None:
                return owner
            if time.monotonic() > deadline:
                raise DataDirBusy(
                    f"another process holds {self._data_dir / 'lock'}, but its services did not start "
                    f"within {timeout_s:.0f} s; stop it, or set PRESSROOM_DATA_DIR to another folder"
                )
            time.sleep(POLL_S)
        return None

    def publish(self, *, database_url: str | None, redis_url: str | None, ports: Mapping[str, int]) -> None:
        """Tell others what this owner runs."""
        started_at = datetime.now(UTC).isoformat(timespec="seconds")
        owner = Owner(os.getpid(), started_at, database_url, redis_url, dict(ports))
        paths.write_json(_note(self._data_dir), asdict(owner))

    def retract(self) -> None:
        """Tell others, before the services stop, that they cannot attach any more."""
        _note(self._data_dir).unlink(missing_ok=True)

    def release(self) -> None:
        """Stop being the owner."""
        if self._file is not None:
            self.retract()
            os.close(self._file)  # the file stays: removing it would let two processes lock two files
            self._file = None


def read_owner(data_dir: Path) -> Owner | None:
    """Return the live owner of a data dir whose services run, None if there is none."""
    note = paths.read_json(_note(data_dir)) if _is_locked(data_dir) else None
    if note is None:
        return None
    return Owner(**{part.name: note[part.name] for part in fields(Owner)})


def _is_locked(data_dir: Path) -> bool:
    """Return whether an owner lives, by asking for the lock for a moment: whoever wants it just then asks again."""
    try:
        file = os.open(data_dir / "lock", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(file)
    return False


def _note(data_dir: Path) -> Path:
    return data_dir / "owner.json"
