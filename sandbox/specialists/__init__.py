"""Replies of a kind, one file each: who is asked for a schema by name, or by its members where a wire format has no names."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from sandbox.calls import Ask
from sandbox.specialists.specialist import Specialist


@cache
def specialists() -> tuple[Specialist, ...]:
    """Return every specialist: those in SPECIALISTS of a module of this package."""
    modules = (importlib.import_module(f"{__name__}.{module.name}") for module in pkgutil.iter_modules(__path__))
    return tuple(one for module in modules for one in getattr(module, "SPECIALISTS", ()))


def specialist_for(ask: Ask) -> Specialist | None:
    """Return who writes the reply to an ask; None where any valid instance does."""
    members = frozenset(ask.schema.get("properties", {}))
    for one in specialists():
        if one.schema == ask.schema_name if ask.schema_name else one.members == members:
            return one
    return None
