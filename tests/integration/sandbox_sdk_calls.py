"""What the official SDKs are tested with: a picture, a schema, a question, and a sandbox's faults and bill."""

from __future__ import annotations

from typing import Any

from sandbox.faults import read_rules
from sandbox.painter import encode, render
from sandbox.server import Running

PNG = encode(render("a lake", (96, 96), "k"))
SCHEMA = {
    "type": "object",
    "properties": {"title": {"type": "string"}},
    "required": ["title"],
    "additionalProperties": False,
}
HI: Any = [{"role": "user", "content": "Balcony tomatoes"}]


def script(sandbox: Running, fault: str, **params: Any) -> None:
    """Do this to every call from now on."""
    sandbox.desk.set_rules(read_rules([{"fault": fault, "params": params}]))


def billed(sandbox: Running) -> int:
    """Return what was charged, in micro-USD."""
    return int(sandbox.desk.snapshot("bill")["total_micro_usd"])
