"""Files of tables, shipped and the user's own: how they are read, and how what is wrong with them is told."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from app.domain.errors import SetupError


class Table(BaseModel):
    """A table of which nothing is guessed: no unknown key, no text that looks like a number."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


def read(path: Path, kind: str, setting: str, *, parse_float: Callable[[str], Any] = float) -> dict[str, Any]:
    """Return a file's tables.

    kind: what it is called in messages, "routes file". setting: names the user's own.
    Raises SetupError when it cannot be read, or is no TOML.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"), parse_float=parse_float)
    except OSError as exc:
        raise SetupError(
            f"the {kind} {path} cannot be read ({exc.strerror}); {setting} names it, without it the shipped one is used"
        ) from exc
    except (ValueError, RecursionError) as exc:  # no UTF-8, no TOML, a number of 5000 digits, lists without end
        raise SetupError(f"the {kind} {path} is no TOML: {exc}") from exc


def misread(kind: type[BaseModel], name: str, table: Any, *, hint: str = "") -> Iterator[str]:
    """Yield why a table cannot be read. hint: what else may stand where a table is expected."""
    try:
        kind.model_validate(table)
    except ValidationError as exc:
        for error in exc.errors():
            yield f"{'.'.join([name, *map(str, error['loc'])])}: {_told(error['type'], error['msg'], hint)}"


def _told(kind: str, message: str, hint: str) -> str:
    match kind:
        case "extra_forbidden":
            return "there is no such key"
        case "model_type":
            return f"a table is expected{hint}"
        case _:
            return message.removeprefix("Value error, ")
