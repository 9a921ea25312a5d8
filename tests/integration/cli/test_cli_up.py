"""`pressroom up`: what it tells, who may use it, and that it leaves nothing behind."""

from __future__ import annotations

import json
import os
import signal
import stat
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from commands import DEADLINE_S, Up, is_alive, pressroom

from app.embedded.lock import read_owner
from harness import wait_for


def get(url: str, **options: object) -> int:
    return httpx.get(url, trust_env=False, timeout=10, **options).status_code  # type: ignore[arg-type]


def test_it_tells_where_everything_is_and_the_key_once(up: Up) -> None:
    key_file = up.place / ".pressroom/owner.key"
    assert up.told("Key") == key_file.read_text().strip()
    assert stat.S_IMODE(key_file.stat().st_mode) == 0o600
    bearer = {"Authorization": f"Bearer {up.told('Key')}"}
    assert get(f"{up.told('API')}/api/runs", headers=bearer) == 200
    assert get(f"{up.told('Events')}/healthz") == 200
    assert up.told("Models") == "sandbox:"


def test_workers_leave_the_cores_to_the_api(up: Up) -> None:
    niceness: dict[bool, set[int]] = {True: set(), False: set()}
    for process in up.family:
        command = process.cmdline()
        if "workers.celery_app" in command and "worker" in command:
            niceness[True].add(process.nice())
        elif "gunicorn" in command:
            niceness[False].add(process.nice())

    assert niceness == {True: {10}, False: {0}}


@pytest.mark.skipif(not Path("/proc/self/autogroup").exists(), reason="this kernel does not group processes by session")
def test_a_workers_whole_session_leaves_the_cores_where_sessions_share_them_first(up: Up) -> None:
    leaders = [one for one in up.family if os.getsid(one.pid) == one.pid and "workers.celery_app" in one.cmdline()]
    workers = [one for one in leaders if "worker" in one.cmdline()]
    assert len(workers) == 4
    assert {Path(f"/proc/{one.pid}/autogroup").read_text().split()[-1] for one in workers} == {"10"}


def test_flower_wants_its_password(up: Up) -> None:
    password = up.said.partition("password ")[2].split()[0]
    assert get(up.told("Flower")) == 401
    assert get(up.told("Flower"), auth=("pressroom", "wrong")) == 401
    assert get(up.told("Flower"), auth=("pressroom", password)) == 200


def test_a_second_command_on_the_data_dir_attaches_and_stops_nothing(up: Up, place: Path) -> None:
    data_dir = str(up.place / ".pressroom")

    second = pressroom(place, "--data-dir", data_dir, "up")
    users = pressroom(place, "users", PRESSROOM_DATA_DIR=data_dir)

    assert second.returncode == 0, second.stderr
    assert f"up already (process {up.process.pid})" in second.stdout
    assert up.told("API") in second.stdout
    assert up.told("Key") not in second.stdout
    assert "owner" in users.stdout
    assert up.process.poll() is None
    assert get(f"{up.told('API')}/healthz") == 200


def test_generate_waits_for_the_post_and_writes_its_files(up: Up, place: Path) -> None:
    done = pressroom(
        place, "generate", "full-post", "--topic", "Rust", "--field", "slides=5", "--wait",
        PRESSROOM_DATA_DIR=str(up.place / ".pressroom"),
    )  # fmt: skip

    assert done.returncode == 0, done.stdout + done.stderr
    folder = Path(done.stdout.splitlines()[-1].split()[-1])
    assert sorted(path.name for path in folder.glob("0*.jpg")) == [f"0{n}.jpg" for n in range(5)]
    assert "sandbox" in done.stdout


def test_generate_takes_an_address_and_a_key_and_tells_what_the_api_refuses(up: Up, place: Path) -> None:
    at = ("--url", up.told("API"), "--key", up.told("Key"))

    ordered = pressroom(place, "generate", "full-post", "--topic", "Rust", "--field", "slides=5", *at)
    refused = pressroom(place, "generate", "full-post", "--topic", "x", *at)
    unknown = pressroom(place, "generate", "no-such", *at)
    stranger = pressroom(place, "generate", "full-post", "--topic", "Rust", "--url", up.told("API"), "--key", "pr_no")

    assert ordered.returncode == 0, ordered.stderr
    assert f"{up.told('API')}/api/runs/" in ordered.stdout
    for done, code in ((refused, "invalid_request"), (unknown, ""), (stranger, "unauthenticated")):
        assert done.returncode == 1
        assert done.stderr.startswith("Error: ")
        assert code in done.stderr
        assert done.stderr.count("\n") == 1


def test_users_and_keys_are_changed_while_it_runs(up: Up) -> None:
    def said(*words: str) -> str:
        done = pressroom(up.place, *words)
        assert done.returncode == 0, done.stderr
        return done.stdout

    key = said("users", "add", "ann@example.org", "--plan", "creator").split("Key")[1].split()[0]
    said("users", "set-plan", "ann@example.org", "pro")
    said("users", "webhook", "ann@example.org", "https://example.org/hook")
    assert "https://example.org/hook" in said("users")
    assert json.loads(said("show", "--json", "--key", key)) == []  # another user's runs are not hers

    said("keys", "revoke", key)

    assert "revoked" in said("keys")
    refused = pressroom(up.place, "show", "--key", key)
    assert (refused.returncode, "[unauthenticated]" in refused.stderr) == (1, True)


@pytest.mark.long
def test_a_kill_of_up_ends_all_and_the_next_one_starts_and_stops_in_order(
    place: Path, start_up: Callable[..., Up]
) -> None:
    first = start_up("--no-flower")
    family = first.family
    names = {" ".join(process.cmdline()) for process in family}
    assert any("postgres" in name for name in names)
    assert any("worker-io-2" in name for name in names)

    first.process.send_signal(signal.SIGKILL)
    wait_for(lambda: not [one for one in family if is_alive(one)], seconds=DEADLINE_S, what="all ended")

    second = start_up("--no-flower")
    family = second.family
    assert "owner.key" in second.said  # the key of the first start is still good, and not shown again
    assert "pr_" not in second.said
    assert second.stop() == 0
    assert "stopped" in second.said
    assert [process for process in family if is_alive(process)] == []
    assert read_owner(place / ".pressroom") is None
