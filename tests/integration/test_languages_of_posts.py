"""A post of the sandbox is delivered in any language, also in those that the sandbox does not know."""

from __future__ import annotations

import pytest

from app.domain.states import RunState
from harness import Installation, Sandbox
from orders import order
from working import slides_of, worked


@pytest.mark.parametrize(
    ("wanted", "language"),
    [({"language": "th"}, "th"), ({"language": "am"}, "am"), ({"topic": "如何开始存钱"}, "en")],
    ids=["Thai", "Amharic", "a Chinese topic in English"],
)
def test_a_post_of_the_sandbox_is_delivered_whatever_its_letters_are(
    database: Installation, sandbox: Sandbox, wanted: dict[str, str], language: str
) -> None:
    assert database
    assert sandbox
    run_id = order(slides=5, **wanted)

    assert worked(run_id, binds=False) is RunState.READY
    proofs = [slide.composed or {} for slide in slides_of(run_id)]
    assert [(proof["missing_glyphs"], proof["language"]) for proof in proofs] == [(0, language)] * 5
