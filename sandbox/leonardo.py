"""Leonardo's wire format: a job is submitted, polled, and its pictures are downloaded.

Base url: `/api/rest/v1`; the pictures are at `/cdn`, on the same host, and need no key. Wire format:
leonardo-ai-sdk 7.0.0 and docs.leonardo.ai, 2026-11. A key must have the shape of a UUID.
"""

from __future__ import annotations

import re
from typing import Any

from flask import Blueprint, Request, Response, request

from sandbox.calls import Answer, Ask, Json, Kind, Picture, RefusedError, RetryForm, Trouble, Vendor, fingerprint
from sandbox.catalogue import MICRO_USD, find
from sandbox.chat_body import bearer, read_json
from sandbox.desk import Desk
from sandbox.exchange import respond
from sandbox.fault_names import Fault
from sandbox.leonardo_jobs import USER_ID, job_row, pictures_of
from sandbox.mischief_pictures import spoiled

REFUSED_KEY = "00000000-0000-0000-0000-000000000000"
LONGEST_PROMPT = 1500
MOST_PICTURES, MOST_LARGE_PICTURES, LARGE_PX = 8, 4, 768
LEAST_PX, MOST_PX, STEP_PX = 32, 1536, 8
CONTRASTS = (3, 3.5, 4)
CREDIT_MICRO_USD = 2000  # one API credit
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
# Status, text and code. The status of a moderation block and of empty credits differs between its own pages.
ERRORS: dict[tuple[Trouble, str], tuple[int, str, str]] = {
    (Trouble.INVALID_REQUEST, ""): (400, "Invalid request", "validation-failed"),
    (Trouble.UNAUTHORIZED, ""): (401, "Authentication hook unauthorized this request", "access-denied"),
    (Trouble.UNAUTHORIZED, "hook"): (500, "Invalid response from authorization hook", "unexpected"),
    (Trouble.INSUFFICIENT_FUNDS, ""): (400, f"not enough api tokens userId: {USER_ID}", "unexpected"),
    (Trouble.INSUFFICIENT_FUNDS, "credits_402"): (402, f"not enough api tokens userId: {USER_ID}", "unexpected"),
    (Trouble.MODEL_NOT_FOUND, ""): (400, "Model is not supported within the Production API", "unexpected"),
    (Trouble.RATE_LIMITED, ""): (429, "Too many requests", "unexpected"),
    (Trouble.INTERNAL_ERROR, ""): (500, "internal server error", "unexpected"),
    (Trouble.OVERLOADED, ""): (503, "Service Unavailable", "unexpected"),
    (Trouble.OVERLOADED, "500"): (500, "internal server error", "unexpected"),
    (Trouble.OVERLOADED, "502"): (502, "Bad Gateway", "unexpected"),
    (Trouble.OVERLOADED, "504"): (504, "Gateway Timeout", "unexpected"),
    (Trouble.BLOCKED, ""): (400, "content moderation filter: nude", "unexpected"),
    (Trouble.BLOCKED, "moderation_403"): (403, "content moderation filter: nude", "unexpected"),
}


class LeonardoWire:
    """What all of Leonardo's endpoints share."""

    vendor = Vendor.LEONARDO
    retry_form = RetryForm.SECONDS
    retry_after: str | None = None

    def render_error(self, refused: RefusedError, ask: Ask | None) -> tuple[int, Json]:
        """Return status and error; what happened is told by the text alone."""
        del ask
        status, text, code = ERRORS.get((refused.trouble, refused.variant), ERRORS[refused.trouble, ""])
        if refused.status is not None:
            status, text = refused.status, f"HTTP {refused.status}"
        error: Json = {"error": refused.message or text, "path": "$", "code": refused.error_type or code}
        if refused.variant == "hook":
            del error["path"]
        return status, error

    def headers(self, refused: RefusedError | None, key: str) -> dict[str, str]:
        """Return nothing: Leonardo tells neither limits nor request ids."""
        del refused, key
        return {}


class SubmitWire(LeonardoWire):
    """Reads and renders `POST /generations`: from here on the job exists and is billed."""

    def read(self, request: Request) -> Ask:
        """Return what a generation asks. Raises: RefusedError."""
        _authorize(request)
        body = read_json(request)
        model = str(body.get("modelId") or "")
        if find(Vendor.LEONARDO, model) is None:
            raise RefusedError(Trouble.MODEL_NOT_FOUND, f"Model {model} is not supported within the Production API")
        prompt = body.get("prompt")
        if not isinstance(prompt, str) or not 1 <= len(prompt) <= LONGEST_PROMPT:
            raise _invalid(f"prompt must have 1 to {LONGEST_PROMPT} characters")
        if body.get("contrast") not in CONTRASTS:
            raise _invalid("contrast is required for this model and must be one of 3, 3.5, 4")
        width, height = _side(body, "width"), _side(body, "height")
        return Ask(
            model=model,
            kind=Kind.IMAGE,
            system="",
            prompt=prompt,
            fingerprint=fingerprint(body),
            vendor=Vendor.LEONARDO,
            size=(width, height),
            count=_count(body.get("num_images", 1), max(width, height)),
            mime="image/jpeg",
            is_job=True,
            options={name: body.get(name) for name in ("seed", "public", "negative_prompt", "styleUUID")},
        )

    def render(self, ask: Ask, answer: Answer) -> Json:
        """Return the job's id and its cost."""
        del ask
        job: Json = {"generationId": answer.id}
        if answer.priced and answer.cost_micro_usd is not None:
            job["apiCreditCost"] = answer.cost_micro_usd // CREDIT_MICRO_USD
            job["cost"] = {"amount": f"{answer.cost_micro_usd / MICRO_USD:.4f}", "unit": "DOLLARS"}
        return {"sdGenerationJob": job}


