"""An installation that is upgraded keeps what it made: rows of an older schema come through every migration since."""

from __future__ import annotations

import base64
import json
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import IntegrityError

from app.db import migrate as migrations
from app.db import session
from app.db.migrate import FOLDER, migrate
from app.db.models import Piece, Run, User
from app.db.session import transaction
from app.domain.errors import SetupError
from app.domain.states import CallState, PieceState
from app.embedded.services import Services
from app.runs.view import Links, run_view
from harness import Installation, forget_caches
from making import change, pictures_of, piece_now, stored_picture
from next_rounds import edit
from orders import calls_of, run_of
from races import losers, together

Row = dict[str, Any]
NOW = "2026-06-01T09:00:00+00:00"
SMALL_TYPE = {"overflow": False, "missing_glyphs": 0, "safe": True, "contrast": 7.1, "least_type_px": 21}
"""The proof of a slide that was shown before anybody asked how large its type was."""


class Old:
    """A database of an older schema, which is empty at first."""

    def __init__(self, url: str) -> None:
        self.url = url

    def upgrade(self, revision: str) -> None:
        config = Config()
        config.set_main_option("script_location", str(FOLDER))
        config.set_main_option("sqlalchemy.url", self.url.replace("%", "%%"))
        command.upgrade(config, revision)

    def insert(self, table: str, **row: Any) -> uuid.UUID:
        """Insert a row with the columns that its schema has, and return its id."""
        row_id: uuid.UUID = row.setdefault("id", uuid.uuid4())
        values = {name: json.dumps(one) if isinstance(one, dict | list) else one for name, one in row.items()}
        names, places = ", ".join(values), ", ".join(f":{name}" for name in values)
        engine = create_engine(self.url)
        with engine.begin() as connection:
            connection.execute(text(f"INSERT INTO {table} ({names}) VALUES ({places})"), values)
        engine.dispose()
        return row_id


@pytest.fixture
def old(services: Services, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Old]:
    """An empty database, to which this process' settings point."""
    name = f"pressroom_old_{uuid.uuid4().hex[:8]}"
    url = make_url(services.database_url).set(database=name).render_as_string(hide_password=False)
    server = create_engine(make_url(services.database_url).set(database="postgres"), isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text(f'CREATE DATABASE "{name}"'))
    monkeypatch.setenv("DATABASE_URL", url)
    monkeypatch.setenv("PRESSROOM_DATA_DIR", str(tmp_path))
    forget_caches()
    yield Old(url)
    session.forget_engine()
    forget_caches()
    with server.connect() as connection:
        connection.execute(text(f'DROP DATABASE "{name}" WITH (FORCE)'))
    server.dispose()


def a_post(old: Old, user: uuid.UUID, **more: Any) -> uuid.UUID:
    """Insert a READY post."""
    request = {"topic": "Why backups fail", "tone": "punchy", "slides": 5, "format": "4:5", "language": "en"}
    money = {"reserved_micro_usd": 900_000, "held_micro_usd": 70_000, "spent_micro_usd": 830_000}
    return old.insert(
        "runs", user_id=user, pipeline="full-post", pipeline_version=1, request=request, brand={}, state="READY", round=1,
        last_event=3, created_at=NOW, admitted_at=NOW, started_at=NOW, progressed_at=NOW, finished_at=NOW, **money, **more,
    )  # fmt: skip


def a_slide(old: Old, run: uuid.UUID, position: int, **proof: Any) -> uuid.UUID:
    """Insert a READY slide with its picture and whatever proof was kept of it."""
    data = {
        "title": "Ship small",
        "body": "Small changes are easy to undo.",
        "image_theme": "a boat",
        "continuity": "haze",
    }
    return old.insert(
        "pieces", run_id=run, kind="slide", position=position, is_picture=True, state="READY", round=1, version=1, take=1,
        attempt=1, sent_count=1, data=data, prompt="a boat", picture=stored_picture(),
        review={"skipped": "turned_off"},
        composed={**stored_picture("composed"), "alt_text": "a slide", **proof},
    )  # fmt: skip


def a_call(old: Old, user: uuid.UUID, run: uuid.UUID, piece: uuid.UUID, **outcome: Any) -> uuid.UUID:
    """Insert a call that is over."""
    return old.insert(
        "calls", user_id=user, run_id=run, piece_id=piece, round=1, version=1, take=1, attempt=1, step="render_image",
        purpose="render_image", provider="gateway", model="google/gemini-3.1-flash-image", prompt_hash="a" * 64,
        worst_micro_usd=70_000, is_sandbox=False, started_at=NOW, ended_at=NOW, **outcome,
    )  # fmt: skip


