"""A private PostgreSQL: durable, on a socket that only its own user may open, without any TCP port."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import psycopg
from psycopg import sql

from app.embedded import guardian, installations, paths
from app.embedded.accounts import Account, server_account
from app.embedded.children import Child, Children
from app.embedded.cluster import place
from app.embedded.errors import ServerFailed
from app.embedded.installations import Installation

NAME = "pressroom"  # of the database and of its owner
PORT = 5432  # there is no port; the number is part of the socket's name
POLL_S = 0.05
STOP_SIGNALS = (signal.SIGINT, signal.SIGQUIT)  # fast, then immediate shutdown; the smart one waits for clients
SETTINGS = {
    "listen_addresses": "",
    "port": str(PORT),  # said, because PGPORT of the environment would count otherwise
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "shared_buffers": "64MB",
    "max_wal_size": "256MB",
    "min_wal_size": "64MB",
    "wal_level": "minimal",  # nobody replicates it
    "max_wal_senders": "0",
    "max_parallel_workers_per_gather": "0",  # they need /dev/shm, which containers keep small
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] ",
}


@dataclass(frozen=True, slots=True)
class Postgres:
    """A running PostgreSQL."""

    child: Child
    socket_dir: Path

    @property
    def url(self) -> str:
        """Its address for SQLAlchemy."""
        query = urlencode({"host": str(self.socket_dir), "port": PORT}, safe="/")
        return f"postgresql+psycopg://{NAME}@/{NAME}?{query}"


def start(children: Children, data_dir: Path, *, deadline_s: float = 60.0) -> Postgres:
    """Start PostgreSQL on the data dir and wait until it answers. Raises ProgramMissing, ClusterMismatch, ServerFailed.

    1. find the cluster, the user and the programs that fit each other
    2. make the cluster at the first start
    3. end what a killed owner may have left on it
    4. start the server, wait for it and make the database
    """
    account = server_account(data_dir / "postgres")
    cluster = place(data_dir, account)
    programs = installations.choose(cluster, account, cluster.parent)
    if not cluster.exists():
        _create(children, data_dir, cluster, programs, account)
    postgres = _launch(children, data_dir, cluster, programs, account)
    _wait_until_ready(postgres.child, data_dir, postgres.socket_dir, deadline_s)
    return postgres


def start_again(children: Children, data_dir: Path) -> Child:
    """Start PostgreSQL after it ended, on its cluster and socket, and return before it answers: it may recover first.

    Raises ProgramMissing, ClusterMismatch, ServerFailed.
    """
    account = server_account(data_dir / "postgres")
    cluster = place(data_dir, account)
    if not cluster.exists():  # a new one would be empty, and nobody would know
        log_path = paths.log_path(data_dir, "postgres")
        raise ServerFailed("PostgreSQL", f"lost its cluster {cluster}", log_path, paths.last_lines(log_path))
    programs = installations.choose(cluster, account, cluster.parent)
    return _launch(children, data_dir, cluster, programs, account).child


def _launch(
    children: Children, data_dir: Path, cluster: Path, programs: Installation, account: Account | None
) -> Postgres:
    sockets = paths.socket_dir(
        data_dir, uid=account.uid if account else os.geteuid(), gid=account.gid if account else os.getegid()
    )
    _clear(cluster, sockets)
    settings = SETTINGS | {"unix_socket_directories": str(sockets)}
    with paths.open_log(data_dir, "postgres") as log:
        child = children.start(
            "postgres",
            [
                str(programs.bin_dir / "postgres"),
                "-D",
                str(cluster),
                *(part for key, value in settings.items() for part in ("-c", f"{key}={value}")),
            ],
            stdout=log,
            env=_environment(),
            cwd=cluster.parent,
            account=account,
            stop_signals=STOP_SIGNALS,
        )
    return Postgres(child, sockets)


def _create(children: Children, data_dir: Path, cluster: Path, programs: Installation, account: Account | None) -> None:
    """Make the cluster aside and move it into place, so that one cut off by a kill is never used."""
    for unfinished in cluster.parent.glob("postgres.new-*"):
        shutil.rmtree(unfinished, ignore_errors=True)
    new = Path(tempfile.mkdtemp(dir=cluster.parent, prefix="postgres.new-"))
    if account is not None:
        os.chown(new, account.uid, account.gid)
    log_path = paths.log_path(data_dir, "postgres")
    for locale in ("C.UTF-8", "C"):  # where the first is missing, only ASCII letters have upper and lower case
        with paths.open_log(data_dir, "postgres") as log:
            initdb = children.start(
                "initdb",
                [
                    str(programs.bin_dir / "initdb"),
                    f"--pgdata={new}",
                    f"--username={NAME}",
                    "--encoding=UTF8",
                    f"--locale={locale}",
                    "--auth-local=trust",  # the socket's directory is closed to everybody else
                    "--auth-host=reject",
                ],
                stdout=log,
                env=_environment(),
                cwd=cluster.parent,
                account=account,
            )
        code = initdb.wait()
        children.forget(initdb)
        if code == 0:
            new.rename(cluster)
            return
    shutil.rmtree(new, ignore_errors=True)
    raise ServerFailed("PostgreSQL", "could not make its cluster", log_path, paths.last_lines(log_path))


def _clear(cluster: Path, sockets: Path) -> None:
    """End a server that a killed owner left on the cluster, and remove its lock files.

    PostgreSQL itself looks only whether the pid in the file lives: after a restart of a container
    that is often another program's, and it would refuse to start for ever.
    """
    left = guardian.marks_in(cluster, "postgres", STOP_SIGNALS)
    guardian.end_all(left, grace_s=5.0, with_orphans=False)
    socket_name = f".s.PGSQL.{PORT}"
    for path in (cluster / "postmaster.pid", sockets / socket_name, sockets / f"{socket_name}.lock"):
        path.unlink(missing_ok=True)


def _wait_until_ready(child: Child, data_dir: Path, sockets: Path, deadline_s: float) -> None:
    """Wait until the server answers, also after a crash while it recovers, and make the database once."""
    deadline = time.monotonic() + deadline_s
    while True:
        try:
            with psycopg.connect(
                host=str(sockets), port=PORT, user=NAME, dbname="postgres", connect_timeout=5, autocommit=True
            ) as connection:
                found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [NAME]).fetchone()
                if found is None:
                    connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(NAME)))
                return
        except psycopg.OperationalError as exc:
            ended = child.exit_code() is not None
            if ended or time.monotonic() > deadline:
                what = "ended while it started" if ended else f"was not ready in {deadline_s:.0f} s"
                log_path = paths.log_path(data_dir, "postgres")
                raise ServerFailed("PostgreSQL", what, log_path, paths.last_lines(log_path)) from exc
        time.sleep(POLL_S)


def _environment() -> dict[str, str]:
    """Return our environment without what would steer the server."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("PG", "LC_", "LANG"))}
    return kept | {"LC_ALL": "C"}
