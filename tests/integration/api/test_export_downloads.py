"""Downloads that are long: how many are made at once, and what is told of them before they are sent."""

from __future__ import annotations

import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import IO

import pytest
from callers import Caller
from flask.testing import FlaskClient
from handwork import work

from app import exports
from app.api import files
from app.db.models import User
from app.domain.errors import StorageError
from app.exports import Finished
from app.storage import Folder, Storage, storage
from harness import wait_for
from orders import order, pieces_of, run_of

packed = exports.packed
LONG = 2_000_000


@pytest.fixture
def run_id(user: User) -> uuid.UUID:
    """Of a run that has ended."""
    made = order(user, slides=5)
    work(made)
    return made


def path(run_id: uuid.UUID) -> str:
    return f"/api/runs/{run_id}/export.zip"


def test_a_long_export_is_told_of_and_sent_whole(call: Caller, run_id: uuid.UUID) -> None:
    picture = next(piece.composed for piece in pieces_of(run_id) if piece.composed)
    storage().put(picture["key"], b"x" * LONG)

    with call("GET", path(run_id)) as answer, call("HEAD", path(run_id)) as told:
        assert answer.headers["Content-Length"] == told.headers["Content-Length"] == str(len(answer.data))
        assert len(answer.data) > LONG
        assert told.data == b""
        for one in (answer, told):
            assert one.mimetype == "application/zip"
            assert one.headers["Content-Disposition"] == f'attachment; filename="full-post-{str(run_id)[:8]}.zip"'
            assert one.headers["Cache-Control"] == "private, no-cache"


def test_a_long_pdf_is_sent_whole(call: Caller, run_id: uuid.UUID) -> None:
    data = b"%PDF-" + bytes(range(256)) * 1000
    result = run_of(run_id).result
    assert result is not None
    storage().put(result["carousel_pdf"], data)

    answer = call("GET", f"/api/runs/{run_id}/carousel.pdf")

    assert (answer.data, answer.headers["Content-Length"]) == (data, str(len(data)))


def test_no_more_than_two_exports_are_made_at_once(
    call: Caller, client: FlaskClient, run_id: uuid.UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on = threading.Semaphore(0), threading.Event()

    def slowly(finished: Finished, store: Storage) -> IO[bytes]:
        begun.release()
        assert go_on.wait(30)
        return packed(finished, store)

    def asked() -> int:
        return Caller(client.application.test_client(), call.key)("GET", path(run_id)).status_code

    monkeypatch.setattr(exports, "packed", slowly)
    monkeypatch.setattr(files, "PACKING_WAIT_S", 0.1)
    with ThreadPoolExecutor(2) as pool:
        first = [pool.submit(asked) for _ in range(2)]
        try:
            for _ in range(2):
                wait_for(lambda: begun.acquire(blocking=False), what="an export that is being made")
            third = call("GET", path(run_id))
            other = call("GET", f"/api/runs/{run_id}/carousel.pdf")
        finally:
            go_on.set()

    assert (third.status_code, third.mimetype) == (503, "application/problem+json")
    assert third.get_json()["code"] == "busy_with_exports"
    assert int(third.headers["Retry-After"]) > 0
    assert other.status_code == 200
    assert [one.result() for one in first] == [200, 200]
    assert asked() == 200


def test_an_export_that_fails_gives_its_place_back(
    call: Caller, run_id: uuid.UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_: Folder, key: str) -> bytes:
        raise StorageError(f"the folder did not give {key}")

    monkeypatch.setattr(files, "PACKING_WAIT_S", 0.1)
    with monkeypatch.context() as broken:
        broken.setattr(Folder, "get", away)
        codes = [call("GET", path(run_id)).get_json()["code"] for _ in range(files.MAX_PACKED + 1)]

    assert {*codes} == {"storage_unavailable"}
    assert call("GET", path(run_id)).status_code == 200


@pytest.mark.parametrize("name", [f"{'a' * 300}.png", "/".join(["a" * 200] * 30) + ".png"])
def test_a_name_that_is_too_long_for_a_file_is_the_name_of_none(client: FlaskClient, name: str) -> None:
    answer = client.get(f"/media/posts/{name}")

    assert (answer.status_code, answer.get_json()["code"]) == (404, "not_found")
