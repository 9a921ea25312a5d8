"""Starting, attaching to and stopping the embedded PostgreSQL and Redis."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import psycopg
import pytest
import redis as redis_client

from app.embedded import guardian
from app.embedded.errors import ClusterMismatch, DataDirBusy, DataDirNotWritable, DiskFull
from app.embedded.lock import read_owner
from app.embedded.services import Services, running
from tests.integration.embedded.owners import Spawn


def query(services: Services, statement: str) -> list[tuple[object, ...]]:
    """Run one statement on the services' database."""
    url = services.database_url.replace("postgresql+psycopg", "postgresql")
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(statement.encode())
        return cursor.fetchall() if cursor.description else []


def redis_of(services: Services) -> redis_client.Redis:
    return redis_client.Redis.from_url(services.redis_url)


def test_what_was_stored_is_there_after_a_restart(data_dir: Path) -> None:
    with running(data_dir) as services:
        query(services, "CREATE TABLE kept (word text)")
        query(services, "INSERT INTO kept VALUES ('Übung')")
        redis_of(services).set("kept", "yes")
    with running(data_dir) as services:
        assert query(services, "SELECT upper(word) FROM kept") == [("ÜBUNG",)]
        assert redis_of(services).get("kept") == b"yes"


def test_servers_are_durable_never_evict_and_listen_on_no_port(used_data_dir: Path) -> None:
    with running(used_data_dir) as services:
        settings = {str(row[0]): row[1] for row in query(services, "SELECT name, setting FROM pg_settings")}
        told = redis_of(services).config_get("*")
    assert (settings["fsync"], settings["synchronous_commit"], settings["full_page_writes"]) == ("on", "on", "on")
    assert (settings["listen_addresses"], settings["max_connections"]) == ("", "200")
    assert settings["server_encoding"] == "UTF8"
    assert (told["port"], told["appendonly"], told["maxmemory-policy"]) == ("0", "yes", "noeviction")


def test_nothing_runs_and_no_note_is_left_after_the_end(used_data_dir: Path) -> None:
    with running(used_data_dir) as services:
        socket_dir = Path(services.redis_url.removeprefix("unix://").partition("?")[0]).parent
        assert socket_dir.exists()
        assert read_owner(used_data_dir) is not None
    assert read_owner(used_data_dir) is None
    assert not socket_dir.exists()
    assert guardian.marks_in(used_data_dir / "postgres", "postgres", ()) == []
    assert list((used_data_dir / "children").iterdir()) == []


def test_a_second_command_attaches_and_its_end_stops_nothing(used_data_dir: Path) -> None:
    with running(used_data_dir) as services:
        services.announce({"web": 8123})
        with running(used_data_dir) as attached:
            assert not attached.owned
            assert attached.ports == {"web": 8123}
            assert (attached.database_url, attached.broker_url) == (services.database_url, services.broker_url)
        assert query(services, "SELECT 1") == [(1,)]
        assert redis_of(services).ping()


def test_a_second_process_attaches_to_an_owner_in_another_process(used_data_dir: Path, spawn_owner: Spawn) -> None:
    owner = spawn_owner(used_data_dir)
    with running(used_data_dir) as services:
        assert not services.owned
        assert services.redis_url == owner.told["redis_url"]
        assert query(services, "SELECT 1") == [(1,)]


def test_a_given_url_is_used_and_only_the_other_service_is_started(data_dir: Path) -> None:
    with running(data_dir, database_url="postgresql+psycopg://elsewhere/db") as services:
        assert services.database_url == "postgresql+psycopg://elsewhere/db"
        assert redis_of(services).ping()
        assert not (data_dir / "postgres").exists()
        with pytest.raises(DataDirBusy, match="DATABASE_URL"), running(data_dir):
            pass


def test_with_both_urls_given_the_data_dir_is_not_even_made(data_dir: Path) -> None:
    with running(data_dir, database_url="postgresql://a/b", redis_url="redis://c/0") as services:
        assert (services.owned, services.broker_url) == (False, "redis://c/0")
    assert not data_dir.exists()


def test_a_data_dir_with_a_long_path_works_because_sockets_lie_elsewhere(data_dir: Path) -> None:
    long = data_dir / ("long" * 30) / ("longer" * 20)
    with running(long) as services:
        assert query(services, "SELECT 1") == [(1,)]
        assert redis_of(services).ping()


def test_a_lock_file_that_names_another_programs_pid_is_removed_and_that_program_left_alone(
    used_data_dir: Path, sleeper: subprocess.Popen[bytes]
) -> None:
    with running(used_data_dir):
        lines = (used_data_dir / "postgres" / "postmaster.pid").read_text().splitlines()
    (used_data_dir / "postgres" / "postmaster.pid").write_text("\n".join([str(sleeper.pid), *lines[1:]]) + "\n")
    with running(used_data_dir) as services:
        assert query(services, "SELECT 1") == [(1,)]
    assert sleeper.poll() is None


def test_a_cluster_of_a_version_that_is_not_installed_is_refused_by_name(data_dir: Path) -> None:
    (data_dir / "postgres").mkdir(parents=True)
    (data_dir / "postgres" / "PG_VERSION").write_text("9\n")
    with pytest.raises(ClusterMismatch, match="made by PostgreSQL 9"), running(data_dir):
        pass


def test_a_data_dir_that_cannot_be_made_is_refused_with_the_setting_to_change(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with (
        pytest.raises(DataDirNotWritable, match=r"file/data .* set PRESSROOM_DATA_DIR"),
        running(tmp_path / "file/data"),
    ):
        pass


def leave(free_bytes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have every disk say that so much of it is left."""
    said = shutil.disk_usage("/")._replace(free=free_bytes)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: said)


def test_a_disk_without_room_is_refused_before_anything_is_written_there(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    leave(99_999_999, monkeypatch)

    with pytest.raises(DiskFull, match=r"has 99 MB left; make room there \(100 MB at least"), running(data_dir):
        pass

    assert not (data_dir / "postgres").exists()
    assert read_owner(data_dir) is None


def test_servers_that_have_their_files_start_in_less_room(used_data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    leave(10_000_000, monkeypatch)
    with running(used_data_dir) as services:
        assert query(services, "SELECT 1") == [(1,)]

    leave(9_999_999, monkeypatch)
    with pytest.raises(DiskFull, match="10 MB at least"), running(used_data_dir):
        pass
