"""`pressroom budgets` and `pressroom usage`, on a database of their own."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from commands import pressroom

from app import alerts
from app.domain.budgets import BudgetScope
from budgeting import a_key, no_budgets_left, prefix_of, set_budget, set_month
from harness import Installation
from making import opened, pictures_of, succeed, take
from next_rounds import cancel
from orders import a_user, accepted

NOBODY = "nobody@example.org"


@pytest.fixture(autouse=True)
def _alone(database: Installation) -> Iterator[None]:
    assert database
    with no_budgets_left():
        yield


def said(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def listed(place: Path) -> list[list[str]]:
    """Return the words of each row of the list."""
    return [line.split() for line in said(pressroom(place, "budgets")).splitlines()[2:]]


def test_budgets_of_every_scope_are_set_shown_and_removed(tmp_path: Path) -> None:
    user = a_user()
    prefix = prefix_of(a_key(user))

    told = said(
        pressroom(
            tmp_path, "budgets", "set", "--installation", "100", "--provider", "gemini", "20.5", "--user", user.name, "5",
            "--key", f"{prefix}...", "$0.000002",
        )
    )  # fmt: skip

    assert "provider gemini: $20.50 a month" in told
    assert [row[:3] for row in listed(tmp_path)] == [
        ["installation", "$100.00", "$0.00"],
        ["provider", "gemini", "$20.50"],
        ["user", user.name, "$5.00"],
        ["key", prefix, "$0.000002"],
    ]
    said(pressroom(tmp_path, "budgets", "remove", "--installation", "--provider", "gemini", "--key", prefix))
    assert [row[:2] for row in listed(tmp_path)] == [["user", user.name]]


def test_the_list_shows_what_is_spent_reserved_left_and_told(tmp_path: Path) -> None:
    user = a_user()
    budget = set_budget(BudgetScope.USER, 1, user.name)
    accepted(user)
    set_month(budget, spent=600_000)
    alerts.watch(datetime.now(UTC))

    told = said(pressroom(tmp_path, "budgets", "list"))

    assert ["user", user.name, "$1.00", "$0.60", "$0.00", "$0.40"] == told.splitlines()[2].split()[:6]
    assert f"budget of the user {user.name}" in told
    assert "50 % of $1.00 is spent ($0.60)" in told


def test_what_was_reached_at_once_is_told_from_the_least_on(tmp_path: Path) -> None:
    set_month(set_budget(BudgetScope.INSTALLATION, 1), spent=1_000_000)
    alerts.watch(datetime.now(UTC))

    told = said(pressroom(tmp_path, "budgets", "list"))

    assert told.index("50 % of") < told.index("80 % of") < told.index("100 % of")


def test_without_any_the_list_says_how_to_make_one(tmp_path: Path) -> None:
    assert "budgets set --installation 100" in said(pressroom(tmp_path, "budgets"))


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["set"], 2, "say whose"),
        (["remove"], 2, "say whose"),
        (["set", "--installation", "ten"], 2, "no amount"),
        (["set", "--installation", "-1"], 2, "0 or more"),
        (["set", "--installation", "0.0000001"], 2, "six decimals"),
        (["set", "--installation", "nan"], 2, "no amount"),
        (["set", "--provider", "nobody", "1"], 1, "no provider 'nobody'"),
        (["set", "--user", NOBODY, "1"], 1, "no user"),
        (["remove", "--installation"], 1, "no budget of the installation"),
    ],
)
def test_what_cannot_be_set_is_refused_with_a_reason(tmp_path: Path, words: list[str], code: int, told: str) -> None:
    done = pressroom(tmp_path, "budgets", *words)

    assert (done.returncode, told in done.stderr) == (code, True), done.stderr


def test_of_several_budgets_all_are_set_or_none(tmp_path: Path) -> None:
    pressroom(tmp_path, "budgets", "set", "--installation", "5", "--user", NOBODY, "1")

    assert "No budgets yet" in said(pressroom(tmp_path, "budgets"))


def test_usage_says_what_is_used_of_the_month_in_sentences_pictures_and_tokens(tmp_path: Path) -> None:
    user = a_user()
    run_id = opened(user)
    succeed(take(pictures_of(run_id)[0], "draft_prompt"), cost=7_000)
    cancel(run_id)

    told = said(pressroom(tmp_path, "usage", "--user", user.name))

    assert "you've used 0 posts this month" in told
    assert "you've used $0.007 of $10000.00 this month" in told
    assert "tokens in: 300 " in told


def test_usage_lists_everybody_and_any_month(tmp_path: Path) -> None:
    users = [a_user(), a_user()]

    told = said(pressroom(tmp_path, "usage", "--month", "2026-01"))

    assert "January 2026" in told
    assert all(user.name in told for user in users)
    assert "tokens in: none told" in told
