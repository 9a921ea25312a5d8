"""Tables that come as CSV text, and those that go out as such."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

MAX_BYTES = 400 * 1024  # as UTF-8; JSON may escape it to six times as much, which is what app.api.edge lets in
DELIMITERS = ",;\t"  # spreadsheets of many countries write semicolons
FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")  # what makes a spreadsheet take a cell for a formula (OWASP)


@dataclass(frozen=True, slots=True)
class Row:
    """One row under the header."""

    number: int
    """As a spreadsheet numbers it: the header is row 1."""
    cells: Mapping[str, str]
    """By column; an empty cell is an empty text."""
    problem: str | None = None
    """Why it cannot be used; None = it can."""


@dataclass(frozen=True, slots=True)
class Table:
    """What a CSV holds."""

    columns: tuple[str, ...]
    """In lower case, with _ for whatever is neither letter nor digit: `first_name`."""
    rows: tuple[Row, ...]
    """Those that are not empty."""


@lru_cache(maxsize=8)
def read(text: str, most_rows: int) -> Table:
    """Return the rows of a CSV with a header. Raises ValueError where it is no such thing, too big or too long.

    A row that cannot be read says so in its `problem`; the others are not the worse for it.
    """
    if (size := len(text.encode())) > MAX_BYTES:
        raise ValueError(f"{size:,} bytes; at most {MAX_BYTES:,}")
    lines = io.StringIO(text.removeprefix("\ufeff"), newline="")
    header = lines.readline()
    delimiter = max(DELIMITERS, key=header.count)
    try:
        (named,) = csv.reader([header], delimiter=delimiter, strict=True)
    except (csv.Error, ValueError):
        raise ValueError("the first line is no header: it has to name the columns") from None
    columns = [column_name(cell) for cell in named]
    known = [column for column in columns if column]
    if not known or len(set(known)) < len(known):
        raise ValueError("the first line has to name the columns, each in another way")
    rows = [row for row in _rows(csv.reader(lines, delimiter=delimiter, strict=True), columns) if row is not None]
    if not rows:
        raise ValueError("there is no row under the header")
    if len(rows) > most_rows:
        raise ValueError(f"{len(rows):,} rows; at most {most_rows:,}")
    return Table(tuple(known), tuple(rows))


def column_name(cell: str) -> str:
    """Return how a column is called in `Table`, from its cell of the header: `first_name` for ` First name`."""
    return re.sub(r"\W+", "_", cell.strip().lower()).strip("_")


def _rows(reader: Iterable[Sequence[str]], columns: Sequence[str]) -> Iterable[Row | None]:
    records, number = iter(reader), 1
    while True:
        number += 1
        try:
            cells = [" ".join(cell.split()) for cell in next(records)]
        except StopIteration:
            return
        except csv.Error as exc:
            yield Row(number, {}, f"it cannot be read ({exc}); look for a quotation mark that is not closed")
            continue
        if not any(cells):
            yield None
            continue
        by_column = {column: cell for column, cell in zip(columns, cells, strict=False) if column}
        problem = None
        if any(cells[len(columns) :]):
            told = "put a cell that holds the delimiter in quotation marks"
            problem = f"{len(cells)} cells where the header has {len(columns)}; {told}"
        yield Row(number, {column: by_column.get(column, "") for column in columns if column}, problem)


def written(columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> str:
    """Return rows as CSV text; a cell that a spreadsheet would take for a formula begins with an apostrophe."""
    buffer = io.StringIO()
    table = csv.DictWriter(buffer, columns, lineterminator="\n")
    table.writeheader()
    table.writerows({column: _shown(row.get(column)) for column in columns} for row in rows)
    return buffer.getvalue()


def _shown(cell: object) -> str:
    text = "" if cell is None else str(cell)
    return f"'{text}" if text.startswith(FORMULA_SIGNS) else text
