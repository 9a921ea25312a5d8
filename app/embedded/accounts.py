"""Whose rights a server runs with: PostgreSQL refuses to run as root."""

from __future__ import annotations

import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path

from app.embedded.errors import ProgramMissing


@dataclass(frozen=True, slots=True)
class Account:
    """A user of this machine, by number."""

    uid: int
    gid: int

    def can_reach(self, path: Path) -> bool:
        """Return whether the user may pass through every folder above `path`, links followed, and into it."""
        real = path.resolve()
        return all(self._may_enter(folder) for folder in (real, *real.parents) if folder.is_dir())

    def _may_enter(self, folder: Path) -> bool:
        found = folder.stat()
        if found.st_uid == self.uid:
            return bool(found.st_mode & stat.S_IXUSR)
        if found.st_gid == self.gid:
            return bool(found.st_mode & stat.S_IXGRP)
        return bool(found.st_mode & stat.S_IXOTH)


def is_root() -> bool:
    """Return whether this process has root's rights."""
    return os.geteuid() == 0


def server_account(existing: Path) -> Account | None:
    """Return the user that PostgreSQL must run as, None for our own.

    Root uses the owner of the data that exists, so that a user's cluster stays the user's;
    for a new cluster `postgres`, or else `nobody`.
    """
    if not is_root():
        return None
    if existing.is_dir() and existing.stat().st_uid != 0:
        return Account(existing.stat().st_uid, existing.stat().st_gid)
    for name in ("postgres", "nobody"):
        try:
            found = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(found.pw_uid, found.pw_gid)
    raise ProgramMissing(
        "PostgreSQL refuses to run as root and this machine has no user `postgres` or `nobody`; "
        "run as another user, or set DATABASE_URL to a server of your own"
    )
