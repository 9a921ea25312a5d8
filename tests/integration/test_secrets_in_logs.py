"""What no log may hold: keys, secrets, prompts, texts. All logs of real runs are searched, of those that go wrong too."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from app import accounts
from app.cli import stack
from app.cli.stack import Ports
from app.db.models import Call, Notification, Piece, User
from app.db.session import transaction
from app.domain.plans import Plan
from app.embedded.ports import free_port
from app.embedded.supervisor import Process, Supervisor
from harness import Installation, Sandbox, wait_for
from loopback import Loopback, loopback
from orders import a_user

TOPIC = "Zanzibar marmalade heist"
BRIEF = "A trail shoe called Quokkaflux for people who run before sunrise, on wet rock above a fjord."
PROMPT = "an Axolotlgram writing letters by candle light"
EDITED = "Vermilionised title"
VOICE = "dry as a Saharabiscuit"
PROVIDER_KEY = "vck_loopback_only_6f1f1c0a9d"
HOOK = "hook-Tx93-secret"
MAIL_PASSWORD = "mailbox-pass-8812"
LONG_ENOUGH = 16  # characters of a text that is looked for: shorter ones are words such as "READY"


@pytest.fixture
def receiver() -> Iterator[Loopback]:
    """A user's own server: it fails once, so that a failed try is logged too."""
    with loopback() as made:
        made.replies.append((500, {"echo": TOPIC}))
        yield made


@pytest.fixture
def ports() -> Ports:
    return Ports(web=free_port(), events=free_port(), flower=0, sandbox=0)


@pytest.fixture
def stacked(
    installation: Installation,
    sandbox: Sandbox,
    receiver: Loopback,
    ports: Ports,
    run_processes: Callable[..., Supervisor],
) -> Supervisor:
    """A process of each kind but the sandbox, asking the sandbox as if it were a provider with a key."""

    def processes(env: Mapping[str, str]) -> list[Process]:
        workers = [one for one in stack.workers(env, drain_s=3) if one.name != "worker-io-2"]  # a twin
        return [*stack.web(env, ports), *workers, stack.beat(env, installation.data_dir)]

    return run_processes(
        processes,
        AI_GATEWAY_API_KEY=PROVIDER_KEY,
        AI_GATEWAY_BASE_URL=f"{sandbox.url}/v1",
        PRESSROOM_FETCH_ALLOW="127.0.0.0/8",
        PRESSROOM_FETCH_PORTS=receiver.url.rpartition(":")[2],
        PRESSROOM_EVENTS_URL=ports.events_url,
        PRESSROOM_ALERT_EMAIL="ops@example.org",
        PRESSROOM_SMTP_URL=f"smtp://ada:{MAIL_PASSWORD}@127.0.0.1:9",
    )


@pytest.fixture
def user(installation: Installation) -> User:
    assert installation
    return a_user(Plan.BUSINESS)


def texts_in(value: Any) -> Iterator[str]:
    """Yield every text that is long enough to be told from a word."""
    match value:
        case str():
            if len(value) >= LONG_ENOUGH:
                yield value
        case dict():
            for inner in value.values():
                yield from texts_in(inner)
        case list():
            for inner in value:
                yield from texts_in(inner)


def written() -> set[str]:
    """Return every prompt and text of every run, and the beginnings of what models replied."""
    with transaction() as session:
        pieces = session.scalars(select(Piece)).all()
        replies = session.scalars(select(Call.reply).where(Call.reply.is_not(None))).all()
    found = {text for piece in pieces for text in texts_in(piece.data)}
    found |= {piece.prompt for piece in pieces if piece.prompt}
    found |= {str(reply)[:60] for reply in replies if len(str(reply)) >= LONG_ENOUGH}
    return {text for text in found if not re.fullmatch(r"[\w:./-]*", text)}  # ids, addresses and names of models


def is_over(api: httpx.Client, run_id: str) -> bool:
    state = api.get(f"/api/runs/{run_id}").json()["status"]
    return state in {"READY", "PARTIAL", "FAILED", "CANCELED"}


def lines_with(logs: dict[str, str], mark: str) -> list[str]:
    return [f"{name}: {line[:300]}" for name, log in logs.items() for line in log.splitlines() if mark in line]


