"""Wrong routes, and keys that do not suffice: `doctor` says so, and nothing starts."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from commands import pressroom

from app.cli import launch
from app.cli.stack import Ports
from app.cli.wishes import Wish
from app.embedded.services import Services
from app.settings import KEY_SETTINGS, settings
from harness import forget_settings
from routing import SHIPPED, write_routes

ROOT = Path(__file__).parents[3]
NOBODY = "http://127.0.0.1:1"  # keys are made up: nothing may leave
WRONG = '[render_image]\nroutes = ["leonard/phoenix", "anthropic/claude-sonnet-4-6"]\n'
TOLD = ("there is no provider 'leonard'", "anthropic/claude-sonnet-4-6 cannot be asked for image")
LACKING = "nobody serves write_content, draft_prompt, rewrite_prompt, review_image: set one of AI_GATEWAY_API_KEY,"
ONLY_LEONARDO = {"LEONARDO_API_KEY": "k-123", "LEONARDO_BASE_URL": NOBODY}


@pytest.fixture
def wrong(place: Path) -> Path:
    path = place / "routes.toml"
    path.write_text(WRONG)
    return path


def line_of(told: str, start: str) -> str:
    return next(line for line in told.splitlines() if line.startswith(start))


def test_doctor_names_every_problem_of_a_routes_file(place: Path, wrong: Path) -> None:
    done = pressroom(place, "doctor", PRESSROOM_ROUTES=str(wrong))

    assert done.returncode == 1
    assert all(told in line_of(done.stdout, "problem  routes") for told in TOLD)
    assert "1 problem to mend first: routes" in done.stdout


def test_doctor_says_which_purposes_nobody_serves_and_which_keys_would(place: Path) -> None:
    done = pressroom(place, "doctor", **ONLY_LEONARDO)

    assert done.returncode == 1
    assert LACKING in line_of(done.stdout, "problem  routes")
    assert "k-123" not in done.stdout


def test_doctor_shows_in_a_table_who_is_asked_for_what_and_who_lacks_a_key(place: Path) -> None:
    done = pressroom(
        place, "doctor", AI_GATEWAY_API_KEY="k-123", AI_GATEWAY_BASE_URL=NOBODY,
        ANTHROPIC_API_KEY="k-456", ANTHROPIC_BASE_URL=NOBODY,
    )  # fmt: skip

    assert done.returncode == 0, done.stdout
    heading = line_of(done.stdout, "purpose")
    at = heading.index("asked in this order")
    asked = {line.split()[0]: line[at:] for line in done.stdout.partition(heading)[2].splitlines() if " " in line[:at]}
    assert asked["draft_prompt"] == (
        "anthropic/claude-sonnet-4-6, gateway/anthropic/claude-sonnet-4.6, gateway/google/gemini-2.5-flash"
    )
    assert asked["render_image"].startswith("gateway/google/gemini-3.1-flash-image")
    assert asked["screen_image"] == "nobody"
    keyless = heading.index("has no key")
    assert line_of(done.stdout, "render_image")[keyless:at].strip() == "gemini, leonardo, openai"


def test_doctor_shows_the_routes_of_ones_own_file(place: Path) -> None:
    own = write_routes(place / "mine.toml", base=SHIPPED, refine_image={"enabled": False})

    done = pressroom(place, "doctor", PRESSROOM_ROUTES="mine.toml")

    assert done.returncode == 0, done.stdout
    assert f"{own}; what it leaves out is as shipped" in done.stdout
    assert line_of(done.stdout, "refine_image").endswith("switched off")


@pytest.mark.parametrize("command", [("up", "--no-flower"), ("demo",)])
def test_nothing_starts_with_routes_that_cannot_be_used(
    shared_place: Path, wrong: Path, command: tuple[str, ...]
) -> None:
    done = pressroom(shared_place, *command, PRESSROOM_ROUTES=str(wrong))

    assert done.returncode == 1
    assert all(told in done.stderr for told in TOLD)
    assert "[setup]" in done.stderr
    assert "workers" not in done.stdout


def test_nothing_starts_with_a_key_that_cannot_make_a_post(shared_place: Path) -> None:
    done = pressroom(shared_place, "up", "--no-flower", **ONLY_LEONARDO)

    assert done.returncode == 1
    assert LACKING in done.stderr


@pytest.mark.parametrize(("told", "broken"), [(TOLD[0], True), (LACKING, False)], ids=["wrong routes", "no key"])
def test_a_worker_does_not_start_either(place: Path, wrong: Path, told: str, broken: bool) -> None:  # noqa: FBT001
    extra = {"PRESSROOM_ROUTES": str(wrong)} if broken else ONLY_LEONARDO
    done = subprocess.run(
        [sys.executable, "-m", "celery", "-A", "workers.celery_app", "worker", "--pool", "threads", "--queues", "text"],
        cwd=place,
        env={**os.environ, "PYTHONPATH": str(ROOT), "REDIS_URL": "redis://127.0.0.1:1/0", **extra},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 1
    assert '"event": "setup_incomplete"' in done.stderr
    assert told in done.stderr


# ---- what `up` hands to its processes


def environment(monkeypatch: pytest.MonkeyPatch, folder: Path, wish: Wish, **values: str) -> dict[str, str]:
    monkeypatch.chdir(folder)
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    forget_settings()
    services = Services(folder, "postgresql+psycopg://x@127.0.0.1:1/x", "redis://127.0.0.1:1/0", owned=True)
    is_sandboxed = wish.sandbox or settings().is_sandboxed
    made = launch._environment(services, wish, Ports(1, 2, 3, 4), is_sandboxed=is_sandboxed)
    monkeypatch.undo()
    forget_settings()
    return made


def test_sandbox_on_demand_takes_every_key_away_from_the_processes(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    names = [name for names in KEY_SETTINGS.values() for name in names]

    made = environment(monkeypatch, tmp_path, Wish(sandbox=True), **dict.fromkeys(names, "k-123"))

    assert {name: made[name] for name in names} == dict.fromkeys(names, "")


def test_keys_are_left_alone_otherwise(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    made = environment(monkeypatch, tmp_path, Wish(), AI_GATEWAY_API_KEY="k-123")

    assert not made.keys() & {name for names in KEY_SETTINGS.values() for name in names}


def test_the_processes_find_the_routes_file_although_they_run_elsewhere(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    made = environment(monkeypatch, tmp_path, Wish(), PRESSROOM_ROUTES="mine.toml")

    assert made["PRESSROOM_ROUTES"] == str(tmp_path / "mine.toml")
