"""Paid bytes are kept: in storage, or in the table `unstored` until storage takes them.

The original stays as its provider made it: gates, reviews, the cache and slides work on it. People are shown a copy
beside it whose file says where it comes from (workers.images.labels). The copy follows from the original: whoever
stores the original stores the copy, so that a crash between the two costs nothing.
"""

from __future__ import annotations

import logging
import math
import threading
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import SQLAlchemyError

from app import counts
from app.db.models import Call, Unstored
from app.db.session import transaction
from app.domain.errors import NotFound, PictureRefused, StorageError
from app.domain.keys import content_digest, key_in, labelled_key, shown_key
from app.domain.provenance import Provenance, Source
from app.domain.provider_errors import ProviderDown
from app.runs.claims import Claim
from app.runs.places import place_of
from app.settings import settings
from app.storage import EXTENSIONS, mime_of, storage
from workers import limits
from workers.images import gates
from workers.images.labels import label

log = logging.getLogger(__name__)

JUST_NOW_S = 60.0  # what began to wait so lately waits because of an outage
MOST_WAITING = 40  # up to 25 MB each: more would fill the database
MOST_REFUSALS = 3  # then the others wait for the next time: each refusal of a storage that is away takes seconds
ASK_AGAIN_S = 5.0


class _Outlook:
    """What this process knows of its storage."""

    def __init__(self) -> None:
        self.was_refused = False
        self._lock = threading.Lock()
        self._asked = -math.inf
        self._refusal: str | None = None

    def refused(self) -> None:
        """Note that it refused paid bytes: whoever wants to know more asks it."""
        self.was_refused, self._asked = True, -math.inf

    def took(self) -> None:
        """Note that it took paid bytes."""
        self.was_refused, self._refusal = False, None

    def ask(self) -> None:
        """Do nothing when storage says that it can be written; what it said 5 s ago still holds. Raises StorageError."""
        with self._lock:
            if time.monotonic() - self._asked > ASK_AGAIN_S:
                self._refusal = _refusal(".check", storage().check)
                self._asked = time.monotonic()
            if self._refusal is not None:
                raise StorageError(f"no picture is bought: {self._refusal}")
            self.was_refused = False


_outlook = _Outlook()


def check_open() -> None:
    """Do nothing when paid bytes can be stored. Raises StorageError: then no picture is bought.

    1. An outage is just now: something began to wait in the last minute.
    2. Too much waits.
    3. Storage itself says that it cannot be written. It is asked when something waits, when this process was refused,
       for what waits may be stored by another one, and when its disk is nearly full.

    What waits for longer while storage can be written is an object that is never taken: one picture that is too large
    for a proxy must not keep everybody from buying.
    """
    with transaction() as session:
        waits_s = func.extract("epoch", func.now() - func.min(Unstored.created_at))
        waiting, oldest_s = session.execute(select(func.count(), waits_s).select_from(Unstored)).one()
    if waiting and oldest_s < JUST_NOW_S:
        raise StorageError("storage is down: no picture is bought until it takes what waits")
    if waiting >= MOST_WAITING:
        raise StorageError(f"no picture is bought: {waiting} that are paid for wait for storage")
    if waiting or _outlook.was_refused or not storage().has_room():
        _outlook.ask()


def key_of(held: Claim, data: bytes) -> str:
    """Return the storage key of a picture of this piece, which its bytes decide."""
    return key_in(place_of(held.run, held.piece), content_digest(data), EXTENSIONS.get(mime_of(data), "bin"))


