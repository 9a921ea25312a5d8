"""Tables in CSV: read whatever spreadsheets write, and one bad row never takes the others with it."""

from __future__ import annotations

import csv
import io
import tracemalloc

import pytest

from app.pipelines import contact_list, csv_rows
from app.pipelines.csv_rows import MOST_COLUMNS, MOST_RECORDS, read, written

MB = 2**20


def header(columns: int) -> str:
    return ",".join(f"c{n}" for n in range(columns))


def rows(text: str) -> list[tuple[int, dict[str, str], bool]]:
    return [(row.number, dict(row.cells), row.problem is None) for row in read(text, 200).rows]


@pytest.mark.parametrize(
    "text",
    [
        "name,city\nAli,Lahore\n",
        "\ufeffname,city\r\nAli,Lahore\r\n",
        "Name ; City\nAli;Lahore",
        "name\tcity\nAli\tLahore",
        'name,city\rAli,"Lahore"\r',
        "name,city\n Ali ,  Lahore  ",
    ],
)
def test_what_spreadsheets_write_is_read_alike(text: str) -> None:
    assert rows(text) == [(2, {"name": "Ali", "city": "Lahore"}, True)]


def test_rows_are_numbered_as_a_spreadsheet_does_and_empty_ones_are_left_out() -> None:
    assert [number for number, _, _ in rows("name\na\n\n,\nb")] == [2, 5]


def test_a_row_with_too_many_cells_says_so_and_one_with_too_few_has_empty_ones() -> None:
    first, second = read("name,city\nAli,Lahore,Pakistan\nBina", 200).rows

    assert first.problem == "3 cells where the header has 2; put a cell that holds the delimiter in quotation marks"
    assert (second.cells, second.problem) == ({"name": "Bina", "city": ""}, None)


def test_a_quotation_mark_that_breaks_one_row_leaves_the_next_as_it_is() -> None:
    assert [good for _, _, good in rows('name,city\nAli,"La"hore\nBina,Karachi')] == [False, True]


def test_a_quotation_mark_that_is_never_closed_is_told() -> None:
    (row,) = read('name,city\nAli,"Lahore\nBina,Karachi', 200).rows

    assert "a quotation mark that is not closed" in (row.problem or "")


def test_a_cell_may_hold_line_breaks_and_delimiters() -> None:
    assert rows('name,city\n"Ali, the\nfirst",Lahore')[0][1]["name"] == "Ali, the first"


def test_column_names_are_lower_case_and_hold_no_spaces() -> None:
    assert read("First Name,E-Mail,شہر\na,b,c", 200).columns == ("first_name", "e_mail", "شہر")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("name,Name\na,b", "each in another way"),
        (",,\na,b", "has to name the columns"),
        ("name,city", "no row under the header"),
        ("name,city\n\n,\n", "no row under the header"),
        ("name\n" + "a\n" * 201, "more than 200 rows; split the table into several"),
        (header(MOST_COLUMNS + 1) + "\na,b", "101 columns; at most 100: leave out"),
        ("name," + "x" * 201 + "\na,b", "has 201 characters; at most 200: shorten it"),
        ("name\n" + ",\n" * MOST_RECORDS + "a", "more than 10,000 rows, most of them empty; take out the empty ones"),
        ("name\n" + "\n" * MOST_RECORDS, "take out the empty ones"),
        ("name\n" + "ب" * csv_rows.MAX_BYTES, "bytes; at most 409,600"),
        ("", "has to name the columns"),
    ],
)
def test_what_is_no_table_is_refused_with_the_reason(text: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        read(text, 200)


def test_what_may_be_is_read_to_its_last_row_and_column() -> None:
    empty = "\n" * (MOST_RECORDS - 201)
    wide = f"{header(MOST_COLUMNS)},,\n{empty}" + f"{',' * (MOST_COLUMNS - 1)}last\n" * 200

    table = read(wide, 200)

    assert (len(table.columns), len(table.rows), table.rows[-1].number) == (MOST_COLUMNS, 200, MOST_RECORDS)
    assert table.rows[-1].cells["c99"] == "last"


def test_cells_of_the_header_that_name_nothing_are_no_columns() -> None:
    table = read(f"name,{',' * 1000}city\nAli,{',' * 1000}Lahore", 200)

    assert table.columns == ("name", "city")
    assert dict(table.rows[0].cells) == {"name": "Ali", "city": "Lahore"}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (header(4_000) + "\n" + "x\n" * 300, "4,000 columns"),
        (header(60) + "\n" + "x\n" * 20_000, "more than 200 rows"),
        ("name\n" + ",\n" * 150_000, "take out the empty ones"),
        ("name" + "," * 150_000 + "\n" + "x\n" * 201, "more than 200 rows"),
    ],
)
def test_a_table_that_is_refused_has_taken_no_memory(text: str, told: str) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match=told):
            read(text, 200)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert most < 8 * MB


def test_few_tables_are_kept() -> None:
    for n in range(5):
        contact_list.read(f"email,city\na{n}@b.example,Lahore\n")

    assert csv_rows.read.cache_info().currsize <= 2
    assert contact_list.read.cache_info().currsize <= 2


def test_what_is_written_is_read_back() -> None:
    text = written(("a", "b"), [{"a": 'x "y", z\nw', "b": None}, {"a": 3}])

    assert list(csv.DictReader(io.StringIO(text))) == [{"a": 'x "y", z\nw', "b": ""}, {"a": "3", "b": ""}]


@pytest.mark.parametrize("cell", ["=HYPERLINK(1)", "+1", "-1", "@SUM(A1)", "\tx", "\r=1", "\x00=1", "\u202e=1"])
def test_no_cell_is_a_formula_to_a_spreadsheet(cell: str) -> None:
    assert written(("a",), [{"a": cell}]).splitlines()[1].lstrip('"').startswith("'")


@pytest.mark.parametrize("end", ["\r", "\r\n", "\n"])
def test_a_line_break_in_a_cell_begins_no_row(end: str) -> None:
    text = written(("a", "b"), [{"a": f"x{end}=1+1", "b": "y"}])

    assert list(csv.reader(io.StringIO(text, newline=""))) == [["a", "b"], ["x\n=1+1", "y"]]
