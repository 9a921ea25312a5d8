from __future__ import annotations

import json
import uuid
from hashlib import sha256

from finished_posts import PROMPT, PROOF, call, finished, jpeg, piece, post_texts, stored

from app.db.models import Piece
from app.domain.errors import NotFound
from app.domain.provenance import Source
from app.domain.states import PieceState
from app.exports.finished import Finished
from app.exports.manifest import manifest
from app.storage import Folder
from unpacking import unpacked


class Memory(Folder):
    """A store of what a test put there."""

    def __init__(self, found: dict[str, bytes]) -> None:
        self.found = found

    def get(self, key: str) -> bytes:
        try:
            return self.found[key]
        except KeyError:
            raise NotFound(key) from None


def files_of(post: Finished, **more: bytes) -> dict[str, bytes]:
    keys = {key: jpeg(picture.name) for picture in post.pictures for key in picture.keys}
    return unpacked(post, Memory(keys | more))


def of_pictures(*pieces: Piece) -> Finished:
    """Return a run of pictures on which nothing is written."""
    made = finished(pieces=[*pieces])
    made.run.pipeline, made.run.request = "images", {"prompts": ["a fox"]}
    return made


def told(post: Finished) -> dict[str, dict[str, object]]:
    """Return the files that the manifest tells of, by name."""
    listed = json.loads(files_of(post)["manifest.json"])["files"]
    return {one["name"]: one for one in listed}


def test_every_file_but_the_manifest_is_listed_with_its_hash() -> None:
    files = files_of(finished())
    listed = {one["name"]: one for one in json.loads(files["manifest.json"])["files"]}
    assert {*listed} == {*files} - {"manifest.json"}
    for name, one in listed.items():
        assert (one["bytes"], one["sha256"]) == (len(files[name]), sha256(files[name]).hexdigest())
    assert {name: one["mime"] for name, one in listed.items()} == {
        "00.jpg": "image/jpeg", "01.jpg": "image/jpeg", "02.jpg": "image/jpeg", "article-cover.jpg": "image/jpeg",
        "quote.jpg": "image/jpeg", "article.md": "text/markdown", "article.html": "text/html",
        "caption.txt": "text/plain", "post.json": "application/json", "costs.csv": "text/csv",
    }  # fmt: skip


def test_the_same_run_gives_the_same_manifest() -> None:
    assert files_of(finished()) == files_of(finished())


def test_a_slide_proves_that_it_may_be_shown() -> None:
    slide = told(finished())["00.jpg"]
    assert slide["proof"] == PROOF
    assert (slide["alt"], slide["width"], slide["height"]) == ("Words of slide-0.", 1080, 1350)


def test_a_picture_says_what_made_it_and_what_it_was_made_from() -> None:
    slide = told(finished())["00.jpg"]
    assert slide["digital_source_type"] == Source.COMPOSITE.value
    assert slide["made_by"] == {"provider": "gateway", "model": "a/model", "cached": False}
    original = slide["original"]
    assert isinstance(original, dict)
    assert (original["sha256"], original["had_content_credentials"]) == (sha256(jpeg("slide-0-raw")).hexdigest(), True)


def test_a_slide_without_a_picture_was_made_by_no_model() -> None:
    background = stored("slide-0", alt_text="x", on_picture=False)
    slide = piece(
        "slide", 0, {}, picture=None, composed=background, state=PieceState.FAILED, failure={"code": "blocked"}
    )
    one = told(finished(pieces=[slide]))["00.jpg"]
    assert (one["digital_source_type"], one["made_by"], one["original"]) == (Source.ALGORITHMIC.value, None, None)


def test_a_picture_alone_is_a_models_own_and_its_alt_text_is_what_was_asked_for() -> None:
    words = "a red fox in fresh snow, " * 20
    alone = piece("image", 0, {"prompt": words}, composed=None)
    one = told(of_pictures(alone))["image-01.jpg"]
    assert one["digital_source_type"] == Source.TRAINED.value
    assert "proof" not in one
    assert str(one["alt"]).startswith("a red fox in fresh snow, a red")
    assert len(str(one["alt"])) <= 250


