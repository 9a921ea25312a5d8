"""How far a run is: read from its pipeline's stages, weighted by the seconds that each usually takes."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from app.db.models import Piece, Run
from app.domain.states import PieceState
from app.pipelines.pipeline import Pipeline, Stage

ALMOST = 99  # a run that is not finished never says 100


def progress(pipeline: Pipeline | None, counts: Mapping[str, int], run: Run, pieces: Sequence[Piece]) -> dict[str, Any]:
    """Return {done, failed, total, percent, stages: [{step, done, failed, total}]}; done and total count pieces.

    counts: how many pieces of each kind the request has made. Those that a text has still to open count, so that the
    bar never runs backwards. A pipeline or a kind that only another release has (None, or no track) has no stages.
    """
    tracks = pipeline.tracks if pipeline else {}
    totals = _totals(tracks, counts, run, pieces)
    done: Counter[str] = Counter()
    failed: Counter[str] = Counter()
    whole_s, done_s = 0.0, 0.0
    steps: defaultdict[str, int] = defaultdict(int)
    for kind, count in totals.items():
        for stage in tracks.get(kind, ()):
            steps[stage.step] += count
            whole_s += count * stage.expected_s
    for piece in pieces:
        track = tracks.get(piece.kind, ())
        passed = _passed(track, piece)
        done.update(stage.step for stage in track[:passed])
        if piece.state is PieceState.FAILED:
            failed.update(stage.step for stage in track[passed:][:1])
            passed = len(track)  # nothing more will happen to it in this round
        done_s += sum(stage.expected_s for stage in track[:passed])
    percent = 100 if run.state.is_terminal else min(int(100 * done_s / whole_s) if whole_s else 0, ALMOST)
    return {
        "done": sum(piece.state is PieceState.READY for piece in pieces),
        "failed": sum(piece.state is PieceState.FAILED for piece in pieces),
        "total": sum(totals.values()),
        "percent": percent,
        "stages": [
            {"step": step, "done": done[step], "failed": failed[step], "total": total} for step, total in steps.items()
        ],
    }


def _totals(
    tracks: Mapping[str, Sequence[Stage]], counts: Mapping[str, int], run: Run, pieces: Sequence[Piece]
) -> dict[str, int]:
    """Return how many pieces of each kind there are, or will be while the run works."""
    present = Counter(piece.kind for piece in pieces)
    if run.state.is_terminal:
        return {kind: present[kind] for kind in (*tracks, *present) if present[kind]}
    return {kind: max(counts.get(kind, 0), present[kind]) for kind in (*counts, *present)}


def _passed(track: Sequence[Stage], piece: Piece) -> int:
    """Return how many stages of its track a piece has behind it."""
    steps = [stage.step for stage in track]
    at = (piece.failure or {}).get("step") if piece.state is PieceState.FAILED else piece.step
    if at is None:
        return len(steps) if piece.state is PieceState.READY else 0
    return steps.index(at) if at in steps else 0
