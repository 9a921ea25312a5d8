"""What docs/operations.md says of what grows: every table is there, and its SQL deletes old runs and nothing else."""

from __future__ import annotations

import re
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import func, select, text

from app.db.models import Base, CallSum, Run
from app.db.session import transaction
from harness import Installation
from making import change, finished, opened, pictures_of, succeed, take, timed_out
from orders import a_user, calls_of, events_of, pieces_of, used

OPERATIONS = Path(__file__).parents[2] / "docs" / "operations.md"
SECTION = OPERATIONS.read_text(encoding="utf-8").partition("## What grows")[2].partition("\n## ")[0]
[DELETE] = re.findall(r"^```sql\n(.*?)^```$", SECTION, re.MULTILINE | re.DOTALL)
OLD = timedelta(days=400)


def aged(run_id: uuid.UUID, **values: object) -> uuid.UUID:
    change(Run, run_id, **{"finished_at": datetime.now(UTC) - OLD, **values})
    return run_id


def deleted() -> set[uuid.UUID]:
    """Do what the document says, once; return the ids that came back."""
    with transaction() as session:
        return set(session.scalars(text(DELETE)))


def test_every_table_is_named() -> None:
    named = set(re.findall(r"`(\w+)`", SECTION))

    assert set(Base.metadata.tables) - named == set()


def test_an_old_run_goes_with_all_that_it_had_and_its_money_stays(database: Installation) -> None:
    assert database
    user = a_user()
    old, young, live = opened(user), finished(user, slides=5), opened(user)
    for run_id in (old, live):
        succeed(take(pictures_of(run_id)[0]), cost=67_350)
    timed_out(old)
    aged(old)
    posts = used(user)

    assert deleted() == {old}

    assert (list(pieces_of(old)), list(events_of(old)), list(calls_of(old))) == ([], [], [])
    assert pieces_of(young)
    assert len(calls_of(live)) == 1
    with transaction() as session:
        assert session.scalar(select(func.sum(CallSum.known_micro_usd))) == 2 * 67_350
    assert used(user) == posts
    assert deleted() == set()


def test_a_run_whose_pictures_a_copy_shows_stays_as_long_as_the_copy(database: Installation) -> None:
    assert database
    user = a_user()
    first = aged(finished(user, slides=5))
    copy = aged(finished(user, slides=5), made_from=first)
    last = aged(finished(user, slides=5), made_from=copy, finished_at=datetime.now(UTC))

    assert deleted() == set()

    aged(last)
    assert [deleted() for _ in range(4)] == [{last}, {copy}, {first}, set()]


def test_a_run_with_a_call_in_doubt_stays(database: Installation) -> None:
    assert database
    run_id = aged(finished(slides=5))
    change(Run, run_id, held_micro_usd=1, overrun_micro_usd=1_000_000)

    assert deleted() == set()
