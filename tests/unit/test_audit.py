"""`make audit`: a known vulnerability fails, and a database that cannot be asked is said, not passed over."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NOWHERE = "http://127.0.0.1:9/v1/query"


class Vulnerabilities(ThreadingHTTPServer):
    """A stand-in for osv.dev."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.vulnerable: str | None = None
        self.status = 200
        self.asked: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1/query"


class _Handler(BaseHTTPRequestHandler):
    server: Vulnerabilities

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        name = asked["package"]["name"]
        self.server.asked.append(name)
        of = {"package": {"name": name, "ecosystem": "PyPI"}, "versions": [asked["version"]]}
        told = {"id": "PYSEC-2026-1", "summary": "It lets anybody in.", "details": "", "affected": [of]}
        body = json.dumps({"vulns": [told]} if name == self.server.vulnerable else {}).encode()
        self.send_response(self.server.status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def known() -> Iterator[Vulnerabilities]:
    with Vulnerabilities() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def venv(tmp_path: Path) -> Path:
    """The environment that these tests run in, as make finds one that it has made."""
    (tmp_path / "bin").symlink_to(Path(sys.executable).parent)
    for stamp in (".made", ".runtime", ".dev"):
        (tmp_path / stamp).touch()
    return tmp_path


def make(venv: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["make", *words, f"VENV={venv}"], cwd=ROOT, capture_output=True, text=True, check=False, timeout=120
    )


def test_every_pinned_package_is_asked_about(venv: Path, known: Vulnerabilities) -> None:
    done = make(venv, "audit", f"OSV={known.url}")

    assert (done.returncode, done.stderr) == (0, "")
    assert "No known vulnerabilities found" in done.stdout
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    pinned = set(re.findall(r"^([a-z0-9-]+)==", lock, re.MULTILINE))
    assert {"flask", "celery", "pillow"} <= set(known.asked) <= pinned
    assert len(known.asked) > 0.8 * len(pinned), "all but those of other platforms"


def test_a_known_vulnerability_fails_and_is_named(venv: Path, known: Vulnerabilities) -> None:
    known.vulnerable = "flask"

    done = make(venv, "audit", f"OSV={known.url}")

    assert done.returncode != 0
    assert re.search(r"^flask\s+\S+\s+PYSEC-2026-1", done.stderr, re.MULTILINE)


@pytest.mark.parametrize("status", [None, 503], ids=["away", "broken"])
def test_a_database_that_cannot_be_asked_is_said_and_fails_nothing(
    venv: Path, known: Vulnerabilities, status: int | None
) -> None:
    known.status = status or 200

    done = make(venv, "audit", f"OSV={known.url if status else NOWHERE}")

    assert done.returncode == 0
    assert re.search(r"^warning: not audited: \S.{10}", done.stderr, re.MULTILINE)
    assert "No known" not in done.stdout


def test_lint_audits(venv: Path) -> None:
    told = make(venv, "--dry-run", "lint").stdout

    assert "pip-audit --requirement requirements.lock" in told
