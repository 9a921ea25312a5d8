"""People see a copy of each picture whose file says where it comes from; the original stays as its provider made it."""

from __future__ import annotations

import io
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import func, select

from app import journal
from app.db.models import Unstored
from app.db.session import transaction
from app.domain.keys import content_digest, current_copy_key, place_of, shown_key
from app.domain.provenance import Provenance, Source
from app.runs.claims import Claim
from app.settings import settings
from app.storage import storage
from harness import Installation
from making import asked, intend, journaled, opened, outcome, pictures_of, take
from workers import safekeeping
from workers.images import gates

BY = {"provider": "gateway", "model": "google/gemini-3.1-flash-image"}


def png() -> bytes:
    out = io.BytesIO()
    Image.linear_gradient("L").convert("RGB").resize((512, 640)).save(out, "PNG")
    return out.getvalue()


ORIGINAL = png()


@pytest.fixture
def held(database: Installation, monkeypatch: pytest.MonkeyPatch) -> Iterator[Claim]:
    """A claimed piece, in a process that is not patient with storage."""
    assert database
    monkeypatch.setenv("PRESSROOM_STORE_PATIENCE", "0")
    settings.cache_clear()
    yield take(pictures_of(opened(slides=5))[0])
    mend()


@pytest.fixture
def call_id(held: Claim) -> uuid.UUID:
    """The call that paid for its picture."""
    made = intend(held, asked(**BY))
    journaled(journal.succeeded, made, outcome())
    return made


def files() -> Path:
    return settings().data_dir / "files"


def mend() -> None:
    for path in (files(), *files().rglob("*.png")):
        if path == files() and path.is_file():
            path.unlink()
        elif path != files() and path.is_dir():
            path.rmdir()


def keep(held: Claim, call_id: uuid.UUID) -> dict[str, Any]:
    return safekeeping.keep_picture(held, call_id, gates.describe(ORIGINAL), seconds=1.0, **BY)


def copy_of(held: Claim) -> safekeeping.Copy:
    """Return the labelled copy that is to be made."""
    told = Provenance(Source.TRAINED, BY["model"], BY["provider"], settings().is_sandboxed)
    made = safekeeping.labelled(safekeeping.key_of(held, ORIGINAL), ORIGINAL, told)
    assert made is not None
    return made


def waiting() -> int:
    with transaction() as session:
        return session.scalar(select(func.count()).select_from(Unstored)) or 0


def pixels(data: bytes) -> bytes:
    return Image.open(io.BytesIO(data)).tobytes()


def test_the_original_is_kept_as_it_came_and_the_copy_shows_the_same_picture(held: Claim, call_id: uuid.UUID) -> None:
    row = keep(held, call_id)

    copy = storage().get(shown_key(row))
    assert storage().get(row["key"]) == ORIGINAL
    assert row["sha256"] == content_digest(ORIGINAL)
    assert (copy != ORIGINAL, pixels(copy) == pixels(ORIGINAL)) == (True, True)
    assert b"digitalsourcetype/trainedAlgorithmicMedia" in copy
    assert b"google/gemini-3.1-flash-image" in copy


def test_the_row_tells_of_the_copy_what_it_tells_of_the_original(held: Claim, call_id: uuid.UUID) -> None:
    row = keep(held, call_id)

    copy = storage().get(row["labelled"]["key"])
    assert (row["labelled"]["bytes"], row["labelled"]["sha256"]) == (len(copy), content_digest(copy))
    assert row["labelled"]["key"].endswith(f"/{content_digest(copy)[:12]}.png")
    assert row["labelled"]["had_credentials"] is False


def test_a_crash_between_the_two_is_made_good_by_whoever_comes_next(held: Claim, call_id: uuid.UUID) -> None:
    storage().put(safekeeping.key_of(held, ORIGINAL), ORIGINAL)
    assert not storage().has(copy_of(held).key)

    row = keep(held, call_id)

    assert storage().has(shown_key(row))
    assert keep(held, call_id) == row


def test_a_copy_that_storage_refuses_is_made_from_the_original_when_it_is_back(held: Claim, call_id: uuid.UUID) -> None:
    (files() / copy_of(held).key).mkdir(parents=True)

    row = keep(held, call_id)

    assert (waiting(), storage().get(row["key"])) == (1, ORIGINAL)
    mend()
    assert safekeeping.empty_unstored() == 1
    assert (waiting(), storage().get(shown_key(row))) == (0, copy_of(held).data)


def test_while_a_copy_waits_no_picture_is_bought(held: Claim, call_id: uuid.UUID) -> None:
    (files() / copy_of(held).key).mkdir(parents=True)
    keep(held, call_id)

    with pytest.raises(safekeeping.StorageError, match="no picture is bought"):
        safekeeping.check_open()


def test_original_and_copy_that_storage_refuses_are_both_stored_when_it_is_back(
    held: Claim, call_id: uuid.UUID
) -> None:
    files().write_text("in the way")

    row = keep(held, call_id)

    assert (waiting(), safekeeping.get(row["key"])) == (1, ORIGINAL)
    mend()
    safekeeping.empty_unstored()
    assert storage().get(row["key"]) == ORIGINAL
    assert storage().get(shown_key(row)) == copy_of(held).data


def test_what_cannot_be_labelled_is_stored_and_shown_as_it_is(held: Claim, call_id: uuid.UUID) -> None:
    broken = gates.Accepted(ORIGINAL[:60], "image/png", 512, 640, "0" * 16)

    row = safekeeping.keep_picture(held, call_id, broken, seconds=1.0, **BY)

    assert "labelled" not in row
    assert storage().get(shown_key(row)) == ORIGINAL[:60]


def test_a_copied_picture_has_a_labelled_copy_of_its_own(held: Claim, call_id: uuid.UUID) -> None:
    row = keep(held, call_id)
    other = take(pictures_of(opened(slides=5))[-1])

    own = safekeeping.copied(other, row)

    assert shown_key(own) != shown_key(row)
    assert storage().get(shown_key(own)) == storage().get(shown_key(row))
    assert (own["sha256"], storage().get(own["key"])) == (row["sha256"], ORIGINAL)


def test_a_picture_from_before_there_were_labels_gets_one_when_it_is_copied(held: Claim, call_id: uuid.UUID) -> None:
    row = {name: value for name, value in keep(held, call_id).items() if name != "labelled"}

    own = safekeeping.copied(take(pictures_of(opened(slides=5))[-1]), row)

    assert b"digitalsourcetype" in storage().get(shown_key(own))


def test_a_picture_that_may_not_be_shown_goes_with_its_copy(held: Claim, call_id: uuid.UUID) -> None:
    row = keep(held, call_id)

    safekeeping.withdraw(row)

    assert (storage().has(row["key"]), storage().has(shown_key(row))) == (False, False)


def test_a_picture_that_may_not_be_shown_is_not_stored_later_either(held: Claim, call_id: uuid.UUID) -> None:
    files().write_text("in the way")
    row = keep(held, call_id)

    safekeeping.withdraw(row)

    mend()
    assert safekeeping.empty_unstored() == 0
    assert not storage().has(row["key"])


def test_the_copy_of_the_current_version_is_the_labelled_one(held: Claim, call_id: uuid.UUID) -> None:
    row = keep(held, call_id)
    storage().copy(shown_key(row), current_copy_key(place_of(held.run.id, "slide", 0), "png"))

    assert b"digitalsourcetype" in storage().get(f"posts/{held.run.id}/0.png")
