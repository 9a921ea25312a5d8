"""`pressroom doctor`, `--help` and `--version`: what is looked at before anything runs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from commands import pressroom, refused, said
from sqlalchemy import create_engine, text

from app.db import migrate
from app.embedded.services import Services
from failover import REFUSALS, read_only, refusing
from harness import Installation

LAZY = """
import sys
from app.cli import main
main.cli(["--help"], standalone_mode=False)
heavy = {"sqlalchemy", "celery", "flask", "httpx", "rich", "pydantic", "PIL"} & set(sys.modules)
sys.exit(f"loaded: {heavy}" if heavy else 0)
"""


def test_a_healthy_machine_is_ready(place: Path) -> None:
    done = pressroom(place, "doctor")

    assert done.returncode == 0, done.stdout
    for name in (
        "Python",
        "packages",
        "Pillow",
        "fonts",
        "PostgreSQL",
        "Redis",
        "data dir",
        "storage",
        "models",
        "ports",
    ):
        assert any(line.split(maxsplit=1)[1].startswith(name) for line in done.stdout.splitlines() if line.strip())
    assert "sandbox: no provider key is set" in done.stdout
    assert "pressroom demo" in done.stdout
    assert not (place / ".pressroom").exists()


def test_each_problem_says_what_to_do_and_secrets_are_masked(place: Path) -> None:
    done = pressroom(
        place, "doctor",
        DATABASE_URL="postgresql+psycopg://u:hidden1@127.0.0.1:1/x", REDIS_URL="redis://:hidden2@127.0.0.1:1/0",
        R2_BUCKET="pictures", R2_SECRET_ACCESS_KEY="hidden3", AI_GATEWAY_API_KEY="vck_hidden4_hidden5",
    )  # fmt: skip

    assert done.returncode == 1
    for row in ("database", "broker", "storage"):
        line = next(line for line in done.stdout.splitlines() if line.startswith(f"problem  {row}"))
        assert " -> " in line
    assert "vck_..." in done.stdout
    assert "hidden" not in done.stdout + done.stderr
    assert "3 problems to mend first: database, broker, storage" in done.stdout


def test_servers_that_answer_are_looked_into(place: Path, services: Services) -> None:
    settings = {"DATABASE_URL": services.database_url, "REDIS_URL": services.redis_url}

    done = pressroom(place, "doctor", **settings)

    assert done.returncode == 1
    assert "problem  schema       revision none" in done.stdout
    assert "pressroom migrate" in done.stdout
    assert "needed at most, 200 allowed" in done.stdout
    assert "noeviction" in done.stdout


def test_a_schema_of_a_newer_release_is_no_problem(place: Path, installation: Installation) -> None:
    settings = {"DATABASE_URL": installation.database_url, "REDIS_URL": installation.env["REDIS_URL"]}
    engine = create_engine(installation.database_url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()

    migrated = said(pressroom(place, "migrate", **settings))
    done = pressroom(place, "doctor", **settings)

    assert f"of a newer release (revision 9999; this one knows {migrate.head()}): left as it is" in migrated
    assert "at revision 9999" in migrated
    assert done.returncode == 0, done.stdout
    assert "warning  schema       revision 9999" in done.stdout


def test_servers_that_answer_and_take_nothing_are_problems(place: Path, installation: Installation) -> None:
    settings = {"DATABASE_URL": installation.database_url, "REDIS_URL": installation.redis_url}

    with read_only(installation.database_url), refusing(installation.redis_url, REFUSALS["full"]):
        done = pressroom(place, "doctor", **settings)

    assert done.returncode == 1
    for row, todo in (("database", "lead to the primary"), ("broker", "give it the memory")):
        line = next(line for line in done.stdout.splitlines() if line.startswith(f"problem  {row}"))
        assert "takes no writes" in line
        assert todo in line


@pytest.fixture
def without_fribidi(tmp_path: Path) -> dict[str, str]:
    """Settings with which the system's FriBiDi is not found: what lies before it cannot be loaded."""
    for name in ("libfribidi.so", "libfribidi.so.0"):
        (tmp_path / name).touch()
    return {"LD_LIBRARY_PATH": str(tmp_path)}


@pytest.mark.skipif(sys.platform != "linux", reason="libraries are hidden as Linux finds them")
def test_a_machine_that_cannot_draw_text_is_told_which_library_it_lacks(
    place: Path, without_fribidi: dict[str, str]
) -> None:
    done = pressroom(place, "doctor", **without_fribidi)

    assert done.returncode == 1
    line = next(line for line in done.stdout.splitlines() if line.startswith("problem  Pillow"))
    assert "libfribidi0" in line
    assert "brew install fribidi" in line


@pytest.mark.skipif(sys.platform != "linux", reason="libraries are hidden as Linux finds them")
@pytest.mark.parametrize("command", ["up", "demo"])
def test_nothing_starts_on_a_machine_that_cannot_draw_text(
    place: Path, command: str, without_fribidi: dict[str, str]
) -> None:
    elsewhere = {"DATABASE_URL": "postgresql+psycopg://u@127.0.0.1:1/x", "REDIS_URL": "redis://127.0.0.1:1/0"}

    done = pressroom(place, command, **elsewhere, **without_fribidi)

    assert "libfribidi0" in refused(done)
    assert "database schema" not in done.stdout


def test_help_and_version_load_nothing_heavy(place: Path) -> None:
    assert subprocess.run([sys.executable, "-c", LAZY], capture_output=True, check=False).returncode == 0
    assert pressroom(place, "--version").stdout.startswith("pressroom ")
