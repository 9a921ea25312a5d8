"""One object that storage never takes keeps its own run waiting, and nobody else: pictures are bought, others are stored."""

from __future__ import annotations

import uuid
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from app import journal
from app.db.models import Run, Unstored
from app.db.session import transaction
from app.domain.errors import StorageError
from app.metrics.rows import utc_now
from app.runs import finish, plan
from app.settings import settings
from app.storage import Folder, storage
from asking import act
from harness import Installation, Sandbox, wait_for
from making import change, intend, journaled, make, opened, outcome, pictures_of, take, watch_all_along
from orders import run_of
from races import together
from workers import finishing, safekeeping, upkeep
from working import Later, Task

PNG = b"\x89PNG\r\n\x1a\n" + b"x" * 100
LONG_AGO = timedelta(minutes=2)


@pytest.fixture(autouse=True)
def process(database: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that saw no outage yet and is not patient."""
    assert database
    monkeypatch.setenv("PRESSROOM_STORE_PATIENCE", "0")
    settings.cache_clear()
    monkeypatch.setattr(safekeeping, "_outlook", safekeeping._Outlook())


@pytest.fixture
def run_id(monkeypatch: pytest.MonkeyPatch) -> uuid.UUID:
    """A run whose first picture storage never takes, since two minutes ago, which another process saw."""
    made = opened(slides=5)
    never_taken(made, 1)
    some_time_passes()
    monkeypatch.setattr(safekeeping, "_outlook", safekeeping._Outlook())
    return made


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """How often storage was asked whether it can be written."""
    times: list[str] = []
    check = Folder.check

    def counted(folder: Folder) -> None:
        times.append("asked")
        check(folder)

    monkeypatch.setattr(Folder, "check", counted)
    return times


def files() -> Path:
    return settings().data_dir / "files"


def paid(run_id: uuid.UUID, most: int) -> list[uuid.UUID]:
    """Return paid calls of so many of a run's pictures."""
    calls = []
    for piece in pictures_of(run_id)[:most]:
        call_id = intend(take(piece))
        journaled(journal.succeeded, call_id, outcome())
        calls.append(call_id)
    return calls


def never_taken(run_id: uuid.UUID, most: int) -> None:
    """Have storage refuse so many of a run's pictures: a folder is where the file should be."""
    for call_id in paid(run_id, most):
        (files() / key_of(call_id)).mkdir(parents=True)
        assert not safekeeping.put_or_keep(key_of(call_id), PNG, call_id)


def key_of(call_id: uuid.UUID) -> str:
    return f"posts/{call_id}/0/abcdef123456.png"


def some_time_passes() -> None:
    """Make all that waits have waited for two minutes."""
    with transaction() as session:
        session.execute(update(Unstored).values(created_at=Unstored.created_at - LONG_AGO))


def waiting() -> int:
    with transaction() as session:
        return session.scalar(select(func.count()).select_from(Unstored)) or 0


def given_up(run_id: uuid.UUID) -> None:
    """Make all pieces of a run FAILED: nobody has ended it."""
    with transaction() as session:
        finish.time_out(session, run_id)


def test_after_a_minute_pictures_are_bought_again(run_id: uuid.UUID) -> None:
    assert run_id

    safekeeping.check_open()


def test_in_the_first_minute_it_is_taken_for_an_outage(run_id: uuid.UUID) -> None:
    with transaction() as session:
        session.execute(update(Unstored).values(created_at=func.now() - timedelta(seconds=40)))

    with pytest.raises(StorageError, match="no picture is bought"):
        safekeeping.check_open()
    assert run_id


def test_another_runs_picture_is_bought_and_stored(run_id: uuid.UUID, sandbox: Sandbox) -> None:
    piece = pictures_of(opened(slides=5))[-1]
    make(piece, until="render_image")

    picture = act(take(piece)).picture

    assert picture is not None
    assert storage().has(picture["key"])
    assert (len(sandbox.log()), waiting()) == (1, 1)
    assert run_id


def test_while_storage_is_down_too_no_picture_is_bought(run_id: uuid.UUID) -> None:
    files().rename(files().with_name("away"))
    files().write_text("in the way")

    with pytest.raises(StorageError, match="no picture is bought"):
        safekeeping.check_open()
    assert run_id


def test_while_too_many_wait_no_picture_is_bought(run_id: uuid.UUID, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(safekeeping, "MOST_WAITING", 3)
    never_taken(opened(slides=5), 1)
    some_time_passes()
    safekeeping.check_open()

    never_taken(opened(slides=5), 1)
    some_time_passes()

    with pytest.raises(StorageError, match="no picture is bought"):
        safekeeping.check_open()
    assert run_id


def test_storage_is_asked_once_for_all_that_are_about_to_buy(run_id: uuid.UUID, asked: list[str]) -> None:
    assert together([safekeeping.check_open] * 8) == [None] * 8

    assert asked == ["asked"]
    assert run_id


def test_a_storage_that_is_down_is_asked_once_for_all_that_are_about_to_buy(
    run_id: uuid.UUID, asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.storage.MIN_FREE_BYTES", 1 << 62)

    for _ in range(8):
        with pytest.raises(StorageError):
            safekeeping.check_open()

    assert asked == ["asked"]
    assert run_id


def test_while_nothing_waits_storage_is_not_asked(asked: list[str]) -> None:
    safekeeping.check_open()

    assert asked == []


def test_many_that_are_never_taken_hide_none_behind_them() -> None:
    never_taken(opened(slides=12), 13)
    never_taken(opened(slides=12), 13)
    (taken,) = paid(opened(slides=5), 1)
    files().rename(files().with_name("away"))
    files().write_text("in the way")
    assert not safekeeping.put_or_keep(key_of(taken), PNG, taken)
    files().unlink()
    files().with_name("away").rename(files())

    wait_for(lambda: relayed() and storage().has(key_of(taken)))

    assert waiting() == 26


def relayed() -> bool:
    """Do what the relay does every 5 s."""
    with pytest.raises(StorageError):
        safekeeping.empty_unstored()
    return True


def test_the_relay_sends_no_more_than_three_that_are_refused_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    never_taken(opened(slides=12), 13)
    sent: list[str] = []
    put = Folder.put

    def counted(folder: Folder, key: str, data: bytes, *, immutable: bool = True) -> None:
        sent.append(key)
        put(folder, key, data, immutable=immutable)

    monkeypatch.setattr(Folder, "put", counted)

    relayed()

    assert len(set(sent)) == 3


def test_its_run_waits_and_others_end(run_id: uuid.UUID) -> None:
    other = opened(slides=5)
    given_up(run_id)
    given_up(other)

    with pytest.raises(Later):
        finishing.finish(Task(), run_id, 1)
    finishing.finish(Task(), other, 1)

    assert (run_of(run_id).state.is_terminal, run_of(other).state.is_terminal) == (False, True)


def test_its_run_is_ended_after_hours_and_its_bytes_are_kept(run_id: uuid.UUID) -> None:
    given_up(run_id)
    change(Run, run_id, started_at=utc_now() - plan.LONGEST_ROUND)
    with pytest.raises(Later):
        finishing.finish(Task(), run_id, 1)

    watch_all_along()
    upkeep.watchdog()

    assert run_of(run_id).state.is_terminal
    assert waiting() == 1
