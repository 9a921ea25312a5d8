"""What each plan allows in a calendar month (UTC), and its share of the machine."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum

from app.domain.states import QuotaUnit


class Plan(StrEnum):
    """A user's plan. Posts and ads a month: the brief's step 8."""

    FREE = "free"
    CREATOR = "creator"
    PRO = "pro"
    BUSINESS = "business"

    @property
    def terms(self) -> Terms:
        """What this plan allows."""
        return TERMS[self]


@dataclass(frozen=True, slots=True)
class Terms:
    """What a plan allows."""

    posts: int | None
    """Posts a month; None = as many as the money cap allows."""
    ads: int | None
    """Ads a month; None = as many as the money cap allows."""
    images: int | None
    """Pictures ordered by themselves; None = as many as the money cap allows."""
    items: int | None
    """Listings, answers, e-mails, briefs and summaries; None = as many as the money cap allows."""
    micro_usd: int
    """Money a month, reserved and spent together, in micro-USD. Hard."""
    weight: int
    """Share at admission: a user of weight 4 gets four runs in flight for one of weight 1."""
    in_flight: int
    """Runs of one user that may be worked on at once."""

    def limit(self, unit: QuotaUnit) -> int | None:
        """Return the month's limit of `unit`; None = no limit."""
        return {
            QuotaUnit.POSTS: self.posts,
            QuotaUnit.ADS: self.ads,
            QuotaUnit.IMAGES: self.images,
            QuotaUnit.ITEMS: self.items,
            QuotaUnit.MONEY: self.micro_usd,
        }[unit]


TERMS: dict[Plan, Terms] = {
    Plan.FREE: Terms(posts=3, ads=5, images=100, items=50, micro_usd=15_000_000, weight=1, in_flight=2),
    Plan.CREATOR: Terms(posts=50, ads=100, images=2_000, items=1_000, micro_usd=150_000_000, weight=2, in_flight=5),
    Plan.PRO: Terms(posts=200, ads=500, images=10_000, items=5_000, micro_usd=600_000_000, weight=4, in_flight=10),
    Plan.BUSINESS: Terms(
        posts=None, ads=None, images=None, items=None, micro_usd=10_000_000_000, weight=8, in_flight=20
    ),
}


def month_of(moment: datetime) -> date:
    """Return the first day of the calendar month (UTC) that `moment` lies in."""
    return moment.astimezone(UTC).date().replace(day=1)
