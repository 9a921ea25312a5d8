"""What a step is given, for tests that ask the sandbox's models."""

from __future__ import annotations

from typing import Any

from app.domain.brand import BrandKit
from app.pipelines.pipeline import Done, Layout, Work
from app.runs.claims import Claim
from making import FULL_POST, stage_of
from workers.ask import Asker
from workers.slides import Composer


def fault(name: str, times: int | None = None, **params: object) -> dict[str, object]:
    """Return a rule of the sandbox: what happens to every call, or to the first so many."""
    return {"match": {} if times is None else {"times": times}, "fault": name, "params": params}


def no_slide(layout: Layout) -> dict[str, Any]:
    """Stand where the composer does; no test of asking draws."""
    raise NotImplementedError(layout)


def work_of(held: Claim) -> Work:
    """Return what the claimed step may know."""
    return Work(
        request=FULL_POST.request.model_validate(held.run.request),
        brand=BrandKit.model_validate(held.run.brand),
        kind=held.piece.kind,
        position=held.piece.position,
        data=held.piece.data,
        prompt=held.piece.prompt,
        ask=Asker(held, stage_of(held)),
        compose=no_slide,
        picture=held.piece.picture,
        refused=held.piece.refused,
        fits=Composer(held.run, held.piece).fits,
    )


def act(held: Claim) -> Done:
    """Do what the claimed step does, and write nothing of the piece."""
    return stage_of(held).act(work_of(held))