def keep_picture(
    held: Claim, call_id: uuid.UUID, picture: gates.Accepted, *, provider: str, model: str, seconds: float
) -> dict[str, Any]:
    """Store a picture that passed its gates and return it as Piece.picture has it. Never raises for a storage outage.

    Its key stands in the journal since the outcome was written, so that a crash here finds either the bytes
    under that key, or knows that they are lost.
    """
    key = key_of(held, picture.data)
    is_stored = put_or_keep(key, picture.data, call_id)
    copy = labelled(key, picture.data, Provenance(Source.TRAINED, model, provider, settings().is_sandboxed))
    if copy is not None and is_stored:
        try:
            storage().put(copy.key, copy.data)
        except StorageError:
            _wait(key, picture.data, call_id)  # the relay stores both; if this is refused too, the original is there
    row = {
        "key": key,
        "mime": picture.mime,
        "width": picture.width,
        "height": picture.height,
        "bytes": len(picture.data),
        "sha256": content_digest(picture.data),
        "fingerprint": picture.fingerprint,
        "provider": provider,
        "model": model,
        "call_id": str(call_id),
        "seconds": round(seconds, 3),
        "cached": False,
        "sandbox": settings().is_sandboxed,
    }
    return row if copy is None else row | {"labelled": copy.row}


def copied(held: Claim, picture: Mapping[str, Any]) -> dict[str, Any]:
    """Return a stored picture as this piece's own: under its own key, so that the other may go. Raises NotFound, StorageError."""
    key = key_in(place_of(held.run, held.piece), picture["sha256"], EXTENSIONS[picture["mime"]])
    data = get(picture["key"])
    if key != picture["key"]:
        storage().put(key, data)
    own = {field: value for field, value in picture.items() if field != "labelled"} | {"key": key}
    sandbox = bool(picture.get("sandbox", settings().is_sandboxed))
    made_by = Provenance(Source.TRAINED, picture.get("model"), picture.get("provider"), sandbox)
    if (copy := labelled(key, data, made_by)) is None:
        return own
    storage().put(copy.key, copy.data)
    return own | {"labelled": copy.row}


@dataclass(frozen=True, slots=True)
class Copy:
    """A picture's labelled copy, not stored yet."""

    key: str
    data: bytes
    had_credentials: bool

    @property
    def row(self) -> dict[str, Any]:
        """What Piece.picture says of it."""
        told = {"key": self.key, "bytes": len(self.data), "sha256": content_digest(self.data)}
        return told | {"had_credentials": self.had_credentials}


def labelled(key: str, data: bytes, provenance: Provenance) -> Copy | None:
    """Return the labelled copy of the picture at `key`; the same arguments give the same key and bytes.

    None when it cannot be labelled: then the original is shown. No picture that passed its gates is such a one.
    """
    try:
        made = label(data, mime_of(data), provenance)
    except (PictureRefused, KeyError) as exc:
        log.warning("not_labelled", extra={"key": key, "reason": str(exc)[:200]})
        return None
    return Copy(labelled_key(key, content_digest(made.data)), made.data, made.had_credentials)


def bytes_of(call: Call) -> bytes:
    """Return the picture that an earlier execution paid for and stored. Raises ProviderDown when it is lost, StorageError."""
    assert call.reply is not None, "the journal only finds replies that are there"
    try:
        return get(call.reply)
    except NotFound:
        storage().check()  # while it takes nothing, whoever paid may still hold them
        with transaction() as session:
            session.execute(update(Call).where(Call.id == call.id).values(accepted=False, error_code="bytes_lost"))
        raise ProviderDown("a paid picture was lost in a crash before it was stored", provider=call.provider) from None


def put_or_keep(key: str, data: bytes, call_id: uuid.UUID) -> bool:
    """Store paid bytes, and return whether storage has them.

    Once refused they wait in the database, whatever becomes of this process, and are put again for a while
    (PRESSROOM_STORE_PATIENCE); then they are left to the relay. A worker that is asked to stop repeats nothing, unless
    the database refused them too: then they are nowhere else, and both are tried until the time is over.
    Raises SQLAlchemyError when neither took them.
    """
    give_up_at = time.monotonic() + settings().store_patience.total_seconds()
    pause_s = 0.5
    is_waiting = False
    while _refusal(key, lambda: storage().put(key, data)) is not None:
        is_late = time.monotonic() > give_up_at
        try:
            if not is_waiting:
                _wait(key, data, call_id)
                is_waiting = True
        except SQLAlchemyError as exc:
            log.warning("not_kept", extra={"key": key, "reason": type(exc).__name__, "is_lost": is_late})
            if is_late:
                raise
            time.sleep(pause_s)
        else:
            if is_late or limits.stopping.wait(pause_s):
                return False
        pause_s = min(pause_s * 2, 5)
    if is_waiting:
        _waits_no_more(call_id)
    _outlook.took()
    return True


