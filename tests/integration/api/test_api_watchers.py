"""Watchers: nobody holds all threads of the events process, whoever goes away frees a place, probes are answered."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace

import httpx
import pytest
from callers import Caller, key_of
from flask.testing import FlaskClient
from handwork import step, work
from sqlalchemy import select
from werkzeug.test import TestResponse

from app.api import create_events_app
from app.api.places import OF_RUN, OF_USER, Places
from app.cli import stack
from app.cli.stack import PLAIN, Ports
from app.db.models import ApiKey, User
from app.db.session import transaction
from app.domain.keys import stream_ticket
from app.embedded.ports import free_port
from app.embedded.supervisor import Supervisor
from harness import Installation, wait_for
from orders import a_user, events_of, order, pieces_of

THREADS = 10
Open = Callable[..., TestResponse]


@pytest.fixture
def events(home: Installation) -> FlaskClient:
    assert home
    return create_events_app().test_client()


@pytest.fixture
def places(events: FlaskClient) -> Places:
    found: Places = events.application.extensions["places"]
    return found


@pytest.fixture
def watch(events: FlaskClient) -> Iterator[Open]:
    """Open a stream and read nothing of it; all are closed in the end."""
    with ExitStack() as opened:

        def one(key: str, run_id: uuid.UUID, query: str = "", **options: object) -> TestResponse:
            caller = Caller(events, key)
            return opened.enter_context(caller("GET", path_of(run_id) + query, buffered=False, **options))

        yield one


def path_of(run_id: uuid.UUID) -> str:
    return f"/api/runs/{run_id}/events"


def test_a_run_has_50_watchers_and_the_next_is_refused_before_anything_is_streamed(
    watch: Open, user: User, api_key: str
) -> None:
    run_id, other = order(user), order(user)
    for _ in range(OF_RUN):
        assert watch(api_key, run_id).status_code == 200

    refused = watch(api_key, run_id)

    assert (refused.status_code, refused.get_json()["code"]) == (429, "too_many_watchers")
    assert refused.mimetype == "application/problem+json"
    assert refused.headers["Retry-After"] == "15"
    assert refused.headers["Access-Control-Allow-Origin"] == "*"
    assert "close one" in refused.get_json()["detail"]
    assert watch(api_key, other).status_code == 200


def test_a_user_has_100_watchers_over_all_keys_and_runs_and_nobody_else_notices(watch: Open, user: User) -> None:
    runs, keys, neighbour = [order(user) for _ in range(3)], [key_of(user) for _ in range(4)], a_user()
    opened = [watch(keys[n % 4], runs[n % 3]).status_code for n in range(OF_USER)]

    refused = watch(keys[0], order(user))

    assert opened == [200] * OF_USER
    assert (refused.status_code, refused.get_json()["code"]) == (429, "too_many_watchers")
    assert watch(key_of(neighbour), order(neighbour)).status_code == 200


def test_tickets_open_no_more_than_the_key_that_they_come_from(
    watch: Open, events: FlaskClient, user: User, api_key: str
) -> None:
    run_id = order(user)
    with transaction() as session:
        key = session.scalars(select(ApiKey).where(ApiKey.user_id == user.id)).one()
    for _ in range(OF_RUN):
        watch(api_key, run_id)
    refused = [
        events.get(f"{path_of(run_id)}?ticket={key.id}.{end}.{stream_ticket(key.hash, run_id, end)}").status_code
        for end in (99_999_999_998, 99_999_999_999)
    ]

    assert refused == [429, 429]


@pytest.mark.parametrize("lines_read", [0, 1, 2])
def test_a_watcher_that_breaks_off_frees_its_place_however_much_it_read(
    watch: Open, places: Places, user: User, api_key: str, lines_read: int
) -> None:
    run_id = order(user)
    for _ in range(2 * OF_RUN):
        with watch(api_key, run_id) as answer:
            assert (answer.status_code, places.taken()) == (200, 1)
            for _, line in zip(range(lines_read), answer.response, strict=False):
                assert line
        assert places.taken() == 0


def test_a_stream_that_comes_to_its_end_frees_its_place(watch: Open, places: Places, user: User, api_key: str) -> None:
    run_id = order(user, slides=5)
    work(run_id)

    with watch(api_key, run_id) as answer:
        assert answer.data.endswith(b"\n\n")

    assert places.taken() == 0


def test_who_gets_no_stream_holds_no_place(
    events: FlaskClient, places: Places, user: User, stranger: Caller, api_key: str
) -> None:
    run_id = order(user, slides=5)
    work(run_id)
    mine, path = Caller(events, api_key), path_of(run_id)

    statuses = [
        mine("HEAD", path, buffered=True).status_code,  # closed as servers do: its stream never began
        mine("GET", path, headers={"Last-Event-ID": str(len(events_of(run_id)))}).status_code,
        mine("GET", path, headers={"Last-Event-ID": "yesterday"}).status_code,
        Caller(events, stranger.key)("GET", path).status_code,
        events.get(path).status_code,
        events.options(path).status_code,
    ]

    assert statuses == [200, 204, 422, 404, 401, 200]
    assert places.taken() == 0


@pytest.fixture
def served(installation: Installation) -> Iterator[str]:
    """The address of a real events process with few threads."""
    ports = Ports(web=free_port(), events=free_port(), flower=0, sandbox=0)
    [events] = [process for process in stack.web(installation.env, ports) if process.name == "events"]
    few = tuple(str(THREADS) if part == str(stack.WATCHERS) else part for part in events.command)
    with Supervisor(installation.data_dir / "stack", [replace(events, command=few)]) as supervisor:
        supervisor.wait_until_ready(30)
        yield ports.events_url


def test_a_process_that_is_full_of_watchers_answers_probes_and_takes_others_when_some_break_off(
    served: str, user: User, api_key: str
) -> None:
    run_id = order(user, slides=5)
    url, headers = served + path_of(run_id), {"Authorization": f"Bearer {api_key}"}
    with httpx.Client(verify=PLAIN, trust_env=False, timeout=10) as http:
        with ExitStack() as watchers:
            for _ in range(THREADS - 1):
                watcher = watchers.enter_context(httpx.Client(verify=PLAIN, trust_env=False, timeout=30))
                answer = watchers.enter_context(watcher.stream("GET", url, headers=headers))
                assert answer.status_code == 200
                assert next(answer.iter_lines()).startswith("retry")

            refused = http.get(url, headers=headers)

            assert (refused.status_code, refused.json()["code"]) == (503, "no_place_to_watch")
            assert int(refused.headers["Retry-After"]) > 0
            assert http.get(f"{served}/healthz").status_code == 200

        def has_room() -> bool:
            """Bring an event about, which a stream without a reader cannot send, and ask for a place."""
            if todo := [piece for piece in pieces_of(run_id) if piece.step]:
                step(todo[0])
            with http.stream("GET", url, headers=headers) as answer:
                return answer.status_code == 200

        wait_for(has_room, what="a place of those that broke off")
