"""Ads: one ad with its revisions, refine the current one, make another one current."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

from flask import Blueprint
from flask.typing import ResponseReturnValue
from pydantic import BaseModel, ConfigDict, Field

from app.api import answers, auth, bodies, replays
from app.api.runs import of_round
from app.db.session import transaction
from app.runs import revisions
from app.storage import storage

blueprint = Blueprint("ads", __name__)


class Refinement(BaseModel):
    """What shall be changed in an ad's current picture."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)
    instruction: str = Field(min_length=3, max_length=500, description="In your own words: `make the sky darker`.")


class Current(BaseModel):
    """Which revision shall be current."""

    model_config = ConfigDict(extra="forbid")
    revision: int = Field(ge=0, le=1_000_000, strict=True, description="Its number; 0 is the first picture.")


@blueprint.get("/api/ads/<uuid:run_id>")
def show(run_id: uuid.UUID) -> ResponseReturnValue:
    """Show an ad: the run, its caption where one was ordered, and all revisions of its picture, oldest first."""
    with transaction() as session:
        run = revisions.owned_ad(session, auth.user(session), run_id)
        shown = revisions.ad_view(session, run, storage().url, answers.links())
    return answers.tagged(shown)


@blueprint.post("/api/ads/<uuid:run_id>/refine")
def refine(run_id: uuid.UUID) -> ResponseReturnValue:
    """Have the current picture edited. Every revision is kept; the new one is current when it is there.

    It pays for the picture, and takes no second ad of the month; the caption stays as it is. 409 while the ad is worked on.
    """
    with transaction() as session:
        user = auth.user(session)
        run = revisions.owned_ad(session, user, run_id)
        wanted = bodies.parsed(Refinement).instruction
        key = bodies.idempotency(bodies.json_object())
        now = datetime.now(UTC)
        answer = replays.once(
            session, user, run.id, key, lambda: of_round(run, revisions.refine(session, user, run.id, wanted, now))
        )
    answers.publish("runs.start", (str(run_id),))
    return answer, 202


@blueprint.post("/api/ads/<uuid:run_id>/current")
def make_current(run_id: uuid.UUID) -> ResponseReturnValue:
    """Make a revision the current one, which the next refinement edits. Nothing is paid; 409 while the ad is worked on."""
    with transaction() as session:
        run = revisions.owned_ad(session, auth.user(session), run_id)
        revisions.make_current(session, run.id, bodies.parsed(Current).revision)
        shown = revisions.ad_view(session, run, storage().url, answers.links())
    return answers.tagged(shown)
