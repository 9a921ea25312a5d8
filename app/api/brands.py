"""Brands: how a user's posts look and sound, by name."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.api import auth, bodies
from app.db.models import Brand, User
from app.db.session import transaction
from app.domain.brand import BrandKit
from app.domain.errors import Conflict, NotFound

blueprint = Blueprint("brands", __name__)

MAX_BRANDS = 100  # of one user


class BrandBody(BaseModel):
    """A brand: its name, by which orders name it, and its kit."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    name: str = Field(min_length=1, max_length=100)
    kit: BrandKit = Field(default_factory=BrandKit, description="What is left out has Pressroom's own default.")


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
    body = bodies.parsed(BrandBody)
    with transaction() as session:
        user = auth.user(session)
        count = select(func.count()).select_from(Brand).where(Brand.user_id == user.id)
        if (session.scalar(count) or 0) >= MAX_BRANDS:
            raise Conflict(f"you have {MAX_BRANDS} brands; delete one that you do not use", code="too_many_brands")
        brand = Brand(id=uuid.uuid4(), user_id=user.id, created_at=datetime.now(UTC))
        session.add(brand)
        _write(session, brand, body)
    return _shown(brand), 201


@blueprint.get("/api/brands/<uuid:brand_id>")
def show_brand(brand_id: uuid.UUID) -> ResponseReturnValue:
    """Show a brand."""
    with transaction() as session:
        return jsonify(_shown(_owned(session, auth.user(session), brand_id)))


@blueprint.put("/api/brands/<uuid:brand_id>")
def replace_brand(brand_id: uuid.UUID) -> ResponseReturnValue:
    """Change a brand. Runs that were ordered before keep the kit that they were ordered with."""
    body = bodies.parsed(BrandBody)
    with transaction() as session:
        brand = _owned(session, auth.user(session), brand_id)
        _write(session, brand, body)
    return jsonify(_shown(brand))


@blueprint.delete("/api/brands/<uuid:brand_id>")
def delete_brand(brand_id: uuid.UUID) -> ResponseReturnValue:
    """Delete a brand; runs that were ordered with it keep its kit."""
    with transaction() as session:
        session.delete(_owned(session, auth.user(session), brand_id))
    return "", 204


def _owned(session: Session, user: User, brand_id: uuid.UUID) -> Brand:
    """Return a brand of this user. Raises NotFound, also for somebody else's."""
    brand = session.scalar(select(Brand).where(Brand.id == brand_id, Brand.user_id == user.id))
    if brand is None:
        raise NotFound("you have no such brand")
    return brand


def _write(session: Session, brand: Brand, body: BrandBody) -> None:
    """Store the body in the row. Raises Conflict when another brand of the user has the name."""
    brand.name, brand.kit = body.name, body.kit.model_dump()
    try:
        session.flush()
    except IntegrityError:
        raise Conflict(f"you have a brand {body.name!r} already", code="brand_exists") from None


def _shown(brand: Brand) -> dict[str, Any]:
    return {"id": str(brand.id), "name": brand.name, "kit": brand.kit, "created_at": brand.created_at.isoformat()}
