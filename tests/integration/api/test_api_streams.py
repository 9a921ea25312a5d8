"""Streams over real processes: the API sends watchers to the events process, which gives each event once and in order."""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field

import httpx
import pytest
from handwork import end, step, work
from sqlalchemy import select

from app import accounts
from app.cli import stack
from app.cli.stack import PLAIN, Ports
from app.db.models import ApiKey, User
from app.db.session import transaction
from app.domain.keys import stream_ticket
from app.embedded.ports import free_port
from app.embedded.supervisor import Supervisor
from harness import Installation, wait_for
from orders import events_of, order, pieces_of

WATCHERS = 50


@pytest.fixture(autouse=True)
def installation(lasting_installation: Installation) -> Installation:
    return lasting_installation


@pytest.fixture(scope="module")
def ports(_lasting_installation: Installation) -> Iterator[Ports]:
    """The web and events processes, running; every test has users of its own."""
    made = Ports(web=free_port(), events=free_port(), flower=0, sandbox=0)
    env = {
        **_lasting_installation.env,
        "PRESSROOM_PUBLIC_URL": made.api_url,
        "PRESSROOM_EVENTS_URL": made.events_url,
    }
    with Supervisor(_lasting_installation.data_dir / "stack", stack.web(env, made)) as supervisor:
        supervisor.wait_until_ready(30)
        yield made


@pytest.fixture
def http() -> Iterator[httpx.Client]:
    with httpx.Client(trust_env=False, verify=PLAIN) as client:
        yield client


@dataclass
class Watcher(threading.Thread):
    """Reads one stream to its end."""

    url: str
    headers: dict[str, str]
    ids: list[int] = field(default_factory=list)
    types: list[str] = field(default_factory=list)
    data: list[dict[str, object]] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(daemon=True)

    def __hash__(self) -> int:
        return id(self)

    def run(self) -> None:
        with (
            httpx.Client(trust_env=False, verify=PLAIN, follow_redirects=True, timeout=30) as client,
            client.stream("GET", self.url, headers=self.headers) as answer,
        ):
            assert answer.headers["Content-Type"].startswith("text/event-stream")
            for line in answer.iter_lines():
                name, _, value = line.partition(": ")
                match name:
                    case "id":
                        self.ids.append(int(value))
                    case "event":
                        self.types.append(value)
                    case "data":
                        self.data.append(json.loads(value))


def finish_by_hand(run_id: uuid.UUID) -> None:
    while open_pieces := [piece for piece in pieces_of(run_id) if piece.step]:
        step(open_pieces[0])
    end(run_id)


def test_50_watchers_get_every_event_once_and_in_order(ports: Ports, user: User, api_key: str) -> None:
    run_id = order(user, slides=5)
    url, headers = f"{ports.api_url}/api/runs/{run_id}/events", {"Authorization": f"Bearer {api_key}"}
    watchers = [Watcher(url, headers) for _ in range(WATCHERS)]
    for watcher in watchers:
        watcher.start()
    wait_for(lambda: all(watcher.data for watcher in watchers), what="the first event at every watcher")
    finish_by_hand(run_id)
    for watcher in watchers:
        watcher.join(20)
    stored = events_of(run_id)
    for watcher in watchers:
        assert watcher.ids == list(range(1, len(stored) + 1))
        assert watcher.types == [event.type for event in stored]
    assert watchers[0].data == [event.data for event in stored]
    assert watchers[0].types[-1] == "run.ready"


@pytest.mark.parametrize("way", ["header", "query"])
def test_a_watcher_that_comes_back_misses_nothing_and_sees_nothing_twice(
    ports: Ports, user: User, api_key: str, way: str
) -> None:
    run_id = order(user, slides=5)
    work(run_id)
    last = len(events_of(run_id))
    url, headers = f"{ports.api_url}/api/runs/{run_id}/events", {"Authorization": f"Bearer {api_key}"}
    for after in (0, 7, last - 1):
        again = Watcher(
            url if way == "header" else f"{url}?last_event_id={after}",
            headers | ({"Last-Event-ID": str(after)} if way == "header" else {}),
        )
        again.run()
        assert again.ids == list(range(after + 1, last + 1))


