"""What users see of a run: one answer for the API, the studio and the CLI. No provider's url is in it.

Each view costs the same few queries, however many pieces or runs it shows.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, tuple_
from sqlalchemy.orm import Session, defer, load_only

from app.db.models import Call, Piece, Run, User
from app.domain.errors import NotFound
from app.domain.keys import shown_key
from app.domain.prices import usd
from app.domain.states import CallState, PieceState, RunState
from app.pipelines.catalog import all_pipelines
from app.runs.outlines import Outline, outline_of, outlines_of
from app.runs.progress import progress
from app.settings import settings

# What a pipeline keeps in a piece's data for its own prompts; material: a page's text, findings, whatever is long.
INNER = frozenset({"continuity", "opened_with", "material", "given", "change"})
PROOF = ("contrast", "missing_glyphs", "overflow", "safe", "least_type_px")
UrlOf = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Spent:
    """The calls of one piece or run, summed."""

    micro_usd: int = 0
    """Of the calls whose cost is known."""
    calls: int = 0
    unknown: int = 0
    """Calls that are over and whose cost nobody knows."""
    sandbox: bool = False

    def __add__(self, other: Spent) -> Spent:
        return Spent(
            self.micro_usd + other.micro_usd,
            self.calls + other.calls,
            self.unknown + other.unknown,
            self.sandbox or other.sandbox,
        )


@dataclass(frozen=True, slots=True)
class Links:
    """Where the API is reached; without a slash at the end."""

    public_url: str
    events_url: str

    def of(self, run: Run) -> dict[str, str]:
        """Return a run's addresses."""
        base = f"{self.public_url}/api/runs/{run.id}"
        links = {"self": base}
        if run.pipeline == "full-post":
            links["post"] = f"{self.public_url}/api/posts/{run.id}"
        if run.pipeline == "ad":
            ad = f"{self.public_url}/api/ads/{run.id}"
            links |= {"ad": ad, "refine": f"{ad}/refine"}
        if run.made_from is not None:
            links["made_from"] = f"{self.public_url}/api/runs/{run.made_from}"
        pipeline = all_pipelines().get(run.pipeline)
        if pipeline and pipeline.has_formats:
            links["reformat"] = f"{base}/reformat"
        return links | {"events": f"{self.events_url}/api/runs/{run.id}/events", "cancel": f"{base}/cancel"}


def owned(session: Session, user: User, run_id: uuid.UUID) -> Run:
    """Return a run of this user. Raises NotFound, also for somebody else's."""
    run = session.scalar(select(Run).where(Run.id == run_id, Run.user_id == user.id))
    if run is None:
        raise NotFound("you have no such run")
    return run


def run_view(session: Session, run: Run, url_of: UrlOf, links: Links) -> dict[str, Any]:
    """Return the whole run: every piece with its own state, urls and cost. Three queries.

    Of a pipeline that only another release has, all but the texts is shown.
    """
    rows = session.execute(
        select(Piece, func.coalesce(Piece.lease_until > func.now(), False))
        .where(Piece.run_id == run.id)
        .order_by(Piece.kind, Piece.position)
    ).all()
    pieces = [piece for piece, _ in rows]
    spent = _spent(session, [run.id])[run.id]
    pipeline = all_pipelines().get(run.pipeline)
    head = _head(run, outline_of(run), pieces, spent.values(), links)
    head["cost"]["purposes"] = _purposes(session, run.id)
    return head | {
        "request": run.request,
        "texts": pipeline.texts(_data_by_kind(pieces)) if pipeline else {},
        "pieces": [_piece(piece, spent.get(piece.id, Spent()), url_of, working=working) for piece, working in rows],
        "result": {name: {"url": url_of(key)} for name, key in (run.result or {}).items()},
    }


@dataclass(frozen=True, slots=True)
class Page:
    """Which runs a list shows."""

    limit: int
    before: tuple[datetime, uuid.UUID] | None = None
    """Only runs older than this one."""
    state: RunState | None = None
    pipeline: str | None = None


def list_view(session: Session, user: User, page: Page, links: Links) -> tuple[list[dict[str, Any]], Run | None]:
    """Return a user's runs, newest first, and the last of them when there are more.

    Three queries, and one for the requests of those that this process has not listed yet: they may be long.
    """
    query = select(Run).where(Run.user_id == user.id).order_by(Run.created_at.desc(), Run.id.desc())
    if page.state is not None:
        query = query.where(Run.state == page.state)
    if page.pipeline is not None:
        query = query.where(Run.pipeline == page.pipeline)
    if page.before is not None:
        query = query.where(tuple_(Run.created_at, Run.id) < tuple_(*page.before))
    runs = session.scalars(query.limit(page.limit + 1).options(defer(Run.request, raiseload=True))).all()
    shown = runs[: page.limit]
    ids = [run.id for run in shown]
    pieces: defaultdict[uuid.UUID, list[Piece]] = defaultdict(list)
    light = load_only(Piece.run_id, Piece.kind, Piece.state, Piece.step, Piece.failure, raiseload=True)
    for piece in session.scalars(select(Piece).where(Piece.run_id.in_(ids)).options(light)):
        pieces[piece.run_id].append(piece)
    spent = _spent(session, ids)
    outlines = outlines_of(session, ids)
    views = [_head(run, outlines[run.id], pieces[run.id], spent[run.id].values(), links) for run in shown]
    return views, shown[-1] if len(runs) > page.limit else None


