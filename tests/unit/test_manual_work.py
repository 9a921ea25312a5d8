"""The figures of work by hand: what is shipped, and how a file of one's own is read."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from app.domain.errors import SetupError
from app.pipelines.catalog import all_pipelines
from app.reports import manual_work


def test_every_pipeline_has_its_minutes_with_a_source() -> None:
    shipped = manual_work.read(manual_work.SHIPPED)
    assert shipped.pipelines.keys() == all_pipelines().keys()
    assert all(work.source for work in shipped.pipelines.values())


def test_the_shipped_figures_are_the_briefs() -> None:
    shipped = manual_work.read(manual_work.SHIPPED)
    assert (shipped.rate.per_hour, shipped.rate.currency) == (2500, "PKR")
    assert 15 <= shipped.pipelines["product-listing"].minutes <= 20
    assert shipped.pipelines["linkedin-post"].minutes * 5 == 4 * 60


def test_what_a_file_leaves_out_is_as_shipped(tmp_path: Path) -> None:
    file = tmp_path / "work.toml"
    file.write_text('[pipelines.ad]\nminutes = 7.5\nsource = "measured"\n')
    own, shipped = manual_work.read(file), manual_work.read(manual_work.SHIPPED)
    assert own.pipelines["ad"].minutes == Decimal("7.5")
    assert {**own.pipelines, "ad": None} == {**shipped.pipelines, "ad": None}
    assert own.rate == shipped.rate


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[pipelines.nothing]\nminutes = 1\nsource = 'x'", "there is no such pipeline"),
        ("[pipelines.ad]\nminutes = 0\nsource = 'x'", "greater than 0"),
        ("[pipelines.ad]\nminutes = 'ten'\nsource = 'x'", "pipelines.ad.minutes"),
        ("[pipelines.ad]\nminutes = nan\nsource = 'x'", "pipelines.ad.minutes"),
        ("[pipelines.ad]\nminutes = 3", "pipelines.ad.source"),
        ("[pipelines.ad]\nminutes = 3\nsource = 'x'\nper = 'slide'", "it makes no slide; it makes"),
        ("[rate]\nper_hour = 5\ncurrency = 'RUPEES'\nsource = 'x'", "is no currency"),
        ("[rate]\nper_hour = 5\ncurrency = 'PKR'", "rate.source"),
        ("[wages]\nx = 1", "there is no such table"),
        ("pipelines = 3", "write [pipelines.full-post]"),
        ("rate = 3", "a table is expected"),
        ("= 3", "is no TOML"),
    ],
)
def test_what_cannot_be_used_is_named(tmp_path: Path, text: str, told: str) -> None:
    file = tmp_path / "work.toml"
    file.write_text(text)
    with pytest.raises(SetupError) as refused:
        manual_work.read(file)
    assert told in str(refused.value)
    assert str(file) in str(refused.value)
