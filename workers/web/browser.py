"""The `web` of one execution: what a user's urls name, fetched through the guard."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from app.db.models import Run
from app.domain.errors import PictureRefused, SourceRefused
from app.domain.keys import content_digest, picture_key
from app.storage import EXTENSIONS, storage
from workers import audio
from workers.images import given
from workers.images.anatomy import MAX_PIXELS
from workers.web import apart, fetch

PICTURES = ("image/png", "image/jpeg", "image/webp")
MAX_PICTURE_BYTES = 12_000_000
PICTURE_S = 30.0
AUDIO_S = 60.0


@dataclass(frozen=True, slots=True)
class Browser:
    """Fetches for one run; see app.pipelines.pipeline.Web."""

    run: Run

    def article(self, url: str) -> dict[str, Any]:
        """Return the main text of a page."""
        fetched = fetch.page(url)
        found = apart.text(fetched.text, fetched.url)
        published = found.published.isoformat() if found.published else None
        return {**asdict(found), "url": fetched.url, "published": published}

    def items(self, url: str) -> list[dict[str, Any]]:
        """Return the entries of a feed."""
        fetched = fetch.feed(url)
        found = apart.items(fetched.body, fetched.content_type, fetched.url, fetched.charset)
        return [{**asdict(one), "published": one.published.isoformat() if one.published else None} for one in found]

    def picture(self, url: str) -> dict[str, Any]:
        """Return a user's picture, written anew from its pixels and stored: nothing else of its file is kept or shown."""
        fetched = fetch.get(url, accept=PICTURES, max_bytes=MAX_PICTURE_BYTES, timeout_s=PICTURE_S)
        try:
            seen = given.cleaned(fetched.body)
        except PictureRefused as exc:  # one that a model made would be asked for again; this one stays as it is
            told = f"{exc}; give one still PNG, JPEG or WebP of at most {MAX_PIXELS // 1_000_000} million pixels"
            raise SourceRefused(told, code=exc.code) from exc
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
        fetched = fetch.get(url, accept=(), max_bytes=audio.MAX_BYTES, timeout_s=AUDIO_S)
        found = audio.measure(fetched.body)
        if found.seconds > max_s:
            told = f"the recording lasts up to {found.seconds / 60:.1f} minutes, and {max_s / 60:g} were ordered"
            raise SourceRefused(told, code="audio_refused:too_long")
        digest = content_digest(fetched.body)
        key = picture_key(self.run.id, "given", digest, found.format)
        storage().put(key, fetched.body)
        return {"key": key, **asdict(found), "bytes": len(fetched.body), "sha256": digest}
