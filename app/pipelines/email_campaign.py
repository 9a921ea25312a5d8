"""email-campaign: contacts from a CSV are put into segments, and each segment gets an e-mail with two subjects for A/B.

The cheapest model puts the contacts into segments, fifty at a time and without their addresses; once all are there,
each segment that has contacts gets its e-mail: body, two subjects, and a check of both. Nothing is sent.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from app.domain.brand import BrandKit
from app.domain.states import PieceState, QuotaUnit
from app.pipelines import csv_rows
from app.pipelines.campaign_content import (
    SEGMENTS,
    Assignments,
    Body,
    EmailCheck,
    Segments,
    Subjects,
    fields_of,
    problems_of_assignments,
    problems_of_body,
    problems_of_names,
    problems_of_subjects,
)
from app.pipelines.campaign_prompts import (
    EmailCampaignRequest,
    batch_prompt,
    body_prompt,
    check_prompt,
    segments_prompt,
    subjects_prompt,
)
from app.pipelines.checked_copy import CHECKER_CALLS, WRITER_CALLS, notes_of, sent_back
from app.pipelines.contact_list import Contact, variants
from app.pipelines.labels import Labels, labels
from app.pipelines.markdown import code, code_block, in_line
from app.pipelines.order import on_one_line
from app.pipelines.pipeline import Done, Made, NewPiece, Pipeline, Stage, Work
from app.pipelines.stages import text_stage

CONTACTS, SEGMENTATION, KIND, EMAIL = "contacts", "segmentation", "batch", "email"
BATCH = 50  # contacts in one request: more make models skip some
PER_ITEM = 100  # contacts of one item of the month
MOST_SHOWN = 100  # bad rows in the view; campaign.csv has all
COLUMNS = ("email", "segment", "variant", "subject", "problem")
LATER = "the run says why, and a resume tries again"


def read_contacts(work: Work) -> Done:
    """Count the rows and note the bad ones."""
    contacts = work.request.contacts
    bad = [{"row": one.row, "problem": one.problem} for one in contacts.rows if one.problem is not None]
    return Done(data={"good": len(contacts.good), "bad": len(bad), "bad_rows": bad[:MOST_SHOWN]})


def propose_segments(work: Work) -> Done:
    """Have segments proposed."""
    said = work.ask.structured(
        "plan_content",
        segments_prompt(work.request),
        Segments,
        name="campaign_segments",
        check=lambda reply: problems_of_names([one.name for one in reply.segments]),
    )
    segments = [{"name": on_one_line(one.name), "about": on_one_line(one.about)} for one in said.segments]
    return Done(data={"segments": segments})


def classify_contacts(work: Work) -> Done:
    """Have the contacts of one batch put into segments."""
    rows, names = work.data["rows"], [one["name"] for one in work.data["segments"]]
    said = work.ask.structured(
        "classify",
        batch_prompt(work.request, work.data),
        Assignments,
        name="contact_segments",
        check=lambda reply: problems_of_assignments(reply, rows, names),
    )
    return Done(data={"assigned": {str(one.n): one.segment for one in said.contacts}})


def write_body(work: Work) -> Done:
    """Have the body written, or mended as the notes say."""
    fields, language = work.data["fields"], work.request.language
    said = work.ask.structured(
        "write_copy",
        body_prompt(work.request, work.brand.voice, work.data),
        Body,
        name="email_body",
        check=lambda reply: problems_of_body(reply, fields, language),
    )
    return Done(data={"body": f"{said.text}\n{work.request.sender}"})


def write_subjects(work: Work) -> Done:
    """Have the two subjects written."""
    said = work.ask.structured(
        "caption",
        subjects_prompt(work.request, work.data),
        Subjects,
        name="email_subjects",
        check=lambda reply: problems_of_subjects(reply, work.request.language),
    )
    return Done(data={"subjects": [said.subject_a.strip(), said.subject_b.strip()]})


def check_email(work: Work) -> Done:
    """Have body and subjects read again. A refused e-mail is written anew once; refused twice, it is not delivered."""
    said = work.ask.structured(
        "check_copy", check_prompt(work.request, work.data), EmailCheck, name="email_check", check=lambda _: []
    )
    if notes := notes_of(said):
        return sent_back(work, notes, "write_body", "body", "subjects")
    return Done(data={"approved": True, "notes": []})


def opening(request: EmailCampaignRequest, _: BrandKit) -> Sequence[NewPiece]:
    """Return the report on the rows, and beside it what finds the segments, or where they are given, the batches."""
    read = NewPiece(CONTACTS, 0, {})
    if request.segments is None:
        return [read, NewPiece(SEGMENTATION, 0, {})]
    return [read, *batches(request, [{"name": name, "about": ""} for name in request.segments])]


def batches(request: EmailCampaignRequest, segments: Sequence[Mapping[str, str]]) -> list[NewPiece]:
    """Return a piece per batch of contacts, which has their rows but not what stands in them."""
    rows = [contact.row for contact in request.contacts.good]
    return [
        NewPiece(KIND, n, {"rows": rows[first : first + BATCH], "segments": list(segments)})
        for n, first in enumerate(range(0, len(rows), BATCH))
    ]


def then(request: EmailCampaignRequest, _: BrandKit, made: Sequence[Made]) -> Sequence[NewPiece]:
    """Return the batches once segments are proposed; then a piece for the e-mail of each segment that has contacts.

    It does not know how many: a batch that comes later, by a resume, leaves the e-mails that are there as they are.
    """
    proposed = [piece.data["segments"] for piece in made if piece.kind == SEGMENTATION and piece.is_ready]
    ready = [piece.data for piece in made if piece.kind == KIND and piece.is_ready]
    sorting = [batch for segments in proposed for batch in batches(request, segments)]
    segments = ready[0]["segments"] if ready else []
    used = {name for data in ready for name in data["assigned"].values()}
    fields = list(request.contacts.columns)
    return sorting + [
        NewPiece(EMAIL, n, {"segment": one["name"], "about": one["about"], "fields": fields})
        for n, one in enumerate(segments)
        if one["name"] in used
    ]


def counts(request: EmailCampaignRequest) -> Mapping[str, int]:
    """Return how many pieces of each kind the run will have, at most."""
    named = request.segments
    return {
        CONTACTS: 1,
        **({SEGMENTATION: 1} if named is None else {}),
        KIND: -(-len(request.contacts.good) // BATCH),
        EMAIL: SEGMENTS[1] if named is None else len(named),
    }


def charges(request: EmailCampaignRequest) -> Mapping[QuotaUnit, int]:
    """Return one item for each hundred contacts begun: known before, and what the work grows with."""
    return {QuotaUnit.ITEMS: -(-len(request.contacts.good) // PER_ITEM)}


def heading(request: EmailCampaignRequest) -> str:
    """Return who writes to how many."""
    return f"{request.sender}: e-mails to {len(request.contacts.good):,} contacts"


def texts(pieces: Mapping[str, Sequence[Mapping[str, Any]]]) -> dict[str, Any]:
    """Return the approved e-mails, how many contacts each is for, and the rows that could not be used."""
    read = next(iter(pieces.get(CONTACTS, ())), {})
    found = _segment_of(pieces.get(KIND, ()))
    return {
        "emails": [
            {"segment": p["segment"], "contacts": list(found.values()).count(p["segment"])}
            | {"subject_a": p["subjects"][0], "subject_b": p["subjects"][1], "body": p["body"]}
            for p in pieces.get(EMAIL, ())
            if p.get("approved")
        ],
        "contacts": read.get("good"),
        "bad_rows": read.get("bad_rows", []),
    }


def _segment_of(made: Sequence[Mapping[str, Any]]) -> dict[int, str]:
    """Return the segment by row."""
    return {int(row): name for data in made for row, name in data.get("assigned", {}).items()}


def files(request: EmailCampaignRequest, ready: Mapping[str, Sequence[Mapping[str, Any]]]) -> Mapping[str, str]:
    """Return campaign.csv, a line per row of the order and in its order, and emails.md with the e-mails."""
    found = _segment_of(ready.get(KIND, ()))
    emails = {data["segment"]: data for data in ready.get(EMAIL, ())}
    split: dict[int, str] = {}
    for name in emails:
        split |= variants([one for one in request.contacts.good if found.get(one.row) == name])
    lines = [_line_of(one, found.get(one.row), emails, split) for one in request.contacts.rows]
    return {
        "campaign.csv": csv_rows.written(COLUMNS, lines),
        "emails.md": "\n".join(_shown(emails, found, split, labels(request.language))),
    }


def _line_of(
    contact: Contact, segment: str | None, emails: Mapping[str, Mapping[str, Any]], split: Mapping[int, str]
) -> dict[str, Any]:
    line: dict[str, Any] = {"email": contact.email, "segment": segment, "problem": contact.problem}
    if contact.problem is not None:
        return line
    if segment is None or segment not in emails:
        what = "no segment was found for it" if segment is None else "its segment has no e-mail"
        return line | {"problem": f"{what}; {LATER}"}
    variant = split[contact.row]
    empty = [name for name in fields_of(emails[segment]["body"]) if not contact.cells.get(name)]
    told = f"the e-mail names {', '.join(empty)}, which this row does not have" if empty else None
    return line | {"variant": variant, "subject": emails[segment]["subjects"]["AB".index(variant)], "problem": told}


def _shown(
    emails: Mapping[str, Mapping[str, Any]], found: Mapping[int, str], split: Mapping[int, str], named: Labels
) -> Iterator[str]:
    for name, data in emails.items():
        rows = [row for row, segment in found.items() if segment == name]
        yield f"# {in_line(name)}\n"
        for variant, subject in zip("AB", data["subjects"], strict=True):
            count = sum(split.get(row) == variant for row in rows)
            yield f"{named.subject} {variant} ({named.contacts.format(count=count)}): {code(subject)}\n"
        yield f"{code_block(data['body'])}\n"


READ = Stage("read_contacts", read_contacts, PieceState.READY, "text", keeps="good", expected_s=0.1)
PROPOSE = text_stage(
    propose_segments, "plan_content", keeps="segments",
    max_tokens=(6_000, 2_500),  # the model may think first
    expected_tokens=(900, 350), expected_s=4,
)  # fmt: skip
CLASSIFY = text_stage(
    classify_contacts, "classify", keeps="assigned", max_charged_calls=3,
    max_tokens=(10_000, 3_000),  # fifty contacts, each with the name of its segment
    expected_tokens=(900, 550), expected_s=3,
)  # fmt: skip
WRITE = text_stage(
    write_body, "write_copy", gives=PieceState.PENDING, keeps="body", max_charged_calls=WRITER_CALLS,
    max_tokens=(3_500, 1_500), expected_tokens=(420, 230), expected_s=4,
)  # fmt: skip
SUBJECTS = text_stage(
    write_subjects, "caption", gives=PieceState.PENDING, keeps="subjects", max_charged_calls=WRITER_CALLS,
    max_tokens=(2_000, 300), expected_tokens=(330, 40), expected_s=1,
)  # fmt: skip
CHECK = text_stage(
    check_email, "check_copy", keeps="approved", max_charged_calls=CHECKER_CALLS,
    max_tokens=(4_000, 500), expected_tokens=(480, 30), expected_s=1,
)  # fmt: skip

PIPELINE = Pipeline(
    name="email-campaign",
    version=1,
    title="Contacts from a CSV become segments, each with an e-mail and two subjects for A/B.",
    request=EmailCampaignRequest,
    charges=charges,
    opening=opening,
    counts=counts,
    heading=heading,
    tracks={CONTACTS: (READ,), SEGMENTATION: (PROPOSE,), KIND: (CLASSIFY,), EMAIL: (WRITE, SUBJECTS, CHECK)},
    texts=texts,
    then=then,
    tolerates=frozenset({KIND, EMAIL}),
    files=files,
)
