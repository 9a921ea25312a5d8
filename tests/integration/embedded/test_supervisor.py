"""Running processes: restarts, giving up, order and patience at the end."""

from __future__ import annotations

import logging
import os
import signal
import socket
import sys
import time
from pathlib import Path

import psutil
import pytest

from app.embedded.errors import PortInUse, ProcessKeepsDying, ProcessNotReady, ProgramMissing
from app.embedded.ports import free_port, is_answering, require_free
from app.embedded.supervisor import Process, Supervisor
from tests.integration.embedded.owners import WaitFor

SLEEP = ("sleep", "1000")


def test_a_killed_process_is_started_again(data_dir: Path, wait_for: WaitFor) -> None:
    with Supervisor(data_dir, [Process("sleeper", SLEEP)], backoff_s=[0.0]) as supervisor:
        first = supervisor.pid("sleeper")
        assert first is not None
        os.kill(first, signal.SIGKILL)
        wait_for(lambda: supervisor.starts("sleeper") == 2, 5.0)
        assert supervisor.pid("sleeper") != first


def test_what_a_dead_process_left_running_is_ended_before_its_restart(data_dir: Path, wait_for: WaitFor) -> None:
    script = "sleep 1000 & echo $!; wait"
    with Supervisor(data_dir, [Process("parent", ["sh", "-c", script])], backoff_s=[0.0]) as supervisor:
        wait_for(lambda: supervisor.log_path("parent").read_text().count("\n") == 1, 5.0)
        left = int(supervisor.log_path("parent").read_text())
        parent = supervisor.pid("parent")
        assert parent is not None
        os.kill(parent, signal.SIGKILL)
        wait_for(lambda: supervisor.starts("parent") == 2, 5.0)
        assert not Path(f"/proc/{left}").exists() or ") Z " in Path(f"/proc/{left}/stat").read_text()


def test_a_process_that_dies_five_times_at_its_start_ends_the_supervision_with_its_last_words(data_dir: Path) -> None:
    broken = Process("broken", ["sh", "-c", "echo no database; exit 3"])
    with Supervisor(data_dir, [broken, Process("other", SLEEP)], backoff_s=[0.0]) as supervisor:
        with pytest.raises(ProcessKeepsDying, match=r"(?s)broken died 5 times .* exit code 3; .*no database"):
            supervisor.wait()
        assert supervisor.starts("broken") == 5


def test_what_others_need_is_ended_last_and_a_stubborn_process_is_killed_after_its_grace(
    data_dir: Path, wait_for: WaitFor, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "app.embedded")
    log = data_dir / "order"
    polite = f"trap 'echo $0 >> {log}; exit' TERM; echo up; sleep 1000 & wait"
    stubborn = "trap '' TERM; echo up; while true; do sleep 1000 & wait; done"
    processes = [
        Process("first", ["sh", "-c", polite, "first"], is_needed=True),
        Process("stubborn", ["sh", "-c", stubborn], stop_grace_s=0.2),
        Process("last", ["sh", "-c", polite, "last"]),
    ]
    with Supervisor(data_dir, processes) as supervisor:
        wait_for(lambda: all("up" in supervisor.log_path(one.name).read_text() for one in processes), 5.0)
        pids = [supervisor.pid(process.name) for process in processes]
    assert log.read_text().split() == ["last", "first"]
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids)
    told = {record.child: record for record in caplog.records if record.message == "process_ended"}
    assert told.keys() == {"first", "stubborn", "last"}
    assert told["stubborn"].exit_code == -signal.SIGKILL
    assert told["stubborn"].seconds >= 0.2


def test_processes_are_ended_also_after_somebody_has_set_the_clock(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = psutil.boot_time()  # by the clock, and so is the start of every process that psutil tells
    with Supervisor(data_dir, [Process("sleeper", SLEEP)]) as supervisor:
        pid = supervisor.pid("sleeper")
        assert pid is not None
        monkeypatch.setattr(psutil._psplatform, "boot_time", lambda: begun + 3600)
        assert psutil.Process(pid).create_time() > time.time() + 3000
    assert not psutil.pid_exists(pid)


def test_sigterm_to_the_owner_ends_the_wait(data_dir: Path) -> None:
    killer = Process("killer", ["sh", "-c", f"kill -TERM {os.getpid()}; sleep 1000"])
    before = signal.getsignal(signal.SIGTERM)
    with Supervisor(data_dir, [killer]) as supervisor:
        supervisor.wait()
    assert signal.getsignal(signal.SIGTERM) == before


def test_output_goes_to_the_log_and_to_the_console_with_its_name(data_dir: Path, wait_for: WaitFor) -> None:
    lines: list[tuple[str, str]] = []
    talker = Process("talker", ["sh", "-c", "echo $WORD; sleep 1000"], env={"WORD": "hello"})
    with Supervisor(data_dir, [talker], echo=lambda name, line: lines.append((name, line))) as supervisor:
        wait_for(lambda: lines == [("talker", "hello")], 5.0)
        assert supervisor.log_path("talker").read_text() == "hello\n"


def test_readiness_is_waited_for(data_dir: Path) -> None:
    port = free_port()
    server = Process(
        "server",
        [sys.executable, "-m", "http.server", "--bind", "127.0.0.1", str(port)],
        ready=lambda: is_answering(port),
    )
    with Supervisor(data_dir, [server]) as supervisor:
        supervisor.wait_until_ready(10)
        assert is_answering(port)
        with pytest.raises(PortInUse, match=rf"port {port} is taken .* PRESSROOM_PORT"):
            require_free(port, "PRESSROOM_PORT")


def test_a_process_that_never_becomes_ready_is_named_with_its_last_words(data_dir: Path) -> None:
    slow = Process("slow", ["sh", "-c", "echo thinking; sleep 1000"], ready=lambda: False)
    not_ready = pytest.raises(ProcessNotReady, match=r"(?s)slow was not ready.*thinking")
    with Supervisor(data_dir, [slow]) as supervisor, not_ready:
        supervisor.wait_until_ready(0.5)


def test_a_command_that_is_not_installed_is_named_and_the_others_are_ended(data_dir: Path) -> None:
    missing = Process("missing", ["pressroom-no-such-program"])
    supervisor = Supervisor(data_dir, [Process("other", SLEEP), missing])
    with pytest.raises(ProgramMissing, match="pressroom-no-such-program"), supervisor:
        pass
    assert list((data_dir / "children").iterdir()) == []


def test_a_free_port_can_be_listened_on() -> None:
    port = free_port()
    with socket.socket() as server:
        server.bind(("127.0.0.1", port))
        server.listen()
        assert server.getsockname()[1] == port
        assert is_answering(port)
