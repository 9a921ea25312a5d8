"""`--field NAME=VALUE`: JSON, plain text, or the text of a file."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from app.cli.generate import named_value


@pytest.mark.parametrize(
    ("told", "value"),
    [("posts=5", 5), ("deep=true", True), ('urls=["a"]', ["a"]), ("topic=Tea = trust", "Tea = trust")],
)
def test_a_value_that_reads_as_json_is_that_and_any_other_is_text(told: str, value: object) -> None:
    assert named_value(told)[1] == value


def test_a_file_is_named_with_an_at_sign(tmp_path: Path) -> None:
    contacts = tmp_path / "contacts.csv"
    contacts.write_text("\ufeffemail,name\na@example.com,Ayesha\n", encoding="utf-8")

    assert named_value(f"contacts_csv=@{contacts}") == ("contacts_csv", "email,name\na@example.com,Ayesha\n")


def test_an_at_sign_with_no_such_file_is_text() -> None:
    assert named_value("handle=@acme") == ("handle", "@acme")


def test_a_file_that_is_no_text_is_refused_by_name(tmp_path: Path) -> None:
    picture = tmp_path / "picture.png"
    picture.write_bytes(b"\x89PNG\xff")

    with pytest.raises(click.BadParameter, match=r"picture\.png cannot be read as UTF-8 text"):
        named_value(f"csv=@{picture}")


@pytest.mark.parametrize("told", ["topic", "=tea"])
def test_a_field_without_name_or_value_is_refused(told: str) -> None:
    with pytest.raises(click.BadParameter, match="is not NAME=VALUE"):
        named_value(told)
