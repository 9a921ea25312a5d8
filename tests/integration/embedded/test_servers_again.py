"""PostgreSQL and Redis of our own that end while they are needed: started again, on their data and sockets."""

from __future__ import annotations

import os
import shutil
import signal
from pathlib import Path

import psycopg
import pytest
import redis as redis_client

from app.embedded import guardian, paths, postgres
from app.embedded.children import Children
from app.embedded.errors import ServerFailed
from app.embedded.services import Services, running
from app.embedded.supervisor import Process, Supervisor
from tests.integration.embedded.owners import WaitFor

SLEEP = ("sleep", "1000")
AGAIN_S = 30.0


def query(services: Services, statement: str) -> list[tuple[object, ...]]:
    url = services.database_url.replace("postgresql+psycopg", "postgresql")
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(statement.encode())
        return cursor.fetchall() if cursor.description else []


def has_kept_row(services: Services) -> bool:
    try:
        return query(services, "SELECT word FROM kept") == [("yes",)]
    except psycopg.OperationalError:
        return False


def has_kept_key(services: Services) -> bool:
    with redis_client.Redis.from_url(services.redis_url) as client:
        try:
            return client.get("kept") == b"yes"
        except redis_client.ConnectionError:
            return False


def kill(supervisor: Supervisor, name: str) -> int:
    pid = supervisor.pid(name)
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    return pid


def test_killed_servers_come_back_with_their_data_and_what_uses_them_runs_on(data_dir: Path, wait_for: WaitFor) -> None:
    with running(data_dir) as services, running(data_dir) as attached:
        assert [server.name for server in services.servers] == ["redis", "postgres"]
        assert attached.servers == ()
        query(services, "CREATE TABLE kept (word text)")
        query(services, "INSERT INTO kept VALUES ('yes')")
        with redis_client.Redis.from_url(services.redis_url) as client:
            client.set("kept", "yes")
        url = services.database_url.replace("postgresql+psycopg", "postgresql")
        with (
            psycopg.connect(url, autocommit=True),  # its session is cut off and must not keep the cluster
            Supervisor(data_dir, [Process("user", SLEEP)], servers=services.servers, backoff_s=[0.0]) as supervisor,
        ):
            user = supervisor.pid("user")
            for round_ in (2, 3):
                for name in ("postgres", "redis"):
                    kill(supervisor, name)
                wait_for(lambda: all(supervisor.starts(name) == round_ for name in ("postgres", "redis")), AGAIN_S)  # noqa: B023 - called at once
                wait_for(lambda: has_kept_row(services) and has_kept_row(attached), AGAIN_S)
                wait_for(lambda: has_kept_key(services) and has_kept_key(attached), AGAIN_S)
            assert (supervisor.pid("user"), supervisor.starts("user")) == (user, 1)
            supervisor.check()
        assert has_kept_row(services), "the end of the supervision stops no server"
        assert has_kept_key(services)
    assert guardian.marks_in(data_dir / "postgres", "postgres", ()) == []
    assert guardian.marks_in(data_dir / "redis", "redis", ()) == []
    assert list((data_dir / "children").iterdir()) == []


def test_a_server_that_dies_while_all_is_stopped_stays_down(data_dir: Path, wait_for: WaitFor) -> None:
    with (
        running(data_dir, database_url="postgresql+psycopg://elsewhere/db") as services,
        Supervisor(data_dir, [], servers=services.servers, backoff_s=[0.0]) as supervisor,
    ):
        supervisor.stop()
        kill(supervisor, "redis")
        wait_for(lambda: services.servers[0].child.exit_code() is not None, 5.0)
        assert supervisor.starts("redis") == 1
    assert guardian.marks_in(data_dir / "redis", "redis", ()) == []


def test_a_server_that_cannot_be_started_again_ends_the_supervision_with_its_last_words(data_dir: Path) -> None:
    with (
        running(data_dir, database_url="postgresql+psycopg://elsewhere/db") as services,
        Supervisor(data_dir, [Process("user", SLEEP)], servers=services.servers, backoff_s=[0.0]) as supervisor,
    ):
        for kept in (data_dir / "redis").rglob("appendonly.aof*"):  # one file or, of newer ones, a folder of them
            if kept.is_file():
                kept.write_text("nonsense\n" * 100)
        kill(supervisor, "redis")
        with pytest.raises(
            ServerFailed,
            match=r"(?s)Redis died 5 times .* exit code 1; the last lines of .*redis.log:.*(Bad|Invalid|Unrecognized)",
        ):
            supervisor.wait()


def test_a_lost_cluster_is_told_and_no_empty_one_takes_its_place(data_dir: Path) -> None:
    data_dir = paths.prepare(data_dir)
    with Children(data_dir) as children, pytest.raises(ServerFailed, match="PostgreSQL lost its cluster"):
        postgres.start_again(children, data_dir)
    assert not (data_dir / "postgres").exists()


def test_a_server_whose_start_fails_for_want_of_a_folder_ends_the_supervision_by_name(data_dir: Path) -> None:
    with (
        running(data_dir, database_url="postgresql+psycopg://elsewhere/db") as services,
        Supervisor(data_dir, [], servers=services.servers, backoff_s=[0.0]) as supervisor,
    ):
        shutil.rmtree(data_dir / "logs")
        kill(supervisor, "redis")
        with pytest.raises(ServerFailed, match="Redis ended and cannot be started again"):
            supervisor.wait()
