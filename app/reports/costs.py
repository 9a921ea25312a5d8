"""What calls cost in a month, grouped by what one wants to know. Micro-USD; what nobody knows is told apart."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.db.models import ApiKey, Call, CallSum, Run, User
from app.domain.errors import InvalidRequest
from app.domain.states import RunState
from app.reports.periods import Period
from app.reports.rates import USD, Rate, currency_named, rate_on
from app.reports.sums import total
from app.scorecard import PICTURE_PURPOSES

POST = "full-post"


class Dimension(StrEnum):
    """What costs can be grouped by."""

    DAY = "day"
    """On which the call started, UTC."""
    PROVIDER = "provider"
    MODEL = "model"
    PIPELINE = "pipeline"
    STAGE = "stage"
    """The step that asked."""
    PURPOSE = "purpose"
    """Why a model was asked: a step may ask several."""
    USER = "user"
    KEY = "key"
    """The API key that ordered; null = a schedule did."""


COLUMNS: Mapping[Dimension, InstrumentedAttribute[Any]] = {
    Dimension.DAY: CallSum.day,
    Dimension.PROVIDER: CallSum.provider,
    Dimension.MODEL: CallSum.model,
    Dimension.PIPELINE: CallSum.pipeline,
    Dimension.STAGE: CallSum.step,
    Dimension.PURPOSE: CallSum.purpose,
    Dimension.USER: CallSum.user_id,
    Dimension.KEY: CallSum.api_key_id,
}


IS_PICTURE, IS_POST = CallSum.purpose.in_(PICTURE_PURPOSES), CallSum.pipeline == POST
FIGURES: Mapping[str, ColumnElement[int]] = {
    "calls": total(CallSum.calls),
    "images": total(CallSum.pictures),
    "accepted_images": total(CallSum.accepted),
    "cached_images": total(CallSum.cached),
    "tokens_in": total(CallSum.tokens_in),
    "tokens_out": total(CallSum.tokens_out),
    "tokens_cached": total(CallSum.tokens_cached),
    "tokens_image": total(CallSum.tokens_image),
    "cost_micro_usd": total(CallSum.known_micro_usd),
    "unknown_calls": total(CallSum.unknown),
    "in_doubt_micro_usd": total(CallSum.doubt_micro_usd),
    "picture_micro_usd": func.coalesce(total(CallSum.known_micro_usd, IS_PICTURE), 0),
    "picture_doubt_micro_usd": func.coalesce(total(CallSum.doubt_micro_usd, IS_PICTURE), 0),
    "post_micro_usd": func.coalesce(total(CallSum.known_micro_usd, IS_POST), 0),
    "post_doubt_micro_usd": func.coalesce(total(CallSum.doubt_micro_usd, IS_POST), 0),
}


@dataclass(frozen=True, slots=True)
class Figures:
    """What calls did and cost."""

    calls: int = 0
    """Requests made."""
    images: int = 0
    """Pictures made."""
    accepted_images: int = 0
    """Of those, the ones that passed their checks and the review."""
    cached_images: int = 0
    """Pictures that the cache brought: no request was made."""
    tokens_in: int | None = None
    """None = no call told."""
    tokens_out: int | None = None
    tokens_cached: int | None = None
    """Of `tokens_in`, where the provider tells them apart."""
    tokens_image: int | None = None
    """Of `tokens_out`, as above."""
    cost_micro_usd: int = 0
    """Of the calls whose cost is known; see `known_micro_usd`."""
    unknown_calls: int = 0
    """Calls whose cost is not known: under way, without an answer, or without a price."""
    in_doubt_micro_usd: int = 0
    """What those cost at most."""
    picture_micro_usd: int = 0
    """As `cost_micro_usd`, of the calls that ask for pictures."""
    picture_doubt_micro_usd: int = 0
    post_micro_usd: int = 0
    """As `cost_micro_usd`, of posts."""
    post_doubt_micro_usd: int = 0

    def __add__(self, other: Figures) -> Figures:
        """Return both together; tokens are unknown only where both are."""
        sums: dict[str, int | None] = {}
        for field in fields(self):
            mine, theirs = getattr(self, field.name), getattr(other, field.name)
            sums[field.name] = None if mine is None and theirs is None else (mine or 0) + (theirs or 0)
        return Figures(**sums)  # type: ignore[arg-type]  # the fields that may not be None are None in neither

    @property
    def known_micro_usd(self) -> int | None:
        """What the calls cost; None = they cost something, and nobody knows what of any."""
        return known(self.cost_micro_usd, self.in_doubt_micro_usd)

    @property
    def micro_usd_per_image(self) -> int | None:
        """What a picture cost; None without one, or when that is not known of any."""
        return per(known(self.picture_micro_usd, self.picture_doubt_micro_usd), self.images)

    @property
    def micro_usd_per_accepted_image(self) -> int | None:
        """What a picture cost that passed, with those that were paid for and refused; None as above."""
        return per(known(self.picture_micro_usd, self.picture_doubt_micro_usd), self.accepted_images)


@dataclass(frozen=True, slots=True)
class Row:
    """One group."""

    labels: tuple[str | None, ...]
    """As `Report.group_by` has it; None = nobody or nothing."""
    figures: Figures


@dataclass(frozen=True, slots=True)
class Report:
    """What a month cost."""

    period: Period
    group_by: tuple[Dimension, ...]
    rows: Sequence[Row]
    total: Figures
    posts: int
    """Posts that were delivered in the month."""
    currency: str
    rate: Rate | None
    """How it is converted; None = it is not, it is in US dollars."""
    is_sandbox: bool
    """The sandbox answered all these calls: nothing was really paid."""
    left_out_calls: int
    """Calls of the month to the sandbox that are not in it, because real ones are; or the other way round."""
    asks_for: bool | None
    """Which runs were counted as delivered; see `is_delivered`."""

    @property
    def micro_usd_per_post(self) -> int | None:
        """What a post cost that was delivered, with those that were not; None without one, or when it is not known."""
        return per(known(self.total.post_micro_usd, self.total.post_doubt_micro_usd), self.posts)


def known(micro_usd: int, in_doubt_micro_usd: int) -> int | None:
    """Return what is known of a cost; None where nothing is and it may be something: unknown is never 0."""
    return None if in_doubt_micro_usd and not micro_usd else micro_usd


def per(micro_usd: int | None, count: int) -> int | None:
    """Return what one of `count` cost, rounded up; None without one, or when the cost is not known."""
    return None if micro_usd is None or not count else -(-micro_usd // count)


def dimensions(names: Iterable[str]) -> tuple[Dimension, ...]:
    """Return what to group by, each once. Raises InvalidRequest that lists what there is."""
    asked = dict.fromkeys(name.strip().lower() for name in names if name.strip())
    if strange := [name for name in asked if name not in set(Dimension)]:
        there = ", ".join(Dimension)
        raise InvalidRequest(
            f"costs cannot be grouped by {', '.join(strange)}, only by {there}", fields={"group": f"any of {there}"}
        )
    return tuple(Dimension(name) for name in asked)


def costs(
    session: Session,
    period: Period,
    group_by: Sequence[Dimension],
    *,
    user: User | None = None,
    currency: str = USD,
    sandbox: bool | None = None,
) -> Report:
    """Return what the calls of a month cost, the days in order and the dearest first.

    user: whose; None = of all. currency: see rates.rate_on. sandbox: calls to the stand-in, or real ones; None = real
    ones if there are any. The two are never added up. Raises InvalidRequest, NotFound.
    """
    rate = rate_on(session, currency, period.last)
    found = _found(session, period, group_by, user)
    calls_of: Counter[bool] = Counter()
    for is_sandbox, row in found:
        calls_of[is_sandbox] += row.figures.calls
    wanted = not calls_of[False] and bool(calls_of[True]) if sandbox is None else sandbox
    rows = [row for is_sandbox, row in found if is_sandbox == wanted]
    # Only a month of both kinds has to ask each run's calls.
    asks_for = wanted if sandbox is not None or len({is_sandbox for is_sandbox, _ in found}) > 1 else None
    return Report(
        period,
        tuple(group_by),
        _sorted(_named(session, rows, group_by), group_by),
        sum((row.figures for row in rows), Figures()),
        delivered(session, period, POST, user=user, sandbox=asks_for).get(POST, 0),
        currency_named(currency),
        rate,
        wanted,
        calls_of[not wanted],
        asks_for,
    )


def _found(
    session: Session, period: Period, group_by: Sequence[Dimension], user: User | None
) -> list[tuple[bool, Row]]:
    """Return each group, with whether the sandbox answered."""
    count = len(group_by)
    return [
        (
            is_sandbox,
            Row(tuple(values[:count]), Figures(**dict(zip(FIGURES, values[count:], strict=True)))),
        )
        for is_sandbox, *values in session.execute(query(period, group_by, user))
    ]


def query(period: Period, group_by: Sequence[Dimension], user: User | None = None) -> Select[Any]:
    """Return what asks for a report's groups: whether the sandbox answered, the group, the figures."""
    keys = [COLUMNS[one] for one in group_by]
    asked = select(CallSum.is_sandbox, *keys, *FIGURES.values()).group_by(CallSum.is_sandbox, *keys)
    asked = asked.where(CallSum.day >= period.first, CallSum.day < period.after)
    return asked if user is None else asked.where(CallSum.user_id == user.id)


