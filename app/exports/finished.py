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
from app.exports.wording import cut
from app.storage import EXTENSIONS

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
    """As the piece has it: composed where it was, as rendered where nothing is."""

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
        """What it shows, for those who do not see it: the words on it, or the subject that was asked for."""
        if told := self.stored.get("alt_text"):
            return str(told)
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
        """Every picture that is delivered, by the name of its file."""
        found, names = [], self.piece_names
        for piece in self.pieces:
            stored = piece.composed or piece.picture
            if piece.is_picture and stored is not None:
                name = f"{piece.position:02d}" if piece.kind == "slide" else names[piece.id]
                found.append(Picture(f"{name}.{EXTENSIONS.get(stored['mime'], 'bin')}", piece, stored))
        return sorted(found, key=lambda picture: picture.name)

    def result(self, field: str) -> str | None:
        """Return the storage key of what belongs to the whole run; None when it was not made."""
        return (self.run.result or {}).get(field)


def words_of(piece: Piece) -> Slide:
    """Return what stands on a slide: after an edit that could not be drawn, still the words from before."""
    drawn = piece.composed or {}
    return Slide(*(str(drawn.get(name) or piece.data.get(name) or "") for name in ("title", "body")))


def read(session: Session, run: Run, view: Mapping[str, Any]) -> Finished:
    """Return all rows that an export needs. Raises Conflict while the run is worked on."""
    check_finished(run)
    pieces = session.scalars(select(Piece).where(Piece.run_id == run.id).order_by(Piece.kind, Piece.position)).all()
    return Finished(run, pieces, records.calls_of(session, run.id), view)


def check_finished(run: Run) -> None:
    """Do nothing when the run has ended. Raises Conflict."""
    if not run.state.is_terminal:
        raise Conflict(f"the run is {run.state}; its files are there when it has ended", code="not_finished")