@pytest.fixture
def user(old: Old) -> uuid.UUID:
    """A user of the schema before formats, proofs and schedules."""
    old.upgrade("0004")
    return old.insert("users", name="ayesha", plan="pro")


def constraints_of(url: str) -> list[str]:
    """Return every constraint of a database; one that old rows break says NOT VALID."""
    asked = "SELECT conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint"
    engine = create_engine(url)
    with engine.connect() as connection:
        found = sorted(connection.execute(text(asked)).scalars())
    engine.dispose()
    return found


def shown(run_id: uuid.UUID) -> dict[str, Any]:
    with transaction() as opened:
        return run_view(opened, opened.get_one(Run, run_id), lambda key: f"/media/{key}", Links("http://x", "http://x"))


def test_a_post_of_before_there_were_proofs_comes_through_as_it_was(old: Old, user: uuid.UUID) -> None:
    run_id = a_post(old, user)
    slides = [a_slide(old, run_id, n, contrast=4.1 + n, missing_glyphs=n) for n in range(3)]
    paid = a_call(
        old, user, run_id, slides[0], state="SUCCEEDED", cost_micro_usd=67_000, cost_basis="table", reply="k.png"
    )
    lost = a_call(old, user, run_id, slides[1], state="UNKNOWN", error_code="provider_down")
    old.insert("quota_entries", user_id=user, run_id=run_id, round=1, month="2026-06-01", unit="posts", kind="RESERVED",
               amount=1)  # fmt: skip

    migrate(old.url)

    run = run_of(run_id)
    assert (run.state, run.spent_micro_usd, run.held_micro_usd) == ("READY", 830_000, 70_000)
    assert [(piece.state, piece.composed) for piece in pictures_of(run_id)] == [
        (
            PieceState.READY,
            {**stored_picture("composed"), "alt_text": "a slide", "contrast": 4.1 + n, "missing_glyphs": n},
        )
        for n in range(3)
    ]
    assert {call.id: (call.state, call.cost_micro_usd) for call in calls_of(run_id)} == {
        paid: (CallState.SUCCEEDED, 67_000),
        lost: (CallState.UNKNOWN, None),
    }
    assert [piece["composed"]["proof"]["overflow"] for piece in shown(run_id)["pieces"]] == [None] * 3


def test_slides_that_today_would_be_refused_do_not_stop_an_upgrade_and_are_still_shown(
    old: Old, user: uuid.UUID
) -> None:
    old.upgrade("0008")
    run_id = a_post(old, user)
    a_slide(old, run_id, 0, **SMALL_TYPE)
    a_slide(old, run_id, 1, **SMALL_TYPE | {"contrast": 3.2, "least_type_px": 30})
    a_slide(old, run_id, 2, **SMALL_TYPE | {"least_type_px": 30})

    migrate(old.url)

    proofs = [piece["composed"]["proof"] for piece in shown(run_id)["pieces"]]
    assert [(proof["overflow"], proof["contrast"], proof["least_type_px"]) for proof in proofs] == [
        (None, 7.1, 21),
        (None, 3.2, 30),
        (False, 7.1, 30),
    ]


def test_an_old_slide_can_be_changed_and_is_then_drawn_by_the_rules_of_today(old: Old, user: uuid.UUID) -> None:
    old.upgrade("0008")
    run_id = a_post(old, user)
    slide, other = a_slide(old, run_id, 0, **SMALL_TYPE), a_slide(old, run_id, 1, **SMALL_TYPE)
    migrate(old.url)

    change(Piece, other, data={"title": "Kept"})  # its slide stays as it is
    edit(piece_now(slide), title="Ship smaller")

    assert (piece_now(slide).state, piece_now(slide).step) == (PieceState.RENDERED, "compose")
    with pytest.raises(IntegrityError, match="ready_slide_is_proven"):
        change(Piece, slide, state=PieceState.READY, step=None, round=3, composed={**stored_picture(), **SMALL_TYPE})


def test_copies_of_copies_of_an_old_post_know_the_first_one(old: Old, user: uuid.UUID) -> None:
    old.upgrade("0008")
    first = a_post(old, user)
    copy = a_post(old, user, made_from=first, made_from_round=1)
    copy_of_copy = a_post(old, user, made_from=copy, made_from_round=1)

    migrate(old.url)

    assert [run_of(one).seed_run_id for one in (first, copy, copy_of_copy)] == [None, first, first]


