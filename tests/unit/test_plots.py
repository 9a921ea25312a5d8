"""Plots of costs: whole pictures of every month there can be, with names of any script and no formulas."""

from __future__ import annotations

import io
import subprocess
import sys
from datetime import date
from decimal import Decimal
from xml.etree import ElementTree as ET

import pytest
from PIL import Image

from app.reports import plot
from app.reports.charts import Chart
from app.reports.costs import Dimension, Figures, Report, Row
from app.reports.periods import Period
from app.reports.rates import Rate

NOVEMBER = Period(date(2026, 11, 1))
PKR = Rate("PKR", Decimal("280.5"), date(2026, 11, 1), "$ource $1 of 2$")


def month(*labels: str | None, days: int = 21, rate: Rate | None = None, cost: int = 900_000) -> Report:
    """Return a month in which each label cost something on each day."""
    rows = [
        Row(
            (day.isoformat(), label),
            Figures(calls=4, images=2, accepted_images=1, cost_micro_usd=cost * (n + 1), picture_micro_usd=cost),
        )
        for day in NOVEMBER.days[:days]
        for n, label in enumerate(labels)
    ]
    total = sum(
        (row.figures for row in rows), Figures(unknown_calls=2, in_doubt_micro_usd=180_000, post_micro_usd=cost)
    )
    currency = rate.currency if rate else "USD"
    return Report(NOVEMBER, (Dimension.DAY, Dimension.PROVIDER), rows, total, 3, currency, rate, True, 0, None)


def drawn(
    report: Report, as_: plot.Format = "png", budget: int | None = None, today: date = date(2026, 11, 21)
) -> bytes:
    return plot.draw(Chart(report, budget), today, as_)


MONTHS = {
    "nothing": (month(), None),
    "one call": (month("gemini", days=1, cost=1), None),
    "usual": (month("gemini", "anthropic", "gateway"), 60_000_000),
    "above the budget": (month("gemini"), 1),
    "a budget of nothing": (month("gemini"), 0),
    "many": (month(*(f"model-{n}" for n in range(30))), None),
    "rupees": (month("gemini", rate=PKR), 20_000_000),
    "any script": (month("أحمد", "李明", "$a$b", "राहुल", "x" * 300, "", None), None),
    "very dear": (month("gemini", cost=10**15), 10**17),
}


@pytest.mark.parametrize("name", MONTHS)
def test_any_month_becomes_a_picture(name: str) -> None:
    report, budget = MONTHS[name]
    with Image.open(io.BytesIO(drawn(report, budget=budget))) as picture:
        picture.load()
        assert (picture.format, picture.size) == ("PNG", (1800, 1035))
        assert len(picture.convert("RGB").resize((60, 40)).getcolors(2400) or ()) > 20


def test_an_svg_is_a_picture_by_itself() -> None:
    text = drawn(month("gemini", "openai"), "svg")
    root = ET.fromstring(text)
    assert root.tag.endswith("svg")
    assert b"<script" not in text
    assert b'href="http' not in text


def test_each_part_has_its_colour_and_the_smallest_share_one() -> None:
    found = plot._series(month(*(f"model-{n}" for n in range(30))))
    assert len({one.colour for one in found}) == len(found) == plot.MOST_SERIES
    assert found[-1].label == "24 others"
    assert sum(one.total for one in found) == pytest.approx(sum(range(1, 31)) * 0.9 * 21)


def test_parts_that_cost_nothing_are_not_listed() -> None:
    assert plot._series(month("gemini", cost=0)) == []


def test_the_same_month_is_drawn_alike() -> None:
    assert drawn(month("gemini", "openai")) == drawn(month("gemini", "openai"))


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (0, "$0.00"),
        (0.0413, "$0.041"),
        (0.000013, "$0.000013"),
        (3.2, "$3.20"),
        (412.345, "$412.35"),
        (1204.4, "$1,204"),
    ],
)
def test_amounts_are_written_as_people_write_them(value: float, told: str) -> None:
    assert plot.money(value, "USD") == told
    assert plot.money(value, "PKR") == f"PKR {told[1:]}"


def test_amounts_on_an_axis_have_the_same_places() -> None:
    assert [plot.money(value, "USD", like=20) for value in (0, 5, 10)] == ["$0", "$5", "$10"]
    assert [plot.money(value, "USD", like=2) for value in (0, 0.5)] == ["$0.00", "$0.50"]
    assert [plot.money(value, "PKR", like=4e6) for value in (0, 2_500_000)] == ["PKR 0m", "PKR 2.5m"]


def test_pyplot_is_never_loaded() -> None:
    code = "import sys, app.reports.plot; sys.exit('matplotlib.pyplot' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
