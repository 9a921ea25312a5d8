"""Usage exports: whatever their headers are called, what they say is read exactly or refused by line."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.domain.errors import SetupError
from workers.reconcile.figures import ModelUse, Used
from workers.reconcile.usage_csv import Usage, read


def written(folder: Path, text: str) -> Usage:
    file = folder / "usage.csv"
    file.write_text(text, encoding="utf-8")
    return read(file)


def test_one_row_is_one_call(tmp_path: Path) -> None:
    usage = written(
        tmp_path, "id,created_at,model,cost,input_tokens,output_tokens\ng1,2026-11-20T12:00:00Z,m,0.0672,300,1120\n"
    )

    noon = datetime(2026, 11, 20, 12, tzinfo=UTC)
    assert usage == Usage([Used("m", 67_200, ref="g1", at=noon, tokens_in=300, tokens_out=1120)], [], (noon, noon))


@pytest.mark.parametrize(
    "heading",
    [
        "Generation ID,Timestamp,Model,Total Cost (USD),Prompt Tokens,Completion Tokens",
        "\ufeffrequest-id;time;Model Name;Cost_USD;tokens_in;tokens_out",
        "id\tCreated At\tmodel.id\tAmount [$]\tINPUT TOKENS\tOutput-Tokens",
    ],
)
def test_headers_and_separators_are_read_leniently(tmp_path: Path, heading: str) -> None:
    mark = next(mark for mark in ",;\t" if mark in heading)
    row = mark.join(["g1", "2026-11-20 12:00:00", "m", "$0.0672", "300", "1120"])

    (call,) = written(tmp_path, f"{heading}\n{row}\n").calls

    assert call == Used(
        "m", 67_200, ref="g1", at=datetime(2026, 11, 20, 12, tzinfo=UTC), tokens_in=300, tokens_out=1120
    )


def test_sums_by_day_are_added_up_by_model(tmp_path: Path) -> None:
    usage = written(
        tmp_path, 'day,model,requests,cost\n2026-11-19,m,2,0.1\n2026-11-20,m,3,"1,000.25"\n2026-11-20,n,1,\n'
    )

    assert (usage.calls, usage.sums) == ([], [ModelUse("m", 5, 1_000_350_000), ModelUse("n", 1, 0)])


def test_a_label_is_found_among_other_tags(tmp_path: Path) -> None:
    call_id = uuid.uuid4()

    (call,) = written(tmp_path, f'model,cost,tags\nm,0.01,"team:a,pressroom:{call_id}"\n').calls

    assert call.label == str(call_id)


def test_a_day_is_no_time_of_a_call(tmp_path: Path) -> None:
    (call,) = written(tmp_path, "date,model,cost\n2026-11-20,m,0.01\n").calls

    assert call.at is None


def test_a_file_with_days_covers_all_of_its_last_one(tmp_path: Path) -> None:
    usage = written(tmp_path, "id,date,model,cost\ng1,2026-11-19,m,0.01\ng2,2026-11-20,m,0.01\n")

    assert usage.times == (datetime(2026, 11, 19, tzinfo=UTC), datetime(2026, 11, 21, tzinfo=UTC))


@pytest.mark.parametrize(
    "told",
    ["1795176000", "1795176000000", "2026-11-20T13:00:00+01:00", "2026-11-20 12:00:00 UTC", "2026-11-20T12:00:00"],
)
def test_times_are_read_with_or_without_a_zone_and_as_unix_time(tmp_path: Path, told: str) -> None:
    (call,) = written(tmp_path, f"time,model,cost\n{told},m,0.01\n").calls

    assert call.at == datetime(2026, 11, 20, 12, tzinfo=UTC)


def test_a_cost_of_nothing_is_unknown_and_not_free(tmp_path: Path) -> None:
    calls = written(tmp_path, "id,model,cost\na,m,\nb,m,0\nc,m,0.00\n").calls

    assert [call.cost_micro_usd for call in calls] == [None] * 3


def test_rows_without_a_model_are_totals(tmp_path: Path) -> None:
    assert len(written(tmp_path, "id,model,cost\na,m,0.01\nTotal,,0.01\n").calls) == 1


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("id,cost\na,0.01\n", "no column for model"),
        ("id,model\na,m\n", "no column for cost"),
        ("model,cost\nm,0.01\n", "needs a column id, time or requests"),
        ("", "no column for model"),
        ("id;model;cost\na;m;0,067\n", "line 2: '0,067'"),
        ("id,model,cost\na,m,0.01\nb,m,free\n", "line 3: 'free'"),
        ("id,model,cost\na,m,-1\n", "line 2: '-1'"),
        ("id,model,cost\na,m,nan\n", "line 2: 'nan'"),
        ("id,time,model,cost\na,yesterday,m,0.01\n", "line 2: 'yesterday'"),
        ("id,model,cost,input_tokens\na,m,0.01,many\n", "line 2: 'many'"),
    ],
)
def test_what_cannot_be_read_is_refused_by_column_or_line(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(SetupError, match=told):
        written(tmp_path, text)


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "usage.csv"
    file.write_bytes(b"\xff\xfe\x00")

    with pytest.raises(SetupError, match="UTF-8"):
        read(file)