class PollWire(LeonardoWire):
    """Reads and renders `GET /generations/{id}`; an unknown id is a 200 with null."""

    def __init__(self, desk: Desk) -> None:
        """Look jobs up at this desk."""
        self._desk = desk

    def read(self, request: Request) -> Ask:
        """Return which job is asked for. Raises: RefusedError."""
        _authorize(request)
        job_id = str((request.view_args or {})["job_id"])
        options = {"id": job_id, "host": request.host_url}
        return Ask("", Kind.POLL, "", job_id, vendor=Vendor.LEONARDO, fingerprint=f"poll:{job_id}", options=options)

    def render(self, ask: Ask, answer: Answer) -> Json:
        """Return how the job stands."""
        del answer
        found = self._desk.find_job(ask.options["id"])
        return {"generations_by_pk": None if found is None else job_row(*found, ask.options["host"])}


class DownloadWire(LeonardoWire):
    """Reads and renders a finished job's picture from the CDN."""

    def __init__(self, desk: Desk) -> None:
        """Look jobs up at this desk."""
        self._desk = desk

    def read(self, request: Request) -> Ask:
        """Return which picture is asked for. Raises: RefusedError when there is none."""
        arguments: dict[str, Any] = request.view_args or {}
        found = self._desk.find_job(arguments["job_id"])
        if found is None or arguments["number"] >= pictures_of(*found):
            raise RefusedError(Trouble.INVALID_REQUEST, "Not Found", status=404)
        name = f"{arguments['job_id']}:{arguments['number']}"
        ask = found[0].ask
        return Ask(
            "", Kind.DOWNLOAD, "", name, fingerprint=f"download:{name}", vendor=Vendor.LEONARDO, size=ask.size,
            mime=ask.mime, options=arguments,
        )  # fmt: skip

    def render(self, ask: Ask, answer: Answer) -> Picture:
        """Return the picture, as the job's fault and then the download's leave it."""
        found = self._desk.find_job(ask.options["job_id"])
        assert found is not None, "read() found it"
        picture = self._desk.job_picture(found[0], ask.options["number"])
        return spoiled(picture, ask, Fault(answer.fault), ask.prompt, None) if answer.fault else picture


def blueprint(desk: Desk) -> Blueprint:
    """Return Leonardo's endpoints and its CDN."""
    leonardo = Blueprint("leonardo", __name__)
    submit, poll, download = SubmitWire(), PollWire(desk), DownloadWire(desk)
    base = "/api/rest/v1"

    @leonardo.post(f"{base}/generations")
    def submit_generation() -> Response:
        return respond(desk, submit, request)

    @leonardo.get(f"{base}/generations/<job_id>")
    def poll_generation(job_id: str) -> Response:
        del job_id
        return respond(desk, poll, request)

    @leonardo.get(f"/cdn/users/{USER_ID}/generations/<job_id>/picture_<int:number>.jpg")
    def picture(job_id: str, number: int) -> Response:
        del job_id, number
        return respond(desk, download, request)

    _add_account(leonardo, desk, submit, base)
    return leonardo


def _add_account(leonardo: Blueprint, desk: Desk, wire: LeonardoWire, base: str) -> None:
    """Add what lists a user's jobs and means."""

    @leonardo.get(f"{base}/generations/user/<user_id>")
    def generations(user_id: str) -> Json:
        _authorize(request)
        first = request.args.get("offset", 0, int)
        jobs = desk.all_jobs() if user_id == USER_ID else []
        shown = jobs[first : first + request.args.get("limit", 10, int)]
        return {"generations": [job_row(*job, request.host_url) for job in shown]}

    @leonardo.get(f"{base}/me")
    def me() -> Json:
        _authorize(request)
        left = max(0, desk.credits_micro_usd() // CREDIT_MICRO_USD)
        return {
            "user_details": [
                {
                    "user": {"id": USER_ID, "username": "sandbox"},
                    "tokenRenewalDate": None,
                    "apiPaidTokens": left,
                    "apiSubscriptionTokens": 0,
                    "apiConcurrencySlots": 10,
                    "subscriptionTokens": 0,
                    "subscriptionGptTokens": 0,
                    "subscriptionModelTokens": 0,
                }
            ]
        }

    @leonardo.errorhandler(RefusedError)
    def refuse(refused: RefusedError) -> tuple[Json, int]:
        status, body = wire.render_error(refused, None)
        return body, status


def _authorize(request: Request) -> None:
    key = bearer(request)
    if key == REFUSED_KEY:
        raise RefusedError(Trouble.UNAUTHORIZED)
    if not _UUID.fullmatch(key):
        raise RefusedError(Trouble.UNAUTHORIZED, variant="hook")


def _invalid(message: str) -> RefusedError:
    return RefusedError(Trouble.INVALID_REQUEST, message)


def _side(body: Json, name: str) -> int:
    value = body.get(name, 1024)
    if type(value) is not int or not LEAST_PX <= value <= MOST_PX or value % STEP_PX:
        raise _invalid(f"{name} must be between {LEAST_PX} and {MOST_PX} and be a multiple of {STEP_PX}")
    return value


def _count(value: object, longest_px: int) -> int:
    most = MOST_LARGE_PICTURES if longest_px > LARGE_PX else MOST_PICTURES
    if type(value) is not int or not 1 <= value <= most:
        raise _invalid(f"num_images must be between 1 and {most}")
    return value