def test_who_has_the_last_event_of_a_finished_run_gets_204_which_stops_eventsource(
    ports: Ports, http: httpx.Client, user: User, api_key: str
) -> None:
    run_id = order(user, slides=5)
    work(run_id)
    headers = {"Authorization": f"Bearer {api_key}", "Last-Event-ID": str(len(events_of(run_id)))}
    answer = http.get(f"{ports.events_url}/api/runs/{run_id}/events", headers=headers)
    assert answer.status_code == 204


def test_the_api_redirects_with_a_ticket_that_opens_this_run_only_while_its_key_is_good(
    ports: Ports, http: httpx.Client, user: User, api_key: str
) -> None:
    run_id, other = order(user, slides=5), order(user, slides=5)
    work(run_id)
    work(other)
    headers = {"Authorization": f"Bearer {api_key}"}
    answer = http.get(f"{ports.api_url}/api/runs/{run_id}/events", headers=headers)
    assert answer.status_code == 307
    address = answer.headers["Location"]
    assert address.startswith(f"{ports.events_url}/api/runs/{run_id}/events?ticket=")
    assert api_key not in address

    opened = http.get(address)
    assert opened.status_code == 200
    assert opened.headers["Access-Control-Allow-Origin"] == "*"
    assert http.get(address.replace(str(run_id), str(other))).status_code == 401
    assert http.get(address[:-1] + ("0" if address[-1] != "0" else "1")).status_code == 401
    with transaction() as session:
        key = session.scalars(select(ApiKey).where(ApiKey.user_id == user.id)).one()
        accounts.revoke_key(session, user, key.id)
    assert http.get(address).status_code == 401


@pytest.mark.parametrize(
    "ticket",
    [
        "",
        "a.b.c",
        "x",
        "6f1c2b3a-4d5e-4f60-8a7b-9c0d1e2f3a4b.99999999999.00",
        "6f1c2b3a-4d5e-4f60-8a7b-9c0d1e2f3a4b.ä.ö",
    ],
)
def test_a_ticket_that_nobody_signed_opens_nothing(ports: Ports, http: httpx.Client, user: User, ticket: str) -> None:
    run_id = order(user)
    answer = http.get(f"{ports.events_url}/api/runs/{run_id}/events", params={"ticket": ticket})
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")


@pytest.mark.usefixtures("api_key")
def test_an_expired_ticket_and_a_strangers_opens_nothing(ports: Ports, http: httpx.Client, user: User) -> None:
    run_id = order(user)
    foreign = order()
    with transaction() as session:
        key = session.scalars(select(ApiKey).where(ApiKey.user_id == user.id)).one()
    expired = f"{key.id}.1000.{stream_ticket(key.hash, run_id, 1000)}"
    late = http.get(f"{ports.events_url}/api/runs/{run_id}/events?ticket={expired}")
    assert late.status_code == 401
    signed = f"{key.id}.99999999999.{stream_ticket(key.hash, foreign, 99999999999)}"
    theirs = http.get(f"{ports.events_url}/api/runs/{foreign}/events?ticket={signed}")
    assert theirs.status_code == 404


def test_a_wrong_last_event_id_gets_422(ports: Ports, http: httpx.Client, user: User, api_key: str) -> None:
    run_id = order(user)
    headers = {"Authorization": f"Bearer {api_key}", "Last-Event-ID": "yesterday"}
    answer = http.get(f"{ports.events_url}/api/runs/{run_id}/events", headers=headers)
    assert (answer.status_code, list(answer.json()["fields"])) == (422, ["Last-Event-ID"])


def test_a_browser_may_ask_the_events_process_from_another_origin(ports: Ports, http: httpx.Client) -> None:
    answer = http.options(f"{ports.events_url}/api/runs/{uuid.uuid4()}/events")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "Authorization" in answer.headers["Access-Control-Allow-Headers"]


def test_a_body_of_5_mb_gets_its_413_over_a_real_connection(ports: Ports, api_key: str) -> None:
    with httpx.Client(trust_env=False, verify=PLAIN, headers={"Authorization": f"Bearer {api_key}"}) as client:
        for _ in range(3):
            answer = client.post(f"{ports.api_url}/api/generate/full-post", content=b"x" * 5_000_000)
            assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")
        chunked = client.post(f"{ports.api_url}/api/generate/full-post", content=iter([b"x" * 100_000] * 50))
        assert chunked.status_code == 413, chunked.text
