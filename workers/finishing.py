"""`finish`: backgrounds for slides whose picture failed, PDF and deck, and the one transaction that ends the round."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import astuple, replace
from typing import Any, TypeAlias

from celery import Task

from app import broker, counts, logs, traffic
from app.db.models import Piece, Run
from app.db.session import transaction
from app.domain import errors
from app.domain.keys import content_digest
from app.domain.provenance import Provenance, Source
from app.domain.states import PieceState, RunState
from app.exports.finished import words_of
from app.ordered import brand_of, pipeline_of, request_of
from app.runs import finish as rounds_end
from app.runs import joins
from app.settings import settings
from app.storage import storage
from workers import canvas, safekeeping
from workers.slides import Composer, logo_of

log = logging.getLogger(__name__)
STORAGE_RETRY_S = 5
FETCHERS = 6
THE_USERS = frozenset(
    {"input_refused", "url_refused", "feed_refused", "article_refused", "audio_refused", "prompt_blocked"}
)
"""Codes of what only another order can mend."""

Stored: TypeAlias = Mapping[str, Any]
"""A stored picture, as its row has it."""
Slides: TypeAlias = Sequence[tuple[Piece, Stored]]


def finish(task: Task, run_id: uuid.UUID, round_: int, by: rounds_end.Finisher | None = None) -> None:
    """End the round once.

    1. Return unless every piece is terminal. Where the pipeline has more to open then, open it, and publish that.
    2. Store what an outage left, draw what is missing, write PDF and deck: same input, same bytes, so that a crash
       repeats it harmlessly.
    3. End the round in one transaction; then the next waiting run may start.
    """
    over = _over(run_id, round_)
    if over is None:
        return
    run, pieces = over
    with _alone(run_id, round_) as is_alone:
        if not is_alone:
            return
        try:
            safekeeping.store_waiting_of(run_id)
            drawn = backgrounds(run, pieces)
            result = bound(run, pieces, drawn)
        except errors.StorageError as exc:
            counts.add(counts.Fact.STORAGE_FAILURES)
            with transaction() as session:
                rounds_end.put_off(session, run_id, round_)
            # Not raised past Celery: the watchdog ends the run without its files if storage stays away for hours.
            raise task.retry(exc=exc, countdown=STORAGE_RETRY_S) from exc
        _end(run, pieces, result, drawn, by)


@contextmanager
def _alone(run_id: uuid.UUID, round_: int) -> Iterator[bool]:
    """Give whether nobody else is drawing what ends this round.

    The last piece and the chord ask for the end at the same moment, and two children would draw the same files. Only a
    help, which nothing depends on: whoever dies here is forgotten by the time that the relay, which asks every 5 s, sends
    the message again, and while Redis is away everybody is alone.
    """
    key = f"pressroom:finishing:{run_id}:{round_}"
    try:
        is_alone = bool(traffic.ask(lambda redis: redis.set(key, 1, nx=True, px=settings().resend_after)))
    except errors.Unavailable:
        is_alone = True
    try:
        yield is_alone
    finally:
        if is_alone:
            with suppress(errors.Unavailable):
                traffic.ask(lambda redis: redis.delete(key))


def _end(
    run: Run,
    pieces: Sequence[Piece],
    result: dict[str, Any] | None,
    drawn: dict[uuid.UUID, dict[str, Any]],
    by: rounds_end.Finisher | None,
) -> None:
    """End the round in one transaction, unless somebody was faster; then the next waiting run may start."""
    run_id, round_ = run.id, run.round
    with transaction() as session:
        state = rounds_end.finish(session, run_id, round_, result, drawn, seen=pieces, by=by)
        failure = session.get_one(Run, run_id).failure if state else None
    if state is None:
        return
    log.info("run_finished", extra={"run_id": str(run_id), "round": round_, "state": state})
    counts.add(counts.Fact.ROUNDS_FINISHED, run.pipeline, _told(state, failure), by or "unknown")
    try:
        broker.send("upkeep.admit")
    except errors.Unavailable:
        log.warning("left_to_beat", extra={"task": "upkeep.admit"})


def _told(state: RunState, failure: Mapping[str, Any] | None) -> str:
    """Return how a round's end is counted: what was refused for its order is nothing that an operator could mend."""
    code = str((failure or {}).get("code")).partition(":")[0]
    return counts.REFUSED if state is RunState.FAILED and code in THE_USERS else state


def _over(run_id: uuid.UUID, round_: int) -> tuple[Run, Sequence[Piece]] | None:
    """Return a run and its pieces when they are all over; None when they are not, or the pipeline went on with more."""
    with transaction() as session:
        if not rounds_end.is_due(session, run_id, round_):
            return None
        if not joins.open_more(session, run_id, round_):
            return session.get_one(Run, run_id), rounds_end.pieces_of(session, run_id)
    try:
        canvas.publish_plan(run_id)
    except errors.Unavailable:
        log.warning("left_to_the_relay", extra={"run_id": str(run_id)})
    return None


