"""The `compose` of one execution: draws a slide on its stored picture, and stores the slide."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from app.db.models import Piece, Run
from app.domain.brand import BrandKit
from app.domain.keys import content_digest, picture_key, piece_name
from app.pipelines.pipeline import Layout
from app.settings import settings
from app.storage import storage
from workers import safekeeping


@dataclass(frozen=True, slots=True)
class Composer:
    """Draws one piece's slide."""

    run: Run
    piece: Piece

    def __call__(self, layout: Layout) -> dict[str, Any]:
        """Return the composed slide, stored, as Piece.composed has it.

        Without a picture the slide gets its typographic background. Raises TextDoesNotFit, StorageError.
        """
        from workers.images import compositor  # noqa: PLC0415 - Pillow and fonts only where slides are drawn

        picture = safekeeping.get(self.piece.picture["key"]) if self.piece.picture else None
        brand = BrandKit.model_validate(self.run.brand)
        composed = compositor.compose(
            compositor.Slide(
                role=layout.role,
                index=layout.index,
                total=layout.total,
                title=layout.title,
                body=layout.body,
                handle=brand.handle,
                theme=theme_of(brand),
                size=layout.size_px,
                seed=str(self.run.id),
                sandbox=settings().is_sandboxed,
            ),
            picture,
        )
        key = self._key(composed.jpeg)
        storage().put(key, composed.jpeg)
        return {
            "key": key,
            "mime": "image/jpeg",
            "width": composed.width,
            "height": composed.height,
            "bytes": len(composed.jpeg),
            "sha256": content_digest(composed.jpeg),
            "contrast": round(composed.contrast, 2),
            "missing_glyphs": composed.missing_glyphs,
            "alt_text": composed.alt_text,
        }

    def _key(self, jpeg: bytes) -> str:
        return picture_key(self.run.id, piece_name(self.piece.kind, self.piece.position), content_digest(jpeg), "jpg")


def theme_of(brand: BrandKit) -> Any:
    """Return the compositor's theme for a brand."""
    from workers.images import compositor  # noqa: PLC0415

    return compositor.Theme(
        background=brand.background, surface=brand.surface, text=brand.text, muted=brand.muted, accent=brand.accent
    )


def pdf_key(run_id: uuid.UUID, data: bytes) -> str:
    """Return the immutable key of a run's carousel."""
    return f"posts/{run_id}/carousel-{content_digest(data)[:12]}.pdf"