def test_a_user_who_was_told_without_a_signature_gets_a_secret_and_nobody_else_does(old: Old) -> None:
    old.upgrade("0012")
    told = old.insert("users", name="ann", plan="free", webhook_url="https://ann.example.org/hook")
    other = old.insert("users", name="bob", plan="free")

    migrate(old.url)

    with transaction() as session:
        secrets = [session.get_one(User, one).webhook_secret for one in (told, other)]
    assert secrets[1] is None
    assert secrets[0] is not None
    assert len(base64.b64decode(secrets[0].removeprefix("whsec_"))) == 32


@pytest.mark.parametrize("revision", ["0004", "0008"])
def test_an_upgraded_database_refuses_what_a_new_one_refuses(
    old: Old, user: uuid.UUID, installation: Installation, revision: str
) -> None:
    old.upgrade(revision)
    a_slide(old, a_post(old, user), 0, **SMALL_TYPE)

    migrate(old.url)

    assert constraints_of(old.url) == constraints_of(installation.database_url) != []


# ---- while others hold tables


@contextmanager
def dump(old: Old) -> Iterator[Connection]:
    """Hold what pg_dump holds of the table of notifications, which 0013 changes after that of users."""
    engine = create_engine(old.url, connect_args={"application_name": "pg_dump"})
    with engine.connect() as connection:
        connection.execute(text("LOCK TABLE notifications IN ACCESS SHARE MODE"))
        yield connection
        connection.rollback()
    engine.dispose()


def wait_until_queued(old: Old, others: int = 1) -> None:
    """Wait until so many sessions wait for a table or a row."""
    engine = create_engine(old.url, isolation_level="AUTOCOMMIT")
    ends = time.monotonic() + 30
    with engine.connect() as connection:
        asked = text("SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'relation'")
        while connection.scalar(asked) != others:
            assert time.monotonic() < ends, "nobody waits"
            time.sleep(0.02)
    engine.dispose()


def revision_of(old: Old) -> str | None:
    engine = create_engine(old.url)
    with engine.connect() as connection:
        found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    engine.dispose()
    return found


def test_an_upgrade_that_waits_for_a_dump_lets_others_write_and_is_done_after_it(
    old: Old, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrations, "PAUSE_S", 0.5)
    old.upgrade("0012")
    with ThreadPoolExecutor(2) as pool:
        with dump(old):
            upgrade = pool.submit(migrate, old.url)
            wait_until_queued(old)

            # The upgrade has the table of users, and keeps everybody else from it.
            pool.submit(old.insert, "users", name="ann", plan="free").result(10)

            wait_until_queued(old)
            assert not upgrade.done()
        upgrade.result(60)

    assert revision_of(old) == migrations.head()


def test_an_upgrade_that_others_keep_waiting_for_minutes_says_who_and_changes_nothing(
    old: Old, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrations, "LOCK_TIMEOUT_S", 0.2)
    monkeypatch.setattr(migrations, "PAUSE_S", 0.1)
    monkeypatch.setattr(migrations, "PATIENCE_S", 1.0)
    old.upgrade("0012")

    with dump(old) as connection:
        pid = connection.scalar(text("SELECT pg_backend_pid()"))
        with pytest.raises(SetupError, match=rf"held by pg_dump of \w+ \(pid {pid}\) for \d+ s"):
            migrate(old.url)

    assert revision_of(old) == "0012"
    migrate(old.url)
    assert revision_of(old) == migrations.head()


def test_an_upgrade_that_meets_a_deadlock_is_tried_again(old: Old, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migrations, "LOCK_TIMEOUT_S", 20.0)
    monkeypatch.setattr(migrations, "PAUSE_S", 0.1)
    old.upgrade("0012")

    with ThreadPoolExecutor(1) as pool:
        with dump(old) as connection:
            connection.execute(text("SET LOCAL deadlock_timeout = '60s'"))  # so that it is the other that is ended
            upgrade = pool.submit(migrate, old.url)
            wait_until_queued(old)
            connection.execute(text("SELECT count(*) FROM users"))
        upgrade.result(60)

    assert revision_of(old) == migrations.head()


def test_a_database_of_a_newer_release_is_left_as_it_is_so_that_the_one_before_can_be_gone_back_to(
    old: Old, caplog: pytest.LogCaptureFixture
) -> None:
    migrate(old.url)
    assert "schema_is_newer" not in caplog.messages
    engine = create_engine(old.url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()

    assert migrate(old.url) == "9999"

    assert revision_of(old) == "9999"
    assert "schema_is_newer" in caplog.messages


def test_of_two_upgrades_at_once_one_waits_for_the_other_and_finds_nothing_to_do(old: Old, user: uuid.UUID) -> None:
    assert user

    assert losers(together([lambda: migrate(old.url)] * 3)) == []

    assert revision_of(old) == migrations.head()
