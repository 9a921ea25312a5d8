"""Storage and database refuse paid bytes together: they are held on to, and on a nearly full disk nothing is bought."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import SQLAlchemyError

from app import journal
from app.db.models import Call, Piece, Unstored
from app.db.session import transaction
from app.domain.errors import StorageError
from app.domain.provider_errors import ProviderDown
from app.runs.claims import Claim
from app.settings import settings
from app.storage import Folder, storage
from asking import act
from harness import Installation, Sandbox, wait_for
from making import expire_lease, intend, journaled, make, opened, outcome, pictures_of, take
from orders import calls_of
from workers import leases, limits, safekeeping

PNG = b"\x89PNG\r\n\x1a\n" + b"x" * 100
KEY = "posts/6f1c/0/abcdef123456.png"
DISK_FULL, SHUTTING_DOWN = "53100", "57P01"


class Disk:
    """A disk under both, files and database, that is full or not."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self._patch = patch
        self._put = Folder.put

    def fills(self) -> None:
        """Have it take empty files only, as a full disk does."""

        def put(folder: Folder, key: str, data: bytes, *, immutable: bool = True) -> None:
            if data:
                raise StorageError("the folder did not take it: No space left on device")
            self._put(folder, key, data, immutable=immutable)

        self._patch.setattr(Folder, "put", put)
        self._patch.setattr("app.storage.MIN_FREE_BYTES", 1 << 62)
        self.refuses_rows(DISK_FULL)

    def takes_files(self) -> None:
        """Have storage take everything again."""
        self._patch.setattr(Folder, "put", self._put)
        self._patch.setattr("app.storage.MIN_FREE_BYTES", 0)

    def refuses_rows(self, code: str) -> None:
        """Have PostgreSQL refuse what is to wait, with an SQLSTATE."""
        self.takes_rows()
        with transaction() as session:
            session.execute(
                text(
                    "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS "
                    f"$$ BEGIN RAISE EXCEPTION 'refused' USING ERRCODE = '{code}'; END $$"
                )
            )
            session.execute(
                text("CREATE TRIGGER refuse BEFORE INSERT ON unstored FOR EACH ROW EXECUTE FUNCTION refuse()")
            )

    def takes_rows(self) -> None:
        """Have PostgreSQL take rows again."""
        with transaction() as session:
            session.execute(text("DROP FUNCTION IF EXISTS refuse CASCADE"))


@pytest.fixture
def disk(database: Installation, monkeypatch: pytest.MonkeyPatch) -> Iterator[Disk]:
    """A full disk, in a process that saw no outage yet and is patient."""
    assert database
    monkeypatch.setattr(safekeeping, "_outlook", safekeeping._Outlook())
    monkeypatch.setattr(safekeeping, "ASK_AGAIN_S", 0)
    monkeypatch.setattr(limits, "stopping", threading.Event())
    patience(monkeypatch, 30)
    made = Disk(monkeypatch)
    made.fills()
    yield made
    made.takes_rows()


def patience(patch: pytest.MonkeyPatch, seconds: float) -> None:
    patch.setenv("PRESSROOM_STORE_PATIENCE", str(seconds))
    settings.cache_clear()


@pytest.fixture
def held(disk: Disk) -> Claim:
    assert disk
    return take(pictures_of(opened(slides=5))[0])


@pytest.fixture
def call_id(held: Claim) -> uuid.UUID:
    """A paid call."""
    made = intend(held)
    journaled(journal.succeeded, made, outcome(reply=KEY))
    return made


@pytest.fixture
def worker() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as made:
        yield made


def waiting() -> int:
    with transaction() as session:
        return session.scalar(select(func.count()).select_from(Unstored)) or 0


def refused_twice(worker: ThreadPoolExecutor, call_id: uuid.UUID, monkeypatch: pytest.MonkeyPatch) -> Future[bool]:
    """Begin to store paid bytes, and wait until the database refused them twice."""
    refusals, wait = threading.Semaphore(0), safekeeping._wait

    def counted(*args: Any) -> None:
        try:
            wait(*args)
        except SQLAlchemyError:
            refusals.release()
            raise

    monkeypatch.setattr(safekeeping, "_wait", counted)
    put = worker.submit(safekeeping.put_or_keep, KEY, PNG, call_id)
    for _ in range(2):
        assert refusals.acquire(timeout=20) or put.result(0)
    return put


