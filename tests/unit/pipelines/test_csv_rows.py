"""Tables in CSV: read whatever spreadsheets write, and one bad row never takes the others with it."""

from __future__ import annotations

import csv
import io

import pytest

from app.pipelines import csv_rows
from app.pipelines.csv_rows import read, written


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
        ("name\n" + "a\n" * 201, "201 rows; at most 200"),
        ("name\n" + "ب" * csv_rows.MAX_BYTES, "bytes; at most 409,600"),
        ("", "has to name the columns"),
    ],
)
def test_what_is_no_table_is_refused_with_the_reason(text: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        read(text, 200)


def test_what_is_written_is_read_back() -> None:
    text = written(("a", "b"), [{"a": 'x "y", z\nw', "b": None}, {"a": 3}])

    assert list(csv.DictReader(io.StringIO(text))) == [{"a": 'x "y", z\nw', "b": ""}, {"a": "3", "b": ""}]


@pytest.mark.parametrize("cell", ["=HYPERLINK(1)", "+1", "-1", "@SUM(A1)", "\tx"])
def test_no_cell_is_a_formula_to_a_spreadsheet(cell: str) -> None:
    assert written(("a",), [{"a": cell}]).splitlines()[1].lstrip('"').startswith("'")
