"""Brands: how a user's posts look and sound, by name; and the themes that they start from."""

from __future__ import annotations

import uuid
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from werkzeug.exceptions import UnsupportedMediaType

from app import traffic
from app.api import auth, bodies
from app.db.models import Brand, User
from app.db.session import transaction
from app.domain import png
from app.domain.brand import VISUAL_STYLES, BrandKit, KitBody, Logo
from app.domain.errors import AnotherRelease, Conflict, NotFound, StorageError, TooManyRequests, Unavailable
from app.domain.keys import content_digest, logo_key
from app.domain.themes import THEMES
from app.ordered import kit_of
from app.storage import storage

blueprint = Blueprint("brands", __name__)

MAX_BRANDS = 100  # of one user
MAX_LOGOS = 100  # of one user in a day: bytes stay for the runs that were ordered with them, of 1 MB at most each
DAY_S = 24 * 3600


class BrandBody(BaseModel):
    """A brand: its name, by which orders name it, and its kit."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    name: str = Field(min_length=1, max_length=100)
    kit: KitBody = Field(default_factory=KitBody, description="What is left out has Pressroom's own default.")


@blueprint.get("/api/themes")
def list_themes() -> ResponseReturnValue:
    """List the themes that a brand can start from: colours, fonts, and the style of their pictures."""
    return jsonify(
        themes=[
            {"name": name, **asdict(theme), "visual_style": VISUAL_STYLES.get(name)} for name, theme in THEMES.items()
        ]
    )


@blueprint.get("/api/brands")
def list_brands() -> ResponseReturnValue:
    """List your brands by name."""
    with transaction() as session:
        user = auth.user(session)
        brands = session.scalars(select(Brand).where(Brand.user_id == user.id).order_by(Brand.name)).all()
    return jsonify(brands=[_shown(brand) for brand in brands])


@blueprint.post("/api/brands")
def create_brand() -> ResponseReturnValue:
    """Make a brand; 409 when you have one of that name."""
    with transaction() as session:
        user = auth.user(session)
        body = bodies.parsed(BrandBody)
        count = select(func.count()).select_from(Brand).where(Brand.user_id == user.id)
        if (session.scalar(count) or 0) >= MAX_BRANDS:
            raise Conflict(f"you have {MAX_BRANDS} brands; delete one that you do not use", code="too_many_brands")
        brand = Brand(id=uuid.uuid4(), user_id=user.id, created_at=datetime.now(UTC))
        session.add(brand)
        _write(session, brand, body, None)
    return _shown(brand), 201


@blueprint.get("/api/brands/<uuid:brand_id>")
def show_brand(brand_id: uuid.UUID) -> ResponseReturnValue:
    """Show a brand: its kit, its colours as slides use them with their contrast, what clashes, and its logo."""
    with transaction() as session:
        return jsonify(_shown(_owned(session, auth.user(session), brand_id)))


@blueprint.put("/api/brands/<uuid:brand_id>")
def replace_brand(brand_id: uuid.UUID) -> ResponseReturnValue:
    """Change a brand; its logo stays. Runs that were ordered before keep the kit that they were ordered with."""
    with transaction() as session:
        user = auth.user(session)
        body = bodies.parsed(BrandBody)
        brand = _owned(session, user, brand_id, to_change=True)
        _write(session, brand, body, kit_of(brand.kit).logo)
    return jsonify(_shown(brand))


@blueprint.delete("/api/brands/<uuid:brand_id>")
def delete_brand(brand_id: uuid.UUID) -> ResponseReturnValue:
    """Delete a brand; runs that were ordered with it keep its kit."""
    with transaction() as session:
        session.delete(_owned(session, auth.user(session), brand_id))
    return "", 204


@blueprint.put("/api/brands/<uuid:brand_id>/logo")
def put_logo(brand_id: uuid.UUID) -> ResponseReturnValue:
    """Give a brand a logo. The body is the PNG itself: 1 MB at most, each side 64 to 4000 px, ratio 1:6 to 6:1."""
    with transaction() as session:
        user = auth.user(session)
        before = kit_of(_owned(session, user, brand_id).kit).logo
    picture = _png()
    if before is None or before.sha256 != content_digest(picture.data):
        _count_logo(user.id)
    logo = _stored(brand_id, picture)  # before the row names it: an outage leaves the brand as it was
    with transaction() as session:
        brand = _owned(session, auth.user(session), brand_id, to_change=True)
        brand.kit = kit_of(brand.kit).model_copy(update={"logo": logo}).model_dump(mode="json")
    return jsonify(_shown(brand))


@blueprint.delete("/api/brands/<uuid:brand_id>/logo")
def delete_logo(brand_id: uuid.UUID) -> ResponseReturnValue:
    """Take a brand's logo away. Its bytes stay where they are, for the runs that were ordered with it."""
    with transaction() as session:
        brand = _owned(session, auth.user(session), brand_id, to_change=True)
        brand.kit = kit_of(brand.kit).model_copy(update={"logo": None}).model_dump(mode="json")
    return "", 204


