"""The declarative base: names of constraints, and the Python types that every table shares."""

from __future__ import annotations

import uuid
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import BigInteger, DateTime, Enum, MetaData, Uuid
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase


def enum_column(kind: type[StrEnum]) -> Enum:
    """Return the column type of a closed set: text with a CHECK, so that a new value is an ordinary migration."""
    return Enum(
        kind,
        native_enum=False,
        create_constraint=True,
        length=32,
        name=f"{kind.__name__.lower()}_known",
        values_callable=lambda e: [member.value for member in e],
    )


class Base(DeclarativeBase):
    """The base of every table."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        uuid.UUID: Uuid(),
        datetime: DateTime(timezone=True),
        int: BigInteger(),
        dict[str, Any]: JSONB(none_as_null=True),
        list[dict[str, Any]]: JSONB(),
    }
