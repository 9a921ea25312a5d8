"""The sums that reports read are those of the journal, whatever happens to it; merging them changes nothing."""

from __future__ import annotations

import random
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, func, select, text, update

from app import accounts, journal
from app.db.models import Call, CallSum, Run, User
from app.db.session import transaction
from app.domain.states import CallState, CostBasis
from app.reports import sums
from app.routes import routes_for
from app.runs.claims import Claim
from journaling import Journal
from making import asked, change, intend, journaled, outcome
from orders import calls_of
from reporting import difference, report
from workers.calls import outcome_of
from workers.providers.provider import Answer

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def written(database: object) -> Journal:
    assert database
    return Journal()


def lines() -> list[CallSum]:
    with transaction() as session:
        return list(session.scalars(select(CallSum).order_by(CallSum.id)))


def merge() -> int:
    with transaction() as session:
        return sums.merge(session)


def of_one_kind() -> tuple[int, ...]:
    """Return calls, pictures, accepted, known, unknown and doubt of all lines together."""
    found = lines()
    names = ("calls", "pictures", "accepted", "known_micro_usd", "unknown", "doubt_micro_usd")
    return tuple(sum(getattr(one, name) for one in found) for name in names)


def test_a_call_is_in_doubt_until_it_is_settled(held: Claim) -> None:
    call_id = intend(held, asked(worst_micro_usd=70_000))
    assert of_one_kind() == (1, 0, 0, 0, 1, 70_000)

    journaled(journal.unknown, call_id, "provider_down", "no answer", None)
    assert of_one_kind() == (1, 0, 0, 0, 1, 70_000)

    journaled(journal.succeeded, call_id, outcome(67_350, pictures=1))
    assert of_one_kind() == (1, 1, 0, 67_350, 0, 0)

    journaled(journal.accept, call_id, held.token)
    assert of_one_kind() == (1, 1, 1, 67_350, 0, 0)

    journaled(journal.refuse, call_id, "picture_refused:review")
    assert of_one_kind() == (1, 1, 0, 67_350, 0, 0)
    assert difference() == []


def test_a_rejected_call_cost_nothing(held: Claim) -> None:
    journaled(journal.rejected, intend(held), "provider_busy", "too much", 429)

    assert of_one_kind() == (1, 0, 0, 0, 0, 0)


def test_what_changes_no_figure_adds_no_line(held: Claim) -> None:
    call_id = intend(held)
    before = len(lines())

    journaled(journal.note_ref, call_id, "job-1")

    assert len(lines()) == before


def test_tokens_that_nobody_told_stay_unknown(held: Claim) -> None:
    journaled(journal.succeeded, intend(held), outcome(usage=None))
    merge()
    (line,) = lines()
    assert (line.tokens_in, line.tokens_image) == (None, None)


def test_one_statement_of_many_calls_adds_one_line_of_a_kind(written: Journal) -> None:
    for _ in range(20):
        written.add()
    with transaction() as session:
        session.execute(delete(CallSum))
        session.execute(update(Call).values(pictures=1))
    (line,) = lines()
    assert (line.pictures, line.accepted, line.calls) == (20, 20, 0)


def test_merging_leaves_one_line_of_each_kind_and_day(written: Journal) -> None:
    for _ in range(5):
        written.add()
    written.add(provider="openai")
    written.add(ago=timedelta(days=1))

    assert merge() == 3
    assert difference() == []
    assert {one.is_merged for one in lines()} == {True}


def test_merged_lines_take_later_changes_in(written: Journal) -> None:
    written.add(pictures=1)
    merge()
    written.add(pictures=1)
    written.refused("blank", pictures=1)
    merge()

    (line,) = lines()
    assert (line.calls, line.pictures, line.accepted, line.known_micro_usd) == (3, 3, 2, 180_000)


def test_without_new_lines_there_is_nothing_to_merge(written: Journal) -> None:
    written.add()
    merge()
    before = [one.id for one in lines()]

    assert merge() == 0
    assert [one.id for one in lines()] == before


def changed_at_random(call: Call, chance: random.Random) -> dict[str, Any]:
    return chance.choice(
        [
            {"accepted": chance.choice([True, False, None])},
            {"pictures": chance.randrange(3)},
            {"tokens_in": chance.choice([None, 0, 900]), "tokens_image": chance.choice([None, 1120])},
            {"provider_ref": str(chance.random())},
            {"state": CallState.UNKNOWN, "cost_micro_usd": None, "cost_basis": CostBasis.UNKNOWN},
        ]
    )


