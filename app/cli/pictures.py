"""A batch of pictures, one row each: who made it, what it cost, and where it is or why it is not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.markup import escape

from app.cli import screen, tables
from app.cli.tables import Column

INDENT = 5
MAX_MODEL = 22
MIN_PROMPT, MAX_PROMPT = 20, 60
type_piece = Mapping[str, Any]


def is_batch(view: Mapping[str, Any]) -> bool:
    """Whether a run is a list of pictures that each stand for themselves."""
    return bool(view["pieces"]) and all(piece["kind"] == "image" for piece in view["pieces"])


def say(view: Mapping[str, Any]) -> None:
    """Print the pictures of a run, failed ones with what each provider said."""
    pieces = sorted(view["pieces"], key=lambda piece: piece["position"])
    columns = _columns(pieces)
    if not screen.out().is_terminal:
        columns.append(Column("url, or why there is none", [escape(_outcome(piece)) for piece in pieces]))
        for row in tables.rows(columns):
            screen.say(row)
        return
    room = screen.out().width - tables.width(columns) - tables.GAP
    if room >= MIN_PROMPT:
        prompts = [_one_line(piece["data"].get("prompt", "")) for piece in pieces]
        most = min(room, MAX_PROMPT)
        columns.append(Column("prompt", [f"[dim]{escape(screen.clipped(text, most))}[/]" for text in prompts]))
    heading, *lines = tables.rows(columns)
    screen.say(heading)
    for line, piece in zip(lines, pieces, strict=True):
        screen.say(line)
        _say_outcome(piece)


def say_where_calls_are(view: Mapping[str, Any]) -> None:
    """Say where every call is listed, if one of the pictures failed."""
    if any(piece["status"] == "FAILED" for piece in view["pieces"]):
        how = f"{screen.program()} show {view['id'][:8]} --calls"
        screen.say(f"[dim]What each call brought:[/] [cyan]{escape(how)}[/]", indent=2)


def summary(view: Mapping[str, Any]) -> str:
    """Return how many there are, in a line of markup: `18 of 20  2 failed, 3 cached, 1 rewritten`."""
    pieces = view["pieces"]
    counts = {
        "failed": sum(piece["status"] == "FAILED" for piece in pieces),
        "cached": sum(bool(piece["picture"] and piece["picture"]["cached"]) for piece in pieces),
        "rewritten": sum(piece["rewrites"] > 0 for piece in pieces),
    }
    told = ", ".join(f"{count} {name}" for name, count in counts.items() if count)
    return f"[bold]{sum(piece['status'] == 'READY' for piece in pieces)} of {len(pieces)}[/]  [dim]{told}[/]".rstrip()


def _columns(pieces: Sequence[type_piece]) -> list[Column]:
    made = [piece["picture"] or {} for piece in pieces]
    models = [screen.clipped(str(picture.get("model") or "-"), MAX_MODEL) for picture in made]
    took = [picture.get("seconds") for picture in made]
    return [
        Column("n", [str(piece["position"] + 1) for piece in pieces], is_right=True),
        Column("provider", [escape(str(picture.get("provider") or "-")) for picture in made]),
        Column("model", [escape(model) for model in models]),
        Column("cost", [_cost(piece) for piece in pieces], is_right=True),
        Column("time", ["-" if s is None else screen.seconds(s) for s in took], is_right=True),
        Column("", [_notes(piece) for piece in pieces]),
    ]


def _cost(piece: type_piece) -> str:
    return "?" if piece["cost_micro_usd"] is None else screen.dollars(piece["cost_micro_usd"])


def _notes(piece: type_piece) -> str:
    """Return what is special about a picture, in markup."""
    notes = []
    if piece["status"] == "FAILED":
        notes.append("[red]✗ failed[/]")
    elif piece["status"] != "READY":
        notes.append(f"[cyan]{'being made' if piece['working'] else 'waiting'}[/]")
    if piece["picture"] and piece["picture"]["cached"]:
        notes.append("[green]cached[/]")
    if piece["rewrites"]:
        notes.append("[yellow]rewritten[/]")
    if count := len(piece["refused"]):
        notes.append(f"[yellow]{count} refused[/]")
    return " ".join(notes)


def _say_outcome(piece: type_piece) -> None:
    """Print under a row where its picture is, to be copied, or each reason why there is none."""
    if piece["status"] != "FAILED":
        if piece["picture"]:
            screen.say(f"[dim]{escape(piece['picture']['url'])}[/]", indent=INDENT)
        return
    for reason in _reasons(piece):
        screen.paragraph(escape(reason), indent=INDENT)


def _outcome(piece: type_piece) -> str:
    if piece["status"] == "FAILED":
        return "; ".join(_reasons(piece))
    return str(piece["picture"]["url"]) if piece["picture"] else ""


def _reasons(piece: type_piece) -> list[str]:
    """Return each reason why there is no picture: what each provider said, or what else it was."""
    failure = piece["failure"] or {}
    causes = [(cause["provider"], _one_line(cause["message"])) for cause in failure.get("causes", [])]
    said = [why if why.lower().startswith(who) else f"{who}: {why}" for who, why in causes]
    return said or [_one_line(str(failure.get("message")))]


def _one_line(text: str) -> str:
    return " ".join(text.split())
