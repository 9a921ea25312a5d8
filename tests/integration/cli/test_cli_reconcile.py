"""`pressroom reconcile` as a cron line runs it: what it prints, and what its exit code says."""

from __future__ import annotations

import json
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
from commands import pressroom

from harness import Installation, Sandbox
from journaling import Journal
from reconciling import LONG_AGO, ask, booked


@pytest.fixture
def journal(installation: Installation, sandbox: Sandbox) -> Journal:
    """A journal with one call, which the sandbox has too."""
    assert installation
    made = Journal()
    booked(made, ask())
    assert sandbox
    return made


def reconcile(place: Path, installation: Installation, *words: str) -> subprocess.CompletedProcess[str]:
    return pressroom(place, "reconcile", *words, **installation.env)


def test_books_that_agree_end_with_0(place: Path, installation: Installation, journal: Journal) -> None:
    done = reconcile(place, installation)

    assert (done.returncode, done.stderr) == (0, "")
    assert "matched      1 call, $" in done.stdout
    assert "✓" in next(line for line in done.stdout.splitlines() if line.startswith("google/gemini-2.5-flash"))


def test_books_that_disagree_end_with_1_and_name_the_call(
    place: Path, installation: Installation, journal: Journal
) -> None:
    journal.add(provider="gateway", provider_ref="gen_gone", is_sandbox=True, ago=LONG_AGO)
    journal.unknown(provider="gateway", is_sandbox=True, ago=timedelta(days=1))

    done = reconcile(place, installation)

    assert (done.returncode, done.stderr) == (1, "")
    assert "missing      1 call of ours that the provider does not have" in done.stdout
    assert "in doubt     1 call, at most $0.090000" in done.stdout
    assert "PRESSROOM_GATEWAY_LABELS" in done.stdout


def test_the_report_is_json_when_asked(place: Path, installation: Installation, journal: Journal) -> None:
    done = reconcile(place, installation, "--json", "--dry-run")

    report = json.loads(done.stdout)
    assert (report["agrees"], report["matched"]["calls"]) == (True, 1)


def test_a_file_can_be_compared_by_a_path_relative_to_where_one_stands(
    place: Path, installation: Installation, journal: Journal
) -> None:
    journal.add(provider="openai", model="gpt-image-2", provider_ref="r1", ago=LONG_AGO)
    (place / "usage.csv").write_text("id,model,cost\nr1,gpt-image-2,0.06\n")

    done = reconcile(place, installation, "--provider", "openai", "--usage-csv", "usage.csv")

    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("words", "told", "code"),
    [
        (["--provider", "gemini"], "--usage-csv FILE [setup]", 1),
        (["--since", "2026-11-20", "--until", "2026-11-19"], "--since 2026-11-20 is later", 2),
        (["--since", "yesterday"], "does not match the format", 2),
        (["--usage-csv", "nowhere.csv"], "does not exist", 2),
        (["--write-off-after", "0"], "0 is not in the range", 2),
    ],
)
def test_what_cannot_be_done_is_said(
    place: Path, installation: Installation, journal: Journal, words: list[str], told: str, code: int
) -> None:
    done = reconcile(place, installation, *words)

    assert done.returncode == code
    assert told in done.stderr
