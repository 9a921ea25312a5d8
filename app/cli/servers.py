"""What `doctor` asks a PostgreSQL and a Redis that run."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from redis import Redis
from redis.exceptions import RedisError, ResponseError
from sqlalchemy import Connection, create_engine, pool, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from app.cli import installation, stack
from app.cli.checks import Row, Verdict
from app.db import migrate
from app.db.session import READ_ONLY, WRITES
from app.embedded.lock import read_owner
from app.settings import settings
from app.traffic import PROBE, PROBE_S

MIN_REDIS = (6, 2)  # for BLMOVE and GETEX; celery's redis transport is tested from there on
TIMEOUT_S = 3
SPARE_CONNECTIONS = 10  # for `psql`, `doctor`, migrations


def database() -> Iterator[Row]:
    """PostgreSQL: does it answer, has it the newest schema, has it room for all pools."""
    owner = read_owner(installation.data_dir())
    url = settings().database_url or (owner.database_url if owner else None)
    if url is None:
        yield Row("database", Verdict.OK, "a private one, started with `up` and `demo`")
        return
    try:
        shown = make_url(url).render_as_string(hide_password=True)
        engine = create_engine(url, poolclass=pool.NullPool, connect_args={"connect_timeout": TIMEOUT_S})
        with engine.connect() as connection:
            version = connection.execute(text("SHOW server_version")).scalar_one()
            found = f"PostgreSQL {str(version).split()[0]} at {shown}"
            if connection.execute(text(READ_ONLY)).one() == WRITES:
                yield Row("database", Verdict.OK, found)
            else:
                todo = "let DATABASE_URL lead to the primary"
                yield Row("database", Verdict.PROBLEM, f"{found} takes no writes: a replica?", todo)
            yield _schema(connection)
            yield _room(connection)
    except ArgumentError:
        todo = "write it as postgresql+psycopg://USER:PASSWORD@HOST/NAME"
        yield Row("database", Verdict.PROBLEM, "DATABASE_URL is no address", todo)
    except (SQLAlchemyError, ImportError) as exc:
        todo = "start it, or check DATABASE_URL; leave DATABASE_URL out to use a private one"
        yield Row("database", Verdict.PROBLEM, f"{shown}: {_first_line(exc)}", todo)


def _schema(connection: Connection) -> Row:
    found, head = migrate.revision_of(connection), migrate.head()
    if migrate.is_newer(found):
        todo = "the release before that one works on it; an older one may not: install a newer one"
        return Row("schema", Verdict.WARNING, f"revision {found} of a newer release, this one knows {head}", todo)
    if found == head:
        return Row("schema", Verdict.OK, f"revision {found}, the newest")
    return Row("schema", Verdict.PROBLEM, f"revision {found or 'none'}, not {head}", "pressroom migrate")


def _room(connection: Connection) -> Row:
    most = int(connection.execute(text("SHOW max_connections")).scalar_one())
    need = stack.connections_at_most() + SPARE_CONNECTIONS
    found = f"{need} needed at most, {most} allowed"
    if need > most:
        return Row("connections", Verdict.PROBLEM, found, f"set max_connections of PostgreSQL to {need} or more")
    return Row("connections", Verdict.OK, found)


def redis() -> Iterator[Row]:
    """Redis: does it answer, is it new enough, does it keep what it was told."""
    owner = read_owner(installation.data_dir())
    url = settings().redis_url or (owner.redis_url if owner else None)
    if url is None:
        yield Row("broker", Verdict.OK, "a private Redis, started with `up` and `demo`")
        return
    try:
        with Redis.from_url(url, socket_timeout=TIMEOUT_S, socket_connect_timeout=TIMEOUT_S) as client:
            version = str(client.info("server")["redis_version"])
            policy = _policy(client)
            refusal = _refusal(client)
    except (RedisError, ValueError) as exc:
        todo = "start it, or check REDIS_URL; leave REDIS_URL out to use a private one"
        yield Row("broker", Verdict.PROBLEM, f"{shown(url)}: {_first_line(exc)}", todo)
        return
    if tuple(int(part) for part in version.split(".")[:2]) < MIN_REDIS:
        yield Row("broker", Verdict.PROBLEM, f"Redis {version}", "use Redis 6.2 or newer, or Valkey")
    elif refusal is not None:
        todo = "give it the memory, disk or right that it lacks, or let REDIS_URL lead to the primary"
        yield Row("broker", Verdict.PROBLEM, f"Redis {version} takes no writes: {refusal}", todo)
    elif policy not in {"noeviction", None}:
        todo = "set maxmemory-policy to noeviction: an evicted key is a lost message"
        yield Row("broker", Verdict.WARNING, f"Redis {version} with {policy}", todo)
    else:
        yield Row("broker", Verdict.OK, f"Redis {version} at {shown(url)}, {policy or 'policy not readable'}")


def _refusal(client: Redis) -> str | None:
    """Return why Redis, which answers, takes no write; None when it does."""
    try:
        client.set(PROBE, 1, ex=PROBE_S)
    except ResponseError as exc:
        return _first_line(exc)
    return None


def _policy(client: Redis) -> str | None:
    """Return the eviction policy; None where a hosted Redis does not let us read it."""
    try:
        return str(client.config_get("maxmemory-policy")["maxmemory-policy"])
    except (RedisError, KeyError):
        return None


def shown(url: str) -> str:
    """Return a url without its password."""
    parts = urlsplit(url)
    return url if parts.password is None else url.replace(f":{parts.password}@", ":***@")


def _first_line(exc: Exception) -> str:
    cause = getattr(exc, "orig", None) or exc
    return str(cause).strip().splitlines()[0] if str(cause).strip() else type(cause).__name__