@pytest.mark.parametrize("code", [DISK_FULL, SHUTTING_DOWN], ids=["disk_full", "shutting_down"])
def test_bytes_that_both_refuse_wait_in_the_database_once_it_takes_them(
    disk: Disk, call_id: uuid.UUID, worker: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    disk.refuses_rows(code)
    put = refused_twice(worker, call_id, monkeypatch)

    disk.takes_rows()

    wait_for(lambda: waiting() == 1, seconds=20)
    assert safekeeping.get(KEY) == PNG
    disk.takes_files()
    assert put.result(20)


def test_bytes_that_both_refuse_are_stored_once_storage_takes_them(
    disk: Disk, call_id: uuid.UUID, worker: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    put = refused_twice(worker, call_id, monkeypatch)

    disk.takes_files()

    assert put.result(20)
    assert (storage().get(KEY), waiting()) == (PNG, 0)


def test_bytes_that_are_nowhere_else_are_held_by_a_worker_that_is_asked_to_stop(
    disk: Disk, call_id: uuid.UUID, worker: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits.stopping.set()
    put = refused_twice(worker, call_id, monkeypatch)

    disk.takes_rows()

    assert put.result(20) is False, "they wait: it stops"
    assert waiting() == 1


def test_who_holds_bytes_holds_its_lease_and_no_transaction(
    disk: Disk, held: Claim, call_id: uuid.UUID, worker: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PRESSROOM_LEASE", "1")
    settings.cache_clear()

    with leases.holding(held.token):
        put = refused_twice(worker, call_id, monkeypatch)
        first = leased_until(held)
        # The heartbeat may still pause for a lease of 30 s, as other tests have it; what it then writes is a second's.
        wait_for(lambda: leased_until(held) != first, seconds=20, what="a heartbeat")
        assert not put.done()
        wait_for(lambda: others_in_a_transaction() == 0, seconds=5)
        disk.takes_rows()
        disk.takes_files()
        assert put.result(20)


def leased_until(held: Claim) -> datetime:
    with transaction() as session:
        until = session.get_one(Piece, held.piece.id).lease_until
    assert until is not None
    return until


def others_in_a_transaction() -> int:
    idle = "state = 'idle in transaction' AND datname = current_database() AND pid <> pg_backend_pid()"
    with transaction() as session:
        return session.scalar(text(f"SELECT count(*) FROM pg_stat_activity WHERE {idle}")) or 0


def test_when_the_patience_is_over_who_holds_bytes_says_that_they_are_nowhere(
    call_id: uuid.UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    patience(monkeypatch, 1)

    began = time.monotonic()
    with pytest.raises(SQLAlchemyError):
        safekeeping.put_or_keep(KEY, PNG, call_id)

    assert time.monotonic() - began >= 1


def test_a_folder_on_a_nearly_full_disk_does_not_check_out_and_says_what_to_do(disk: Disk) -> None:
    with pytest.raises(StorageError, match="make room"):
        storage().check()

    disk.takes_files()
    storage().check()


def test_a_process_that_saw_no_outage_buys_nothing_on_a_nearly_full_disk(disk: Disk) -> None:
    with pytest.raises(StorageError, match="no picture is bought"):
        safekeeping.check_open()

    disk.takes_files()
    safekeeping.check_open()


def test_on_a_nearly_full_disk_a_picture_is_not_given_up_for_lost(disk: Disk, call_id: uuid.UUID) -> None:
    with pytest.raises(StorageError):
        safekeeping.bytes_of(call_now(call_id))

    assert call_now(call_id).error_code is None
    disk.takes_files()
    with pytest.raises(ProviderDown):
        safekeeping.bytes_of(call_now(call_id))
    assert call_now(call_id).error_code == "bytes_lost"


def call_now(call_id: uuid.UUID) -> Call:
    with transaction() as session:
        return session.get_one(Call, call_id)


def test_a_picture_that_fits_nowhere_is_not_bought_again_on_the_same_disk(
    disk: Disk, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    patience(monkeypatch, 0)
    disk.takes_files()
    piece = pictures_of(opened(slides=5))[-1]
    make(piece, until="render_image")
    safekeeping.check_open()
    fills_while_it_is_rendered(disk, monkeypatch)
    with pytest.raises(SQLAlchemyError):
        act(take(piece))

    for _ in range(3):
        expire_lease(piece)
        with pytest.raises(StorageError):
            act(take(piece))

    assert len(sandbox.log()) == 1
    (call,) = calls_of(piece.run_id)
    assert (call.accepted, call.error_code) == (None, None)


def fills_while_it_is_rendered(disk: Disk, patch: pytest.MonkeyPatch) -> None:
    keep = safekeeping.keep_picture

    def keeps(*args: Any, **kwargs: Any) -> dict[str, Any]:
        disk.fills()
        return keep(*args, **kwargs)

    patch.setattr(safekeeping, "keep_picture", keeps)
