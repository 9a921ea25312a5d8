"""Reports of costs: grouped by anything, in any currency, with unknown money told apart and never taken for nothing."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import func, select, text, update

from app.db.models import Call, Run, User
from app.db.session import transaction
from app.domain.errors import InvalidRequest, NotFound
from app.domain.states import CallState, CostBasis
from app.reports import costs, periods, rates, sums, tables
from app.reports.costs import Dimension, Figures
from app.reports.periods import Period
from bench import reports as million
from journaling import Journal
from making import change, finished
from reporting import BANK, noted, report, this_month, without_rates

pytestmark = pytest.mark.usefixtures("database")
NOVEMBER = Period(date(2026, 11, 1))


@pytest.fixture
def journal(database: object) -> Iterator[Journal]:
    assert database
    with without_rates():
        yield Journal()


def of_month(journal: Journal, *, days: int = 0, **values: object) -> None:
    """Add a call that started in this month, `days` after its first."""
    ago = datetime.now(UTC) - this_month().begins - timedelta(days=days, minutes=1)
    journal.add(ago=ago, **values)


def owner(journal: Journal) -> User:
    with transaction() as session:
        return session.get_one(User, journal.run.user_id)


def test_without_calls_a_report_is_empty_and_says_so() -> None:
    empty = report("provider")
    assert (empty.rows, empty.total, empty.posts, empty.micro_usd_per_post) == ([], Figures(), 0, None)
    assert tables.as_json(empty)["total"]["cost_per_image_usd"] is None


def test_costs_are_grouped_by_what_is_asked_the_dearest_first(journal: Journal) -> None:
    journal.add(provider="gemini", model="a", cost_micro_usd=10)
    journal.add(provider="gemini", model="b", cost_micro_usd=70)
    journal.add(provider="openai", model="c", cost_micro_usd=50)

    by_model = [(row.labels, row.figures.cost_micro_usd) for row in report("provider", "model").rows]
    assert by_model == [(("gemini", "b"), 70), (("openai", "c"), 50), (("gemini", "a"), 10)]
    by_provider = [(row.labels, row.figures.cost_micro_usd) for row in report("provider").rows]
    assert by_provider == [(("gemini",), 80), (("openai",), 50)]


def test_days_stand_in_order_and_are_utc(journal: Journal) -> None:
    of_month(journal, days=0, cost_micro_usd=1)
    of_month(journal, days=0, cost_micro_usd=5, provider="openai")
    first = this_month().first.isoformat()

    rows = report("day", "provider").rows
    assert [row.labels for row in rows] == [(first, "openai"), (first, "gemini")]


def test_every_dimension_can_be_asked_for(journal: Journal) -> None:
    journal.add()

    (row,) = report(*Dimension).rows
    told = dict(zip(Dimension, row.labels, strict=True))
    assert told[Dimension.PIPELINE] == "full-post"
    assert told[Dimension.STAGE] == told[Dimension.PURPOSE] == "render_image"
    assert told[Dimension.USER] == owner(journal).name
    assert told[Dimension.KEY] is None


def test_a_dimension_that_is_not_there_is_refused_with_those_that_are() -> None:
    with pytest.raises(InvalidRequest, match="day, provider, model"):
        costs.dimensions(["colour"])


def test_what_is_in_doubt_is_told_apart_and_not_in_the_costs(journal: Journal) -> None:
    journal.add(cost_micro_usd=60_000, pictures=1)
    journal.unknown(worst_micro_usd=90_000)
    journal.add(state=CallState.INTENT, ended_at=None, cost_micro_usd=None, cost_basis=None, accepted=None)

    total = report("provider").total
    assert (total.calls, total.cost_micro_usd, total.unknown_calls, total.in_doubt_micro_usd) == (3, 60_000, 2, 180_000)
    told = tables.as_json(report("provider"))["total"]
    assert (told["cost_per_image_usd"], told["cost_per_image_at_most_usd"]) == ("0.06", "0.24")


def test_an_accepted_image_costs_what_the_refused_ones_did_too(journal: Journal) -> None:
    for _ in range(2):
        journal.add(pictures=1, cost_micro_usd=60_000)
    journal.refused("blank", pictures=1, cost_micro_usd=60_001)
    journal.cached()
    journal.add(purpose="review_image", cost_micro_usd=9_000, accepted=None)

    total = report("provider").total
    assert (total.calls, total.images, total.accepted_images, total.cached_images) == (4, 3, 2, 1)
    assert (total.micro_usd_per_image, total.micro_usd_per_accepted_image) == (60_001, 90_001)


def test_a_group_of_which_no_cost_is_known_costs_nobody_knows_what_and_not_nothing(journal: Journal) -> None:
    noted("PKR", "280.50", this_month().first)
    journal.add(cost_micro_usd=None, cost_basis=CostBasis.UNKNOWN, pictures=1)
    finished(owner(journal), slides=5)

    told = tables.as_json(report("provider", currency="PKR"))
    for row in (*told["rows"], told["total"]):
        for name in ("cost", "cost_per_image", "cost_per_accepted_image"):
            assert [row[f"{name}_{unit}"] for unit in ("micro_usd", "usd", "pkr")] == [None, None, None]
        assert (row["unknown_calls"], row["in_doubt_usd"]) == (1, "0.09")
    assert (told["total"]["cost_per_post_usd"], told["total"]["cost_per_post_at_most_usd"]) == (None, "0.09")
    (line,) = csv.DictReader(io.StringIO(tables.as_csv(report("provider"))))
    assert (line["cost_usd"], line["cost_per_image_usd"], line["in_doubt_usd"]) == ("", "", "0.09")


def test_what_is_free_costs_nothing_and_is_known(journal: Journal) -> None:
    journal.add(cost_micro_usd=0, worst_micro_usd=0)

    assert tables.as_json(report("provider"))["total"]["cost_usd"] == "0.00"


def test_tokens_of_pictures_are_told_apart_and_unknown_ones_are_none(journal: Journal) -> None:
    journal.add(tokens_in=300, tokens_out=1_200, tokens_image=1_120, tokens_cached=0)
    journal.rejected(provider="openai")

    by_provider = {row.labels[0]: row.figures for row in report("provider").rows}
    gemini, openai = by_provider["gemini"], by_provider["openai"]
    assert (gemini.tokens_in, gemini.tokens_out, gemini.tokens_image, gemini.tokens_cached) == (300, 1_200, 1_120, 0)
    assert (openai.tokens_in, openai.tokens_image) == (None, None)
    assert report("provider").total.tokens_in == 300


def test_a_post_costs_what_those_that_were_not_delivered_cost_too(journal: Journal) -> None:
    with transaction() as session:
        user = session.get_one(User, journal.run.user_id)
    for _ in range(2):
        finished(user, slides=5)
    journal.add(cost_micro_usd=90_001)

    found = report("provider", user=user)
    assert (found.posts, found.micro_usd_per_post) == (2, 45_001)


def test_copies_in_another_format_are_no_posts_of_their_own(journal: Journal) -> None:
    run_id = finished(owner(journal), slides=5)
    journal.add()
    assert report("provider").posts == 1

    change(Run, run_id, made_from=journal.run.id)
    assert report("provider").posts == 0


def test_other_months_do_not_count(journal: Journal) -> None:
    journal.add(ago=timedelta(days=70))
    then = (datetime.now(UTC) - timedelta(days=70)).strftime("%Y-%m")

    assert report("provider").total.calls == 0
    assert report("provider", period=periods.month(then, date(2026, 1, 1))).total.calls == 1


def test_users_see_their_own_calls_only(journal: Journal) -> None:
    journal.add()
    other = Journal()
    other.add(provider="openai")

    assert [row.labels for row in report("provider", user=owner(other)).rows] == [("openai",)]
    assert report("user").total.calls == 2


def test_real_money_and_the_sandbox_are_never_added_up(journal: Journal) -> None:
    journal.add(is_sandbox=True, cost_micro_usd=5)
    assert (report("provider").is_sandbox, report("provider").total.cost_micro_usd) == (True, 5)

    journal.add(cost_micro_usd=70)
    real, pretended = report("provider"), report("provider", sandbox=True)
    assert (real.is_sandbox, real.total.cost_micro_usd, real.left_out_calls) == (False, 70, 1)
    assert (pretended.is_sandbox, pretended.total.cost_micro_usd, pretended.left_out_calls) == (True, 5, 1)


def test_posts_that_the_sandbox_made_are_not_counted_with_real_ones(journal: Journal) -> None:
    finished(owner(journal), slides=5)
    journal.add(is_sandbox=True)
    with transaction() as session:
        session.execute(update(Run).where(Run.id == journal.run.id).values(created_at=func.now()))
    real = Journal()
    real.add()
    run_id = finished(owner(real), slides=5)
    with transaction() as session:
        session.execute(update(Call).where(Call.run_id == real.run.id).values(run_id=run_id))

    assert (report("provider").posts, report("provider", sandbox=True).posts) == (1, 0)


# ---- other currencies


def test_an_amount_in_another_currency_bears_the_rate_its_date_and_its_source(journal: Journal) -> None:
    noted("PKR", "280.50", this_month().first)
    journal.add(cost_micro_usd=40_000)

    told = tables.as_json(report("provider", currency="pkr"))
    (row,) = told["rows"]
    assert (row["cost_usd"], row["cost_pkr"], row["cost_micro_usd"]) == ("0.04", "11.22", 40_000)
    assert (row["rate"], row["rate_as_of"], row["rate_source"]) == ("280.5", this_month().first.isoformat(), BANK)
    assert told["total"]["cost_pkr"] == "11.22"


def test_the_newest_rate_of_the_months_last_day_counts_and_no_later_one(journal: Journal) -> None:
    for day, rate in ((date(2026, 10, 3), "280"), (date(2026, 11, 30), "281"), (date(2026, 12, 1), "290")):
        noted("PKR", rate, day)

    with transaction() as session:
        assert [rates.rate_on(session, "PKR", day).rate for day in (NOVEMBER.last, date(2026, 11, 29))] == [281, 280]  # type: ignore[union-attr]
        with pytest.raises(NotFound, match="there is no rate of PKR on 2026-10-02 or before"):
            rates.rate_on(session, "PKR", date(2026, 10, 2))


def test_without_a_rate_the_command_that_notes_one_is_named(journal: Journal) -> None:
    with pytest.raises(NotFound, match=r"pressroom rates set PKR RATE --date \d{4}-\d\d-\d\d --source WHO") as refused:
        report("provider", currency="PKR")
    assert refused.value.code == "no_exchange_rate"


def test_a_rate_of_the_same_day_is_replaced(journal: Journal) -> None:
    noted("PKR", "280", NOVEMBER.first)
    noted("PKR", "281.25", NOVEMBER.first, "another bank")
    with transaction() as session:
        (one,) = rates.rates(session, "pkr")
    assert (one.rate, one.source) == (Decimal("281.25"), "another bank")


@pytest.mark.parametrize(
    ("currency", "rate", "source"),
    [("PK", "280", "x"), ("usd", "1", "x"), ("PKR", "0", "x"), ("PKR", "-2", "x"), ("PKR", "NaN", "x"),
     ("PKR", "Infinity", "x"), ("PKR", "1e12", "x"), ("PKR", "280", " "), ("PKR", "280", "x" * 201)],
)  # fmt: skip
def test_what_is_no_rate_is_refused(journal: Journal, currency: str, rate: str, source: str) -> None:
    with pytest.raises(InvalidRequest):
        noted(currency, rate, NOVEMBER.first, source)


# ---- as files


def test_the_rows_are_the_same_as_csv(journal: Journal) -> None:
    noted("PKR", "280.50", this_month().first)
    journal.add(pictures=1, tokens_in=5)
    journal.unknown(provider="=HYPERLINK()")
    found = report("provider", currency="PKR")

    rows = list(csv.DictReader(io.StringIO(tables.as_csv(found))))
    wanted = tables.as_json(found)["rows"]
    assert [row["provider"] for row in rows] == ["gemini", "'=HYPERLINK()"]
    for row, told in zip(rows, wanted, strict=True):
        shown = {name: "" if value is None else str(value) for name, value in told.items() if name != "provider"}
        assert {name: row[name] for name in shown} == shown
        assert row["month"] == this_month().name


def test_a_csv_without_rows_has_its_header() -> None:
    assert tables.as_csv(report("provider", "model")).startswith("month,provider,model,calls,images,")


# ---- a large journal


def test_a_report_reads_the_sums_and_never_the_calls(database: object) -> None:
    with transaction() as session:
        million.seed(session, 2_000)
    with transaction() as session:
        sums.merge(session)
    with transaction() as session:
        found = costs.costs(session, million.MONTH, costs.dimensions(["provider", "model"]))
        calls = session.scalar(select(func.count()).select_from(Call))
        plan = million.explained(session, costs.dimensions(["day", "provider"]))
        lines = session.scalar(text("SELECT count(*) FROM call_sums"))

    assert (found.total.calls + found.total.cached_images, calls) == (2_000, 2_000)
    assert "call_sums" in plan
    assert "on calls" not in plan
    assert lines is not None
    assert lines < 2_000


def test_what_the_sums_say_is_what_the_calls_say(database: object) -> None:
    with transaction() as session:
        million.seed(session, 500)
    with transaction() as session:
        told = costs.costs(session, million.MONTH, ()).total
        known, images = session.execute(select(func.sum(Call.cost_micro_usd), func.sum(Call.pictures))).one()
    assert (told.cost_micro_usd, told.images) == (known, images)
