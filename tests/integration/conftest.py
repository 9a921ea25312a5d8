"""What many tests begin with: claims, sandboxes of a module's own, a web that ends at this machine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from fetch_servers import keep_on_loopback
from sandbox_calls import Client

from app.runs.claims import Claim
from harness import Installation, Sandbox, forget_settings
from making import opened, pictures_of, take
from orders import order, pieces_of
from sandbox.config import Config, Pictures
from sandbox.server import Running, running


@pytest.fixture
def held(database: Installation) -> Claim:
    """The claim of a picture of a post of five slides."""
    assert database
    return take(pictures_of(opened(slides=5))[0])


@pytest.fixture
def writing(database: Installation, sandbox: Sandbox) -> Claim:
    """The claim of a run whose texts are to be written, five slides."""
    assert database
    assert sandbox
    return take(pieces_of(order(slides=5))[0])


@pytest.fixture
def kept_inside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Every name leads to this machine, and settings are read in an empty folder: for tests that fetch pages."""
    keep_on_loopback(monkeypatch)
    monkeypatch.chdir(tmp_path)
    forget_settings()
    yield
    forget_settings()


@pytest.fixture(scope="module")
def _local_sandbox() -> Iterator[Running]:
    with running(Config()) as made:
        yield made


@pytest.fixture
def local_sandbox(_local_sandbox: Running) -> Running:
    """A sandbox in this process, without memory of earlier tests."""
    _local_sandbox.desk.reset()
    return _local_sandbox


@pytest.fixture(scope="module")
def _client() -> Iterator[Client]:
    config = Config(pictures=Pictures.PAINTED_ONCE, picture_count=3)
    with running(config) as made, httpx.Client(base_url=made.url, timeout=20) as http:
        yield Client(http)


@pytest.fixture
def client(_client: Client) -> Client:
    """A client of every vendor's paths, at a sandbox without memory of earlier tests."""
    _client.http.post("/sandbox/reset").raise_for_status()
    return _client