def _named(session: Session, rows: Sequence[Row], group_by: Sequence[Dimension]) -> list[Row]:
    """Return the rows with names in the place of ids, and days as text."""
    names: dict[uuid.UUID, str] = {}
    ids = {value for row in rows for value in row.labels if isinstance(value, uuid.UUID)}
    if Dimension.USER in group_by:
        names |= {user.id: user.name for user in session.scalars(select(User).where(User.id.in_(ids)))}
    if Dimension.KEY in group_by:
        keys = session.scalars(select(ApiKey).where(ApiKey.id.in_(ids)))
        names |= {key.id: f"{key.prefix}… ({key.name})" for key in keys}
    return [Row(tuple(_name(value, names) for value in row.labels), row.figures) for row in rows]


def _name(value: Any, names: Mapping[uuid.UUID, str]) -> str | None:
    match value:
        case uuid.UUID():
            return names.get(value, str(value))
        case date():
            return value.isoformat()
        case _:
            return value  # type: ignore[no-any-return]  # the other columns are texts


def _sorted(rows: Iterable[Row], group_by: Sequence[Dimension]) -> list[Row]:
    """Return the rows: days in order, else the dearest first."""
    days = group_by.index(Dimension.DAY) if Dimension.DAY in group_by else None

    def place(row: Row) -> tuple[str, int, int, list[str]]:
        day = "" if days is None else str(row.labels[days])
        figures = row.figures
        return day, -figures.cost_micro_usd, -figures.calls, [one or "" for one in row.labels]

    return sorted(rows, key=place)


def delivered(
    session: Session,
    period: Period,
    pipeline: str | None = None,
    *,
    user: User | None = None,
    sandbox: bool | None = None,
) -> dict[str, int]:
    """Return how many runs of each pipeline, or of one, were delivered in a month; the rest as `is_delivered`."""
    counted = select(Run.pipeline, func.count()).where(*is_delivered(period, user, sandbox=sandbox))
    if pipeline is not None:
        counted = counted.where(Run.pipeline == pipeline)
    return dict(session.execute(counted.group_by(Run.pipeline)).all())


def is_delivered(period: Period, user: User | None, *, sandbox: bool | None) -> Iterator[ColumnElement[bool]]:
    """Yield what makes a run one that was delivered in a month.

    Copies in another format do not count: nothing was paid for them. sandbox: only those that the stand-in was asked
    for, or that it was not; None = all.
    """
    yield Run.state.in_([RunState.READY, RunState.PARTIAL])
    yield Run.made_from.is_(None)
    yield Run.finished_at >= period.begins
    yield Run.finished_at < period.ends
    if user is not None:
        yield Run.user_id == user.id
    if sandbox is not None:
        yield exists().where(Call.run_id == Run.id, Call.is_sandbox.is_(sandbox))
