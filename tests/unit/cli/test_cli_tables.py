"""Tables of the command line: aligned, within the terminal, with everything that is to be copied in one piece."""

from __future__ import annotations

from typing import Any

from terminals import WIDTHS, Terminal

from app.cli import calls, pictures, tables
from app.cli.tables import Column

URL = "http://127.0.0.1:8000/media/posts/1f0c2d3e-8b1f-4a6a-9a3e-0b1c2d3e4f5a/image-{}/abcdef012345.png"
LONGEST_MODEL = "de7d3faf-762f-48e0-b3b7-9d0ac3a3fcf3"


# ---- columns


def test_cells_stand_under_their_heading() -> None:
    made = [Column("name", ["a", "longer"]), Column("cost", ["$1", "$10"], is_right=True)]

    assert list(tables.rows(made)) == ["[dim]name    cost[/]", "a         $1", "longer   $10"]


def test_markup_and_wide_letters_do_not_shift_columns() -> None:
    made = [Column("a", ["[red]x[/]", "日本"]), Column("b", ["1", "2"])]

    assert list(tables.rows(made))[1:] == ["[red]x[/]     1", "日本  2"]


def test_what_does_not_fit_is_left_out_from_the_highest_rank() -> None:
    made = [Column("a", ["xxxx"]), Column("b", ["xxxx"], rank=2), Column("c", ["xxxx"], rank=1)]

    assert [column.heading for column in tables.fitting(made, 16)] == ["a", "b", "c"]
    assert [column.heading for column in tables.fitting(made, 15)] == ["a", "c"]
    assert [column.heading for column in tables.fitting(made, 1)] == ["a"]


def test_an_empty_column_takes_no_room_unless_it_is_always_shown() -> None:
    made = [Column("a", ["", ""]), Column("b", ["", ""], rank=1)]

    assert [column.heading for column in tables.fitting(made, 80)] == ["a"]


# ---- pictures


def piece(n: int, **changes: Any) -> dict[str, Any]:
    """Return a picture of a batch as the API shows it."""
    picture = {
        "provider": "gemini",
        "model": "gemini-3.1-flash-image",
        "seconds": 4.9,
        "cached": False,
        "url": URL.format(n),
    }
    usual = {
        "kind": "image", "position": n, "status": "READY", "working": False, "data": {"prompt": "a red fox in [red] snow"},
        "picture": picture, "rewrites": 0, "refused": [], "failure": None, "cost_micro_usd": 67_350,
    }  # fmt: skip
    return {**usual, **changes}


def failed(n: int, *causes: tuple[str, str], **changes: Any) -> dict[str, Any]:
    """Return a picture that could not be made."""
    told = [{"provider": provider, "model": "m", "code": "provider_down", "message": why} for provider, why in causes]
    failure = {"code": "x", "message": "the prompt was blocked", "causes": told}
    return piece(n, status="FAILED", picture=None, failure=failure, **changes)


MADE = [
    piece(0),
    piece(1, cost_micro_usd=0, picture=piece(1)["picture"] | {"cached": True, "seconds": 0.0}),
    piece(2, rewrites=1, refused=[{}, {}], picture=piece(2)["picture"] | {"model": LONGEST_MODEL, "seconds": None}),
    failed(
        3, ("gemini", "gemini answered 503"), ("leonardo", "the credit is used up, see [the page]"), cost_micro_usd=None
    ),
    failed(4),
    piece(5, status="RENDERED", working=True),
    piece(99, status="PENDING", picture=None, cost_micro_usd=0),
]
BATCH = {"pieces": MADE}


def said_of(lines: list[str], n: int) -> str:
    """Return the row of the picture with this number."""
    return next(line for line in lines if line.split()[:1] == [str(n)])


@WIDTHS
def test_no_row_of_a_batch_is_wider_than_the_terminal(terminal: Terminal, width: int) -> None:
    terminal.opened(width)

    pictures.say(BATCH)

    assert all(len(line) <= width for line in terminal.lines if "http" not in line)


@WIDTHS
def test_every_url_stands_on_one_line(terminal: Terminal, width: int) -> None:
    terminal.opened(width)

    pictures.say(BATCH)

    for n in (0, 1, 2, 5):
        assert f"     {URL.format(n)}" in terminal.lines


def test_a_row_says_who_made_it_for_how_much_and_in_which_time(terminal: Terminal) -> None:
    terminal.opened(80)

    pictures.say(BATCH)

    assert said_of(terminal.lines, 1).split() == ["1", "gemini", "gemini-3.1-flash-image", "$0.067350", "4.9", "s"]
    assert said_of(terminal.lines, 2).endswith("cached")
    assert said_of(terminal.lines, 3).endswith("rewritten 2 refused")
    assert said_of(terminal.lines, 6).endswith("being made")
    assert said_of(terminal.lines, 100).endswith("waiting")


