"""Pictures by the hundred while 30 % of the calls fail: nearly all are delivered, no bad one is, and the bill is the journal."""

from __future__ import annotations

import io
import uuid
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageStat

from app import broker
from app.domain.states import CallState, CostBasis, PieceState
from app.storage import storage
from conditions import is_over
from harness import Sandbox, wait_for
from orders import a_user, calls_of, order, pieces_of, run_of
from routing import SHIPPED, write_routes

RUNS, PICTURES = 10, 100
FAIL_RATE = 0.30
TRANSIENT = ("overloaded", "internal_error", "rate_limited")
CONTENT = (
    *("blocked", "empty", "no_image", "truncated_image", "truncated_base64", "jpeg_labelled_png", "wrong_aspect"),
    *("tiny_image", "svg", "polyglot", "bomb", "blank", "sibling"),
)
TRANSPORT = ("html_502", "disconnect", "disconnect_after_charge", "hang")
PAINTERS: list[Mapping[str, Any]] = [
    {"use": "gemini/gemini-3.1-flash-image", "options": {"imageSize": "512"}},
    {"use": "leonardo/de7d3faf-762f-48e0-b3b7-9d0ac3a3fcf3", "options": {"contrast": 3.5, "poll_s": 0.2, "polls": 10}},
    {"use": "openai/gpt-image-2", "options": {"quality": "low"}},
    {"use": "gateway/google/gemini-3.1-flash-image"},
]


def faults() -> list[dict[str, object]]:
    """Return rules that let 30 % of the picture calls fail: a third each of transient, content and transport kinds."""
    share = 1 - (1 - FAIL_RATE) ** (1 / 3)  # each rule draws by itself: 30 % of the calls meet at least one
    rules: list[dict[str, object]] = []
    for kinds in (TRANSIENT, CONTENT, TRANSPORT):
        rate = 1 - (1 - share) ** (1 / len(kinds))
        for kind in kinds:
            params = {"retry_after": 0.2} if kind in ("overloaded", "rate_limited") else {}
            rules.append({"match": {"kind": "image", "rate": rate}, "fault": kind, "params": params})
    return [*rules, {"match": {"kind": "moderation", "rate": 0.01}, "fault": "flagged"}]


@pytest.fixture(scope="module")
def prompts() -> Sequence[str]:
    """A thousand different prompts."""
    subjects = ("a lighthouse", "a windmill", "a harbour", "a glass bridge", "an orchard", "a night train", "a violin")
    places = ("in fog", "at dusk", "after rain", "under northern lights", "in a desert", "by a lake", "in deep snow")
    found = [f"{one} {where}, seen from {n} metres away" for n in range(30) for one in subjects for where in places]
    return found[: RUNS * PICTURES]


@pytest.mark.timeout(600)
@pytest.mark.long
@pytest.mark.parametrize("count", [150, 1_000])
def test_pictures_at_30_percent_failures(
    start_workers: Callable[..., Any], sandbox: Sandbox, tmp_path: Path, prompts: Sequence[str], count: int
) -> None:
    wide = {name: {"image": {"in_flight": 8}} for name in ("gemini", "leonardo", "openai", "gateway")}
    routes = write_routes(
        tmp_path / "routes.toml",
        base=SHIPPED,
        review=False,
        min_bytes=20_000,
        timeout_s=10,
        limits=wide,
        render_image={"routes": PAINTERS},
    )
    sandbox.configure(pictures="painted-on-demand")  # of a few pictures that take turns most would be siblings
    sandbox.fail(*faults())
    start_workers(PRESSROOM_ROUTES=str(routes), PRESSROOM_MAX_RUNS_IN_FLIGHT=str(RUNS))
    user = a_user()
    batches = [prompts[n : min(n + PICTURES, count)] for n in range(0, count, PICTURES)]
    runs = [order(user, "images", prompts=batch) for batch in batches]
    broker.send("upkeep.admit")

    wait_for(lambda: all(is_over(run_id) for run_id in runs), seconds=500)

    pieces = [piece for run_id in runs for piece in pieces_of(run_id)]
    assert len(pieces) == count
    ready = [piece for piece in pieces if piece.state is PieceState.READY]
    told = Counter(piece.failure["code"] for piece in pieces if piece.failure)
    assert len(pieces) - len(ready) <= max(1, 0.003 * count), told
    failed_calls = [call for call in sandbox.log() if call["fault"] and call["kind"] == "image"]
    assert len(failed_calls) > 0.25 * count, "the faults did strike"
    for run_id in runs:
        assert_no_bad_picture(run_id)
    assert_bill_is_journal(sandbox, runs)


def assert_no_bad_picture(run_id: uuid.UUID) -> None:
    """Check every delivered picture with means other than the gates'."""
    seen = set()
    for piece in pieces_of(run_id):
        if piece.picture is None:
            continue
        data = storage().get(piece.picture["key"])
        picture = Image.open(io.BytesIO(data))
        picture.load()
        assert picture.format == {"image/png": "PNG", "image/jpeg": "JPEG"}[piece.picture["mime"]]
        assert 0.9 <= picture.width / picture.height <= 1.1
        assert max(ImageStat.Stat(picture.convert("L")).stddev) > 4
        assert piece.picture["sha256"] not in seen, "two prompts, one picture"
        seen.add(piece.picture["sha256"])


def assert_bill_is_journal(sandbox: Sandbox, runs: Sequence[uuid.UUID]) -> None:
    """Check call for call: what is billed is journaled at that price, or listed as a call whose outcome is unknown."""
    calls = [call for run_id in runs for call in calls_of(run_id) if call.cost_basis is not CostBasis.CACHE]
    billed = Counter((c["vendor"], c["model"], c["billed_micro_usd"]) for c in sandbox.log() if c["billed_micro_usd"])
    journaled = Counter(
        (call.provider, call.model, call.cost_micro_usd)
        for call in calls
        if call.state is CallState.SUCCEEDED and call.cost_micro_usd
    )
    assert not journaled - billed, "the journal has a cost that nobody billed"
    unlisted = Counter(
        {key[:2]: count for key, count in Counter(k[:2] for k in (billed - journaled).elements()).items()}
    )
    unknown = Counter((call.provider, call.model) for call in calls if call.state is CallState.UNKNOWN)
    assert not unlisted - unknown, "something was billed that the journal neither has nor lists as unknown"
    for run_id in runs:
        run = run_of(run_id)
        spent = sum(call.cost_micro_usd or 0 for call in calls_of(run_id) if call.state is CallState.SUCCEEDED)
        assert run.spent_micro_usd == spent
        assert run.spent_micro_usd + run.held_micro_usd <= run.reserved_micro_usd
