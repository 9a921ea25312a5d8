"""The parts of an e-mail campaign as the models return them, and what must hold of them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence

from pydantic import BaseModel, ConfigDict, Field

from app.pipelines.languages import in_words, is_in_its_script, words

SEGMENTS = (2, 6)
NAME_CHARACTERS = 40  # of a segment
BODY_WORDS = (60, 220)
SUBJECT_CHARACTERS = 60
MOST_FIELDS = 20  # that a model is told of: each call pays for them, and a CSV may have a hundred
FIELDS_CHARACTERS = 800  # of those together
GREETED = ("first_name", "firstname", "name", "full_name", "last_name", "surname", "lastname")
_FIELD = re.compile(r"\{\{ *([^{}]*?) *\}\}")


class Segment(BaseModel):
    """A group of contacts that gets an e-mail of its own."""

    model_config = ConfigDict(extra="forbid")
    name: str = Field(min_length=1, description=f"At most {NAME_CHARACTERS} characters.")
    about: str = Field(description="Who belongs to it, in one sentence.")


class Segments(BaseModel):
    """Segments that were proposed."""

    model_config = ConfigDict(extra="forbid")
    segments: list[Segment] = Field(description=f"{SEGMENTS[0]} to {SEGMENTS[1]}.")


class Assignment(BaseModel):
    """Where one contact belongs."""

    model_config = ConfigDict(extra="forbid")
    n: int = Field(description="The contact's number.")
    segment: str = Field(description="The name of its segment, as it was given.")


class Assignments(BaseModel):
    """Where the contacts of a batch belong."""

    model_config = ConfigDict(extra="forbid")
    contacts: list[Assignment] = Field(description="Each contact once.")


class Body(BaseModel):
    """The text of an e-mail; who sends it is put below."""

    model_config = ConfigDict(extra="forbid")
    greeting: str = Field(min_length=1)
    paragraphs: list[str] = Field(description="Two to five.")
    closing: str = Field(min_length=1, description="The last line, without the sender's name.")

    @property
    def text(self) -> str:
        """The parts, an empty line between two."""
        parts = (part.strip() for part in (self.greeting, *self.paragraphs, self.closing))
        return "\n\n".join(part for part in parts if part)


class Subjects(BaseModel):
    """Two subject lines that are tried against each other."""

    model_config = ConfigDict(extra="forbid")
    subject_a: str = Field(min_length=1, description=f"At most {SUBJECT_CHARACTERS} characters.")
    subject_b: str = Field(min_length=1, description="Another idea than subject_a, no longer.")


class EmailCheck(BaseModel):
    """What has to be changed; all empty = approved."""

    model_config = ConfigDict(extra="forbid")
    promises: list[str] = Field(description="What is promised or claimed and stands not in the offer; empty = nothing.")
    manners: list[str] = Field(description="What could offend these readers, or reads like spam.")
    mistakes: list[str] = Field(description="Mistakes of language.")


def problems_of_names(names: Sequence[str]) -> list[str]:
    """Return what is wrong with the names of segments: their number, length, double ones."""
    least, most = SEGMENTS
    found = [] if least <= len(names) <= most else [f"{len(names)} segments instead of {least} to {most}"]
    if len({" ".join(name.casefold().split()) for name in names}) < len(names):
        found.append("two segments have the same name")
    found += [
        f"{name[:60]!r} has {len(name)} characters instead of 1 to {NAME_CHARACTERS}"
        for name in names
        if not 1 <= len(name.strip()) <= NAME_CHARACTERS
    ]
    return found


def problems_of_assignments(said: Assignments, rows: Sequence[int], names: Collection[str]) -> list[str]:
    """Return what is wrong with a batch: contacts that are missing, unknown or there twice, and unknown segments."""
    numbers = [one.n for one in said.contacts]
    missing, unknown = sorted(set(rows) - set(numbers)), sorted(set(numbers) - set(rows))
    found = [f"contact {n} is missing" for n in missing] + [f"there is no contact {n}" for n in unknown]
    found += [f"contact {n} stands there twice" for n in sorted({n for n in numbers if numbers.count(n) > 1})]
    strange = dict.fromkeys(one.segment for one in said.contacts if one.segment not in names)
    return found + [f"there is no segment {name[:60]!r}; there are: {', '.join(names)}" for name in strange]


def fields_of(text: str) -> list[str]:
    """Return the merge fields of a text, each once: ["name"] for `Hi {{name}}`."""
    return list(dict.fromkeys(_FIELD.findall(text)))


def told_fields(columns: Iterable[str], used: Collection[str] = ()) -> str:
    """Return the merge fields that a model is told of, as `{{name}}, {{city}}`: those of a small CSV, in its order.

    Of a big one those in `used` come first, then what readers are greeted with.
    """
    names = list(columns)
    first = [*(name for name in used if name in names), *(name for name in GREETED if name in names), *names]
    kept: set[str] = set()
    room = FIELDS_CHARACTERS
    for name in dict.fromkeys(first):
        if len(kept) < MOST_FIELDS and len(name) <= room:
            kept.add(name)
            room -= len(name)
    return ", ".join(f"{{{{{name}}}}}" for name in names if name in kept)


def problems_of_body(body: Body, columns: Collection[str], language: str) -> list[str]:
    """Return what is wrong with the text of an e-mail; columns: those that its merge fields may name."""
    least, most = BODY_WORDS
    found = []
    if not least <= (count := words(body.text)) <= most:
        found.append(f"{count} words in all instead of {least} to {most}")
    named = fields_of(body.text)
    known = told_fields(columns, named)
    if strange := [name[:60] for name in named if name not in columns][:MOST_FIELDS]:
        found.append(f"there is no field {', '.join(map(repr, strange))}; there are: {known}")
    if re.search(r"[{}]", _FIELD.sub("", body.text)):
        found.append("a brace that is no part of a field" + ("" if strange else f"; fields are written so: {known}"))
    if not is_in_its_script(_FIELD.sub("", body.text), language):
        found.append(f"not written in {in_words(language)} and its own letters")
    return found


def problems_of_subjects(said: Subjects, language: str) -> list[str]:
    """Return what is wrong with two subject lines. They have no merge fields: filled in, they could get too long."""
    found = []
    for name, subject in (("subject_a", said.subject_a), ("subject_b", said.subject_b)):
        if len(subject.strip()) > SUBJECT_CHARACTERS:
            found.append(f"{name}: {len(subject.strip())} characters instead of at most {SUBJECT_CHARACTERS}")
        if not subject.strip() or "\n" in subject.strip():
            found.append(f"{name}: it has to be one line")
        if re.search(r"[{}]", subject):
            found.append(f"{name}: no fields and no braces in a subject")
    if " ".join(said.subject_a.casefold().split()) == " ".join(said.subject_b.casefold().split()):
        found.append("subject_b is the same as subject_a")
    if not is_in_its_script(f"{said.subject_a} {said.subject_b}", language):
        found.append(f"not written in {in_words(language)} and its own letters")
    return found
