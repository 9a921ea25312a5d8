"""Backup and restore with the commands of docs/operations.md, as they stand there: what was made is all there again."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from commands import Up, pressroom, said

from app.embedded import installations, paths
from app.embedded.ports import free_port
from app.embedded.redis import program
from app.embedded.services import running

OPERATIONS = Path(__file__).parents[3] / "docs" / "operations.md"
SECTION = OPERATIONS.read_text(encoding="utf-8").partition("## Backup and restore")[2].partition("\n## ")[0]
BLOCKS = re.findall(r"^```bash\n(.*?)^```$", SECTION, re.MULTILINE | re.DOTALL)
OF_SERVERS, TO_SERVERS, OF_UP, TO_UP = range(4)
pytestmark = [
    pytest.mark.long,
    pytest.mark.timeout(600),
]  # each starts an installation twice, and a busy machine takes its time


def carry_out(number: int, place: Path, **variables: str) -> None:
    """Run one block of the document in `place`; every command of it has to go well."""
    programs = installations.find()[0].bin_dir
    path = f"{Path(sys.executable).parent}:{programs}:{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", BLOCKS[number]],
        cwd=place,
        env={**os.environ, "PATH": path, **variables},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@dataclass(frozen=True, slots=True)
class Servers:
    """A PostgreSQL and a Redis that are not `up`'s own."""

    database_url: str
    redis_url: str

    @property
    def pgurl(self) -> str:
        return self.database_url.replace("+psycopg", "")

    @property
    def admin(self) -> str:
        return self.pgurl.replace("@/pressroom?", "@/postgres?")


@pytest.fixture
def servers(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Servers]:
    """Servers of this test's own, to which every command of it is pointed."""
    folder = tmp_path_factory.mktemp("servers")
    port = free_port()
    redis_url = f"redis://127.0.0.1:{port}/0"
    redis = subprocess.Popen(
        [program(), "--port", str(port), "--save", "", "--dir", str(folder)], stdout=subprocess.DEVNULL
    )
    try:
        with running(folder, redis_url=redis_url) as started:
            made = Servers(started.database_url, redis_url)
            monkeypatch.setenv("DATABASE_URL", made.database_url)
            monkeypatch.setenv("REDIS_URL", made.redis_url)
            yield made
    finally:
        redis.kill()
        redis.wait()
        paths.remove_socket_dirs(folder)
        shutil.rmtree(folder, ignore_errors=True)


def a_post(up: Up) -> str:
    """Have a post made and return its id."""
    order = ("generate", "full-post", "--topic", "Backups", "--field", "slides=5", "--wait", "--url", up.told("API"))
    said(pressroom(up.place, *order))
    newest = shown(up)[0]
    assert newest["status"] == "READY"
    return str(newest["id"])


def shown(up: Up, *words: str) -> Any:
    return json.loads(said(pressroom(up.place, "show", "--json", "--url", up.told("API"), *words)))


def all_of(up: Up, run_id: str) -> dict[str, Any]:
    """Return what can be seen of a run: itself, its calls, the hashes of its files, and what it took of the month."""
    folder = up.place / "out"
    shutil.rmtree(folder, ignore_errors=True)
    run = shown(up, run_id, "--out", str(folder))
    files = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}
    stored = {
        str(path.relative_to(up.place)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted((up.place / ".pressroom/files").rglob("*"))
        if path.is_file() and path.name != ".check"
    }
    costs = json.loads(said(pressroom(up.place, "report", "costs", "--json", "--sandbox")))
    return {
        "run": without_addresses(run),
        "calls": shown(up, run_id, "--calls"),
        "files": {name: digest for name, digest in files.items() if name not in HAS_ADDRESSES},
        "stored": stored,
        "costs": costs,
    }


HAS_ADDRESSES = {"post.json", "manifest.json"}


def without_addresses(told: Any) -> Any:
    """Return JSON without the port, which is another one after each start."""
    return json.loads(re.sub(r"127\.0\.0\.1:\d+", "here", json.dumps(told)))


def emptied(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return folder


def test_servers_of_ones_own_are_backed_up_while_all_runs_and_restored_after_all_is_lost(
    servers: Servers, place: Path, start_up: Callable[..., Up]
) -> None:
    variables: Mapping[str, str] = {
        "PGURL": servers.pgurl, "ADMIN": servers.admin, "BACKUP": str(emptied(place / "backup")),
    }  # fmt: skip
    up = start_up("--no-flower", "--latency", "instant")
    run_id = a_post(up)
    before = all_of(up, run_id)

    carry_out(OF_SERVERS, place, **variables)
    lost = a_post(up)  # after the backup
    assert up.stop() == 0
    with psycopg.connect(servers.admin, autocommit=True) as connection:
        connection.execute("DROP DATABASE pressroom WITH (FORCE)")
    shutil.rmtree(place / ".pressroom")
    carry_out(TO_SERVERS, place, **variables)

    again = start_up("--no-flower", "--latency", "instant")
    assert all_of(again, run_id) == before
    assert lost not in {run["id"] for run in shown(again)}
    assert len(before["files"]) >= 10
    assert a_post(again) != run_id


def test_the_folder_of_up_is_copied_while_it_stands_still_and_put_back(
    place: Path, start_up: Callable[..., Up]
) -> None:
    up = start_up("--no-flower", "--latency", "instant")
    run_id = a_post(up)
    before = all_of(up, run_id)
    assert up.stop() == 0
    backup = str(emptied(place / "backup"))

    carry_out(OF_UP, place, BACKUP=backup)
    shutil.rmtree(place / ".pressroom")
    carry_out(TO_UP, place, BACKUP=backup)

    again = start_up("--no-flower", "--latency", "instant")
    assert all_of(again, run_id) == before
    assert a_post(again) != run_id


def test_the_document_has_the_four_blocks_and_the_whole_backup_fits_one_folder() -> None:
    assert len(BLOCKS) == TO_UP + 1
    assert all("$BACKUP" in block for block in BLOCKS)