def of_an_ad(*pieces: Piece) -> Finished:
    """Return an ad whose picture was described with its caption, and further pieces."""
    written = {"alt_texts": {"ad": "A lighthouse at dusk."}}
    caption = piece("caption", 0, {"to_describe": {"ad": PROMPT}, "written": written})
    caption.is_picture, caption.picture, caption.composed, caption.prompt = False, None, None, None
    made = finished(pieces=[caption, *pieces])
    made.run.pipeline, made.run.request = "ad", {"brief": "A lighthouse."}
    return made


def test_the_alt_text_of_an_ad_is_what_it_says_and_what_was_said_of_its_picture() -> None:
    bare, titled = piece("revision", 0, {}, composed=None), piece("revision", 1, {})
    found = told(of_an_ad(bare, titled))
    assert found["revision.jpg"]["alt"] == "A lighthouse at dusk."
    assert found["revision-1.jpg"]["alt"] == "Words of revision-1. — A lighthouse at dusk."


def test_a_picture_whose_prompt_has_changed_is_not_described_by_the_words_for_another() -> None:
    changed = piece("revision", 0, {}, composed=None, prompt="a harbour at noon")
    assert told(of_an_ad(changed))["revision.jpg"]["alt"] == "a harbour at noon"


def test_a_caption_that_could_not_be_written_describes_nothing() -> None:
    ad = of_an_ad(piece("revision", 0, {}, composed=None))
    ad.pieces[0].data = {"to_describe": {"ad": PROMPT}}
    assert told(ad)["revision.jpg"]["alt"] == PROMPT


def test_models_are_told_per_piece_and_step_with_what_they_cost() -> None:
    post = finished()
    slide = post.pieces[0]
    calls = [
        call(slide, 1, step="draft_prompt", purpose="draft_prompt", model="a/writer", cost_micro_usd=1_500),
        call(slide, 2, accepted=False),
        call(slide, 3),
    ]
    told = manifest(Finished(post.run, post.pieces, calls, post.view), {})["pieces"][0]
    assert [(one["step"], one["model"], one["calls"], one["accepted"]) for one in told["models"]] == [
        ("draft_prompt", "a/writer", 1, 1),
        ("render_image", "a/model", 2, 1),
    ]
    assert [(one["cost_micro_usd"], one["cost_usd"]) for one in told["models"]] == [
        (1_500, "0.0015"),
        (134_700, "0.1347"),
    ]


def test_what_nobody_knows_is_null_and_never_zero() -> None:
    post = finished()
    calls = [call(post.pieces[0], 1), call(post.pieces[0], 2, cost_micro_usd=None)]
    made = manifest(Finished(post.run, post.pieces, calls, post.view), {})
    (one,) = made["pieces"][0]["models"]
    assert (one["cost_micro_usd"], one["cost_usd"]) == (None, None)
    assert (made["cost"]["micro_usd"], made["cost"]["unknown_calls"]) == (67_350, 1)


def test_prompts_are_told_by_their_hash_alone() -> None:
    files = files_of(finished())
    made = json.loads(files["manifest.json"])
    assert made["pieces"][0]["prompt_sha256"] == sha256(PROMPT.encode()).hexdigest()
    assert PROMPT not in files["manifest.json"].decode()
    asked = finished(pieces=[], prompts=["a secret fox"])
    assert "a secret fox" not in json.dumps(manifest(asked, {}))


def test_the_pdf_says_whether_the_slides_are_in_it_as_they_are() -> None:
    post = finished(slides=1, pieces=[piece("slide", 0, {"title": "T", "body": "B."})])
    post.run.result = {"carousel_pdf": "k.pdf"}
    for data, as_they_are in ((b"%PDF" + jpeg("00.jpg"), True), (b"%PDF smaller", False)):
        keys = {key: jpeg("00.jpg") for key in post.pictures[0].keys}
        files = unpacked(post, Memory(keys | {"k.pdf": data}))
        listed = {one["name"]: one for one in json.loads(files["manifest.json"])["files"]}
        assert listed["carousel.pdf"]["slides_as_they_are"] is as_they_are


