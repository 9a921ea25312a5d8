"""What a run looks like, from order to download, and what can be done with it."""

from __future__ import annotations

import csv
import io
import json
import uuid
import zipfile

import pytest
from callers import Caller, counted_queries
from flask.testing import FlaskClient
from handwork import COST, end, step, work
from sqlalchemy import update

from app.db.models import Call, User
from app.db.session import transaction
from app.runs import outlines
from app.runs.claims import claim
from orders import TOPIC, order, pieces_of, run_of


def slide_of(run_id: uuid.UUID, position: int) -> uuid.UUID:
    return next(p.id for p in pieces_of(run_id) if p.kind == "slide" and p.position == position)


def test_progress_never_runs_backwards_and_ends_at_100(call: Caller, user: User) -> None:
    run_id = order(user, slides=5)
    seen = [call("GET", f"/api/runs/{run_id}").get_json()["progress"]]
    while open_pieces := [piece for piece in pieces_of(run_id) if piece.step]:
        step(open_pieces[-1])
        seen.append(call("GET", f"/api/runs/{run_id}").get_json()["progress"])
    end(run_id)
    seen.append(call("GET", f"/api/runs/{run_id}").get_json()["progress"])
    percents = [progress["percent"] for progress in seen]
    assert percents[0] == 0
    assert percents[-2:] == [99, 100]
    assert percents == sorted(percents)
    assert {progress["total"] for progress in seen} == {8}
    assert seen[-1]["stages"] == [
        {"step": "write_content", "done": 1, "failed": 0, "total": 1},
        *(
            {"step": name, "done": 7, "failed": 0, "total": 7}
            for name in ("draft_prompt", "render_image", "review_image", "compose")
        ),
    ]


def test_a_finished_post_has_every_text_picture_and_cost(call: Caller, user: User) -> None:
    run_id = order(user, slides=5)
    work(run_id)
    post = call("GET", f"/api/posts/{run_id}").get_json()
    assert (post["status"], post["round"], post["failure"]) == ("READY", 1, None)
    assert post["texts"]["hook"] == "Look!"
    assert post["texts"]["quote"] == {"text": "Less is more.", "author": "Mies"}
    assert post["request"]["slides"] == 5
    slides = [piece for piece in post["pieces"] if piece["kind"] == "slide"]
    assert [piece["position"] for piece in slides] == [0, 1, 2, 3, 4]
    assert all(piece["composed"]["url"] != piece["picture"]["url"] for piece in slides)
    assert {piece["cost_micro_usd"] for piece in slides} == {2 * COST}
    assert post["cost"]["micro_usd"] == 15 * COST
    assert (post["cost"]["usd"], post["cost"]["calls"], post["cost"]["unknown_calls"]) == ("0.015", 15, 0)
    assert post["cost"]["sandbox"] is True
    assert "continuity" not in json.dumps(post["pieces"])
    assert post["finished_at"] is not None


def test_the_urls_of_a_post_serve_immutable_bytes(call: Caller, client: FlaskClient, user: User) -> None:
    run_id = order(user, slides=5)
    work(run_id)
    post = call("GET", f"/api/posts/{run_id}").get_json()
    for url in [piece["composed"]["url"] for piece in post["pieces"] if piece["composed"]] + [
        post["result"]["carousel_pdf"]["url"]
    ]:
        with client.get(url.removeprefix("http://127.0.0.1:8000")) as answer:
            assert answer.status_code == 200
            assert answer.mimetype == ("application/pdf" if url.endswith(".pdf") else "image/jpeg")
            assert "immutable" in answer.headers["Cache-Control"]
            assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_an_unknown_cost_is_null_and_counted_never_zero(call: Caller, user: User) -> None:
    run_id = order(user, slides=5)
    work(run_id, unknown=[2])
    post = call("GET", f"/api/posts/{run_id}").get_json()
    assert post["cost"]["unknown_calls"] == 1
    with transaction() as session:
        session.execute(update(Call).where(Call.run_id == run_id, Call.cost_micro_usd.is_(None)).values(purpose="look"))
    looked = call("GET", f"/api/posts/{run_id}").get_json()["cost"]["purposes"]["look"]
    assert looked == {"calls": 1, "micro_usd": None}
    assert [p["cost_micro_usd"] for p in post["pieces"] if p["kind"] == "slide"] == [2 * COST] * 2 + [None] + [
        2 * COST
    ] * 2


def test_a_failed_picture_says_why_and_shows_its_typographic_background(call: Caller, user: User) -> None:
    run_id = order(user, slides=5)
    work(run_id, fail=[3])
    post = call("GET", f"/api/posts/{run_id}").get_json()
    assert (post["status"], post["failure"]["code"]) == ("PARTIAL", "pictures_missing")
    assert "1 of 7 pictures could not be made and have a typographic background" in post["failure"]["message"]
    failed = next(piece for piece in post["pieces"] if piece["status"] == "FAILED")
    assert failed["failure"] == {
        "code": "provider_down",
        "message": "the provider did not answer",
        "causes": [
            {"provider": "gateway", "model": "a/model", "code": "provider_down", "message": "503 from the gateway"}
        ],
    }
    assert failed["picture"] is None
    assert failed["composed"]["alt_text"] == "typographic"
    assert post["progress"]["failed"] == 1


