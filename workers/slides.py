"""The `compose` of one execution: measures texts, draws a slide on its stored picture, proves it and stores it."""

from __future__ import annotations

import logging
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from app.db.models import Piece, Run
from app.domain.brand import BrandKit
from app.domain.errors import NotFound, SlideRefused, TextDoesNotFit
from app.domain.keys import content_digest, key_in
from app.domain.provenance import Provenance, Source
from app.ordered import brand_of
from app.pipelines.pipeline import Layout
from app.runs.places import place_of
from app.settings import settings
from app.storage import EXTENSIONS, storage
from workers import safekeeping

if TYPE_CHECKING:  # Pillow and fonts are loaded only where slides are drawn or measured
    from workers.images.compositor import Composed, Slide

log = logging.getLogger(__name__)

LEAST_TYPE, DESIGN = 28, 1080  # px of type on px of the shorter side (output-spec, section 4)
LEAST_CONTRAST = 4.5  # WCAG 2.2, 1.4.3, which holds for images of text too
FIELDS = {"quote": ("text", "author"), "article": ("title", "")}  # what a writer calls title and body of a role


@dataclass(frozen=True, slots=True)
class Composer:
    """Measures and draws one piece's slide, in its run's brand and language."""

    run: Run
    piece: Piece

    def __call__(self, layout: Layout) -> dict[str, Any]:
        """Return the composed slide, stored, as Piece.composed has it.

        Without a picture the slide gets its typographic background.
        Raises TextDoesNotFit, SlideRefused, StorageError, and NotFound when the picture is gone.
        """
        picture = safekeeping.get(self.piece.picture["key"]) if self.piece.picture else None
        return self._stored(layout, picture)

    def background(self, layout: Layout) -> dict[str, Any]:
        """Return the slide on its typographic background, whatever picture there is. Raises as drawing on one does."""
        return self._stored(layout, None)

    def fits(self, layout: Layout) -> str | None:
        """Say what is too long on a slide of this run, or cannot be drawn, to whoever writes it; None = all is well.

        Nothing is drawn: it takes milliseconds.
        """
        from workers.images import compositor  # noqa: PLC0415

        slide = self._slide(layout)
        try:
            compositor.measure(slide)
        except TextDoesNotFit as exc:
            return str(exc) if exc.code == "text_is_blank" else f"{too_long(layout)}; write it shorter"
        if boxes := undrawable(slide).boxes:
            return f"no font has {_named(boxes)}; write it without"
        return None

    def _stored(self, layout: Layout, picture: bytes | None) -> dict[str, Any]:
        from workers.images import compositor  # noqa: PLC0415
        from workers.images.compositor.typography import typeset  # noqa: PLC0415

        slide = self._slide(layout)
        try:
            composed = compositor.compose(slide, picture)
        except TextDoesNotFit as exc:
            raise TextDoesNotFit(f"{too_long(layout)}; edit it, and the slide is drawn again") from exc
        left_out = refuse_unproven(slide, composed)
        data = self._labelled(composed, is_on_picture=picture is not None)
        kept = keep(place_of(self.run, self.piece), slide, composed, data, left_out)
        words = {"title": typeset(layout.title, slide.language), "body": typeset(layout.body, slide.language)}
        return kept | words | {"on_picture": picture is not None}

    def _labelled(self, composed: Composed, *, is_on_picture: bool) -> bytes:
        """Return the slide's file with who made the picture in it; see app.domain.provenance."""
        from workers.images.labels import label  # noqa: PLC0415

        sandbox = _is_sandbox(self.piece)
        if is_on_picture and (made := self.piece.picture):
            told = Provenance(Source.COMPOSITE, made.get("model"), made.get("provider"), sandbox)
        else:
            told = Provenance(Source.ALGORITHMIC, is_sandbox=sandbox)
        return label(composed.data, composed.mime, told).data

    def _slide(self, layout: Layout) -> Slide:
        from workers.images import compositor  # noqa: PLC0415

        brand = brand_of(self.run)
        return compositor.Slide(
            role=layout.role,
            index=layout.index,
            total=layout.total,
            title=layout.title,
            body=layout.body,
            handle=brand.handle,
            theme=brand.look(),
            size=layout.size_px,
            seed=str(self.run.seed_run_id or self.run.id),  # in another format the backgrounds stay what they are
            language=self.run.request.get("language", "en"),
            logo=logo_of(brand),
            file_type=self.run.request.get("pictures", "jpeg"),
            sandbox=_is_sandbox(self.piece),
        )


def _is_sandbox(piece: Piece) -> bool:
    return bool((piece.picture or {}).get("sandbox", settings().is_sandboxed))


def too_long(layout: Layout) -> str:
    """Say that the texts of a slide cannot be set in readable type, and how long they are."""
    names = FIELDS.get(layout.role, ("title", "body"))
    told = [
        f"{name} of {len(text)} characters"
        for name, text in zip(names, (layout.title, layout.body), strict=True)
        if text and name
    ]
    longest = max(f"{layout.title} {layout.body}".split(), key=len, default="")
    width, height = layout.size_px
    return (
        f"too long to be set in readable type on {width}x{height} px: {' and '.join(told)}, longest word"
        f" {len(longest)} characters"
    )


