"""Keys of the API, and of the bytes in storage."""

from __future__ import annotations

import hashlib
import uuid

import pytest

from app.domain import keys

RUN = uuid.UUID("6f1c0000-0000-4000-8000-000000000001")


def test_an_api_key_can_be_told_by_its_prefix_and_cannot_be_guessed() -> None:
    made = {keys.new_api_key() for _ in range(100)}

    assert len(made) == 100
    assert all(key.startswith("pr_") and len(key) >= 43 for key in made)


def test_of_an_api_key_only_its_hash_is_stored() -> None:
    assert keys.api_key_hash("pr_abc") == hashlib.sha256(b"pr_abc").digest()


def test_what_is_shown_of_a_key_does_not_give_it_away() -> None:
    key = keys.new_api_key()

    assert key.startswith(keys.shown_prefix(key))
    assert len(key) - len(keys.shown_prefix(key)) >= 32


def test_other_bytes_get_another_key() -> None:
    first, second = (keys.picture_key(RUN, "0", keys.content_digest(data), "png") for data in (b"a", b"b"))

    assert first != second


def test_a_picture_lies_at_the_place_that_the_contract_names() -> None:
    digest = keys.content_digest(b"a")

    assert keys.picture_key(RUN, "0", digest, "png") == f"posts/{RUN}/0/{digest[:12]}.png"


def test_a_logo_lies_where_its_bytes_decide_below_its_brand() -> None:
    digest = keys.content_digest(b"a")

    assert keys.logo_key(RUN, digest) == f"brands/{RUN}/logo-{digest[:12]}.png"


def test_the_current_copy_lies_at_the_briefs_key() -> None:
    assert keys.current_copy_key(keys.place_of(RUN, "slide", 0), "png") == f"posts/{RUN}/0.png"


@pytest.mark.parametrize(
    ("kind", "position", "name"),
    [("slide", 0, "0"), ("slide", 10, "10"), ("article", 0, "article-cover"), ("quote", 0, "quote"), ("ad", 2, "ad-2")],
)
def test_a_piece_is_called(kind: str, position: int, name: str) -> None:
    assert keys.piece_name(kind, position) == name


@pytest.mark.parametrize(
    "other",
    [
        (b"other", RUN, 1000),
        (b"hash", uuid.UUID(int=1), 1000),
        (b"hash", RUN, 1001),
    ],
    ids=["another key", "another run", "another time"],
)
def test_a_ticket_opens_one_stream_of_one_run_until_one_time(other: tuple[bytes, uuid.UUID, int]) -> None:
    assert keys.stream_ticket(b"hash", RUN, 1000) != keys.stream_ticket(*other)


def test_people_see_the_labelled_copy_where_there_is_one() -> None:
    key = "posts/6f1c/0/abcdef123456.png"
    assert keys.shown_key({"key": key}) == key
    assert keys.shown_key({"key": key, "labelled": {"key": "posts/6f1c/0/b.png"}}) == "posts/6f1c/0/b.png"


def test_a_labelled_copy_lies_beside_its_original() -> None:
    assert keys.labelled_key("posts/6f1c/0/abcdef123456.webp", "0" * 64) == "posts/6f1c/0/000000000000.webp"