@pytest.mark.parametrize("seed", range(6))
def test_the_lines_add_up_to_the_journal_after_any_changes(database: object, seed: int) -> None:
    chance = random.Random(seed)
    journals = [Journal(), Journal()]
    for _ in range(40):
        one = chance.choice(journals)
        match chance.randrange(6):
            case 0:
                one.add(
                    pictures=1, provider=chance.choice(["gemini", "openai"]), ago=timedelta(days=chance.randrange(3))
                )
            case 1:
                one.unknown(worst_micro_usd=chance.randrange(100_000))
            case 2:
                one.cached()
            case 3:
                one.rejected()
            case 4:
                merge()
            case _:
                with transaction() as session:
                    # Only calls whose outcome is open: the database refuses to settle one twice.
                    found = session.scalars(select(Call).where(Call.state == CallState.UNKNOWN)).all()
                    if found:
                        call = chance.choice(found)
                        session.execute(
                            update(Call).where(Call.id == call.id).values(**changed_at_random(call, chance))
                        )
        assert difference() == []


def test_mergers_and_writers_at_once_lose_nothing(written: Journal) -> None:
    def write(_: int) -> None:
        written.add(pictures=1)

    with ThreadPoolExecutor(6) as pool:
        made = [pool.submit(write, n) for n in range(60)]
        merged = [pool.submit(merge) for _ in range(20)]
        for one in (*made, *merged):
            one.result()

    assert difference() == []
    assert of_one_kind()[:2] == (60, 60)


def test_a_change_that_is_undone_leaves_no_line(written: Journal) -> None:
    written.add()
    before = len(lines())
    with transaction() as session:
        session.execute(update(Call).values(pictures=2))
        session.rollback()
    assert len(lines()) == before


def test_a_call_keeps_the_key_of_its_own_round(written: Journal) -> None:
    with transaction() as session:
        user = session.get_one(User, written.run.user_id)
        first, second = (accounts.create_key(session, user, name)[0] for name in ("first", "second"))
    change(Run, written.run.id, api_key_id=first.id)
    written.unknown(worst_micro_usd=5_000)
    change(Run, written.run.id, api_key_id=second.id)
    written.add(cost_micro_usd=7_000)

    assert {call.api_key_id for call in calls_of(written.run.id)} == {first.id, second.id}
    by_key = {str(row.labels[0]): row.figures for row in report("key").rows}
    assert {name.split("(")[1]: figures.in_doubt_micro_usd for name, figures in by_key.items()} == {
        "first)": 5_000,
        "second)": 0,
    }
    assert difference() == []


def test_money_goes_with_its_user_and_not_with_a_run(written: Journal) -> None:
    written.add()
    with transaction() as session:
        session.execute(delete(Run).where(Run.id == written.run.id))
    assert (calls_of(written.run.id), of_one_kind()[0]) == ([], 1)

    with transaction() as session:
        session.execute(delete(User).where(User.id == written.run.user_id))
    assert lines() == []


def test_the_migration_sums_the_calls_that_were_there_before(written: Journal) -> None:
    from importlib import import_module  # noqa: PLC0415 - a migration's name is no module's

    migration = import_module("migrations.versions.0012_reports")
    for _ in range(3):
        written.add()
    written.unknown()
    with transaction() as session:
        session.execute(delete(CallSum))
        session.execute(text(migration.SUMS.format(changed="SELECT 1 AS sign, * FROM calls")))
        assert session.scalar(select(func.count()).select_from(CallSum)) == 1
    assert difference() == []


def test_the_migration_finds_the_pictures_that_were_made(written: Journal) -> None:
    from importlib import import_module  # noqa: PLC0415 - as above

    migration = import_module("migrations.versions.0012_reports")
    written.add(reply="posts/a.png")
    written.cached(reply="posts/a.png")
    written.add(purpose="review_image", reply="a verdict")
    written.add(reply=None)
    with transaction() as session:
        session.execute(text(migration.MADE))

    made = {(call.purpose, call.cost_basis, call.reply): call.pictures for call in calls_of(written.run.id)}
    assert sum(made.values()) == 1
    assert made["render_image", CostBasis.PROVIDER, "posts/a.png"] == 1
    assert difference() == []


def test_a_journal_entry_without_a_run_is_refused_and_not_summed(written: Journal) -> None:
    before = len(lines())
    with pytest.raises(Exception, match="foreign key"):
        written.add(run_id=uuid.uuid4())
    assert len(lines()) == before


@pytest.mark.parametrize(("picture", "pictures"), [(b"bytes", 1), (None, 0)])
def test_a_reply_with_a_picture_counts_as_one(held: Claim, picture: bytes | None, pictures: int) -> None:
    answer = Answer("", picture, None, 5_000, None, 200)
    journaled(journal.succeeded, intend(held), outcome_of(routes_for("render_image")[0], answer, "posts/x/a.png"))

    assert of_one_kind()[:2] == (1, pictures)
