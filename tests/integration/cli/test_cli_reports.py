"""`pressroom report` and `pressroom rates`: what an operator reads of a month, and notes for it."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from commands import pressroom
from PIL import Image

from harness import Installation
from journaling import Journal
from reporting import BANK, noted


@pytest.fixture
def journal(installation: Installation) -> Journal:
    """A journal of two pictures, one of them refused, and a call without an answer."""
    assert installation
    made = Journal()
    made.add(pictures=1)
    made.refused("blank", pictures=1)
    made.unknown(provider="leonardo", model="phoenix")
    return made


def said(place: Path, installation: Installation, *words: str) -> str:
    """Return what the command prints."""
    done = pressroom(place, *words, **installation.env)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_costs_are_a_table_with_all_together_at_the_end(
    place: Path, installation: Installation, journal: Journal
) -> None:
    lines = said(place, installation, "report", "costs").splitlines()

    assert lines[0].split()[:5] == ["provider", "model", "calls", "images", "accepted"]
    assert lines[1].split()[:5] == ["gemini", "painter", "2", "2", "1"]
    assert lines[2].split()[:3] == ["leonardo", "phoenix", "1"]
    assert "?" in lines[2].split(), "a cost that nobody knows is not 0"
    assert "$0.000000" not in lines[2]
    assert lines[3].split()[:4] == ["all", "3", "2", "1"]
    assert "an accepted image (1)  $0.120000" in "\n".join(lines)
    assert any("in doubt one call of unknown cost, $0.090000 at most" in line for line in lines)


def test_a_file_that_cannot_be_written_is_named_without_a_traceback(
    place: Path, installation: Installation, journal: Journal
) -> None:
    done = pressroom(place, "report", "costs", "--out", "no/such/folder/costs.csv", **installation.env)

    assert done.returncode == 1
    assert done.stderr == "Error: Could not open file 'no/such/folder/costs.csv': No such file or directory\n"


def test_in_rupees_the_rate_is_told(place: Path, installation: Installation, journal: Journal) -> None:
    told = said(place, installation, "rates", "set", "pkr", "280.50", "--date", "2020-01-02", "--source", BANK)
    assert f"a US dollar is 280.5 PKR from 2020-01-02 on ({BANK})" in told
    assert said(place, installation, "rates", "list", "PKR").splitlines()[1].split()[:3] == [
        "PKR",
        "280.5",
        "2020-01-02",
    ]

    table = said(place, installation, "report", "costs", "--currency", "PKR")
    assert "33.6600" in table
    assert f"a US dollar at 280.5 PKR, 2020-01-02, {BANK}" in table


def test_without_a_rate_one_line_says_what_to_do(place: Path, installation: Installation) -> None:
    done = pressroom(place, "report", "costs", "--currency", "PKR", **installation.env)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "set one with `pressroom rates set PKR RATE" in done.stderr
    assert "No rates yet" in said(place, installation, "rates")


@pytest.mark.parametrize("suffix", ["csv", "json", "svg", "png"])
def test_a_report_becomes_a_file(place: Path, installation: Installation, journal: Journal, suffix: str) -> None:
    file = place / f"costs.{suffix}"
    assert str(file) in said(place, installation, "report", "costs", "--group", "stage", "--out", str(file))

    match suffix:
        case "json":
            assert json.loads(file.read_text())["total"]["calls"] == 3
        case "csv":
            assert file.read_text().startswith("month,stage,calls")
        case "svg":
            assert "<svg" in file.read_text()
        case _:
            with Image.open(file) as picture:
                assert picture.format == "PNG"


def test_a_file_of_another_kind_is_refused(place: Path, installation: Installation) -> None:
    done = pressroom(place, "report", "costs", "--out", "costs.pdf", **installation.env)
    assert (done.returncode, "its name ends with one of .csv, .json" in done.stderr) == (2, True)


def test_one_users_costs_are_shown_alone(place: Path, installation: Installation, journal: Journal) -> None:
    Journal().add(provider="openai")

    told = json.loads(said(place, installation, "report", "costs", "--group", "user", "--json"))
    assert len(told["rows"]) == 2
    name = told["rows"][0]["user"]
    alone = json.loads(said(place, installation, "report", "costs", "--group", "user", "--user", name, "--json"))
    assert alone["rows"] == told["rows"][:1]


def test_the_step_log_is_json_lines(place: Path, installation: Installation, journal: Journal) -> None:
    month = [json.loads(line) for line in said(place, installation, "report", "steps").splitlines()]
    run = said(place, installation, "report", "steps", "--run", str(journal.run.id)).splitlines()

    assert [line["status"] for line in month] == ["SUCCESS", "SUCCESS", "UNKNOWN"]
    assert [json.loads(line) for line in run] == month
    assert month[2]["estimated_cost_pkr"] is None


def test_what_was_saved_is_a_table(place: Path, installation: Installation, journal: Journal) -> None:
    noted("PKR", "280", date(2020, 1, 1))

    table = said(place, installation, "report", "roi")
    assert table.splitlines()[1].split()[:4] == ["full-post", "0", "runs", "240"]
    assert "an hour by hand: 2500.00 PKR" in table
    assert json.loads(said(place, installation, "report", "roi", "--json"))["total"]["cost_usd"] == "0.12"


def test_the_doctor_names_figures_of_work_that_cannot_be_used(place: Path, installation: Installation) -> None:
    file = place / "work.toml"
    file.write_text("[pipelines.nothing]\nminutes = 1\nsource = 'x'\n")
    done = pressroom(place, "doctor", **installation.env | {"PRESSROOM_MANUAL_WORK": str(file)})
    assert "there is no such pipeline" in done.stdout


def test_a_month_without_calls_says_so(place: Path, installation: Installation) -> None:
    assert "No model was asked in 2020-01" in said(place, installation, "report", "costs", "--month", "2020-01")
    noted("PKR", "280", date(2020, 1, 1))
    assert "Nothing was made in 2020-01" in said(place, installation, "report", "roi", "--month", "2020-01")