def keep(place: str, slide: Slide, composed: Composed, data: bytes, left_out: int) -> dict[str, Any]:
    """Store what was drawn of a slide's words; return it as Piece.composed has it, with how it was drawn and its proof.

    data: the file. left_out: pictographs of which no font has a picture, which are no boxes.
    """
    digest = content_digest(data)
    key = key_in(place, digest, EXTENSIONS[composed.mime])
    storage().put(key, data)
    return {
        "key": key,
        "mime": composed.mime,
        "width": composed.width,
        "height": composed.height,
        "bytes": len(data),
        "sha256": digest,
        "alt_text": composed.alt_text,
        "layout": composed.layout,
        "theme": asdict(slide.theme),
        "language": slide.language,
        "contrast": round(composed.contrast, 2),
        "missing_glyphs": max(composed.missing_glyphs - left_out, 0),
        "left_out": left_out,
        "overflow": composed.overflow,
        "safe": composed.safe,
        "least_type_px": composed.least_type_px,
        "scrim": round(composed.scrim, 2),
    }


def refuse_unproven(slide: Slide, composed: Composed) -> int:
    """Return how many pictographs were left out of a slide that may be shown. Raises SlideRefused that says what to do."""
    lacking = undrawable(slide)
    boxes = max(len(lacking.boxes), composed.missing_glyphs - lacking.left_out)
    if boxes:
        raise SlideRefused(
            f"{boxes} characters would show as boxes, for no font here has {_named(lacking.boxes) or 'them'}; write it"
            " without them, or have the operator install a font of their script, then resume the run",
            code="slide_refused:missing_glyphs",
        )
    if composed.overflow:
        raise SlideRefused(
            "text would reach out of the slide's safe area; shorten it, and it is drawn again",
            code="slide_refused:overflow",
        )
    if not composed.safe:
        raise SlideRefused(
            "text would stand where apps lay their controls; shorten it, and it is drawn again",
            code="slide_refused:unsafe",
        )
    if composed.contrast < LEAST_CONTRAST:
        raise SlideRefused(
            f"text would stand out from what is under it by {composed.contrast:.2f}:1 only, less than {LEAST_CONTRAST}:1;"
            " have another picture made, or change the brand's colours",
            code="slide_refused:contrast",
        )
    least_px = least_type_px(composed.width, composed.height)
    if composed.least_type_px < least_px and f"{slide.title}{slide.body}".strip():
        raise SlideRefused(
            f"the smallest text would be {composed.least_type_px} px high, less than {least_px} px; shorten it, and it is"
            " drawn again",
            code="slide_refused:type",
        )
    return lacking.left_out


def least_type_px(width: int, height: int) -> int:
    """Return the smallest type that may stand on a canvas of so many px: 28 px where the shorter side has 1080."""
    return LEAST_TYPE * min(width, height) // DESIGN


@dataclass(frozen=True, slots=True)
class Undrawable:
    """What no font has of a slide's words."""

    boxes: tuple[str, ...]
    """Characters that would show as boxes, each time they occur."""
    left_out: int
    """Pictographs, which are left out: better no emoji than an empty box."""


def undrawable(slide: Slide) -> Undrawable:
    """Return what no font has of a slide's words."""
    from workers.images.compositor.fonts import Face  # noqa: PLC0415
    from workers.images.compositor.fontstack import prepare, stack_for  # noqa: PLC0415
    from workers.images.compositor.graphemes import clean, is_pictograph  # noqa: PLC0415

    text = clean(f"{slide.title}\n{slide.body}")
    lacking = prepare(text, stack_for(text, Face.TEXT, slide.theme.fonts, slide.language)).missing
    boxes = tuple(cluster for cluster in lacking if not is_pictograph(cluster[0]))
    return Undrawable(boxes, len(lacking) - len(boxes))


def _named(characters: tuple[str, ...]) -> str:
    """Return characters with the names of their scripts: `ꦲ (Javanese)`."""
    from fontTools import unicodedata  # type: ignore[import-untyped]  # noqa: PLC0415 - fontTools ships no types

    names = {one: unicodedata.script_name(unicodedata.script(one[0])) for one in characters}
    return ", ".join(f"{one} ({name.replace('_', ' ')})" for one, name in [*names.items()][:5])


def logo_of(brand: BrandKit) -> bytes | None:
    """Return the PNG of a brand's logo; None when it has none, or it is gone: a slide goes on without it.

    Raises StorageError.
    """
    if brand.logo is None:
        return None
    try:
        return _logo(brand.logo.key)
    except NotFound:
        log.warning("logo_gone", extra={"key": brand.logo.key})
        return None


@lru_cache(maxsize=16)
def _logo(key: str) -> bytes:
    """Return a logo's bytes, which its key decides; it stands on many slides."""
    return storage().get(key)
