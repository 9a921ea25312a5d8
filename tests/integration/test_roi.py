"""What a month's runs saved against work by hand: hours, their worth, the cost, the gain."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from app.db.models import Piece, Run, User
from app.db.session import transaction
from app.domain.errors import NotFound
from app.domain.states import PieceState, RunState
from app.reports import manual_work, roi
from app.reports.roi import Roi
from journaling import Journal
from making import change, finished
from orders import order, pieces_of
from reporting import noted, this_month, without_rates
from settings_of import own_settings

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def user(database: object) -> Iterator[User]:
    assert database
    with without_rates():
        noted("PKR", "280", date(2020, 1, 1))
        with transaction() as session:
            yield session.get_one(User, Journal().run.user_id)


def read(user: User | None = None) -> Roi:
    with transaction() as session:
        return roi.roi(session, this_month(), manual_work.manual_work(), user)


def told(**kinds: Any) -> dict[str, Any]:
    return {one["pipeline"]: one for one in roi.as_json(read())["pipelines"]} | kinds


def test_a_delivered_post_is_worth_four_hours_of_work(user: User) -> None:
    finished(user, slides=5)
    Journal().add(cost_micro_usd=1_000_000)

    (line,) = read().lines
    assert (line.delivered, line.hours, line.value) == (1, 4, 10_000)
    assert (line.cost, line.gain) == (280, 9_720)
    assert roi.ratio(line) == 35.7


def test_what_failed_costs_and_saves_nothing(user: User) -> None:
    Journal().add(cost_micro_usd=1_000_000)

    (line,) = read().lines
    assert (line.delivered, line.value, line.gain) == (0, 0, -280)


def test_a_cost_that_nobody_knows_is_no_gain(user: User) -> None:
    finished(user, slides=5)
    Journal().unknown(worst_micro_usd=90_000)

    line = told()["full-post"]
    assert (line["value"], line["in_doubt_usd"]) == ("10000.00", "0.09")
    assert (line["cost"], line["cost_usd"], line["gain"], line["ratio"]) == (None, None, None, None)


def test_of_a_run_that_makes_several_each_one_counts(user: User) -> None:
    rows = "\n".join(f"Wallet {n},Handmade leather wallet with 6 card slots" for n in range(3))
    run_id = order(user, "product-listing", csv=f"name,details\n{rows}")
    for n, piece in enumerate(one for one in pieces_of(run_id) if one.kind == "listing"):
        if n < 2:
            change(Piece, piece.id, state=PieceState.READY, step=None)
    change(Run, run_id, state=RunState.GENERATING_TEXT)
    change(Run, run_id, state=RunState.PARTIAL, finished_at=this_month().begins)

    (line,) = read().lines
    assert (line.pipeline, line.delivered, line.hours) == ("product-listing", 2, Decimal(35) / 60)


def test_it_needs_a_rate_of_the_currency_that_work_is_paid_in(user: User) -> None:
    with without_rates(), pytest.raises(NotFound, match="there is no rate of PKR"):
        read()


def test_it_says_what_it_assumes_and_where_from(user: User) -> None:
    finished(user, slides=5)

    found = roi.as_json(read())
    assert (found["per_hour"], found["currency"], found["rate"]) == ("2500", "PKR", "280")
    (line,) = found["pipelines"]
    assert (line["minutes"], line["per"]) == ("240", "run")
    assert line["source"]
    assert line["ratio"] is None  # nothing was paid


def test_users_put_their_own_figures_in_the_place_of_ours(
    user: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    finished(user, slides=5)
    file = tmp_path / "work.toml"
    file.write_text(
        '[rate]\nper_hour = 10\ncurrency = "USD"\nsource = "us"\n[pipelines.full-post]\nminutes = 30\nsource = "us"\n'
    )
    own_settings(monkeypatch, PRESSROOM_MANUAL_WORK=str(file))

    (line,) = read().lines
    assert (line.value, read().currency, read().rate) == (5, "USD", None)
