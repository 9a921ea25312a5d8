"""`pressroom providers`: what the journal and Redis of an installation say of each model."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from commands import pressroom

from app import traffic
from app.domain.provider_errors import ProviderAccount
from harness import Installation
from journaling import Journal
from workers import breakers


@pytest.fixture
def journal(installation: Installation) -> Journal:
    """A journal with two pictures that were made, one that a gate refused, and a failed call to Leonardo."""
    assert installation
    made = Journal()
    for seconds in (4, 6):
        made.add(seconds=seconds)
    made.refused("blank")
    made.rejected("provider_account", 402, provider="leonardo", model="phoenix")
    breakers.failed("leonardo", "image", "phoenix", ProviderAccount("the credit is used up", provider="leonardo"))
    return made


def said(place: Path, installation: Installation, *words: str) -> str:
    """Return what the command prints."""
    done = pressroom(place, "providers", *words, **installation.env)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def read(place: Path, installation: Installation, *words: str) -> dict[str, Any]:
    told = json.loads(said(place, installation, "--json", *words))
    assert isinstance(told, dict)
    return told


def test_each_model_has_its_figures(place: Path, installation: Installation, journal: Journal) -> None:
    lines = said(place, installation).splitlines()

    painter = next(line for line in lines if line.startswith("gemini/painter"))
    assert painter.split() == (
        ["gemini/painter", "3", "100%", "5.0", "s", "5.9", "s", "1", "blank", "$0.180000", "$0.090000"]
    )
    assert "0%" in next(line for line in lines if line.startswith("leonardo/phoenix"))


def test_an_open_breaker_is_told_and_can_be_closed(place: Path, installation: Installation, journal: Journal) -> None:
    before = said(place, installation)
    assert re.search(r"^leonardo open for .* s: the credit is used up \(provider_account\)$", before, re.MULTILINE)

    assert "1 breaker closed" in said(place, installation, "--reset")
    assert "closed already" in said(place, installation, "--reset")

    assert traffic.breakers_now() == []
    assert "the credit is used up" not in said(place, installation)


def test_programs_get_the_same_figures(place: Path, installation: Installation, journal: Journal) -> None:
    journal.unknown()

    told = read(place, installation)

    painter = next(one for one in told["models"] if one["model"] == "painter")
    assert (painter["calls"], painter["success_rate"], painter["commonest_gate"]) == (4, 0.75, "blank")
    assert (painter["cost_micro_usd"], painter["micro_usd_per_picture"]) == (None, None)
    assert (painter["known_micro_usd"], painter["unknown_costs"]) == (180_000, 1)
    assert [one["scope"] for one in told["breakers"]] == ["leonardo"]
    gateway = {"provider": "gateway", "kind": "image", "in_flight": 0, "waiting": 0, "paused_s": 0, "at_most": 5}
    assert {**gateway, "grants": 0, "waited_s": 0.0} in told["limits"]


def test_older_calls_are_shown_when_asked_for(place: Path, installation: Installation, journal: Journal) -> None:
    journal.add(provider="openai", ago=timedelta(days=6))

    assert "openai" not in {one["provider"] for one in read(place, installation)["models"]}
    assert "openai" in {one["provider"] for one in read(place, installation, "--since", "7d")["models"]}


def test_with_redis_away_the_figures_are_still_told(place: Path, installation: Installation, journal: Journal) -> None:
    done = pressroom(place, "providers", **installation.env | {"REDIS_URL": "redis://127.0.0.1:1/0"})

    assert done.returncode == 0, done.stderr
    assert "gemini/painter" in done.stdout
    assert "Redis does not answer" in done.stdout


def test_where_nothing_ever_ran_it_says_how_to_begin(place: Path) -> None:
    done = pressroom(place, "providers")

    assert (done.returncode, "start with `" in done.stderr, done.stderr.count("\n")) == (1, True, 1)
    assert not (place / ".pressroom").exists()
