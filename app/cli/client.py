"""The API as the commands use it: over HTTP, or inside this process where only rows are read."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import httpx

from app.cli import installation, screen
from app.domain.errors import NotFound, PressroomError, SetupError
from app.embedded.lock import read_owner
from app.embedded.ports import LOOPBACK

TIMEOUT_S = 30.0
STREAM_TIMEOUT_S = 30.0  # the stream's heartbeat comes every 15 s
ID_LENGTH = 36
SEARCHED = 100  # runs among which the beginning of an id is looked for
AGAIN_S = (0.2, 0.5, 1.0, 2.0)  # an order is repeated with the same Idempotency-Key: it is never made twice


class ApiError(PressroomError):
    """Raised when the API refuses a request; message and code are the API's own."""

    def __init__(self, message: str, *, code: str, fields: Mapping[str, str]) -> None:
        super().__init__(message, code=code)
        self.fields = fields


class ApiAway(PressroomError):
    """Raised when no API answers at the address."""

    code = "api_away"


class Api:
    """A Pressroom and a key to it."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client

    @classmethod
    def at(cls, url: str, key: str) -> Self:
        """Return the API at an address."""
        is_here = httpx.URL(url).host in {LOOPBACK, "localhost", "::1"}
        return cls(
            httpx.Client(
                base_url=url,
                headers={"Authorization": f"Bearer {key}"},
                timeout=TIMEOUT_S,
                trust_env=not is_here,  # no proxy on the way to this machine
            )
        )

    @property
    def url(self) -> str:
        """Where it is, without a slash at the end."""
        return str(self._client.base_url).rstrip("/")

    def order(self, pipeline: str, request: Mapping[str, Any]) -> dict[str, Any]:
        """Order a run, once however often the connection breaks; return its id and links. Raises ApiError, ApiAway."""
        return self._post_once(f"/api/generate/{pipeline}", request)

    def quote(self, pipeline: str, request: Mapping[str, Any]) -> dict[str, Any]:
        """Return what a run would cost; nothing is ordered. Raises ApiError, ApiAway."""
        return self._json("POST", f"/api/quote/{pipeline}", json=dict(request))

    def reformat(self, run_id: str, wanted: str) -> dict[str, Any]:
        """Have a finished run made in another format; return the new run's id and links. Raises ApiError, ApiAway."""
        return self._post_once(f"/api/runs/{run_id}/reformat", {"format": wanted})

    def _post_once(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        headers = {"Idempotency-Key": str(uuid.uuid4())}
        for pause_s in AGAIN_S:
            try:
                return self._json("POST", path, json=dict(body), headers=headers)
            except ApiAway as exc:
                if isinstance(exc.__cause__, httpx.ConnectError):
                    raise  # nothing listens there
                time.sleep(pause_s)
        return self._json("POST", path, json=dict(body), headers=headers)

    def full_id(self, text: str) -> str:
        """Return the id of the run that starts with `text`. Raises NotFound, ApiError, ApiAway."""
        if len(text) == ID_LENGTH:
            return text
        found = [run["id"] for run in self.runs(SEARCHED) if run["id"].startswith(text.lower())]
        if len(found) != 1:
            told = f"{len(found)} of them start" if found else "none of the latest 100 starts"
            raise NotFound(f"no such run: {told} with {text!r}; `{screen.program()} show` lists them")
        return str(found[0])

    def run(self, run_id: str) -> dict[str, Any]:
        """Return a run as the API shows it. Raises ApiError, ApiAway."""
        return self._json("GET", f"/api/runs/{run_id}")

    def runs(self, limit: int) -> list[dict[str, Any]]:
        """Return the newest runs. Raises ApiError, ApiAway."""
        found: list[dict[str, Any]] = self._json("GET", "/api/runs", params={"limit": limit})["runs"]
        return found

    def calls(self, run_id: str) -> list[dict[str, Any]]:
        """Return a record of each call that a run made. Raises ApiError, ApiAway."""
        found: list[dict[str, Any]] = self._json("GET", f"/api/runs/{run_id}/calls")["calls"]
        return found

    def brands(self) -> list[dict[str, Any]]:
        """Return the user's brands. Raises ApiError, ApiAway."""
        found: list[dict[str, Any]] = self._json("GET", "/api/brands")["brands"]
        return found

    def create_brand(self, name: str, kit: Mapping[str, Any]) -> dict[str, Any]:
        """Make a brand and return it. Raises ApiError, ApiAway."""
        return self._json("POST", "/api/brands", json={"name": name, "kit": dict(kit)})

    def replace_brand(self, brand_id: str, name: str, kit: Mapping[str, Any]) -> dict[str, Any]:
        """Put another name and kit in the place of a brand's, and return it. Raises ApiError, ApiAway."""
        return self._json("PUT", f"/api/brands/{brand_id}", json={"name": name, "kit": dict(kit)})

    def delete_brand(self, brand_id: str) -> None:
        """Delete a brand. Raises ApiError, ApiAway."""
        self._answer("DELETE", f"/api/brands/{brand_id}")

    def put_logo(self, brand_id: str, png: bytes) -> dict[str, Any]:
        """Give a brand a logo and return the brand. Raises ApiError, ApiAway."""
        return self._json("PUT", f"/api/brands/{brand_id}/logo", content=png, headers={"Content-Type": "image/png"})

    def delete_logo(self, brand_id: str) -> None:
        """Take a brand's logo away. Raises ApiError, ApiAway."""
        self._answer("DELETE", f"/api/brands/{brand_id}/logo")

    def schedules(self) -> list[dict[str, Any]]:
        """Return the user's schedules, without topics and histories. Raises ApiError, ApiAway."""
        found: list[dict[str, Any]] = self._json("GET", "/api/schedules")["schedules"]
        return found

    def schedule(self, schedule_id: str) -> dict[str, Any]:
        """Return a whole schedule. Raises ApiError, ApiAway."""
        return self._json("GET", f"/api/schedules/{schedule_id}")

    def create_schedule(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Make a schedule, once however often the connection breaks, and return it. Raises ApiError, ApiAway."""
        return self._post_once("/api/schedules", body)

    def replace_schedule(self, schedule_id: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Put another schedule in the place of one, and return it. Raises ApiError, ApiAway."""
        return self._json("PUT", f"/api/schedules/{schedule_id}", json=dict(body))

    def delete_schedule(self, schedule_id: str) -> None:
        """Delete a schedule. Raises ApiError, ApiAway."""
        self._answer("DELETE", f"/api/schedules/{schedule_id}")

    def pause_schedule(self, schedule_id: str) -> dict[str, Any]:
        """Pause a schedule and return it. Raises ApiError, ApiAway."""
        return self._json("POST", f"/api/schedules/{schedule_id}/pause")

    def resume_schedule(self, schedule_id: str) -> dict[str, Any]:
        """Have a schedule go on, and return it. Raises ApiError, ApiAway."""
        return self._json("POST", f"/api/schedules/{schedule_id}/resume")

    def run_schedule(self, schedule_id: str) -> dict[str, Any]:
        """Order an extra run of a schedule; return its id and links. Raises ApiError, ApiAway."""
        return self._post_once(f"/api/schedules/{schedule_id}/run", {})

    def export(self, run_id: str) -> bytes:
        """Return a finished run's files as a zip. Raises ApiError, ApiAway."""
        return self._answer("GET", f"/api/runs/{run_id}/export.zip", timeout=120.0).content

    def events(self, url: str, last_id: str | None) -> Iterator[str]:
        """Yield the id of each event as it comes; the stream ends now and then. Raises httpx.HTTPError."""
        headers = {"Last-Event-ID": last_id} if last_id else {}
        with self._client.stream("GET", url, headers=headers, timeout=STREAM_TIMEOUT_S) as answer:
            answer.raise_for_status()
            if answer.status_code == httpx.codes.NO_CONTENT:
                return
            for line in answer.iter_lines():
                if line.startswith("id: "):
                    yield line.removeprefix("id: ")

    def _json(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        body = self._answer(method, path, **options).json()
        assert isinstance(body, dict), "every answer of the API is an object"
        return body

    def _answer(self, method: str, path: str, **options: Any) -> httpx.Response:
        try:
            answer = self._client.request(method, path, **options)
        except httpx.TransportError as exc:
            raise ApiAway(
                f"no API answers at {self.url} ({exc}); start one with `{screen.program()} up`, or name one with --url"
            ) from exc
        if answer.is_success:
            return answer
        raise _refused(answer)


@contextmanager
def running(url: str | None, key: str | None) -> Iterator[Api]:
    """Yield the API that was named, or the one that runs on the data dir. Raises SetupError."""
    folder = installation.data_dir()
    if url is None:
        owner = read_owner(folder)
        if owner is None or "web" not in owner.ports:
            raise SetupError(
                f"no Pressroom runs on {screen.short(folder)}; start one with `{screen.program()} up`,"
                " or name one with --url"
            )
        url = f"http://{LOOPBACK}:{owner.ports['web']}"
    yield Api.at(url, key or _stored_key(folder))


@contextmanager
def readable(url: str | None, key: str | None) -> Iterator[Api]:
    """Yield an API to read from: the one that runs, or else one inside this process. Raises PressroomError."""
    owner = read_owner(installation.data_dir())
    if url is not None or (owner is not None and "web" in owner.ports):
        with running(url, key) as api:
            yield api
        return
    if not installation.data_dir().exists() and "DATABASE_URL" not in os.environ:
        raise SetupError(
            f"there is no Pressroom in {screen.short(installation.data_dir())} yet; start with `{screen.program()} demo`"
        )
    with installation.database() as folder:
        from app.api import create_app  # noqa: PLC0415 - Flask and the endpoints, only where they are served

        transport = httpx.WSGITransport(create_app())
        stored = key or installation.owner_key(folder).text
        yield Api(
            httpx.Client(
                transport=transport, base_url="http://localhost", headers={"Authorization": f"Bearer {stored}"}
            )
        )


def named(found: Iterable[dict[str, Any]], name: str, kind: str) -> dict[str, Any]:
    """Return the one of `found` that has this name; kind: brand, schedule. Raises NotFound: `no_such_<kind>`."""
    for one in found:
        if one["name"] == name:
            return one
    raise NotFound(f"you have no {kind} {name!r}; `{screen.program()} {kind}s` lists them", code=f"no_such_{kind}")


def _stored_key(folder: Path) -> str:
    stored = installation.read_secret(folder / installation.KEY_FILE)
    if stored is None:
        raise SetupError(
            f"no API key: there is none in {screen.short(folder / installation.KEY_FILE)};"
            " set PRESSROOM_API_KEY or use --key"
        )
    return stored


def _refused(answer: httpx.Response) -> PressroomError:
    try:
        problem = answer.json()
        return ApiError(str(problem["detail"]), code=str(problem["code"]), fields=problem.get("fields") or {})
    except (ValueError, KeyError, TypeError):
        return ApiAway(f"{answer.request.url} answered {answer.status_code} and is no Pressroom; check --url")