def test_a_piece_that_a_worker_holds_is_shown_as_working(call: Caller, user: User) -> None:
    run_id = order(user, slides=5)
    content = pieces_of(run_id)[0]
    before = call("GET", f"/api/runs/{run_id}")
    with transaction() as session:
        claim(session, content.id, "write_content", 1)
    after = call("GET", f"/api/runs/{run_id}", headers={"If-None-Match": before.headers["ETag"]})
    assert after.status_code == 200
    assert (after.get_json()["pieces"][0]["working"], after.get_json()["pieces"][0]["attempt"]) == (True, 1)


def test_an_unchanged_run_answers_304_and_a_changed_one_does_not(call: Caller, user: User) -> None:
    run_id = order(user, slides=5)
    first = call("GET", f"/api/runs/{run_id}")
    assert first.headers["ETag"].startswith('W/"')
    assert first.headers["Cache-Control"] == "private, no-cache"
    again = {"If-None-Match": first.headers["ETag"]}
    unchanged = call("GET", f"/api/runs/{run_id}", headers=again)
    assert (unchanged.status_code, unchanged.data) == (304, b"")
    step(pieces_of(run_id)[0])
    assert call("GET", f"/api/runs/{run_id}", headers=again).status_code == 200


def test_a_request_costs_the_same_queries_however_much_it_shows(call: Caller, user: User) -> None:
    runs = [order(user, slides=count) for count in (5, 12)]
    counts = []
    for run_id in runs:
        work(run_id)
        for path in (f"/api/runs/{run_id}", f"/api/runs/{run_id}/calls"):
            with counted_queries() as seen:
                call("GET", path)
            counts.append(len(seen))
    assert counts[:2] == counts[2:]
    assert max(counts) <= 5
    lists = []
    for limit in (1, 2):
        with counted_queries() as seen:
            assert len(call("GET", f"/api/runs?limit={limit}").get_json()["runs"]) == limit
        lists.append(len(seen))
    assert lists[0] == lists[1] <= 5


def test_a_list_reads_the_requests_of_runs_it_has_not_shown_yet_in_one_query(
    call: Caller, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outlines, "_outlines", type(outlines._outlines)())
    for _ in range(5):
        order(user)
    counts, reading = [], []
    for limit in (1, 1, 5, 5):
        with counted_queries() as seen:
            runs = call("GET", f"/api/runs?limit={limit}").get_json()["runs"]
        assert [run["title"] for run in runs] == [TOPIC] * limit
        counts.append(len(seen))
        reading.append(sum("runs.request" in statement for statement in seen))

    assert reading == [1, 0, 1, 0]
    assert counts == [counts[1] + 1, counts[1], counts[1] + 1, counts[1]]


def test_the_list_is_newest_first_in_pages_without_gap_or_double(call: Caller, user: User) -> None:
    ordered = [str(order(user)) for _ in range(7)]
    seen, path = [], "/api/runs?limit=3"
    while True:
        page = call("GET", path).get_json()
        seen += [run["id"] for run in page["runs"]]
        if page["next"] is None:
            break
        path = f"/api/runs?limit=3&before={page['next']}"
    assert seen == ordered[::-1]


def test_the_list_can_be_filtered(call: Caller, user: User) -> None:
    done, _ = order(user, slides=5), order(user)
    work(done)
    ready = call("GET", "/api/runs?status=READY&pipeline=full-post").get_json()["runs"]
    assert [(run["id"], run["title"]) for run in ready] == [(str(done), "DevOps for Junior Engineers")]
    assert ready[0]["progress"]["percent"] == 100


def test_cancel_ends_a_run_once(call: Caller, user: User) -> None:
    run_id = order(user)
    answer = call("POST", f"/api/runs/{run_id}/cancel")
    assert (answer.status_code, answer.get_json()["status"]) == (200, "CANCELED")
    again = call("POST", f"/api/runs/{run_id}/cancel")
    assert (again.status_code, again.get_json()["code"]) == (409, "already_finished")
    assert call("GET", "/api/usage").get_json()["posts"]["used"] == 0


def test_resume_tells_what_it_reuses_and_pays_at_most(call: Caller, user: User) -> None:
    run_id = order(user, slides=5)
    work(run_id, fail=[1, 4])
    answer = call("POST", f"/api/runs/{run_id}/resume")
    body = answer.get_json()
    assert answer.status_code == 202
    assert (body["status"], body["round"]) == ("GENERATING_IMAGES", 2)
    assert (body["reused_pieces"], body["redone_pieces"]) == (6, 2)
    assert body["pays_at_most_micro_usd"] > 0
    work(run_id)
    assert call("GET", f"/api/runs/{run_id}").get_json()["status"] == "READY"
    assert call("POST", f"/api/runs/{run_id}/resume").get_json()["code"] == "nothing_failed"


