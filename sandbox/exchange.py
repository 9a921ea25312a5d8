"""One HTTP call from bytes in to bytes out, the same for every vendor.

A vendor is one file with a `Wire`: it reads its own requests and renders its own replies. What happens in
between (log, limits, faults, latency, bill) is here and in the desk.
"""

from __future__ import annotations

import json
from typing import Protocol

from flask import Request, Response

from sandbox import mischief, transport
from sandbox.calls import Answer, Ask, Json, RefusedError
from sandbox.desk import Desk, Visit
from sandbox.faults import Fault

HTML_502 = (
    "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n"
    "<hr><center>cloudflare</center>\r\n</body>\r\n</html>\r\n"
)


class Wire(Protocol):
    """A vendor's wire format."""

    vendor: str

    def read(self, request: Request) -> Ask:
        """Return what the request asks. Raises: RefusedError (no key, malformed body)."""

    def render(self, ask: Ask, answer: Answer) -> Json:
        """Return the body of a successful reply."""

    def render_error(self, refused: RefusedError, ask: Ask | None) -> tuple[int, Json]:
        """Return status and body of an error reply."""


def respond(desk: Desk, wire: Wire, request: Request) -> Response:
    """Answer one call.

    1. Log it, read it, admit it (limits, credits, model); the rules say whether a fault strikes.
    2. Faults that need no answer: errors, HTML, silence.
    3. Write or paint, wait out the latency, bill.
    4. Faults of the answer or of the connection, then send.
    """
    request.get_data(cache=True)  # an unread body would end up in front of the next request on the connection
    with desk.visit(wire.vendor) as visit:
        try:
            desk.admit(visit, wire.read(request))
            response = _fail_early(desk, visit, request) or _answer(desk, wire, visit, request)
        except RefusedError as refused:
            response = _refuse(wire, refused, visit.ask)
        visit.entry.status = response.status_code if not transport.is_cut(response) else 0
    return response


def _fail_early(desk: Desk, visit: Visit, request: Request) -> Response | None:
    """Return the reply of a fault that happens before any answer is made."""
    if visit.fault is None:
        return None
    desk.pause(float(visit.params.get("after_s", 0)))
    if refused := mischief.refusal(visit.fault, visit.params):
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
    """Make, bill and render an answer, spoiled as the fault says."""
    assert visit.ask is not None, "admit() comes first"
    answer = desk.answer(visit)
    desk.pause(float(visit.params.get("seconds", 0)))
    desk.charge(visit, answer)
    if visit.fault is Fault.DISCONNECT_AFTER_CHARGE:
        return transport.cut(request)
    if visit.fault is not None:
        answer = mischief.spoil(answer, visit.ask, visit.fault, visit.key)
    body = _dump(wire.render(visit.ask, answer))
    if visit.fault is Fault.DISCONNECT:
        desk.leave_early(visit)
        return transport.cut(request, body)
    return Response(body, content_type="application/json; charset=utf-8")


def _refuse(wire: Wire, refused: RefusedError, ask: Ask | None) -> Response:
    status, body = wire.render_error(refused, ask)
    response = Response(_dump(body), status=status, content_type="application/json; charset=utf-8")
    if refused.retry_after is not None:
        response.headers["retry-after"] = refused.retry_after
    return response


def _dump(body: Json) -> bytes:
    return json.dumps(body, separators=(",", ":")).encode()