def backgrounds(run: Run, pieces: Sequence[Piece]) -> dict[uuid.UUID, dict[str, Any]]:
    """Return the designed, typographic slide of each piece whose picture failed. Raises StorageError.

    A run that has no picture at all is FAILED and gets none.
    """
    pipeline = pipeline_of(run)
    if pipeline.layout is None or not any(p.is_picture and p.state is PieceState.READY for p in pieces):
        return {}
    request = request_of(run)
    drawn = {}
    for piece in pieces:
        if piece.is_picture and piece.state is PieceState.FAILED and piece.composed is None:
            try:
                layout = pipeline.layout(request, piece.kind, piece.position, piece.data)
                drawn[piece.id] = Composer(run, piece).background(layout)
            except (errors.TextDoesNotFit, errors.SlideRefused) as exc:
                log.warning("no_background", extra={"piece_id": str(piece.id), "code": exc.code})
            except errors.StorageError:
                raise
            except Exception:  # a fault in drawing must not keep the run from ending, again and again
                log.exception("no_background", extra={"piece_id": str(piece.id)})
    return drawn


def bound(run: Run, pieces: Sequence[Piece], drawn: Mapping[uuid.UUID, Stored]) -> dict[str, Any] | None:
    """Store what binds the run's slides, a PDF and a deck to be edited, and return their keys as the result has them.

    None when there is nothing to bind; a file that cannot be made is left out. Raises StorageError.
    """
    pipeline = pipeline_of(run)
    shown = [(piece, piece.composed or drawn.get(piece.id)) for piece in pieces if piece.kind == pipeline.carousel]
    slides = [(piece, slide) for piece, slide in shown if slide is not None]
    if not slides:
        return None
    title = pipeline.heading(request_of(run))
    made = {}
    for name, extension, bind in (("carousel", "pdf", _pdf), ("deck", "pptx", _deck)):
        try:
            data = bind(run, title, slides)
        except errors.StorageError:
            raise
        except errors.NotFound as exc:  # somebody removed a slide's bytes
            log.warning("not_bound", extra={"run_id": str(run.id), "file": name, "reason": str(exc)})
            continue
        except Exception:  # a fault in an extra file must not keep a paid run from ending, again and again
            log.exception("not_bound", extra={"run_id": str(run.id), "file": name})
            continue
        made[f"{name}_{extension}"] = key = bound_key(run.id, name, data, extension)
        storage().put(key, data)
    return made


def _pdf(run: Run, title: str, slides: Slides) -> bytes:
    from workers.images.pdf import Page, carousel_pdf  # noqa: PLC0415 - only where PDFs are written

    pages = [
        Page(data, "\n".join(astuple(words_of(piece, slide))))
        for (piece, slide), data in zip(slides, _fetched([slide["key"] for _, slide in slides]), strict=True)
    ]
    return carousel_pdf(pages, title=title, language=_language(run))


def _deck(run: Run, title: str, slides: Slides) -> bytes:
    from workers.images.deck import Deck, DeckSlide, deck_pptx  # noqa: PLC0415 - python-pptx takes 0.1 s to load

    brand, first = brand_of(run), slides[0][1]
    on_picture = [piece.picture if slide.get("on_picture", True) else None for piece, slide in slides]
    pictures = iter(_fetched([made["key"] for made in on_picture if made is not None]))
    made_slides = []
    for (piece, slide), made in zip(slides, on_picture, strict=True):
        subject = str(piece.data.get("image_theme") or "")
        words = words_of(piece, slide)
        of_words = DeckSlide(words.title, words.body, alt_text=str(slide.get("alt_text") or ""), subject=subject)
        if made is not None:
            maker = Provenance(Source.TRAINED, made.get("model"), made.get("provider"), bool(made.get("sandbox")))
            of_words = replace(of_words, picture=next(pictures), provenance=maker)
        made_slides.append(of_words)
    deck = Deck(
        title=title,
        language=_language(run),
        size_px=(first["width"], first["height"]),
        look=brand.look(),
        made_at=run.created_at,
        handle=brand.handle,
        logo=logo_of(brand),
    )
    return deck_pptx(deck, made_slides)


def _fetched(keys: Sequence[str]) -> list[bytes]:
    """Return the bytes of `keys`, fetched side by side: from a bucket one after the other they take a second."""
    with ThreadPoolExecutor(FETCHERS, initializer=logs.bind_only, initargs=(logs.ids(),)) as fetchers:
        return list(fetchers.map(safekeeping.get, keys))


def _language(run: Run) -> str:
    return str(run.request.get("language", "en"))


def bound_key(run_id: uuid.UUID, name: str, data: bytes, extension: str) -> str:
    """Return the immutable key of what binds a run's slides."""
    return f"posts/{run_id}/{name}-{content_digest(data)[:12]}.{extension}"
