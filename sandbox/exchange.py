"""One HTTP call from bytes in to bytes out, the same for every vendor.

A vendor is one file with a `Wire`: it reads its own requests and renders its own replies. What happens in
between (log, limits, faults, latency, bill) is here and in the desk.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Protocol

from flask import Request, Response

from sandbox import mischief, transport
from sandbox.calls import Answer, Ask, Json, Picture, RefusedError, RetryForm, Trouble, Vendor
from sandbox.desk import Desk, Visit
from sandbox.fault_names import Fault

HTML_502 = (
    "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n"
    "<hr><center>cloudflare</center>\r\n</body>\r\n</html>\r\n"
)
JSON_TYPE = "application/json; charset=utf-8"


class Wire(Protocol):
    """A vendor's wire format."""

    vendor: Vendor
    retry_form: RetryForm
    """Where this vendor says when to come back."""
    retry_after: str | None
    """The seconds its 429 tells when no rule says any; None: it tells none."""

    def read(self, request: Request) -> Ask:
        """Return what the request asks. Raises: RefusedError (no key, malformed body)."""

    def render(self, ask: Ask, answer: Answer) -> Json | Picture:
        """Return the body of a successful reply."""

    def render_error(self, refused: RefusedError, ask: Ask | None) -> tuple[int, Json]:
        """Return status and body of an error reply."""

    def headers(self, refused: RefusedError | None, key: str) -> dict[str, str]:
        """Return the vendor's own headers of a reply; `key` seeds its request id."""


def respond(desk: Desk, wire: Wire, request: Request) -> Response:
    """Answer one call.

    1. Log it, read it, admit it (limits, credits, model); the rules say whether a fault strikes.
    2. Faults that need no answer: errors, HTML, silence.
    3. Write or paint, wait out the latency, spoil as the fault says, bill.
    4. Faults of the connection, then send.
    """
    request.get_data(cache=True)  # an unread body would end up in front of the next request on the connection
    with desk.visit(wire.vendor) as visit:
        try:
            desk.admit(visit, wire.read(request))
            response = _fail_early(desk, visit, request) or _answer(desk, wire, visit, request)
        except RefusedError as refused:
            response = _refuse(wire, refused, visit)
        visit.entry.status = response.status_code if not transport.is_cut(response) else 0
    return response


def _fail_early(desk: Desk, visit: Visit, request: Request) -> Response | None:
    """Return the reply of a fault that happens before any answer is made, or instead of one that was charged."""
    if visit.fault is None:
        return None
    assert visit.ask is not None, "admit() comes first"
    desk.pause(float(visit.params.get("after_s", 0)))
    if visit.params.get("after_charge"):
        desk.charge(visit, desk.answer(visit))
    if refused := mischief.refusal(visit.fault, visit.params, visit.ask):
        raise refused
    match visit.fault:
        case Fault.HTML_502:
            return Response(HTML_502, status=502, content_type="text/html")
        case Fault.HANG:
            transport.wait_until_gone(request, desk.stopping)
            return transport.cut(request)
        case _:
            return None


def _answer(desk: Desk, wire: Wire, visit: Visit, request: Request) -> Response:
    """Make, spoil, bill and render an answer."""
    assert visit.ask is not None, "admit() comes first"
    answer = desk.answer(visit)
    desk.pause(float(visit.params.get("seconds", 0)))
    if visit.fault is not None:
        answer = mischief.spoil(answer, visit.ask, visit.fault, visit.params, visit.key, visit.last_picture)
    desk.charge(visit, answer)
    if visit.fault is Fault.DISCONNECT_AFTER_CHARGE:
        return transport.cut(request)
    body, content_type = _bytes(wire.render(visit.ask, answer))
    if visit.fault is Fault.DISCONNECT:
        desk.leave_early(visit)
        return transport.cut(request, body)
    return Response(body, content_type=content_type, headers=wire.headers(None, visit.seed))


def _refuse(wire: Wire, refused: RefusedError, visit: Visit) -> Response:
    refused.seed = visit.seed
    if refused.trouble is Trouble.RATE_LIMITED and refused.retry_after is None:
        refused.retry_after = wire.retry_after
    if refused.retry_form is RetryForm.VENDOR:
        refused.retry_form = wire.retry_form
    status, body = wire.render_error(refused, visit.ask)
    headers = wire.headers(refused, visit.seed) | _retry_header(refused)
    return Response(_dump(body), status=status, content_type=JSON_TYPE, headers=headers)


def _retry_header(refused: RefusedError) -> dict[str, str]:
    """Return the header that says when to come back, if a header does; what is no number stands as it is."""
    told = refused.retry_after
    if told is None or refused.retry_form in (RetryForm.BODY, RetryForm.NONE):
        return {}
    try:
        seconds = float(told)
    except ValueError:
        return {"retry-after": told}
    match refused.retry_form:
        case RetryForm.HTTP_DATE:
            return {"retry-after": format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)}
        case RetryForm.MILLISECONDS:
            return {"retry-after-ms": str(round(seconds * 1000))}
        case _:
            return {"retry-after": told}


def _bytes(rendered: Json | Picture) -> tuple[bytes, str]:
    if isinstance(rendered, Picture):
        return rendered.data, rendered.mime
    return _dump(rendered), JSON_TYPE


def _dump(body: Json) -> bytes:
    return json.dumps(body, separators=(",", ":")).encode()
