"""What goes wrong is told in one line that says what to do, with an exit code, and never with a trace."""

from __future__ import annotations

import os
import pwd
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from commands import pressroom

from app.embedded.accounts import Account

ROOT = Path(__file__).parents[3]


def only_line(done: subprocess.CompletedProcess[str]) -> str:
    """Return the one line on standard error of a command that failed."""
    assert done.returncode == 1, done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert done.stderr.count("\n") == 1
    return done.stderr.rstrip()


def test_a_port_that_is_taken_is_an_error_when_it_was_asked_for(place: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        line = only_line(pressroom(place, "up", "--port", str(port)))

    assert line.startswith(f"Error: port {port} is taken by another program")
    assert "--port" in line
    assert line.endswith("[port_in_use]")


@pytest.mark.parametrize("command", ["up", "users"])
def test_a_data_dir_that_cannot_be_made_is_an_error(place: Path, command: str) -> None:
    (place / "file").touch()

    line = only_line(pressroom(place, "--data-dir", str(place / "file/data"), command))

    assert f"cannot write the data dir {place / 'file/data'}" in line
    assert "PRESSROOM_DATA_DIR" in line


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_a_data_dir_without_write_permission_is_an_error(place: Path) -> None:
    nobody = pwd.getpwnam("nobody")
    python = Path(sys.executable)
    if not Account(nobody.pw_uid, nobody.pw_gid).can_reach(python.resolve()):
        python = Path(f"/usr/bin/python3.{sys.version_info.minor}")  # our own lies below root's home
    (place / ".pressroom").mkdir(mode=0o755)

    done = subprocess.run(
        [python, "-c", "from app.cli.main import main; main()", "up"],
        user=nobody.pw_uid,
        group=nobody.pw_gid,
        extra_groups=[],
        cwd=place,
        env={"PATH": os.defpath, "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert f"cannot write the data dir {place / '.pressroom'}" in only_line(done)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("generate", "full-post", "--topic", "Rust"), "pressroom up"),
        (("show",), "pressroom demo"),
        (
            ("generate", "full-post", "--topic", "Rust", "--url", "http://127.0.0.1:1", "--key", "pr_x"),
            "no API answers",
        ),
        (("demo", "--topic", "x"), "at least 3 characters"),
    ],
)
def test_what_is_missing_is_told_with_what_to_do(place: Path, words: tuple[str, ...], told: str) -> None:
    assert told in only_line(pressroom(place, *words))
    assert not (place / ".pressroom").exists()


def test_a_database_that_does_not_answer_is_told_without_its_password(place: Path) -> None:
    line = only_line(pressroom(place, "users", DATABASE_URL="postgresql+psycopg://u:hidden@127.0.0.1:1/x"))

    assert "the database does not answer" in line
    assert "hidden" not in line


@pytest.mark.parametrize(
    "words", [("nothing",), ("up", "--port", "x"), ("demo", "--latency", "soon"), ("generate",), ("--no-such",)]
)
def test_a_wrong_usage_ends_with_2(place: Path, words: tuple[str, ...]) -> None:
    done = pressroom(place, *words)

    assert done.returncode == 2
    assert "Usage:" in done.stderr
