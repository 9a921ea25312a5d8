"""The database refuses what must not be, by the same lists as app.domain.states."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from enum import StrEnum
from itertools import product
from typing import Any

import pytest
from sqlalchemy import Enum, func, select, text, update
from sqlalchemy.exc import IntegrityError

from app import journal
from app.db.models import Base, CachedPicture, Call, Piece, QuotaEntry, QuotaMonth, Run
from app.db.session import transaction
from app.domain.plans import month_of
from app.domain.states import (
    PIECE_MOVES,
    RUN_MOVES,
    TERMINAL_PIECES,
    PieceState,
    QuotaEntryKind,
    QuotaUnit,
    RunState,
)
from harness import Installation
from making import asked, change, finished, intend, journaled, opened, outcome, pictures_of, take
from orders import a_user, calls_of, order, pieces_of, run_of

pytestmark = pytest.mark.usefixtures("database")
ENUMS: list[tuple[str, str, Any]] = [
    (table.name, column.name, column.type.enum_class)
    for table in Base.metadata.sorted_tables
    for column in table.columns
    if isinstance(column.type, Enum) and column.type.enum_class is not None
]


def legal_in_sql(function: str, states: type[StrEnum]) -> set[tuple[str, str]]:
    """Return the pairs that a function of the database calls legal."""
    with transaction() as session:
        return {
            (old.value, new.value)
            for old, new in product(states, repeat=2)
            if session.scalar(text(f"SELECT {function}(:old, :new)"), {"old": old.value, "new": new.value})
        }


def legal_in_code(moves: Mapping[StrEnum, frozenset[StrEnum]]) -> set[tuple[str, str]]:
    return {(old.value, new.value) for old, news in moves.items() for new in news}


def test_the_database_allows_a_run_the_same_moves_as_the_code() -> None:
    assert legal_in_sql("legal_run_move", RunState) == legal_in_code(RUN_MOVES)  # type: ignore[arg-type]


def test_the_database_allows_a_piece_the_same_moves_as_the_code() -> None:
    assert legal_in_sql("legal_piece_move", PieceState) == legal_in_code(PIECE_MOVES)  # type: ignore[arg-type]


def test_the_comparison_notices_when_one_of_the_two_lists_is_edited() -> None:
    with transaction() as session:
        source = str(session.scalar(text("SELECT pg_get_functiondef('legal_run_move'::regproc)")))
    edited = source.replace("('PARTIAL', 'GENERATING_TEXT')", "('PARTIAL', 'READY')")

    with transaction() as session:
        session.execute(text(edited))
    try:
        assert legal_in_sql("legal_run_move", RunState) != legal_in_code(RUN_MOVES)  # type: ignore[arg-type]
    finally:
        with transaction() as session:
            session.execute(text(source))


def test_every_state_has_a_line_in_its_list_of_moves() -> None:
    assert (set(RUN_MOVES), set(PIECE_MOVES)) == (set(RunState), set(PieceState))


@pytest.mark.parametrize(("table", "column", "kind"), ENUMS, ids=[f"{table}.{column}" for table, column, _ in ENUMS])
def test_a_check_constraint_allows_exactly_the_values_of_its_enum(table: str, column: str, kind: type[StrEnum]) -> None:
    with transaction() as session:
        checks = session.scalars(
            text(
                "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = to_regclass(:t) AND contype = 'c'"
            ),
            {"t": table},
        ).all()

    allowed = [
        set(re.findall(r"'([^']*)'::character varying", check))
        for check in checks
        if check.startswith(f"CHECK ((({column})::text = ANY")
    ]
    assert allowed == [{member.value for member in kind}]


def test_every_closed_set_of_the_domain_that_is_stored_is_checked() -> None:
    assert {kind.__name__ for _, _, kind in ENUMS} == {
        "AlertChannel",
        "AlertThreshold",
        "BudgetEntryKind",
        "BudgetScope",
        "CallState",
        "CostBasis",
        "FeedItems",
        "MissedPolicy",
        "PauseReason",
        "PieceState",
        "Plan",
        "QuotaEntryKind",
        "QuotaUnit",
        "RunState",
        "SlotOutcome",
    }


def accepted_moves(kind: type[Run | Piece], row_id: uuid.UUID, states: type[StrEnum]) -> set[tuple[str, str]]:
    """Return the moves that the table itself accepts, tried one by one and undone, each into a new round."""
    accepted = set()
    with transaction() as session:
        for old, new in product(states, repeat=2):
            undo = session.begin_nested()
            session.execute(text(f"ALTER TABLE {kind.__tablename__} DISABLE TRIGGER USER"))
            session.execute(update(kind).where(kind.id == row_id).values(state=old, **whole(old)))
            session.execute(text(f"ALTER TABLE {kind.__tablename__} ENABLE TRIGGER USER"))
            try:
                session.execute(update(kind).where(kind.id == row_id).values(state=new, **whole(new), round=2))
            except IntegrityError as exc:
                assert "cannot go from" in str(exc)  # noqa: PT017 - many tries in one test
            else:
                accepted.add((old.value, new.value))
            undo.rollback()
    return accepted


def whole(state: StrEnum) -> dict[str, object]:
    """Return the columns without which a row may not be in `state`."""
    if isinstance(state, RunState):
        return {"finished_at": func.now() if state.is_terminal else None}
    step = None if state in TERMINAL_PIECES else "compose"
    return {"step": step, "picture": {"key": "k"}, "failure": {"code": "c"}}


def test_a_run_makes_the_legal_moves_in_sql_and_no_others() -> None:
    stay = {(state.value, state.value) for state in RunState}

    assert accepted_moves(Run, order(), RunState) == legal_in_code(RUN_MOVES) | stay  # type: ignore[arg-type]


def test_a_piece_makes_the_legal_moves_in_sql_and_no_others() -> None:
    piece = pictures_of(opened())[0]
    stay = {(state.value, state.value) for state in PieceState}

    assert accepted_moves(Piece, piece.id, PieceState) == legal_in_code(PIECE_MOVES) | stay  # type: ignore[arg-type]


@pytest.mark.parametrize("state", [RunState.GENERATING_TEXT, RunState.GENERATING_IMAGES])
def test_a_finished_run_goes_on_only_in_a_new_round(state: RunState) -> None:
    run_id = finished()

    with pytest.raises(IntegrityError, match="only in a new round"):
        change(Run, run_id, state=state, finished_at=None)


def test_a_finished_piece_goes_on_only_in_a_new_round_or_version() -> None:
    piece = pictures_of(finished())[0]

    with pytest.raises(IntegrityError, match="only in a new round or version"):
        change(Piece, piece.id, state=PieceState.RENDERED, step="compose")


def test_a_ready_picture_without_a_key_is_refused() -> None:
    piece = pictures_of(opened())[0]

    with pytest.raises(IntegrityError, match="ready_picture_has_key"):
        change(Piece, piece.id, state=PieceState.READY, step=None)


def test_a_failed_piece_that_does_not_say_why_is_refused() -> None:
    piece = pictures_of(opened())[0]

    with pytest.raises(IntegrityError, match="failed_says_why"):
        change(Piece, piece.id, state=PieceState.FAILED, step=None)


def test_a_terminal_piece_that_still_has_a_step_is_refused() -> None:
    piece = pictures_of(opened())[0]

    with pytest.raises(IntegrityError, match="step_until_terminal"):
        change(Piece, piece.id, state=PieceState.FAILED, failure={"code": "x"})


def test_half_a_lease_is_refused() -> None:
    piece = pictures_of(opened())[0]

    with pytest.raises(IntegrityError, match="lease_whole"):
        change(Piece, piece.id, lease_until=func.now())


def test_a_terminal_run_without_an_end_is_refused() -> None:
    run_id = opened()

    with pytest.raises(IntegrityError, match="finished_when_terminal"):
        change(Run, run_id, state=RunState.CANCELED)


@pytest.mark.parametrize("column", ["reserved_micro_usd", "held_micro_usd", "spent_micro_usd"])
def test_negative_money_of_a_run_is_refused(column: str) -> None:
    run_id = order()

    with pytest.raises(IntegrityError, match="money_not_negative"):
        change(Run, run_id, **{column: -1})


def test_a_negative_month_is_refused() -> None:
    order(a_user())

    with pytest.raises(IntegrityError, match="used_not_negative"), transaction() as session:
        session.execute(update(QuotaMonth).values(used=-1))


@pytest.mark.parametrize(
    ("unit", "kinds"),
    [
        (QuotaUnit.POSTS, (QuotaEntryKind.REFUNDED, QuotaEntryKind.REFUNDED)),
        (QuotaUnit.MONEY, (QuotaEntryKind.RELEASED, QuotaEntryKind.RELEASED)),
        (QuotaUnit.MONEY, (QuotaEntryKind.REFUNDED, QuotaEntryKind.RELEASED)),
        (QuotaUnit.POSTS, (QuotaEntryKind.RESERVED,)),
    ],
    ids=["two refunds", "two releases", "a refund and a release", "a second reservation"],
)
def test_the_ledger_of_one_round_refuses(unit: QuotaUnit, kinds: tuple[QuotaEntryKind, ...]) -> None:
    run = run_of(order())

    with pytest.raises(IntegrityError, match="uq_quota_entries"), transaction() as session:
        session.add_all(
            QuotaEntry(
                user_id=run.user_id,
                run_id=run.id,
                round=1,
                month=month_of(run.created_at),
                unit=unit,
                kind=kind,
                amount=1,
            )
            for kind in kinds
        )


def a_settled_call() -> Call:
    run_id = opened()
    call_id = intend(take(pictures_of(run_id)[0], "draft_prompt"), asked(purpose="draft_prompt"))
    journaled(journal.succeeded, call_id, outcome(100))
    return calls_of(run_id)[0]


@pytest.mark.parametrize("changes", [{"cost_micro_usd": 0}, {"cost_basis": "table"}, {"state": "UNKNOWN"}], ids=str)
def test_a_settled_call_cannot_change(changes: dict[str, object]) -> None:
    call = a_settled_call()

    with pytest.raises(IntegrityError, match="is settled"), transaction() as session:
        session.execute(update(Call).where(Call.id == call.id).values(**changes))


def test_a_settled_call_can_still_be_judged() -> None:
    call = a_settled_call()

    journaled(journal.refuse, call.id, "picture_refused:blank")

    assert calls_of(call.run_id)[0].accepted is False


def test_an_unknown_call_cannot_become_open_again() -> None:
    run_id = opened()
    call_id = intend(take(pictures_of(run_id)[0]))
    journaled(journal.unknown, call_id, "hang", "no answer", None)

    with pytest.raises(IntegrityError, match="cannot become open again"), transaction() as session:
        session.execute(update(Call).where(Call.id == call_id).values(state="INTENT", ended_at=None))


@pytest.mark.parametrize(
    "money",
    [{"cost_micro_usd": None, "cost_basis": "table"}, {"cost_micro_usd": 0, "cost_basis": "unknown"}],
    ids=["known but NULL", "unknown but 0"],
)
def test_unknown_money_is_null_and_never_0(money: dict[str, object]) -> None:
    run_id = opened()
    call_id = intend(take(pictures_of(run_id)[0]))

    with pytest.raises(IntegrityError, match="unknown_cost_is_null"), transaction() as session:
        session.execute(update(Call).where(Call.id == call_id).values(state="SUCCEEDED", ended_at=func.now(), **money))


def test_two_pieces_of_one_place_are_refused() -> None:
    run_id = opened()
    twin = pieces_of(run_id)[-1]
    columns = {column.key: getattr(twin, column.key) for column in Piece.__table__.columns}

    with pytest.raises(IntegrityError, match="uq_pieces"), transaction() as session:
        session.add(Piece(**{**columns, "id": uuid.uuid4()}))


@pytest.mark.parametrize(
    "columns",
    [{"owner": None, "picture": None}, {"owner": uuid.uuid4(), "picture": {"key": "k"}}],
    ids=["neither made nor being made", "both"],
)
def test_a_cached_picture_is_either_there_or_being_made(columns: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError, match="made_or_being_made"), transaction() as session:
        session.add(CachedPicture(id=uuid.uuid4(), user_id=a_user().id, key="k", **columns))


def test_two_cached_pictures_of_one_user_and_question_are_refused() -> None:
    user, other = a_user(), a_user()

    with pytest.raises(IntegrityError, match="one_flight"), transaction() as session:
        session.add_all(
            CachedPicture(id=uuid.uuid4(), user_id=owner.id, key="k", picture={"key": "k"})
            for owner in (other, user, user)
        )


def test_the_tables_are_what_the_models_say(database: Installation) -> None:
    from alembic.autogenerate import compare_metadata  # noqa: PLC0415 - only here
    from alembic.migration import MigrationContext  # noqa: PLC0415

    with transaction() as session:
        context = MigrationContext.configure(session.connection(), opts={"compare_type": True})
        differences = compare_metadata(context, Base.metadata)

    assert differences == [], database.database_url


def test_a_run_deletes_with_all_that_belongs_to_it() -> None:
    run_id = finished(failed=1)

    with transaction() as session:
        session.execute(text("DELETE FROM runs WHERE id = :id"), {"id": run_id})

    with transaction() as session:
        assert session.scalar(select(func.count()).select_from(Piece)) == 0
