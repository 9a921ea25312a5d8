"""Who writes one kind of reply."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sandbox.calls import Ask
from sandbox.languages.language import Language


@dataclass(frozen=True, slots=True)
class Specialist:
    """Writes the replies to one schema."""

    schema: str
    """Its name."""
    members: frozenset[str]
    """Its members, all of them."""
    write: Callable[[Ask, str, Language], object]
    """From the ask, a key that decides every choice, and the language, to a value that the schema allows."""
