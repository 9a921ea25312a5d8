"""`pressroom prices`, and what `doctor` and `up` do with a prices file of one's own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from commands import pressroom

from app.cli import launch
from app.cli.stack import Ports
from app.cli.wishes import Wish
from app.embedded.services import Services
from app.settings import settings
from harness import forget_settings

OWN = """
["gateway/google/gemini-2.5-flash"]
can = ["text", "vision"]
text_in = 0.2
text_out = 2
as_of = 2026-11-01
source = "our contract"
"""
WRONG = OWN.replace("text_out = 2\n", "")
TOLD = "gateway/google/gemini-2.5-flash: what is paid by token needs text_in and text_out"


@pytest.fixture
def own(place: Path) -> Path:
    path = place / "prices.toml"
    path.write_text(OWN)
    return path


@pytest.fixture
def wrong(place: Path) -> Path:
    path = place / "wrong.toml"
    path.write_text(WRONG)
    return path


def line_of(told: str, start: str) -> str:
    return next(line for line in told.splitlines() if line.startswith(start))


def listed(place: Path, **env: str) -> dict[str, dict[str, Any]]:
    """Return what `prices --json` says, by each name of each model."""
    done = pressroom(place, "prices", "--json", **env)
    assert done.returncode == 0, done.stderr
    return {name: one for one in json.loads(done.stdout) for name in one["models"]}


def test_prices_shows_each_model_with_day_source_and_purposes(place: Path) -> None:
    done = pressroom(place, "prices")

    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    at = lines.index(line_of(done.stdout, "gemini/gemini-3.1-flash-image"))
    assert lines[at].endswith("; also gateway/google/gemini-3.1-flash-image")
    assert lines[at + 1].split() == ["$0.50", "-", "$3.00", "-", "$60.00", "$0.0448-0.1512", "-", "-"]
    assert lines[at + 2].strip() == "2026-11-21, ai.google.dev/gemini-api/docs/pricing; for render_image, refine_image"
    assert "not routed" in lines[lines.index(line_of(done.stdout, "openai/gpt-4o")) + 2]
    assert "free" in lines[lines.index("openai/omni-moderation-latest") + 1]


def test_prices_as_json_has_exact_amounts_and_leaves_out_what_does_not_apply(place: Path) -> None:
    found = listed(place)

    assert found["openai/gpt-transcribe"]["per_second"] == "0.000075"
    assert "text_in" not in found["openai/gpt-transcribe"]
    assert found["anthropic/claude-haiku-4-5"] is found["gateway/anthropic/claude-haiku-4.5"]
    assert "write_content" in found["anthropic/claude-haiku-4-5"]["purposes"]


def test_a_price_of_ones_own_parts_the_gateways_name_from_the_makers(place: Path, own: Path) -> None:
    found = listed(place, PRESSROOM_PRICES=str(own))

    assert found["gateway/google/gemini-2.5-flash"]["source"] == "our contract"
    assert found["gateway/google/gemini-2.5-flash"]["text_in"] == "0.2"
    assert found["gemini/gemini-2.5-flash"]["text_in"] == "0.30"


def test_prices_are_shown_to_who_routes_a_model_that_has_none_and_it_is_named(place: Path) -> None:
    (place / "routes.toml").write_text('[write_content]\nroutes = ["gateway/acme/writer"]\n')

    done = pressroom(place, "prices", PRESSROOM_ROUTES="routes.toml")

    assert done.returncode == 1
    assert "gemini/gemini-2.5-flash" in done.stdout
    assert "the price of gateway/acme/writer is unknown" in done.stderr


def test_doctor_says_whose_prices_they_are_and_as_of_when(place: Path, own: Path) -> None:
    assert line_of(pressroom(place, "doctor").stdout, "ok       prices").endswith(
        "as shipped; the oldest of 2026-11-21"
    )

    done = pressroom(place, "doctor", PRESSROOM_PRICES="prices.toml")

    told = line_of(done.stdout, "ok       prices")
    assert told.endswith(f"{own}; what it leaves out is as shipped; the oldest of 2026-11-01")


def test_doctor_names_what_is_wrong_with_the_prices_once(place: Path, wrong: Path) -> None:
    done = pressroom(place, "doctor", PRESSROOM_PRICES=str(wrong))

    assert done.returncode == 1
    assert TOLD in line_of(done.stdout, "problem  prices")
    assert done.stdout.count(TOLD) == 1
    assert "1 problem to mend first: prices" in done.stdout


def test_nothing_starts_with_prices_that_cannot_be_used(place: Path, wrong: Path) -> None:
    done = pressroom(place, "up", "--no-flower", PRESSROOM_PRICES=str(wrong))

    assert done.returncode == 1
    assert TOLD in done.stderr
    assert "workers" not in done.stdout


def test_the_processes_find_the_prices_file_although_they_run_elsewhere(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PRESSROOM_PRICES", "mine.toml")
    forget_settings()
    services = Services(tmp_path, "postgresql+psycopg://x@127.0.0.1:1/x", "redis://127.0.0.1:1/0", owned=True)

    made = launch._environment(services, Wish(), Ports(1, 2, 3, 4), is_sandboxed=settings().is_sandboxed)

    assert made["PRESSROOM_PRICES"] == str(tmp_path / "mine.toml")
    monkeypatch.undo()
    forget_settings()