def _refusal(key: str, ask: Callable[[], None]) -> str | None:
    """Return what storage said when it refused a request, which is logged and counted; None when it did not."""
    try:
        ask()
    except StorageError as exc:
        counts.add(counts.Fact.STORAGE_FAILURES)
        log.warning("storage_refused", extra={"key": key, "reason": str(exc)[:200]})
        return str(exc)
    return None


def _wait(key: str, data: bytes, call_id: uuid.UUID) -> None:
    """Keep an original in the database until storage is back."""
    _outlook.refused()
    with transaction() as session:
        session.execute(
            insert(Unstored).values(call_id=call_id, key=key, mime=mime_of(data), data=data).on_conflict_do_nothing()
        )


def _waits_no_more(call_id: uuid.UUID) -> None:
    with transaction() as session:
        session.execute(delete(Unstored).where(Unstored.call_id == call_id))


def get(key: str) -> bytes:
    """Return stored bytes, from wherever they are kept. Raises NotFound, StorageError."""
    try:
        return storage().get(key)
    except (StorageError, NotFound):
        with transaction() as session:
            kept = session.scalar(select(Unstored.data).where(Unstored.key == key))
        if kept is None:
            raise
        return kept


def withdraw(picture: Mapping[str, Any]) -> None:
    """Take a picture away that may not be shown, with its copy, and from what waits to be stored.

    Its address was never told, but is public. Storage's troubles are logged.
    """
    key = str(picture["key"])
    with transaction() as session:
        session.execute(delete(Unstored).where(Unstored.key == key))
    for each in dict.fromkeys((key, shown_key(picture))):
        try:
            storage().delete(each)
        except StorageError as exc:
            log.warning("not_withdrawn", extra={"key": each, "reason": str(exc)[:200]})


def _store_waiting(row: Unstored) -> None:
    """Store an original that waited, and its copy. Twice is harmless: keys are made of the bytes. Raises StorageError."""
    storage().put(row.key, row.data)
    with transaction() as session:
        call = session.get_one(Call, row.call_id)
    made_by = Provenance(Source.TRAINED, call.model, call.provider, call.is_sandbox)
    if (copy := labelled(row.key, row.data, made_by)) is not None:
        storage().put(copy.key, copy.data)


def empty_unstored(most: int = 20) -> int:
    """Store what waits in the table, and return how many were stored. Raises StorageError when one was refused."""
    with transaction() as session:
        waiting = session.scalars(select(Unstored.call_id).order_by(func.random()).limit(most)).all()
    _store_each(waiting)
    if waiting:
        _outlook.took()
    return len(waiting)


def store_waiting_of(run_id: uuid.UUID) -> None:
    """Store what waits of one run, so that it ends with all of its files. Raises StorageError when one was refused."""
    with transaction(durable=False) as session:
        of_run = select(Unstored.call_id).join(Call, Call.id == Unstored.call_id).where(Call.run_id == run_id)
        waiting = session.scalars(of_run.order_by(func.random())).all()
    _store_each(waiting)


def _store_each(call_ids: Sequence[uuid.UUID]) -> None:
    """Store the originals of calls, one at a time: each is up to 25 MB. Raises StorageError when one was refused.

    Goes on behind a refused one, up to the third: in random order none is kept from its turn by those never taken.
    """
    refusals: list[StorageError] = []
    for call_id in call_ids:
        with transaction() as session:
            row = session.get(Unstored, call_id)
        if row is None:
            continue
        try:
            _store_waiting(row)
        except StorageError as exc:
            refusals.append(exc)
            if len(refusals) == MOST_REFUSALS:
                break
        else:
            _waits_no_more(call_id)
    if refusals:
        raise refusals[-1]