def test_a_failed_picture_has_the_reason_of_each_provider_and_no_doubled_names(terminal: Terminal) -> None:
    terminal.opened(80)

    pictures.say(BATCH)

    assert "failed" in said_of(terminal.lines, 4)
    assert "     gemini answered 503" in terminal.lines
    assert "     leonardo: the credit is used up, see [the page]" in terminal.lines
    assert "     the prompt was blocked" in terminal.lines


def test_an_unknown_cost_is_a_question_mark(terminal: Terminal) -> None:
    terminal.opened(80)

    pictures.say(BATCH)

    assert "?" in said_of(terminal.lines, 4).split()
    assert "$0.000000" not in said_of(terminal.lines, 4)


def test_a_wide_terminal_shows_the_prompt(terminal: Terminal) -> None:
    terminal.opened(120)

    pictures.say(BATCH)

    assert said_of(terminal.lines, 1).endswith("a red fox in [red] snow")


def test_in_a_pipe_each_picture_is_one_line_that_ends_with_its_url(terminal: Terminal) -> None:
    terminal.opened(None)

    pictures.say(BATCH)

    assert len(terminal.lines) == 1 + len(MADE)
    assert said_of(terminal.lines, 1).split()[-1] == URL.format(0)
    assert said_of(terminal.lines, 4).endswith("gemini answered 503; leonardo: the credit is used up, see [the page]")


def test_a_batch_is_summed_up() -> None:
    assert pictures.summary(BATCH) == "[bold]3 of 7[/]  [dim]2 failed, 1 cached, 1 rewritten[/]"


def test_a_post_is_no_batch() -> None:
    assert pictures.is_batch(BATCH)
    assert not pictures.is_batch({"pieces": [*MADE, piece(0, kind="content")]})
    assert not pictures.is_batch({"pieces": []})


# ---- calls


def call(**changes: Any) -> dict[str, Any]:
    """Return a call as the API lists it."""
    usual = {
        "time": "2026-11-21T09:05:07.123+00:00", "round": 1, "step": "render_image", "piece": "article-cover",
        "purpose": "render_image", "provider": "leonardo", "model": LONGEST_MODEL, "prompt_hash": "ab" * 32, "attempt": 2,
        "state": "SUCCEEDED", "accepted": True, "error_code": None, "tokens_in": 312, "tokens_out": 1120,
        "tokens_cached": None, "tokens_image": 1120, "cost_micro_usd": 67_350, "cost_basis": "provider", "seconds": 4.91,
        "bytes": 912_345, "sandbox": True,
    }  # fmt: skip
    return {**usual, **changes}


JOURNAL = [
    call(),
    call(state="FAILED", accepted=None, error_code="provider_down", cost_micro_usd=0, cost_basis="none"),
    call(
        state="UNKNOWN", accepted=None, error_code="owner_lost", cost_micro_usd=None, cost_basis="unknown", seconds=None
    ),
    call(accepted=False, error_code="picture_refused:blank"),
    call(cost_basis="cache", cost_micro_usd=0),
    call(state="INTENT", accepted=None, cost_micro_usd=None, cost_basis=None, seconds=None, tokens_in=None),
]
OUTCOMES = ("provider_down", "no answer: owner_lost", "picture_refused:blank", "under way")


@WIDTHS
def test_no_row_of_calls_is_wider_than_the_terminal_and_every_failure_is_told(terminal: Terminal, width: int) -> None:
    terminal.opened(width)

    calls.say(JOURNAL)

    assert max(map(len, terminal.lines)) <= width
    for outcome in OUTCOMES:
        assert sum(outcome in line for line in terminal.lines) == 1


def test_a_pipe_has_a_line_for_each_call_with_every_column(terminal: Terminal) -> None:
    terminal.opened(None)

    calls.say(JOURNAL)

    heading, first = terminal.lines[:2]
    for name in (
        "UTC",
        "piece",
        "purpose",
        "provider",
        "model",
        "outcome",
        "tokens",
        "bytes",
        "cost",
        "by",
        "prompt",
    ):
        assert name in heading
    for value in (
        "09:05:07",
        "article-cover",
        "render image",
        "leonardo",
        "ok",
        "312 + 1120",
        "912345",
        "$0.067350",
        "4.9",
    ):
        assert value in first
    assert len(terminal.lines) == 1 + len(JOURNAL) + 2


def test_the_sum_of_calls_tells_unknown_ones_apart(terminal: Terminal) -> None:
    terminal.opened(80)

    calls.say(JOURNAL)

    assert terminal.lines[-1] == "6 calls, $0.134700 and 1 of unknown cost  sandbox: nothing was really paid"


def test_a_run_without_calls_says_so(terminal: Terminal) -> None:
    terminal.opened(80)

    calls.say([])

    assert terminal.lines == ["No calls yet: nothing was asked of a model."]
