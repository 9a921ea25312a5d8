"""Requests that openapi.json describes, and requests that it forbids, made by schemathesis: the answers are as it says.

Every operation is asked about what is not there, and about a run, an ad, a brand, a schedule or a key of the caller's.
"""

from __future__ import annotations

import itertools
import uuid
from collections import Counter
from contextlib import closing, nullcontext, suppress
from functools import cache
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import pytest
import schemathesis
from callers import Caller
from flask import Flask
from flask.testing import FlaskClient
from handwork import work
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schedule_calls import made as a_schedule
from schemathesis import Case, GenerationMode, Response
from schemathesis.config import SchemathesisConfig
from schemathesis.core.failures import FailureGroup
from schemathesis.core.parameters import ParameterLocation
from schemathesis.core.result import Ok
from schemathesis.schemas import APIOperation, BaseSchema
from werkzeug.wsgi import ClosingIterator

from app.domain.states import RunState
from harness import forget_settings
from orders import pieces_of, run_of

CONFIG = {
    "seed": 7,
    # The key is the test's, and always good: what a wrong one gets is asked by the check `ignored_auth`.
    "generation": {"deterministic": True, "with-security-parameters": False, "database": "none"},
    "checks": {
        # A schema cannot say that a brand must exist, or that one of two fields is given: good data may be refused, too.
        "positive_data_acceptance": {"enabled": False},
        "negative_data_rejection": {"expected-statuses": [400, 401, 404, 409, 413, 415, 422, 429]},
    },
}
EXAMPLES = 3
"""Of each operation: one about what is not there, the others about what is."""
drawn = settings(
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=EXAMPLES,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


class Asked:
    """Asks operations, and collects what is wrong with their answers."""

    def __init__(self, call: Caller, schema: BaseSchema) -> None:
        self.call = call
        self.schema = schema
        self.headers = {"Authorization": f"Bearer {call.key}"}
        self.statuses: Counter[tuple[str, int]] = Counter()
        self.wrong: dict[tuple[str, str], str] = {}
        self.shared: dict[str, uuid.UUID] = {}
        """Runs of each kind that no operation changes: one is enough for all that look, or are refused."""

    def every(self, mode: GenerationMode) -> None:
        """Ask each operation with data of a mode, and about what is the caller's own where it names something."""
        for result in self.schema.get_all_operations():
            assert isinstance(result, Ok), result
            self.one(result.ok(), mode)

    def one(self, operation: APIOperation, mode: GenerationMode) -> None:
        own = self.owned(operation, changes=mode is GenerationMode.POSITIVE and operation.method != "get")
        numbers = itertools.count()

        @settings(drawn)
        @given(case=operation.as_strategy(generation_mode=mode))
        def ask(case: Case) -> None:
            if next(numbers) and not (case.meta and case.meta.is_negative_at(ParameterLocation.PATH)):
                case.path_parameters.update(own)
            self.judge(operation, case, case.call(headers=self.headers))

        with suppress(Unsatisfiable) if mode is GenerationMode.NEGATIVE else nullcontext():
            ask()  # of a request without parameters and body nothing can be wrong

    def owned(self, operation: APIOperation, *, changes: bool) -> dict[str, str]:
        """Return path parameters that lead to something of the caller's. changes: the operation gets a run of its own."""
        named = {parameter.name for parameter in operation.path_parameters}
        path: dict[str, str] = {}
        if named & {"run_id", "key"}:
            run_id = self.run_for(operation, changes=changes)
            piece = next((piece for piece in pieces_of(run_id) if piece.is_picture), pieces_of(run_id)[0])
            path |= {"run_id": str(run_id), "piece_id": str(piece.id), "key": (piece.picture or {"key": ""})["key"]}
        if "brand_id" in named:
            path["brand_id"] = made(self.call, "/api/brands", {"name": f"brand {uuid.uuid4()}"})
        if "schedule_id" in named:
            path["schedule_id"] = str(a_schedule(self.call, name=f"schedule {uuid.uuid4()}")["id"])
        if "key_id" in named:
            path["key_id"] = made(self.call, "/api/keys", {"name": "another"})
        missing = named - set(path)
        assert not missing, f"say here what {missing} of {operation.label} can be"
        return {name: path[name] for name in named}

    def run_for(self, operation: APIOperation, *, changes: bool) -> uuid.UUID:
        kind = kind_for(operation)
        if changes:
            return a_run(self.call, kind)
        if kind not in self.shared:
            self.shared[kind] = a_run(self.call, kind)
        return self.shared[kind]

    def judge(self, operation: APIOperation, case: Case, answer: Response) -> None:
        """Note what is wrong with an answer: its status, type, headers or body, or that there is a good one at all."""
        self.statuses[operation.label, answer.status_code] += 1
        told = operation.definition.raw["responses"]
        if str(answer.status_code) not in told:
            self.wrong[operation.label, f"answers {answer.status_code}"] = f"not one of {list(told)}: {answer.text}"
        try:
            case.validate_response(answer, headers=self.headers)
        except FailureGroup as exc:
            for failure in exc.exceptions:
                self.wrong.setdefault((operation.label, type(failure).__name__), f"{failure}\n{exc}"[:2000])

    def said(self) -> str:
        return "\n\n".join(f"{label}: {kind}\n{text}" for (label, kind), text in self.wrong.items())


KINDS: dict[str, tuple[str, dict[str, object]]] = {
    "an ad": ("ad", {"brief": "A trail shoe on wet rock", "max_cost_usd": 0.5}),
    "a post that is queued": ("full-post", {"topic": "tides", "slides": 5, "max_cost_usd": 0.5}),
    "a post without one picture": ("full-post", {"topic": "tides", "slides": 5, "max_cost_usd": 0.5}),
}


def kind_for(operation: APIOperation) -> str:
    """Return of what kind of run the operation can be asked."""
    if "/ads/" in operation.path:
        return "an ad"
    return "a post that is queued" if operation.path.endswith("/cancel") else "a post without one picture"


def a_run(call: Caller, kind: str) -> uuid.UUID:
    """Return a new run of a kind."""
    pipeline, request = KINDS[kind]
    run_id = uuid.UUID(made(call, f"/api/generate/{pipeline}", request))
    if kind != "a post that is queued":
        work(run_id, fail=[1] if pipeline == "full-post" else [])
    return run_id


def made(call: Caller, path: str, body: dict[str, object]) -> str:
    answer = call("POST", path, json=body)
    assert answer.status_code in (201, 202), answer.text
    return str(answer.get_json()["id"])


def read_whole(application: WSGIApplication) -> WSGIApplication:
    """Return an application whose answers are closed, files among them: schemathesis leaves them open."""

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        with closing(ClosingIterator(application(environ, start_response))) as parts:
            return [b"".join(parts)]

    return answer


@pytest.fixture
def asked(client: FlaskClient, call: Caller, monkeypatch: pytest.MonkeyPatch) -> Asked:
    monkeypatch.setenv("PRESSROOM_EVENTS_URL", "http://127.0.0.1:1")
    forget_settings()
    return Asked(call, described(client.application))


@cache
def described(web: Flask) -> BaseSchema:
    config = SchemathesisConfig.from_dict(CONFIG)
    return schemathesis.openapi.from_wsgi("/openapi.json", read_whole(web.wsgi_app), config=config)


def test_what_the_description_allows_is_answered_as_described(asked: Asked) -> None:
    asked.every(GenerationMode.POSITIVE)
    assert not asked.wrong, asked.said()
    good = {label for label, status in asked.statuses if status < 400}
    shows_own = {label for label, _ in asked.statuses if label.startswith("GET") and "{" in label}
    assert shows_own <= good


def test_what_the_description_forbids_is_refused_as_described(asked: Asked) -> None:
    asked.every(GenerationMode.NEGATIVE)
    assert not asked.wrong, asked.said()
    ends = {kind: (run_of(run_id).state, run_of(run_id).round) for kind, run_id in asked.shared.items()}
    assert ends == {
        "an ad": (RunState.READY, 1),
        "a post that is queued": (RunState.QUEUED, 1),
        "a post without one picture": (RunState.PARTIAL, 1),
    }
