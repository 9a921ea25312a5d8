"""Routes files for tests: name what `write_routes` returns in PRESSROOM_ROUTES, then forget the settings.

monkeypatch.setenv("PRESSROOM_ROUTES", str(write_routes(tmp_path / "routes.toml", min_bytes=0)))
forget_settings()
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from app.routes import SHIPPED

GATEWAY_ONLY = Path(__file__).parent / "data" / "gateway_only.toml"
MAKE_PICTURES = ("render_image", "refine_image")


def write_routes(
    path: Path,
    *,
    base: Path = GATEWAY_ONLY,
    review: bool | None = None,
    min_bytes: int | None = None,
    timeout_s: float | None = None,
    limits: Mapping[str, Mapping[str, Mapping[str, Any]]] | None = None,
    **purposes: Mapping[str, Any],
) -> Path:
    """Write `base` with changes, and return `path`.

    review, min_bytes: of every purpose that makes pictures. timeout_s: of every purpose and route.
    limits: {"gateway": {"image": {"in_flight": 2}}}, over the base's of the same provider and kind.
    purposes: what to change in one of them: render_image={"routes": [...], "min_bytes": 0}.
    """
    table = tomllib.loads(base.read_text())
    for provider, by_kind in (limits or {}).items():
        table.setdefault("limits", {}).setdefault(provider, {}).update(by_kind)
    asked = {"review": review, "min_bytes": min_bytes}
    for name in MAKE_PICTURES:
        table[name].update({key: value for key, value in asked.items() if value is not None})
    for purpose in (inner for name, inner in table.items() if name != "limits" and timeout_s is not None):
        purpose["timeout_s"] = timeout_s
        purpose["routes"] = [_without_deadline(route) for route in purpose["routes"]]
    for name, changes in purposes.items():
        table.setdefault(name, {}).update(changes)
    path.write_text("".join(f"[{name}]\n{_lines(tables)}\n" for name, tables in table.items()))
    return path


def _without_deadline(route: Any) -> Any:
    return {name: value for name, value in route.items() if name != "timeout_s"} if isinstance(route, dict) else route


def _lines(table: Mapping[str, Any]) -> str:
    return "".join(f"{name} = {as_toml(value)}\n" for name, value in table.items())


def as_toml(value: Any) -> str:
    """Return a value as TOML writes it on one line."""
    if isinstance(value, Mapping):
        return f"{{ {', '.join(f'{name} = {as_toml(inner)}' for name, inner in value.items())} }}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return f"[{', '.join(as_toml(inner) for inner in value)}]"
    return json.dumps(value)


__all__ = ["GATEWAY_ONLY", "SHIPPED", "as_toml", "write_routes"]
