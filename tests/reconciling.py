"""The journal and the gateway's books for tests: calls that both have, that one has, and that nobody knows of."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from app.db.models import Call as Journaled
from app.db.session import transaction
from app.domain.provider_errors import ProviderDown
from app.runs.claims import Claim
from app.settings import settings
from asking import fault
from harness import Sandbox
from journaling import Journal
from making import asked, unknown
from orders import calls_of
from workers.providers.gateway import gateway
from workers.providers.provider import Answer, Call, Message
from workers.reconcile.__main__ import main

MODEL = "google/gemini-2.5-flash"
LONG_AGO = timedelta(minutes=30)


def days() -> list[str]:
    """Return the options for all days of which these tests can be."""
    today = datetime.now(UTC).date()
    return [f"--since={today - timedelta(days=1)}", f"--until={today + timedelta(days=1)}"]


def reconciled(capsys: pytest.CaptureFixture[str], *options: str) -> dict[str, Any]:
    """Compare, with options of `pressroom reconcile`; return the report."""
    capsys.readouterr()
    code = main([*days(), *options])
    said = capsys.readouterr()
    assert (code, said.err) == (0, "")
    return dict(json.loads(said.out.splitlines()[-1]))


def with_labels(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let calls be labelled from now on."""
    monkeypatch.setenv("PRESSROOM_GATEWAY_LABELS", "true")
    settings.cache_clear()


def ask(words: str = "hi", label: uuid.UUID | None = None) -> Answer:
    """Ask the sandbox for a text, as a worker does."""
    call = Call(MODEL, 20, label=None if label is None else str(label))
    return gateway().chat(call, [Message("user", words)], schema=None, max_tokens=100)


def booked(journal: Journal, answer: Answer, **values: Any) -> None:
    """Journal an answer."""
    told = {"cost_micro_usd": answer.cost_micro_usd, "provider_ref": answer.ref, "ago": LONG_AGO, **values}
    journal.add(provider="gateway", model=MODEL, is_sandbox=True, **told)


def lost(held: Claim, sandbox: Sandbox, *, is_charged: bool) -> uuid.UUID:
    """Make a call to which no answer comes; return its id in the journal, where it is half an hour old."""
    call_id = unknown(held, asked(model=MODEL))
    note(call_id, started_at=datetime.now(UTC) - LONG_AGO)
    if is_charged:
        sandbox.fail(fault("disconnect_after_charge", times=1))
        with pytest.raises(ProviderDown):
            ask("lost", call_id)
    return call_id


def note(call_id: uuid.UUID, **values: Any) -> None:
    """Set columns of a call, past the code that usually does."""
    with transaction() as session:
        session.execute(update(Journaled).where(Journaled.id == call_id).values(**values))


def call_now(held: Claim, call_id: uuid.UUID) -> Journaled:
    """Return a call of a claim's run as it is now."""
    return next(call for call in calls_of(held.run.id) if call.id == call_id)


def charged(sandbox: Sandbox) -> int:
    """Return all that the sandbox charged, in micro-USD."""
    total = sandbox.bill()["total_micro_usd"]
    assert isinstance(total, int)
    return total


def export(folder: Path, *rows: str) -> str:
    """Write a usage export; return the option that names it."""
    file = folder / "usage.csv"
    file.write_text("\n".join(["id,time,model,cost,input_tokens,output_tokens", *rows]) + "\n")
    return f"--usage-csv={file}"
