"""The `web` of one execution: what a user's urls name, fetched through the guard."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

from app.db.models import Run
from app.domain.errors import FetchFailed, PictureRefused, SourceRefused
from app.domain.keys import content_digest, picture_key
from app.storage import EXTENSIONS, storage
from workers import audio
from workers.images import gates, given
from workers.images.anatomy import MAX_PIXELS
from workers.web import apart, fetch

PICTURES = ("image/png", "image/jpeg", "image/webp")
MAX_PICTURE_BYTES = 12_000_000
PICTURE_S = 30.0
AUDIO_S = 60.0
PATIENCE_S = 1.5  # for a place; longer waits are the row's, not a thread's
LOOK_S = 0.1  # between two looks of a user's pieces: each costs about 10 ms of the CPU that all the others want
LONGEST_ROW_WAIT_S = 60.0


class Readers:
    """The places for threads of this process that read what strangers serve, and half as many for those that wait for one.

    A user may have at most a half of them, and the last is for a user who has none. Else ten orders of slow pages would
    hold every thread for minutes, also those that all the others' texts and pictures want.
    """

    def __init__(self, places: int) -> None:
        self._places = places
        self._changed = threading.Condition()
        self._reading: Counter[str] = Counter()
        self._waiting: Counter[str] = Counter()
        self._looks: dict[str, float] = {}
        """When the last of a user's pieces that were put off looks again (monotonic)."""

    @contextmanager
    def place(self, user: str) -> Iterator[None]:
        """Hold a place until the block ends. Raises FetchFailed (`no_reader`) when none is soon free for this user."""
        with self._changed:
            if not self._is_free(user):
                self._wait(user)
            self._reading[user] += 1
        try:
            yield
        finally:
            with self._changed:
                _leave(self._reading, user)
                self._changed.notify_all()

    def _is_free(self, user: str) -> bool:
        return _has_room(self._reading, self._places, user)

    def _wait(self, user: str) -> None:
        """Wait for a place, if there is room to wait."""
        if not _has_room(self._waiting, self._places // 2, user):
            raise self._put_off(user)
        self._waiting[user] += 1
        try:
            if not self._changed.wait_for(lambda: self._is_free(user), PATIENCE_S):
                raise self._put_off(user)
        finally:
            _leave(self._waiting, user)

    def _put_off(self, user: str) -> FetchFailed:
        """Return when to look again: the more of a user's pieces wait, the later, or their looks would be all that is done."""
        now = time.monotonic()
        self._looks = {who: look for who, look in self._looks.items() if look > now}
        look = max(now + apart.AGAIN_S, self._looks.get(user, now) + LOOK_S)
        self._looks[user] = min(look, now + LONGEST_ROW_WAIT_S)
        return apart.no_reader(self._looks[user] - now)


def _has_room(taken: Counter[str], places: int, user: str) -> bool:
    free, own = places - taken.total(), taken[user]
    return free > (1 if own else 0) and own < max(places // 2, 1)


def _leave(taken: Counter[str], user: str) -> None:
    taken[user] -= 1
    if not taken[user]:
        del taken[user]


READERS = Readers(8)  # of 32 threads: a server that trickles holds one for up to a minute


@dataclass(frozen=True, slots=True)
class Browser:
    """Fetches for one run; see app.pipelines.pipeline.Web. Each raises FetchFailed (`no_reader`) while READERS has no place."""

    run: Run

    def article(self, url: str) -> dict[str, Any]:
        """Return the main text of a page."""
        with READERS.place(self._user):
            fetched = fetch.page(url)
            found = apart.text(fetched.text, fetched.url)
        published = found.published.isoformat() if found.published else None
        return {**asdict(found), "url": fetched.url, "published": published}

    def items(self, url: str) -> list[dict[str, Any]]:
        """Return the entries of a feed."""
        with READERS.place(self._user):
            fetched = fetch.feed(url)
            found = apart.items(fetched.body, fetched.content_type, fetched.url, fetched.charset)
        return [{**asdict(one), "published": one.published.isoformat() if one.published else None} for one in found]

    def picture(self, url: str) -> dict[str, Any]:
        """Return a user's picture, written anew from its pixels and stored: nothing else of its file is kept or shown."""
        with READERS.place(self._user):
            fetched = fetch.get(url, accept=PICTURES, max_bytes=MAX_PICTURE_BYTES, timeout_s=PICTURE_S)
            seen = _cleaned(fetched.body)  # in the place too: big pictures wait for each other there, and hold threads
        digest = content_digest(seen.data)
        key = picture_key(self.run.id, "given", digest, EXTENSIONS[seen.mime])
        storage().put(key, seen.data)
        return {
            "key": key,
            "mime": seen.mime,
            "width": seen.width,
            "height": seen.height,
            "bytes": len(seen.data),
            "sha256": digest,
            "fingerprint": seen.fingerprint,
        }

    def audio(self, url: str, *, max_s: float) -> dict[str, Any]:
        """Return a user's recording, measured by its bytes whatever the server calls it, and stored."""
        with READERS.place(self._user):
            fetched = fetch.get(url, accept=(), max_bytes=audio.MAX_BYTES, timeout_s=AUDIO_S)
            found = audio.measure(fetched.body)
        if found.seconds > max_s:
            told = f"the recording lasts up to {found.seconds / 60:.1f} minutes, and {max_s / 60:g} were ordered"
            raise SourceRefused(told, code="audio_refused:too_long")
        digest = content_digest(fetched.body)
        key = picture_key(self.run.id, "given", digest, found.format)
        storage().put(key, fetched.body)
        return {"key": key, **asdict(found), "bytes": len(fetched.body), "sha256": digest}

    @property
    def _user(self) -> str:
        return str(self.run.user_id)


def _cleaned(data: bytes) -> gates.Accepted:
    """Return a user's picture, written anew. Raises SourceRefused."""
    try:
        return given.cleaned(data)
    except PictureRefused as exc:  # one that a model made would be asked for again; this one stays as it is
        told = f"{exc}; give one still PNG, JPEG or WebP of at most {MAX_PIXELS // 1_000_000} million pixels"
        raise SourceRefused(told, code=exc.code) from exc