def _owned(session: Session, user: User, brand_id: uuid.UUID, *, to_change: bool = False) -> Brand:
    """Return a brand of this user. Raises NotFound, also for somebody else's.

    to_change: nobody else changes it until the commit, or a new logo and a new kit would undo each other.
    """
    query = select(Brand).where(Brand.id == brand_id, Brand.user_id == user.id)
    brand = session.scalar(query.with_for_update() if to_change else query)
    if brand is None:
        raise NotFound("you have no such brand")
    return brand


def _write(session: Session, brand: Brand, body: BrandBody, logo: Logo | None) -> None:
    """Store the body and a logo in the row. Raises Conflict when another brand of the user has the name."""
    brand.name = body.name
    brand.kit = BrandKit(**body.kit.model_dump(), logo=logo).model_dump(mode="json")
    try:
        session.flush()
    except IntegrityError:
        raise Conflict(f"you have a brand {body.name!r} already", code="brand_exists") from None


def _png() -> png.Png:
    """Return the picture that the request sends. Raises UnsupportedMediaType, InvalidRequest."""
    if request.mimetype != "image/png":
        sent = request.mimetype or "nothing"
        how = "send the PNG itself as the body, with Content-Type: image/png"
        raise UnsupportedMediaType(f"a logo must be a PNG, and the Content-Type says {sent[:100]}; {how}")
    return png.check(request.get_data(cache=True))


# KEYS: the uploads of a user. ARGV: how long they count from the first on, in seconds.
# Returns {uploads with this one, seconds until they are forgotten}.
COUNT = """
local uploads = redis.call('INCR', KEYS[1])
if uploads == 1 then redis.call('EXPIRE', KEYS[1], ARGV[1]) end
return {uploads, redis.call('TTL', KEYS[1])}
"""


def _count_logo(user_id: uuid.UUID) -> None:
    """Count a new logo of the user. Raises TooManyRequests, and StorageError when the disk is nearly full."""
    if not storage().has_room():
        raise StorageError("the disk of the stored files is nearly full: no logo was taken")
    try:
        uploads, left_s = traffic.run(COUNT, [f"pressroom:logos:{user_id}"], DAY_S)
    except Unavailable:
        return  # who asks is not refused for what is ours; the disk is looked at
    if uploads > MAX_LOGOS:
        raise TooManyRequests(
            f"you may send {MAX_LOGOS} new logos a day; go on in {left_s} s",
            retry_after_s=left_s,
            code="too_many_logos",
        )


def _stored(brand_id: uuid.UUID, picture: png.Png) -> Logo:
    """Put a logo into storage under a key that its bytes decide, and return the reference. Raises StorageError."""
    digest = content_digest(picture.data)
    key = logo_key(brand_id, digest)
    storage().put(key, picture.data)
    return Logo(
        key=key,
        width=picture.width,
        height=picture.height,
        bytes=len(picture.data),
        sha256=digest,
        has_alpha=picture.has_alpha,
    )


def _shown(brand: Brand) -> dict[str, Any]:
    """Return what users see; `kit` can be changed and sent back as it is. None = only another release can read it."""
    told = {"id": str(brand.id), "name": brand.name, "created_at": brand.created_at.isoformat()}
    try:
        kit = kit_of(brand.kit)
    except AnotherRelease as exc:  # one such brand must not take the list away
        return told | {"kit": None, "tokens": None, "warnings": [str(exc)], "logo": None}
    logo = kit.logo
    return told | {
        "kit": kit.model_dump(mode="json", exclude={"logo"}),
        "tokens": asdict(kit.tokens()),
        "warnings": kit.warnings(),
        "logo": logo and {"url": storage().url(logo.key), **logo.model_dump(include={"width", "height", "bytes"})},
    }
