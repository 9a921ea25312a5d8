"""A finished run as its exports read it: the rows, and what they mean."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import records
from app.db.models import Call, Piece, Run
from app.domain.errors import Conflict
from app.domain.keys import shown_key
from app.domain.provenance import Source
from app.domain.states import PieceState
from app.exports.wording import cut
from app.ordered import check_readable, pipeline_of
from app.pipelines import captions
from app.pipelines.pipeline import Pipeline
from app.storage import EXTENSIONS

RESULTS = {"carousel_pdf": "carousel.pdf", "deck_pptx": "deck.pptx"}
"""What belongs to the whole run: its field in the run's result, and the name of its file."""
MAX_ALT = 250  # characters that describe a picture without words (output-spec, section 5)


@dataclass(frozen=True, slots=True)
class Slide:
    """The words of one slide, as they stand on it."""

    title: str
    body: str


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture that is delivered."""

    name: str
    """Of its file."""
    piece: Piece
    stored: Mapping[str, Any]
    """As the piece has it: composed where text is laid out, as rendered where nothing is."""
    described: str | None = None
    """What it shows, in the run's language, where somebody was asked to say it."""

    @property
    def keys(self) -> list[str]:
        """Where its bytes are, the better place first: the original stands in for a labelled copy that is not there yet."""
        return list(dict.fromkeys([shown_key(self.stored), str(self.stored["key"])]))

    @property
    def is_composed(self) -> bool:
        """Whether Pressroom drew on it."""
        return self.piece.composed is not None

    @property
    def source(self) -> Source:
        """What it was made with."""
        if not self.is_composed:
            return Source.TRAINED
        is_on_picture = self.stored.get("on_picture", self.piece.picture is not None)
        return Source.COMPOSITE if is_on_picture else Source.ALGORITHMIC

    @property
    def alt_text(self) -> str:
        """What it shows, for those who do not see it: the words on it and what it was described as, or what was asked for."""
        if told := [str(part) for part in (self.stored.get("alt_text"), self.described) if part]:
            return " — ".join(told)
        data = self.piece.data
        return cut(str(data.get("prompt") or data.get("image_theme") or self.piece.prompt or ""), MAX_ALT)


@dataclass(frozen=True, slots=True)
class Finished:
    """The rows of a finished run, read at once, so that its files are gathered without a database session."""

    run: Run
    pieces: Sequence[Piece]
    calls: Sequence[Call]
    view: Mapping[str, Any]
    """What the API shows of the run: post.json, or run.json where it is no post."""

    @property
    def pipeline(self) -> Pipeline:
        """What it was ordered from."""
        return pipeline_of(self.run)

    @property
    def language(self) -> str:
        """Of its texts, as a BCP 47 tag."""
        return str(self.run.request.get("language", "en"))

    @property
    def texts(self) -> Mapping[str, Any]:
        """Hook, article, quote: what its pipeline calls the run's texts."""
        return self.view.get("texts") or {}

    @property
    def piece_names(self) -> dict[uuid.UUID, str]:
        """What its pieces are called."""
        return records.piece_names((piece.id, piece.kind, piece.position) for piece in self.pieces)

    @property
    def slides(self) -> list[Slide]:
        """The words of its slides, in order."""
        return [words_of(piece) for piece in self.pieces if piece.kind == "slide"]

    @property
    def pictures(self) -> list[Picture]:
        """Every picture that is delivered, by the name of its file.

        A picture whose text could not be laid on it is no slide and is not delivered as one.
        """
        found = []
        for piece in self.pieces:
            stored = self._shown(piece)
            if stored is not None:
                name = f"{self.stem(piece)}.{EXTENSIONS.get(stored['mime'], 'bin')}"
                found.append(Picture(name, piece, stored, self._described(piece)))
        return sorted(found, key=lambda picture: picture.name)

    @property
    def lacking(self) -> list[Piece]:
        """The pieces of which there should be a picture, and is none."""
        return [piece for piece in self.pieces if piece.is_picture and self._shown(piece) is None]

    def stem(self, piece: Piece) -> str:
        """Return the name of a piece's file, without its ending."""
        return f"{piece.position:02d}" if piece.kind == "slide" else self.piece_names[piece.id]

    def _shown(self, piece: Piece) -> Mapping[str, Any] | None:
        if piece.composed is not None:  # a design too, which is composed of other pieces' pictures
            return piece.composed
        # READY without a slide: the order wanted no words on it. FAILED: its words are not on it.
        is_whole = self.pipeline.layout is None or piece.state is PieceState.READY
        return piece.picture if piece.is_picture and is_whole else None

    def _described(self, piece: Piece) -> str | None:
        """Return the alt text that was written of what this piece's picture was asked to show; None = of none such."""
        for caption in (one for one in self.pieces if one.kind == captions.KIND):
            alt_texts = (captions.caption_of(caption.data) or {}).get("alt_texts", {})
            for name, shows in caption.data[captions.PICTURES].items():
                if name in alt_texts and shows == piece.prompt:
                    return str(alt_texts[name])
        return None

    def result(self, field: str) -> str | None:
        """Return the storage key of what belongs to the whole run; None when it was not made."""
        return (self.run.result or {}).get(field)


def words_of(piece: Piece, drawn: Mapping[str, Any] | None = None) -> Slide:
    """Return title and body as they stand on a slide, typeset; after an edit that could not be drawn, those from before.

    drawn: the slide; None = the piece's own.
    """
    words = {**piece.data, **(drawn or piece.composed or {})}
    return Slide(*(str(words.get(name) or "") for name in ("title", "body")))


def read(session: Session, run: Run, view: Mapping[str, Any]) -> Finished:
    """Return all rows that an export needs. Raises Conflict while the run is worked on, AnotherRelease."""
    check_finished(run)
    check_readable(run)
    pieces = session.scalars(select(Piece).where(Piece.run_id == run.id).order_by(Piece.kind, Piece.position)).all()
    return Finished(run, pieces, records.calls_of(session, run.id), view)


def check_finished(run: Run) -> None:
    """Do nothing when the run has ended. Raises Conflict."""
    if not run.state.is_terminal:
        raise Conflict(f"the run is {run.state}; its files are there when it has ended", code="not_finished")
