"""Rates of exchange: what a US dollar is worth elsewhere, on a day, and who says so. Nothing is fetched or guessed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.db.models import ExchangeRate
from app.domain.errors import InvalidRequest, NotFound

USD = "USD"
CODE = re.compile(r"[A-Z]{3}")
MOST = Decimal(1_000_000_000)  # of any currency for a dollar; the column holds ten digits before the point
LEAST = Decimal("0.0000001")
EXACT = Decimal("0.000001")
MICRO = 1_000_000
MAX_SOURCE = 200


@dataclass(frozen=True, slots=True)
class Rate:
    """How a report in another currency was converted."""

    currency: str
    rate: Decimal
    """Units of the currency per US dollar."""
    as_of: date
    source: str

    def converted(self, micro_usd: int) -> Decimal:
        """Return an amount in the currency, rounded to six places."""
        return (Decimal(micro_usd) * self.rate / MICRO).quantize(EXACT)


def currency_named(name: str) -> str:
    """Return a currency's code in capitals. Raises InvalidRequest when it is none."""
    code = name.strip().upper()
    if not CODE.fullmatch(code):
        raise InvalidRequest(f"{name!r} is no currency; write it as PKR", fields={"currency": "three letters, as PKR"})
    return code


def set_rate(session: Session, currency: str, rate: Decimal, as_of: date, source: str) -> Rate:
    """Note a rate; another one of the same day is replaced. Raises InvalidRequest."""
    code, source = currency_named(currency), source.strip()
    if code == USD:
        raise InvalidRequest("a US dollar is always one US dollar", fields={"currency": "another one than USD"})
    if not (rate.is_finite() and LEAST <= rate <= MOST):
        raise InvalidRequest(
            f"{rate} is no rate; write how many {code} a US dollar is worth, as 280.50", fields={"rate": "above 0"}
        )
    if not 1 <= len(source) <= MAX_SOURCE:
        raise InvalidRequest(
            f"a source has 1 to {MAX_SOURCE} characters", fields={"source": f"1 to {MAX_SOURCE} characters"}
        )
    noted = insert(ExchangeRate).values(currency=code, as_of=as_of, rate=rate, source=source)
    session.execute(
        noted.on_conflict_do_update(
            index_elements=[ExchangeRate.currency, ExchangeRate.as_of],
            set_={"rate": noted.excluded.rate, "source": noted.excluded.source},
        )
    )
    return Rate(code, rate, as_of, source)


def rates(session: Session, currency: str | None = None) -> Sequence[ExchangeRate]:
    """Return the rates that are noted, of one currency or all, the newest first."""
    query = select(ExchangeRate).order_by(ExchangeRate.currency, ExchangeRate.as_of.desc())
    if currency is not None:
        query = query.where(ExchangeRate.currency == currency_named(currency))
    return session.scalars(query).all()


def rate_on(session: Session, currency: str, day: date) -> Rate | None:
    """Return the newest rate of a currency on a day or before it; None for US dollars, which need none.

    Raises InvalidRequest, and NotFound that says how to set one.
    """
    code = currency_named(currency)
    if code == USD:
        return None
    found = session.scalar(
        select(ExchangeRate)
        .where(ExchangeRate.currency == code, ExchangeRate.as_of <= day)
        .order_by(ExchangeRate.as_of.desc())
        .limit(1)
    )
    if found is None:
        raise NotFound(
            f"there is no rate of {code} on {day} or before; set one with"
            f" `pressroom rates set {code} RATE --date {min(day, datetime.now(UTC).date())} --source WHO`",
            code="no_exchange_rate",
        )
    return Rate(found.currency, found.rate, found.as_of, found.source)


def shown(rate: Decimal) -> str:
    """Return a rate without the zeros that the column puts behind it: `280.5`."""
    text = f"{rate:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
