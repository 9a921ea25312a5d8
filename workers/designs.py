"""The `arrange` of one execution: measures a design's texts, draws it from its stored pictures, proves it and stores it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from app.db.models import Piece, Run
from app.domain.provenance import Provenance, Source
from app.ordered import brand_of
from app.pipelines.arrangement import Arrangement
from app.runs.places import place_of
from app.settings import settings
from workers import safekeeping
from workers.slides import keep, refuse_unproven, undrawable

if TYPE_CHECKING:  # Pillow and fonts are loaded only where pictures are drawn or measured
    from workers.images.compositor import Slide


@dataclass(frozen=True, slots=True)
class Arranger:
    """Measures and draws the designs of one piece, in its run's brand and language; see app.pipelines.arrangement."""

    run: Run
    piece: Piece

    def __call__(self, design: Arrangement) -> dict[str, Any]:
        """Return the picture, stored, as Piece.composed has it. Raises as Arrange says."""
        from workers.images import collage  # noqa: PLC0415
        from workers.images.labels import label  # noqa: PLC0415

        slide = self._words(design)
        made_by = [part.picture for part in design.parts if part.picture is not None]
        pictures = {part.id: safekeeping.get(part.picture["key"]) for part in design.parts if part.picture is not None}
        composed = collage.compose(design, pictures, slide.theme, slide.language)
        left_out = refuse_unproven(slide, composed)
        data = label(composed.data, composed.mime, provenance(made_by)).data
        kept = keep(place_of(self.run, self.piece), slide, composed, data, left_out)
        return kept | {"on_picture": bool(pictures)}

    def problems(self, design: Arrangement) -> list[str]:
        """Return which texts cannot be set in their boxes, or hold characters that no font here has."""
        from workers.images import collage  # noqa: PLC0415

        slide = self._words(design)
        found = collage.problems(design, slide.theme, slide.language)
        boxes = dict.fromkeys(undrawable(slide).boxes)
        return [*found, f"no font has {' '.join([*boxes][:5])}; write the texts without"] if boxes else found

    def _words(self, design: Arrangement) -> Slide:
        """Return the design's words as one slide has them: its proof asks for words, theme and language only."""
        from workers.images import compositor  # noqa: PLC0415

        brand, texts = brand_of(self.run), design.texts
        return compositor.Slide(
            role="content",
            index=0,
            total=1,
            title="\n".join(texts),
            theme=brand.look(),
            size=design.size_px,
            language=str(self.run.request.get("language", "en")),
            file_type=design.file_type,
        )


def provenance(pictures: list[Any]) -> Provenance:
    """Return who made a design's pictures: the one model that made all of them, or nobody by name."""
    if not pictures:
        return Provenance(Source.ALGORITHMIC, is_sandbox=settings().is_sandboxed)
    makers = {(made.get("model"), made.get("provider")) for made in pictures}
    model, provider = makers.pop() if len(makers) == 1 else (None, None)
    return Provenance(Source.COMPOSITE, model, provider, any(made.get("sandbox") for made in pictures))