def test_no_log_holds_a_key_a_secret_a_prompt_or_a_text(
    stacked: Supervisor, ports: Ports, sandbox: Sandbox, user: User, receiver: Loopback
) -> None:
    with transaction() as session:
        _, key = accounts.create_key(session, user, "Lapislazulikey of mine")
        webhook_secret = accounts.set_webhook(session.get_one(User, user.id), f"{receiver.url}/{HOOK}?token={HOOK}")
    assert webhook_secret is not None
    sandbox.fail(
        {"match": {"kind": "image", "call_numbers": [2]}, "fault": "blocked"},
        {"match": {"kind": "image", "call_numbers": [4]}, "fault": "http_status", "params": {"status": 500}},
        {"match": {"kind": "json", "call_numbers": [2]}, "fault": "not_json"},
        # Providers repeat in their messages what they were sent.
        {
            "match": {"kind": "image", "prompt_contains": "Axolotlgram", "times": 2},
            "fault": "http_status",
            "params": {"status": 503, "message": f"cannot draw {PROMPT!r} for {PROVIDER_KEY}"},
        },
    )

    with httpx.Client(base_url=ports.api_url, headers={"Authorization": f"Bearer {key}"}, trust_env=False) as api:
        api.post("/api/brands", json={"name": "Acme", "kit": {"voice": VOICE}}).raise_for_status()
        orders = {
            "full-post": {"topic": TOPIC, "slides": 5, "brand": "Acme"},
            "ad": {"brief": BRIEF},
            "images": {"prompts": [PROMPT, f"{PROMPT} again"]},
        }
        runs = []
        for pipeline, body in orders.items():
            answer = api.post(f"/api/generate/{pipeline}", json=body, headers={"Idempotency-Key": pipeline})
            assert answer.status_code == 202, answer.text
            runs.append(answer.json()["id"])
        streamed = api.get(f"/api/runs/{runs[0]}/events").headers["Location"]
        ticket = streamed.partition("ticket=")[2].partition("&")[0]
        for run_id in runs:
            wait_for(lambda run_id=run_id: is_over(api, run_id), seconds=120, what=f"{run_id} is over")
        with httpx.stream("GET", streamed, trust_env=False, timeout=20) as events:
            assert next(events.iter_lines())
        piece = next(one for one in api.get(f"/api/runs/{runs[0]}").json()["pieces"] if one["kind"] == "slide")
        api.patch(f"/api/runs/{runs[0]}/pieces/{piece['id']}", json={"title": EDITED})
        api.get(f"/api/runs/{runs[0]}/export.zip")
        # What is refused is logged with as little.
        api.post("/api/generate/full-post", json={"topic": TOPIC, "slides": "many", "brand": VOICE})
        api.post("/api/generate/full-post", content=f'{{"topic": "{TOPIC}", broken'.encode())
        api.get("/api/runs", headers={"Authorization": f"Bearer {key}x"})
        api.get("/media/posts/../../etc/passwd")
        api.get(f"/api/runs?limit={HOOK}")
        wait_for(lambda: is_over(api, runs[0]), seconds=60)
        made_key = api.post("/api/keys", json={"name": "another"}).json()["key"]

    def is_told() -> bool:
        with transaction() as session:
            return any(row.sent_at and not row.problem for row in session.scalars(select(Notification)))

    wait_for(is_told, seconds=60, what="the webhook arrives")
    stacked.stop()

    folder = stacked.log_path("web").parent
    logs = {path.name: path.read_text(errors="replace") for path in Path(folder).glob("*.log*")}
    assert {"web.log", "events.log", "worker-io-1.log", "worker-media.log", "worker-control.log", "beat.log"} <= set(
        logs
    )
    marks = {
        "the API key": key,
        "a key that was made": made_key,
        "the key of the provider": PROVIDER_KEY,
        "the secret of the webhook": webhook_secret.removeprefix("whsec_"),
        "the address of the webhook": HOOK,
        "the password of the mail server": MAIL_PASSWORD,
        "a ticket": ticket.rpartition(".")[2],
        "the topic": "marmalade",
        "the brief": "Quokkaflux",
        "a prompt": "Axolotlgram",
        "an edited title": "Vermilionised",
        "the voice of a brand": "Saharabiscuit",
        **{f"what was written: {text[:40]}": text for text in written()},
    }
    found = {what: hits for what, mark in marks.items() if (hits := lines_with(logs, mark))}

    assert found == {}
    # The search would have found something: these runs were made, asked about and told by these processes.
    assert len(marks) > 30
    assert all(run_id in logs["worker-io-1.log"] for run_id in runs)
    assert '"model_called"' in logs["worker-io-1.log"]
    assert '"webhook_failed"' in logs["worker-control.log"]
    assert '"status": 422' in logs["web.log"]
