"""`pressroom doctor`, `--help` and `--version`: what is looked at before anything runs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from commands import pressroom

from app.embedded.services import Services

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


def test_help_and_version_load_nothing_heavy(place: Path) -> None:
    assert subprocess.run([sys.executable, "-c", LAZY], capture_output=True, check=False).returncode == 0
    assert pressroom(place, "--version").stdout.startswith("pressroom ")
