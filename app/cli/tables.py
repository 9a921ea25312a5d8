"""Aligned columns whose rows may be followed by lines of their own, and which leave out what a narrow terminal cannot hold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.text import Text

GAP = 2


@dataclass(frozen=True, slots=True)
class Column:
    """A column; its cells are rich markup."""

    heading: str
    cells: Sequence[str]
    is_right: bool = False
    rank: int = 0
    """0 = always shown; of the others, the highest are left out first."""

    @property
    def width(self) -> int:
        """Characters that the widest cell takes."""
        return max(_length(text) for text in (self.heading, *self.cells))


def width(columns: Sequence[Column]) -> int:
    """Return how many characters a row of `columns` takes."""
    return sum(column.width for column in columns) + GAP * (len(columns) - 1)


def fitting(columns: Sequence[Column], most: int) -> list[Column]:
    """Return the columns that fit into `most` characters, without those that are empty."""
    kept = [column for column in columns if column.rank == 0 or any(column.cells)]
    while width(kept) > most and any(column.rank for column in kept):
        kept.remove(max(kept, key=lambda column: column.rank))
    return kept


def rows(columns: Sequence[Column]) -> Iterator[str]:
    """Yield the headings, then each row, as rich markup."""
    yield f"[dim]{_row(columns, [column.heading for column in columns])}[/]"
    for cells in zip(*(column.cells for column in columns), strict=True):
        yield _row(columns, cells)


def _row(columns: Sequence[Column], cells: Sequence[str]) -> str:
    parts = []
    for column, cell in zip(columns, cells, strict=True):
        pad = " " * (column.width - _length(cell))
        parts.append(pad + cell if column.is_right else cell + pad)
    return (" " * GAP).join(parts).rstrip()


def _length(markup: str) -> int:
    return Text.from_markup(markup).cell_len
