"""What work by hand takes and is worth: `manual_work.toml`, or the file that PRESSROOM_MANUAL_WORK names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from app import toml
from app.domain.errors import InvalidRequest, SetupError
from app.pipelines.catalog import all_pipelines
from app.reports.rates import currency_named
from app.settings import settings

SHIPPED = Path(__file__).parents[1] / "manual_work.toml"
SETTING = "PRESSROOM_MANUAL_WORK"
KIND = "manual work file"
Number = Annotated[
    Decimal,
    BeforeValidator(lambda value: Decimal(value) if type(value) is int else value),
    Field(gt=0, le=1_000_000_000),
]
Text = Annotated[str, Field(min_length=1)]


class HourlyRate(toml.Table):
    """What an hour is worth."""

    per_hour: Number
    currency: Text
    source: Text


class Work(toml.Table):
    """What a pipeline saves."""

    minutes: Number
    """Of work by hand, for one that is delivered."""
    source: Text
    per: Text | None = None
    """The kind of piece that is counted, where a run makes several; None = the run."""


@dataclass(frozen=True, slots=True)
class ManualWork:
    """All of it."""

    rate: HourlyRate
    pipelines: Mapping[str, Work]


def manual_work() -> ManualWork:
    """Return what work by hand takes. Raises SetupError that names everything that cannot be used."""
    return read(settings().manual_work_file or SHIPPED)


@cache
def read(path: Path) -> ManualWork:
    """Return a file's figures, filled up with those that are shipped; read once. Raises as `manual_work` does."""
    tables = toml.read(path, KIND, SETTING, parse_float=Decimal)
    if problems := list(_problems(tables)):
        raise SetupError(f"the {KIND} {path} cannot be used: {'; '.join(problems)}")
    works = {name: Work.model_validate(table) for name, table in tables.get("pipelines", {}).items()}
    if path == SHIPPED:
        return ManualWork(HourlyRate.model_validate(tables["rate"]), works)
    shipped = read(SHIPPED)
    rate = HourlyRate.model_validate(tables["rate"]) if "rate" in tables else shipped.rate
    return ManualWork(rate, {**shipped.pipelines, **works})


def _problems(tables: dict[str, Any]) -> Iterator[str]:
    yield from (f"{name}: there is no such table" for name in tables.keys() - {"rate", "pipelines"})
    if "rate" in tables:
        yield from toml.misread(HourlyRate, "rate", tables["rate"])
        yield from _problems_of_currency(tables["rate"])
    works = tables.get("pipelines", {})
    if not isinstance(works, dict):
        yield "pipelines: write [pipelines.full-post]"
        return
    for name, table in works.items():
        yield from toml.misread(Work, f"pipelines.{name}", table)
        pipeline = all_pipelines().get(name)
        if pipeline is None:
            yield f"pipelines.{name}: there is no such pipeline; there are {', '.join(all_pipelines())}"
        elif isinstance(table, dict) and table.get("per") not in (None, *pipeline.tracks):
            yield f"pipelines.{name}.per: it makes no {table['per']}; it makes {', '.join(pipeline.tracks)}"


def _problems_of_currency(table: Any) -> Iterator[str]:
    currency = table.get("currency") if isinstance(table, dict) else None
    if isinstance(currency, str):
        try:
            currency_named(currency)
        except InvalidRequest as exc:
            yield f"rate.currency: {exc}"
