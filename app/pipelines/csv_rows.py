"""Tables that come as CSV text, and those that go out as such."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import count, islice

from app.domain.plain_text import plain

MAX_BYTES = 400 * 1024  # as UTF-8; JSON may escape it to six times as much, which is what app.api.edge lets in
MOST_COLUMNS = 100  # every row has a cell for each: without a bound, 200 KB of names and short rows take gigabytes
NAME_CHARACTERS = 200  # of a column: models are told all names of a campaign
MOST_RECORDS = 10_000  # with the header and the empty ones, of which spreadsheets write thousands below a table
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


@dataclass(frozen=True, slots=True)
class _Header:
    width: int
    """Cells, also those that name nothing."""
    places: Mapping[str, int]
    """Which cell of a row is that of a column."""


@lru_cache(maxsize=2)  # that which is being worked on and another; the biggest takes 10 MB
def read(text: str, most_rows: int) -> Table:
    """Return the rows of a CSV with a header. Raises ValueError where it is no such thing, too big or too long.

    A row that cannot be read says so in its `problem`; the others are not the worse for it. What is beyond the most
    rows is not read.
    """
    if (size := len(text.encode())) > MAX_BYTES:
        raise ValueError(f"{size:,} bytes; at most {MAX_BYTES:,}")
    lines = io.StringIO(text.removeprefix("\ufeff"), newline="")
    first = lines.readline()
    delimiter = max(DELIMITERS, key=first.count)
    header = _header(first, delimiter)
    rows = list(islice(_rows(csv.reader(lines, delimiter=delimiter, strict=True), header), most_rows + 1))
    if not rows:
        raise ValueError("there is no row under the header")
    if len(rows) > most_rows:
        raise ValueError(f"more than {most_rows:,} rows; split the table into several")
    return Table(tuple(header.places), tuple(rows))


def column_name(cell: str) -> str:
    """Return how a column is called in `Table`, from its cell of the header: `first_name` for ` First name`."""
    return re.sub(r"\W+", "_", cell.strip().lower()).strip("_")


def _header(line: str, delimiter: str) -> _Header:
    try:
        (cells,) = csv.reader([line], delimiter=delimiter, strict=True)
    except (csv.Error, ValueError):
        raise ValueError("the first line is no header: it has to name the columns") from None
    named = [(place, cell) for place, cell in enumerate(cells) if cell and not cell.isspace()]
    if len(named) > MOST_COLUMNS:
        raise ValueError(f"{len(named):,} columns; at most {MOST_COLUMNS}: leave out those that are not needed")
    if (longest := max((len(cell) for _, cell in named), default=0)) > NAME_CHARACTERS:
        raise ValueError(f"the name of a column has {longest:,} characters; at most {NAME_CHARACTERS}: shorten it")
    known = [(name, place) for place, cell in named if (name := column_name(cell))]
    places = dict(known)
    if not known or len(places) < len(known):
        raise ValueError("the first line has to name the columns, each in another way")
    return _Header(len(cells), places)


def _rows(reader: Iterable[Sequence[str]], header: _Header) -> Iterator[Row]:
    """Yield the rows that are not empty. Raises ValueError where there are too many that are."""
    records = iter(reader)
    for number in count(2):
        try:
            cells = [" ".join(cell.split()) for cell in next(records)]
        except StopIteration:
            return
        except csv.Error as exc:
            yield Row(number, {}, f"it cannot be read ({exc}); look for a quotation mark that is not closed")
            continue
        if number > MOST_RECORDS:
            raise ValueError(f"more than {MOST_RECORDS:,} rows, most of them empty; take out the empty ones")
        if any(cells):
            yield _row(number, cells, header)


def _row(number: int, cells: Sequence[str], header: _Header) -> Row:
    problem = None
    if any(cells[header.width :]):
        told = "put a cell that holds the delimiter in quotation marks"
        problem = f"{len(cells)} cells where the header has {header.width}; {told}"
    by_column = {name: cells[place] if place < len(cells) else "" for name, place in header.places.items()}
    return Row(number, by_column, problem)


def written(columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> str:
    """Return rows as CSV text; a cell that a spreadsheet would take for a formula begins with an apostrophe."""
    buffer = io.StringIO()
    table = csv.DictWriter(buffer, columns, lineterminator="\n")
    table.writeheader()
    table.writerows({column: _shown(row.get(column)) for column in columns} for row in rows)
    return buffer.getvalue()


def _shown(cell: object) -> str:
    text = "" if cell is None else plain(str(cell))  # first: what cannot be seen must not hide the sign of a formula
    safe = f"'{text}" if text.startswith(FORMULA_SIGNS) else text
    return safe.replace("\r\n", "\n").replace("\r", "\n")  # the writer quotes no \r, and behind one a row begins