def _head(run: Run, outline: Outline, pieces: Sequence[Piece], spent: Iterable[Spent], links: Links) -> dict[str, Any]:
    """Return what lists and the whole view share."""
    return {
        "id": str(run.id),
        "pipeline": run.pipeline,
        "title": outline.title,
        "status": run.state,
        "round": run.round,
        "made_from": str(run.made_from) if run.made_from else None,
        "progress": progress(all_pipelines().get(run.pipeline), outline.counts, run, pieces),
        "cost": _cost(run, sum(spent, Spent())),
        "failure": run.failure,
        "created_at": _time(run.created_at),
        "started_at": _time(run.started_at),
        "finished_at": _time(run.finished_at),
        "links": links.of(run),
    }


def _cost(run: Run, spent: Spent) -> dict[str, Any]:
    return {
        "micro_usd": spent.micro_usd,
        "usd": usd(spent.micro_usd),
        "calls": spent.calls,
        "unknown_calls": spent.unknown,
        "held_micro_usd": run.held_micro_usd,
        "reserved_micro_usd": run.reserved_micro_usd,
        "sandbox": _is_sandbox(run, spent),
    }


def _is_sandbox(run: Run, spent: Spent) -> bool:
    """Return whether the sandbox stands behind any of it; before the first call, whether it will."""
    if spent.calls or run.is_sandbox is not None:
        return spent.sandbox or bool(run.is_sandbox)
    return settings().is_sandboxed


def _piece(piece: Piece, spent: Spent, url_of: UrlOf, *, working: bool) -> dict[str, Any]:
    return {
        "id": str(piece.id),
        "kind": piece.kind,
        "position": piece.position,
        "status": piece.state,
        "step": piece.step,
        "attempt": piece.attempt,
        "version": piece.version,
        "working": working and not piece.state.is_terminal,
        "data": {name: value for name, value in piece.data.items() if name not in INNER},
        "prompt": piece.prompt,
        "rewrites": piece.rewrites,
        "picture": _picture(piece.picture, url_of),
        "review": _review(piece.review),
        "refused": [
            {"url": url_of(shown_key(one["picture"])), "problems": (one["verdict"] or {}).get("problems", [])}
            for one in piece.refused
        ],
        "composed": _slide(piece.composed, url_of),
        "failure": _failure(piece),
        "cost_micro_usd": None if spent.unknown else spent.micro_usd,
    }


def _picture(stored: Mapping[str, Any] | None, url_of: UrlOf) -> dict[str, Any] | None:
    """Return what users see of a piece's picture: where it is, who made it and in how many seconds."""
    shown = _image(stored, url_of, "provider", "model", "seconds")
    return shown and shown | {"cached": bool(stored and stored.get("cached"))}


def _slide(stored: Mapping[str, Any] | None, url_of: UrlOf) -> dict[str, Any] | None:
    """Return what users see of a piece's slide: where it is, its words, and the proof that it may be shown."""
    shown = _image(stored, url_of, "alt_text", "layout")
    return shown and shown | {"proof": {name: (stored or {}).get(name) for name in PROOF}}


def _review(review: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Return {is_good, problems}, or {skipped: why}; None while nobody has looked."""
    if review is None:
        return None
    names = ("skipped",) if "skipped" in review else ("is_good", "problems")
    return {name: review.get(name) for name in names}


def _failure(piece: Piece) -> dict[str, Any] | None:
    """Return {code, message, causes} of a piece that FAILED; a cause is {provider, model, code, message}."""
    if piece.failure is None or piece.state is not PieceState.FAILED:
        return None
    told = {name: piece.failure.get(name) for name in ("code", "message")}
    return told | {"causes": piece.failure.get("causes", [])}


def _image(stored: Mapping[str, Any] | None, url_of: UrlOf, *more: str) -> dict[str, Any] | None:
    """Return what users see of a stored picture: our own url, and the named further fields."""
    if stored is None:
        return None
    return {"url": url_of(shown_key(stored))} | {name: stored.get(name) for name in ("width", "height", "mime", *more)}


def _data_by_kind(pieces: Sequence[Piece]) -> dict[str, list[Mapping[str, Any]]]:
    found: dict[str, list[Mapping[str, Any]]] = {}
    for piece in pieces:
        found.setdefault(piece.kind, []).append(piece.data)
    return found


def _spent(session: Session, run_ids: Sequence[uuid.UUID]) -> defaultdict[uuid.UUID, dict[uuid.UUID, Spent]]:
    """Return the calls of these runs, summed per run and piece."""
    is_unknown = (Call.cost_micro_usd.is_(None), Call.state != CallState.INTENT)
    rows = session.execute(
        select(
            Call.run_id,
            Call.piece_id,
            func.coalesce(func.sum(Call.cost_micro_usd), 0),
            func.count(),
            func.count().filter(*is_unknown),
            func.bool_or(Call.is_sandbox),
        )
        .where(Call.run_id.in_(run_ids))
        .group_by(Call.run_id, Call.piece_id)
    )
    found: defaultdict[uuid.UUID, dict[uuid.UUID, Spent]] = defaultdict(dict)
    for run_id, piece_id, money, calls, unknown, sandbox in rows:
        found[run_id][piece_id] = Spent(int(money), calls, unknown, sandbox)  # PostgreSQL sums bigint to numeric
    return found


def _purposes(session: Session, run_id: uuid.UUID) -> dict[str, dict[str, int | None]]:
    """Return what the run's calls cost by purpose, in the order in which each was first asked for; None = not known."""
    rows = session.execute(
        select(Call.purpose, func.count(), func.sum(Call.cost_micro_usd))
        .where(Call.run_id == run_id)
        .group_by(Call.purpose)
        .order_by(func.min(Call.started_at))
    )
    return {
        purpose: {"calls": calls, "micro_usd": None if money is None else int(money)} for purpose, calls, money in rows
    }


def _time(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
