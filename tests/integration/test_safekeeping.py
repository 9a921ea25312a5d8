"""Paid bytes are never lost: while storage is down they wait in the database, and nothing more is bought."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, func, select

from app import journal
from app.db.models import Call, Run, Unstored
from app.db.session import transaction
from app.domain.errors import NotFound, StorageError
from app.domain.keys import content_digest
from app.metrics.rows import utc_now
from app.runs import finish, plan
from app.settings import settings
from app.storage import IMMUTABLE, storage
from harness import Installation, forget_settings, wait_for
from making import change, intend, journaled, opened, outcome, pictures_of, take, watch_all_along
from orders import run_of
from s3 import BUCKET, S3, s3_server
from workers import finishing, limits, safekeeping, upkeep
from working import Later, Task

PNG = b"\x89PNG\r\n\x1a\n" + b"x" * 100
KEY = "posts/6f1c/0/abcdef123456.png"
LONG = timedelta(minutes=30)  # three times the watchdog's patience


@pytest.fixture
def call_id(database: Installation, monkeypatch: pytest.MonkeyPatch) -> Iterator[uuid.UUID]:
    """A paid call, in a process that is not patient with storage."""
    assert database
    monkeypatch.setenv("PRESSROOM_STORE_PATIENCE", "0")
    settings.cache_clear()
    made = intend(take(pictures_of(opened(slides=5))[0]))
    journaled(journal.succeeded, made, outcome())
    yield made
    mend()
    safekeeping.put_or_keep("posts/end", b"", made)  # this process may buy again


@pytest.fixture
def bucket(call_id: uuid.UUID) -> Iterator[S3]:
    """An S3 server whose bucket is the storage."""
    assert call_id
    with s3_server() as server, pytest.MonkeyPatch.context() as patched:
        for name, value in server.env.items():
            patched.setenv(name, value)
        forget_settings()
        yield server
    forget_settings()


def files() -> Path:
    return settings().data_dir / "files"


def breaks() -> None:
    """Put a file where the folder should be."""
    files().write_text("in the way")


def mend() -> None:
    """Take it away."""
    if files().is_file():
        files().unlink()


def waiting() -> int:
    with transaction() as session:
        return session.scalar(select(func.count()).select_from(Unstored)) or 0


def test_bytes_go_to_storage_and_not_to_the_database(call_id: uuid.UUID) -> None:
    safekeeping.put_or_keep(KEY, PNG, call_id)

    assert (storage().get(KEY), waiting()) == (PNG, 0)


def test_bytes_that_storage_refuses_wait_in_the_database(call_id: uuid.UUID) -> None:
    breaks()

    safekeeping.put_or_keep(KEY, PNG, call_id)

    assert waiting() == 1


def test_bytes_that_wait_can_be_read(call_id: uuid.UUID) -> None:
    breaks()
    safekeeping.put_or_keep(KEY, PNG, call_id)

    assert safekeeping.get(KEY) == PNG


def picture_of(data: bytes, key: str = KEY) -> dict[str, Any]:
    return {"key": key, "mime": "image/png", "sha256": content_digest(data)}


def test_a_picture_of_another_run_is_copied_under_the_pieces_own_key(call_id: uuid.UUID) -> None:
    safekeeping.put_or_keep(KEY, PNG, call_id)
    held = take(pictures_of(opened(slides=5))[-1])

    own = safekeeping.copied(held, picture_of(PNG))

    assert own == picture_of(PNG, f"posts/{held.run.id}/4/{content_digest(PNG)[:12]}.png")
    assert (storage().get(own["key"]), storage().get(KEY)) == (PNG, PNG)


def test_a_picture_whose_bytes_are_nowhere_cannot_be_copied(call_id: uuid.UUID) -> None:
    assert call_id

    with pytest.raises(NotFound):
        safekeeping.copied(take(pictures_of(opened(slides=5))[-1]), picture_of(PNG))


def test_a_picture_that_waits_is_not_taken_for_lost_when_storage_is_back(call_id: uuid.UUID) -> None:
    breaks()
    safekeeping.put_or_keep(KEY, PNG, call_id)
    mend()

    own = safekeeping.copied(take(pictures_of(opened(slides=5))[-1]), picture_of(PNG))

    assert safekeeping.get(own["key"]) == PNG


def test_a_copied_picture_may_be_kept_for_a_year_as_any_other(call_id: uuid.UUID, bucket: S3) -> None:
    safekeeping.put_or_keep(KEY, PNG, call_id)

    own = safekeeping.copied(take(pictures_of(opened(slides=5))[-1]), picture_of(PNG))

    assert bucket.client.head_object(Bucket=BUCKET, Key=own["key"])["CacheControl"] == IMMUTABLE


def test_bytes_that_wait_can_be_read_when_storage_is_back_and_empty(call_id: uuid.UUID) -> None:
    breaks()
    safekeeping.put_or_keep(KEY, PNG, call_id)
    mend()

    assert safekeeping.get(KEY) == PNG


def test_bytes_that_are_nowhere_are_not_found(call_id: uuid.UUID) -> None:
    assert call_id

    with pytest.raises(NotFound):
        safekeeping.get(KEY)


def test_bytes_that_storage_does_not_give_are_a_storage_error(call_id: uuid.UUID) -> None:
    assert call_id
    breaks()

    with pytest.raises(StorageError):
        safekeeping.get(KEY)


def test_what_waits_is_stored_when_storage_is_back(call_id: uuid.UUID) -> None:
    breaks()
    safekeeping.put_or_keep(KEY, PNG, call_id)
    mend()

    stored = safekeeping.empty_unstored()

    assert (stored, waiting(), storage().get(KEY)) == (1, 0, PNG)


def test_what_waits_goes_on_waiting_while_storage_is_down(call_id: uuid.UUID) -> None:
    breaks()
    safekeeping.put_or_keep(KEY, PNG, call_id)

    with pytest.raises(StorageError):
        safekeeping.empty_unstored()

    assert waiting() == 1


def test_the_same_bytes_kept_twice_wait_once(call_id: uuid.UUID) -> None:
    breaks()

    safekeeping.put_or_keep(KEY, PNG, call_id)
    safekeeping.put_or_keep(KEY, PNG, call_id)

    assert waiting() == 1


def test_bytes_wait_from_the_first_refusal_on_whatever_becomes_of_who_puts_them_again(
    call_id: uuid.UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PRESSROOM_STORE_PATIENCE", "60")
    settings.cache_clear()
    breaks()
    with ThreadPoolExecutor(1) as patient:
        stored = patient.submit(safekeeping.put_or_keep, KEY, PNG, call_id)
        wait_for(lambda: waiting() == 1)
        assert not stored.done()
        mend()

        assert stored.result(20)

    assert (storage().get(KEY), waiting()) == (PNG, 0)


def test_while_something_waits_no_picture_is_bought(call_id: uuid.UUID) -> None:
    breaks()
    safekeeping.put_or_keep(KEY, PNG, call_id)
    mend()

    with pytest.raises(StorageError, match="no picture is bought"):
        safekeeping.check_open()


def may_buy() -> bool:
    """Whether pictures are bought."""
    try:
        safekeeping.check_open()
    except StorageError:
        return False
    return True


def test_when_all_is_stored_pictures_are_bought_again(call_id: uuid.UUID) -> None:
    breaks()
    safekeeping.put_or_keep(KEY, PNG, call_id)
    mend()
    safekeeping.empty_unstored()

    assert may_buy()


def stored_by_another_process() -> None:
    """Empty the table as the relay does, which runs in a process of its own."""
    with transaction() as session:
        for row in session.scalars(select(Unstored)):
            storage().put(row.key, row.data)
        session.execute(delete(Unstored))


def test_a_run_ends_once_storage_has_all_that_was_paid_for_it(call_id: uuid.UUID) -> None:
    run_id = run_of_call(call_id)
    given_up(run_id)
    breaks()
    safekeeping.put_or_keep(KEY, PNG, call_id)

    with pytest.raises(Later):
        finishing.finish(Task(), run_id, 1)
    assert not run_of(run_id).state.is_terminal
    mend()
    finishing.finish(Task(), run_id, 1)

    assert run_of(run_id).state.is_terminal
    assert (waiting(), storage().get(KEY)) == (0, PNG)


def test_a_run_that_waits_for_storage_is_no_stall(call_id: uuid.UUID) -> None:
    run_id = run_of_call(call_id)
    given_up(run_id)
    breaks()
    safekeeping.put_or_keep(KEY, PNG, call_id)
    change(Run, run_id, started_at=utc_now() - 2 * LONG, progressed_at=utc_now() - LONG)

    with pytest.raises(Later):
        finishing.finish(Task(), run_id, 1)
    watch_all_along()
    upkeep.watchdog()

    assert not run_of(run_id).state.is_terminal


def test_a_run_that_waits_for_storage_for_hours_is_ended(call_id: uuid.UUID) -> None:
    run_id = run_of_call(call_id)
    given_up(run_id)
    breaks()
    safekeeping.put_or_keep(KEY, PNG, call_id)
    change(Run, run_id, started_at=utc_now() - plan.LONGEST_ROUND)

    with pytest.raises(Later):
        finishing.finish(Task(), run_id, 1)
    watch_all_along()
    upkeep.watchdog()

    assert run_of(run_id).state.is_terminal


def test_what_waits_of_one_run_holds_no_other_one_back(call_id: uuid.UUID) -> None:
    other = opened(slides=5)
    given_up(other)
    breaks()
    safekeeping.put_or_keep(KEY, PNG, call_id)

    finishing.finish(Task(), other, 1)

    assert run_of(other).state.is_terminal
    assert waiting() == 1


def given_up(run_id: uuid.UUID) -> None:
    """Make all pieces of a run FAILED: nobody has ended it."""
    with transaction() as session:
        finish.time_out(session, run_id)


def run_of_call(call_id: uuid.UUID) -> uuid.UUID:
    with transaction() as session:
        return session.get_one(Call, call_id).run_id


def test_a_process_that_saw_the_outage_buys_again_when_another_has_stored_what_waited(call_id: uuid.UUID) -> None:
    breaks()
    safekeeping.put_or_keep(KEY, PNG, call_id)
    mend()
    stored_by_another_process()

    assert may_buy()


def test_a_process_that_saw_the_outage_buys_nothing_while_storage_is_still_down(call_id: uuid.UUID) -> None:
    breaks()
    safekeeping.put_or_keep(KEY, PNG, call_id)
    with transaction() as session:
        session.execute(delete(Unstored))

    with pytest.raises(StorageError):
        safekeeping.check_open()


def test_a_worker_that_is_asked_to_stop_does_not_wait_for_storage(
    call_id: uuid.UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PRESSROOM_STORE_PATIENCE", "60")
    settings.cache_clear()
    monkeypatch.setattr(limits, "stopping", threading.Event())
    limits.stopping.set()
    breaks()

    began = time.monotonic()
    safekeeping.put_or_keep(KEY, PNG, call_id)

    assert waiting() == 1
    assert time.monotonic() - began < 5
