"""A post in another format, drawn for real: right sizes, the same pictures, and no call more on the sandbox's bill."""

from __future__ import annotations

import io
import json
import uuid

import pytest
from pypdf import PdfReader

from app import exports
from app.db.models import Piece, Run
from app.db.session import transaction
from app.domain.states import PieceState, RunState
from app.runs.view import Links, run_view
from app.storage import storage
from copies import reformatted
from harness import Installation, Sandbox
from making import change, fail, pictures_of, piece_now, take
from next_rounds import render_again, resume
from orders import calls_of, order, pieces_of, run_of
from rendering import billed, journaled
from unpacking import unpacked
from working import shown, slides_of, step, worked


@pytest.fixture(scope="module")
def sources() -> dict[str, uuid.UUID]:
    """The posts that are copied here, by what they are: no test changes them, so each is made once."""
    return {}


@pytest.fixture
def post(lasting_installation: Installation, sandbox: Sandbox, sources: dict[str, uuid.UUID]) -> uuid.UUID:
    """A READY post of five slides, to be looked at."""
    assert lasting_installation
    assert sandbox
    if "post" not in sources:
        run_id = order(slides=5)
        assert worked(run_id, binds=False) is RunState.READY
        sources["post"] = run_id
    return sources["post"]


@pytest.fixture
def square(post: uuid.UUID, sources: dict[str, uuid.UUID]) -> uuid.UUID:
    """The post as a READY copy of square slides, to be looked at."""
    if "square" not in sources:
        sources["square"] = reformatted_and_worked(post, "1:1")
    return sources["square"]


@pytest.fixture
def partial(lasting_installation: Installation, sandbox: Sandbox, sources: dict[str, uuid.UUID]) -> uuid.UUID:
    """A post of five slides of which one has no picture, to be looked at."""
    assert lasting_installation
    assert sandbox
    if "partial" not in sources:
        run_id = order(slides=5)
        step(pieces_of(run_id)[0])
        fail(take(slides_of(run_id)[3]))
        assert worked(run_id, binds=False) is RunState.PARTIAL
        sources["partial"] = run_id
    return sources["partial"]


def test_a_ready_post_is_drawn_in_each_format_and_nobody_is_asked(post: uuid.UUID, sandbox: Sandbox) -> None:
    before = sandbox.bill(), len(sandbox.log())

    for wanted, size in (("1:1", (1080, 1080)), ("16:9", (1920, 1080)), ("9:16", (1080, 1920))):
        run_id = reformatted(post, wanted)
        assert worked(run_id) is RunState.READY, [piece.failure for piece in pieces_of(run_id)]
        assert {shown(piece).size for piece in slides_of(run_id)} == {size}
        assert calls_of(run_id) == []

    assert (sandbox.bill(), len(sandbox.log())) == before


def test_it_is_delivered_as_any_post_with_the_sources_pictures_and_slides_of_its_own(
    post: uuid.UUID, square: uuid.UUID
) -> None:
    run_id = square

    with transaction() as session:
        run = session.get_one(Run, run_id)
        view = run_view(session, run, storage().url, Links("http://x", "http://x"))
        found = exports.read(session, run, view)
        pdf = PdfReader(io.BytesIO(exports.carousel_pdf(run, storage())))

    assert len(pdf.pages) == 5
    assert {float(page.mediabox.width / page.mediabox.height) for page in pdf.pages} == {1.0}
    assert found.view["made_from"] == str(post)
    assert view["links"]["made_from"] == f"http://x/api/runs/{post}"
    assert (view["cost"]["micro_usd"], view["cost"]["calls"], view["cost"]["sandbox"]) == (0, 0, True)
    for mine, theirs in zip(pictures_of(run_id), pictures_of(post), strict=True):
        assert mine.picture == theirs.picture
        assert str(run_id) in (mine.composed or {})["key"]


def test_a_partial_post_stays_partial_with_a_typographic_background(partial: uuid.UUID, sandbox: Sandbox) -> None:
    before = sandbox.bill()
    run_id = reformatted(partial)

    assert worked(run_id) is RunState.PARTIAL

    lacking = slides_of(run_id)[3]
    assert (lacking.state, (lacking.composed or {})["on_picture"]) == (PieceState.FAILED, False)
    assert shown(lacking).size == (1080, 1080)
    assert (run_of(run_id).failure or {})["code"] == "pictures_missing"
    assert sandbox.bill() == before


def test_resuming_a_partial_copy_has_its_picture_made_and_pays_for_that_alone(
    partial: uuid.UUID, sandbox: Sandbox
) -> None:
    run_id = reformatted(partial)
    worked(run_id, draws=False)
    before = billed(sandbox)

    resume(run_id)

    assert worked(run_id) is RunState.READY
    assert billed(sandbox) - before == journaled(run_id) == run_of(run_id).spent_micro_usd > 0
    assert slides_of(partial)[3].picture is None


def test_another_picture_in_a_copy_leaves_the_source_its_own(post: uuid.UUID) -> None:
    run_id = reformatted(post)
    worked(run_id, draws=False)
    mine = slides_of(run_id)[2]

    render_again(mine)

    assert worked(run_id) is RunState.READY
    assert (piece_now(mine.id).picture or {})["key"] != (mine.picture or {})["key"]
    assert slides_of(post)[2].picture == mine.picture
    assert 0 < run_of(run_id).spent_micro_usd <= run_of(run_id).reserved_micro_usd


def test_the_same_copy_twice_has_the_same_bytes(square: uuid.UUID) -> None:
    between = reformatted(square, "9:16")
    worked(between, binds=False)
    again = reformatted(between, "1:1")
    worked(again, binds=False)

    digests = [[(piece.composed or {})["sha256"] for piece in pictures_of(run)] for run in (square, again)]
    assert digests[0] == digests[1]


def test_a_text_that_does_not_fit_the_other_format_is_left_out_with_its_reason_and_no_bare_picture_is_delivered(
    post: uuid.UUID,
) -> None:
    slide = slides_of(post)[3]
    change(Piece, slide.id, data={**slide.data, "title": "m" * 60})
    run_id = reformatted(post)
    change(Piece, slide.id, data=slide.data)  # the post is other tests', too

    assert worked(run_id) is RunState.PARTIAL

    lacking = slides_of(run_id)[3]
    assert (lacking.composed, (lacking.failure or {})["code"]) == (None, "text_does_not_fit")
    with transaction() as session:
        files = unpacked(exports.read(session, run_of(run_id), {}), storage())
    assert sorted(name for name in files if name[:2].isdigit()) == ["00.jpg", "01.jpg", "02.jpg", "04.jpg"]
    assert len(PdfReader(io.BytesIO(files["carousel.pdf"])).pages) == 4
    missing = json.loads(files["manifest.json"])["missing_files"]
    assert [(one["name"], "too long to be set" in one["reason"]) for one in missing] == [("03", True)]


def reformatted_and_worked(run_id: uuid.UUID, wanted: str) -> uuid.UUID:
    made = reformatted(run_id, wanted)
    worked(made)
    return made
