"""Pictures for tests that ask the sandbox: claims of pieces to be rendered, and the steps after that."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from pathlib import Path

import pytest

from app.db.models import Piece, User
from app.domain.states import CallState
from app.routes import SHIPPED
from app.runs.claims import Claim, Moved
from asking import act
from harness import Sandbox, forget_settings
from making import change, complete, make, opened, pictures_of, take
from orders import calls_of

GEMINI, LEONARDO, OPENAI = "gemini", "leonardo", "openai"
PAINTERS = (GEMINI, LEONARDO, OPENAI, "gateway")


def use_routes(monkeypatch: pytest.MonkeyPatch, path: Path = SHIPPED) -> None:
    """Make this process ask the models of a routes file."""
    monkeypatch.setenv("PRESSROOM_ROUTES", str(path))
    forget_settings()


def at(
    vendor: str, fault: str, *, kind: str = "image", times: int | None = None, **params: object
) -> dict[str, object]:
    """Return a rule of the sandbox: what a vendor does to calls of a kind."""
    match: dict[str, object] = {"vendor": vendor, "kind": kind}
    return {"match": match if times is None else match | {"times": times}, "fault": fault, "params": params}


def to_render(prompt: str = "a lighthouse at dusk over a calm sea", user: User | None = None) -> Claim:
    """Return the claim of a piece whose picture is to be rendered from `prompt`, in a run of its own."""
    return renderable(opened(user, slides=5), prompt)


def renderable(run_id: uuid.UUID, prompt: str, n: int = 0) -> Claim:
    """Return the claim of a run's n-th picture, to be rendered from `prompt`."""
    piece = pictures_of(run_id)[n]
    make(piece, until="render_image")
    change(Piece, piece.id, prompt=prompt)
    return take(piece)


def rendered(held: Claim) -> Moved:
    """Render the claimed piece and write its picture."""
    return complete(held, act(held))


def asked_vendors(sandbox: Sandbox, kind: str = "image") -> list[str]:
    """Return which vendors were asked for something of a kind, in order."""
    return [str(call["vendor"]) for call in sandbox.log() if call["kind"] == kind]


def billed(sandbox: Sandbox) -> int:
    """Return what the sandbox charged in all, in micro-USD."""
    return int(str(sandbox.bill()["total_micro_usd"]))


def journaled(run_id: uuid.UUID) -> int:
    """Return what the journal says the run cost, in micro-USD; every cost must be known."""
    calls = [call for call in calls_of(run_id) if call.state is not CallState.FAILED]
    assert all(call.cost_micro_usd is not None for call in calls)
    return sum(call.cost_micro_usd or 0 for call in calls)


def outcomes(run_id: uuid.UUID, purpose: str = "render_image") -> list[tuple[str, str | None]]:
    """Return (provider, error code) of a run's calls for a purpose, in order."""
    return [(call.provider, call.error_code) for call in calls_of(run_id) if call.purpose == purpose]


def only(mapping: Mapping[str, object] | None) -> Mapping[str, object]:
    """Return what must be there."""
    assert mapping is not None
    return mapping