def test_render_makes_another_picture_of_one_piece(call: Caller, user: User) -> None:
    run_id = order(user, slides=5)
    work(run_id)
    answer = call("POST", f"/api/runs/{run_id}/pieces/{slide_of(run_id, 2)}/render")
    assert (answer.status_code, answer.get_json()["redone_pieces"]) == (202, 1)
    content = next(piece for piece in pieces_of(run_id) if piece.kind == "content")
    work(run_id)
    text = call("POST", f"/api/runs/{run_id}/pieces/{content.id}/render")
    assert (text.status_code, text.get_json()["code"]) == (422, "not_a_picture")
    foreign = call("POST", f"/api/runs/{run_id}/pieces/{uuid.uuid4()}/render")
    assert foreign.get_json()["code"] == "unknown_piece"


def test_an_edit_is_drawn_again_and_costs_nothing(call: Caller, user: User) -> None:
    run_id = order(user, slides=5)
    work(run_id)
    spent = run_of(run_id).spent_micro_usd
    path = f"/api/runs/{run_id}/pieces/{slide_of(run_id, 2)}"
    answer = call("PATCH", path, json={"title": "  Better ", "body": "Much."})
    assert (answer.status_code, answer.get_json()["pays_at_most_micro_usd"]) == (202, 0)
    work(run_id)
    shown = next(p for p in call("GET", f"/api/runs/{run_id}").get_json()["pieces"] if p["id"] == path[-36:])
    assert (shown["data"]["title"], shown["version"]) == ("Better", 2)
    assert run_of(run_id).spent_micro_usd == spent


def test_files_are_refused_before_the_run_has_ended(call: Caller, user: User) -> None:
    run_id = order(user)
    for name in ("carousel.pdf", "deck.pptx", "export.zip"):
        answer = call("GET", f"/api/runs/{run_id}/{name}")
        assert (answer.status_code, answer.get_json()["code"]) == (409, "not_finished")


def test_the_pdf_is_a_download(call: Caller, user: User) -> None:
    run_id = order(user, slides=5)
    work(run_id)
    answer = call("GET", f"/api/runs/{run_id}/carousel.pdf")
    assert (answer.status_code, answer.mimetype, answer.data) == (200, "application/pdf", b"%PDF-1")
    assert answer.headers["Content-Disposition"].startswith("attachment;")


def test_the_editable_deck_is_a_download(call: Caller, user: User) -> None:
    run_id = order(user, slides=5)
    work(run_id)
    answer = call("GET", f"/api/runs/{run_id}/deck.pptx")
    assert (answer.status_code, answer.data) == (200, b"PK")
    assert answer.mimetype.endswith("presentationml.presentation")
    assert answer.headers["Content-Disposition"].endswith('.pptx"')


def test_the_export_holds_every_file_and_every_call(call: Caller, user: User) -> None:
    run_id = order(user, slides=5)
    work(run_id, unknown=[2])
    path = f"/api/runs/{run_id}/export.zip"
    packed = call("GET", path).data
    assert packed == call("GET", path).data
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        assert archive.testzip() is None
        assert sorted(archive.namelist()) == sorted(
            [f"0{n}.jpg" for n in range(5)]
            + ["article-cover.jpg", "quote.jpg", "carousel.pdf", "deck.pptx", "article.md", "article.html"]
            + ["caption.txt", "post.json", "costs.csv", "manifest.json"]
        )
        assert json.loads(archive.read("post.json")) == call("GET", f"/api/runs/{run_id}").get_json()
        lines = list(csv.DictReader(io.StringIO(archive.read("costs.csv").decode())))
        assert len(lines) == 15
        assert [line["cost_micro_usd"] for line in lines if line["cost_basis"] == "unknown"] == [""]
        assert (
            archive.read("article.md")
            .decode()
            .startswith("# The article\n\n![a slide](article-cover.jpg)\n\nIt begins.\n\n## Part 0\n\nMuch.")
        )


def test_a_failed_run_still_exports_what_is_known(call: Caller, user: User) -> None:
    run_id = order(user, slides=5)
    assert call("POST", f"/api/runs/{run_id}/cancel").status_code == 200
    with zipfile.ZipFile(io.BytesIO(call("GET", f"/api/runs/{run_id}/export.zip").data)) as archive:
        assert archive.namelist() == ["post.json", "costs.csv", "manifest.json"]
    assert call("GET", f"/api/runs/{run_id}/deck.pptx").get_json()["code"] == "no_carousel"
    assert call("GET", f"/api/runs/{run_id}/carousel.pdf").get_json()["code"] == "no_carousel"


def test_every_answer_has_the_security_headers(call: Caller, client: FlaskClient) -> None:
    for answer in (call("GET", "/api/runs"), call("GET", "/api/keys"), client.get("/nothing"), client.get("/healthz")):
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "Access-Control-Allow-Origin" not in answer.headers
    assert call("GET", "/api/keys").headers["Cache-Control"] == "no-store"
