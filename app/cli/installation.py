"""One installation from the command line's side: its data dir, its services, its owner's key."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select

from app import accounts
from app.cli import screen
from app.db import session
from app.db.models import User
from app.db.session import transaction
from app.domain.errors import SetupError, Unauthenticated
from app.domain.plans import Plan
from app.embedded import paths
from app.embedded.children import end_orphans
from app.embedded.errors import DataDirBusy
from app.embedded.lock import DataDirLock
from app.embedded.services import START_TIMEOUT_S, Services, running
from app.settings import settings
from app.storage import storage

OWNER = "owner"  # the user of whoever starts Pressroom on this machine
KEY_FILE = "owner.key"
FLOWER_FILE = "flower.password"
API_TIMEOUT_S = 120.0  # for another process on the data dir, which is just starting its API
POLL_S = 0.2


def data_dir() -> Path:
    """Return the data dir as an absolute path: the processes we start run in another folder."""
    return settings().data_dir.expanduser().absolute()


@contextmanager
def adopted(values: Mapping[str, str]) -> Iterator[None]:
    """Make `values` settings of this process, and of all that it starts, while the block lasts."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    _read_anew()
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
        _read_anew()


def _read_anew() -> None:
    session.forget_engine()
    for cached in (settings, storage):
        cached.cache_clear()


def environment(services: Services) -> dict[str, str]:
    """Return the settings that lead a process to these services."""
    return {
        "DATABASE_URL": services.database_url,
        "REDIS_URL": services.redis_url,
        "PRESSROOM_DATA_DIR": str(services.data_dir),
    }


@contextmanager
def claimed(folder: Path) -> Iterator[Services]:
    """Yield services: ours with the data dir, or those of another process whose API answers. Raises EmbeddedError."""
    deadline = time.monotonic() + API_TIMEOUT_S
    while True:
        with _services(folder) as services:
            if services.owned or "web" in services.ports:
                yield services
                return
        if time.monotonic() > deadline:
            raise DataDirBusy(
                f"another process holds {folder} and runs no API; stop it, or set PRESSROOM_DATA_DIR to another folder"
            )
        time.sleep(POLL_S)  # a command such as `users` holds it for a moment; `up` will soon say where it listens


@contextmanager
def _services(folder: Path) -> Iterator[Services]:
    config = settings()
    if config.database_url is None or config.redis_url is None:
        with running(folder, database_url=config.database_url, redis_url=config.redis_url) as services:
            yield services
        return
    # Both are somebody else's, but the processes on this data dir are still started once.
    folder = paths.prepare(folder)
    lock = DataDirLock(folder)
    owner = lock.acquire_or_attach(timeout_s=START_TIMEOUT_S)
    if owner is not None:
        yield Services(folder, config.database_url, config.redis_url, owned=False, ports=owner.ports)
        return
    try:
        end_orphans(folder)
        lock.publish(database_url=None, redis_url=None, ports={})
        yield Services(folder, config.database_url, config.redis_url, owned=True, lock=lock)
    finally:
        lock.release()


@contextmanager
def database() -> Iterator[Path]:
    """Let this process reach the database, started for the moment if need be; yield the data dir. Raises EmbeddedError."""
    config = settings()
    with _reached(config.redis_url or (config.database_url and "redis://not-needed")) as folder:
        yield folder


@contextmanager
def servers() -> Iterator[Path]:
    """As `database`, with Redis; where nothing has ever run there is nothing to see. Raises SetupError, EmbeddedError."""
    if settings().database_url is None and not data_dir().exists():
        raise SetupError(
            f"there is no Pressroom in {screen.short(data_dir())} yet; start with `{screen.program()} demo`"
        )
    with _reached(settings().redis_url) as folder:
        yield folder


@contextmanager
def _reached(redis_url: str | None) -> Iterator[Path]:
    folder = data_dir()
    with (
        running(folder, database_url=settings().database_url, redis_url=redis_url) as services,
        adopted({"DATABASE_URL": services.database_url, "REDIS_URL": services.redis_url}),
    ):
        yield folder


@dataclass(frozen=True, slots=True)
class OwnerKey:
    """The key that the commands of this machine use."""

    text: str
    path: Path
    is_new: bool


def owner_key(folder: Path) -> OwnerKey:
    """Return the owner's key; made with its user at the first start, and when the file does not fit the database."""
    path = folder / KEY_FILE
    stored = read_secret(path)
    with transaction() as db:
        if stored is not None:
            try:
                accounts.user_for_key(db, stored)
            except Unauthenticated:
                pass
            else:
                return OwnerKey(stored, path, is_new=False)
        user = db.scalar(select(User).where(User.name == OWNER)) or accounts.create_user(db, OWNER, Plan.BUSINESS)
        _, text = accounts.create_key(db, user, KEY_FILE)
    write_secret(path, text)
    return OwnerKey(text, path, is_new=True)


def flower_password(folder: Path) -> str:
    """Return Flower's password: the one that is set, or one of ours, the same at each start."""
    given = settings().flower_password
    if given is not None:
        return given.get_secret_value()
    path = folder / FLOWER_FILE
    stored = read_secret(path)
    if stored is None:
        stored = secrets.token_urlsafe(12)
        write_secret(path, stored)
    return stored


def read_secret(path: Path) -> str | None:
    """Return what the file holds; None when it is missing, empty or not ours to read."""
    try:
        return path.read_text().strip() or None
    except OSError:
        return None


def write_secret(path: Path, text: str) -> None:
    """Write a file that only its owner may read, also if it was there with other rights."""
    path.unlink(missing_ok=True)
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(file, "w") as handle:
        handle.write(f"{text}\n")
