"""Pieces: change a slide's texts, have another picture made."""

from __future__ import annotations

import uuid
from typing import Annotated

from flask import Blueprint
from flask.typing import ResponseReturnValue
from pydantic import Field, RootModel, StringConstraints

from app.api import answers, auth, bodies, replays
from app.api.runs import of_round
from app.db.session import transaction
from app.domain.errors import InvalidRequest
from app.runs import rounds, view

blueprint = Blueprint("pieces", __name__)

FieldName = Annotated[str, StringConstraints(max_length=50)]
FieldText = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]
# An image prompt has about 1400 characters; a text that does not fit its slide is refused when it is drawn.


class PieceEdit(RootModel[Annotated[dict[FieldName, FieldText], Field(min_length=1, max_length=10)]]):
    """Text fields of a piece with their new texts, for example {"title": "...", "body": "..."}; or a new `prompt`."""


@blueprint.patch("/api/runs/<uuid:run_id>/pieces/<uuid:piece_id>")
def edit(run_id: uuid.UUID, piece_id: uuid.UUID) -> ResponseReturnValue:
    """Change a slide's texts: it is drawn again on its picture, which costs nothing. A new prompt has a new picture made."""
    with transaction() as session:
        user = auth.user(session)
        run = view.owned(session, user, run_id)
        changes = bodies.parsed(PieceEdit).root
        if inner := view.INNER & set(changes):
            raise InvalidRequest(f"cannot be edited: {', '.join(inner)}", code="not_editable")
        answer = of_round(run, rounds.edit(session, user, run.id, piece_id, changes))
    answers.publish("runs.start", (str(run_id),))
    return answer, 202


@blueprint.post("/api/runs/<uuid:run_id>/pieces/<uuid:piece_id>/render")
def render(run_id: uuid.UUID, piece_id: uuid.UUID) -> ResponseReturnValue:
    """Have another picture made for one piece. Tells what is reused and what it pays at most."""
    with transaction() as session:
        user = auth.user(session)
        run = view.owned(session, user, run_id)
        key = bodies.idempotency(bodies.json_object())
        answer = replays.once(
            session, user, run.id, key, lambda: of_round(run, rounds.render_again(session, user, run.id, piece_id))
        )
    answers.publish("runs.start", (str(run_id),))
    return answer, 202