def test_the_original_stands_in_for_a_labelled_copy_that_is_not_there_yet() -> None:
    alone = piece("image", 0, {"prompt": "a fox"}, composed=None)
    assert alone.picture is not None
    files = unpacked(of_pictures(alone), Memory({alone.picture["key"]: b"the original"}))
    assert files["image-01.jpg"] == b"the original"


def test_a_caption_tells_how_long_it_is() -> None:
    made = json.loads(files_of(finished())["manifest.json"])
    assert made["caption"]["characters"] == len(files_of(finished())["caption.txt"].decode())
    assert made["caption"]["fits_instagram"] is True


def lacking_a_slide() -> Finished:
    reason = {"code": "text_does_not_fit", "message": "too long to be set in readable type"}
    undrawn = piece("slide", 1, {"title": "T", "body": "B."}, composed=None, state=PieceState.FAILED, failure=reason)
    return finished(pieces=[piece("slide", 0, {"title": "T", "body": "B."}), undrawn])


def test_a_picture_without_its_text_is_no_slide_and_the_manifest_says_why_it_is_missing() -> None:
    files = files_of(lacking_a_slide())
    assert "00.jpg" in files
    assert not any(name.startswith("01.") for name in files)
    assert {"name": "01", "reason": "too long to be set in readable type"} in missing(files)


def test_what_could_not_be_bound_is_named() -> None:
    files = files_of(finished())
    assert [one["name"] for one in missing(files)] == ["carousel.pdf", "deck.pptx"]


def test_what_somebody_removed_is_named() -> None:
    post = finished(slides=1, pieces=[piece("slide", 0, {"title": "T", "body": "B."})])
    post.run.result = {"carousel_pdf": "k.pdf", "deck_pptx": "k.pptx"}
    files = unpacked(post, Memory({"k.pptx": b"x"}))
    assert missing(files) == [
        {"name": name, "reason": "somebody removed it from storage"} for name in ("00.jpg", "carousel.pdf")
    ]


def test_a_run_that_has_everything_misses_nothing() -> None:
    post = finished(slides=1, pieces=[piece("slide", 0, {"title": "T", "body": "B."})])
    post.run.result = {"carousel_pdf": "k.pdf", "deck_pptx": "k.pptx"}
    assert missing(files_of(post, **{"k.pdf": b"x", "k.pptx": b"x"})) == []


def missing(files: dict[str, bytes]) -> list[dict[str, str]]:
    found: list[dict[str, str]] = json.loads(files["manifest.json"])["missing_files"]
    return found


def test_a_copy_says_whose_models_and_costs_are_its_own() -> None:
    post = finished()
    assert manifest(post, {})["made_from"] is None
    post.run.made_from, post.run.made_from_round = uuid.UUID(int=9), 2
    made_from = manifest(post, {})["made_from"]
    assert (made_from["id"], made_from["round"]) == (str(uuid.UUID(int=9)), 2)
    assert "what they cost" in made_from["note"]


HIDDEN = "\u0001\u001b\u202e\u202d\u009f"


def test_no_file_holds_characters_that_hide_or_turn_the_others_around() -> None:
    words = f"Ab{HIDDEN}c"
    article = {"title": words, "intro": words, "sections": [{"heading": words, "body": words}], "conclusion": words}
    texts = post_texts(hook=words, article=article, quote={"text": words, "author": words})
    slides = [piece("slide", n, {"title": words, "body": words}) for n in range(3)]
    files = files_of(finished(texts=texts, pieces=slides, topic=words))
    for name in ("caption.txt", "article.md", "article.html", "manifest.json", "post.json"):
        text = files[name].decode()
        assert not set(HIDDEN) & set(text), name
        assert "\\u0001" not in text
        assert "Abc" in text


def test_marks_that_arabic_and_hebrew_need_stay() -> None:
    words = "\u2067שלום\u2069 \u200fא\u200e"
    files = files_of(finished(pieces=[piece("slide", 0, {"title": words, "body": "B."})]))
    assert words in files["caption.txt"].decode()
