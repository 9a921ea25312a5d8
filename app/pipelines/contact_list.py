"""The contacts of a campaign: read from CSV, told to models without what identifies them, split for A/B."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from app.pipelines import csv_rows

MOST_ROWS = 1000
EMAIL_COLUMNS = ("email", "e_mail", "mail", "email_address", "e_mail_address")
# Columns that say who somebody is, not what they are like: no model needs them to find the segment.
IDENTIFYING = frozenset(
    {"name", "first_name", "last_name", "full_name", "surname", "firstname", "lastname", "phone", "mobile", "telephone"}
    | {"whatsapp", "address", "street", "birthday", "date_of_birth", "cnic", "id", "customer_id"}
)
MOST_TOLD = 6  # columns that a model is told of, so that a batch stays cheap
CELL_CHARACTERS = 60
CONTACT_CHARACTERS = 200
MAX_ADDRESS = 254  # RFC 5321
_ADDRESS = re.compile(
    r"(?=.{1,64}@)[A-Za-z0-9](?:[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]|\.(?=[^.@]))*@"
    r"(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+(?:[^\W\d_]{2,63}|xn--[a-z0-9-]{1,59})"
)


@dataclass(frozen=True, slots=True)
class Contact:
    """One row of the CSV."""

    row: int
    """As a spreadsheet numbers it: the header is row 1."""
    email: str
    """As it stands there."""
    cells: Mapping[str, str]
    problem: str | None
    """Why nothing can be sent to it; None = it can."""


@dataclass(frozen=True, slots=True)
class Contacts:
    """All rows, good and bad."""

    columns: tuple[str, ...]
    rows: tuple[Contact, ...]

    @property
    def good(self) -> list[Contact]:
        """Those that something can be sent to."""
        return [contact for contact in self.rows if contact.problem is None]

    @property
    def told(self) -> list[str]:
        """The columns that a model is told of."""
        return [name for name in self.columns if name not in IDENTIFYING and name not in EMAIL_COLUMNS][:MOST_TOLD]


@lru_cache(maxsize=2)  # as csv_rows.read, whose cells it shares
def read(text: str) -> Contacts:
    """Return the contacts of a CSV. Raises ValueError where it is none, or nothing in it can be used."""
    table = csv_rows.read(text, MOST_ROWS)
    column = next((name for name in EMAIL_COLUMNS if name in table.columns), None)
    if column is None:
        raise ValueError(f"no column is called email; there are: {', '.join(table.columns)[:200]}")
    seen: dict[str, int] = {}
    rows = []
    for row in table.rows:
        email = row.cells.get(column, "")
        problem = row.problem or _problem_of(email, seen.get(email.casefold()))
        if problem is None:
            seen[email.casefold()] = row.number
        rows.append(Contact(row.number, email, row.cells, problem))
    found = Contacts(table.columns, tuple(rows))
    if not found.good:
        raise ValueError(f"no row can be used; row {rows[0].row}: {rows[0].problem}")
    if not found.told:
        raise ValueError("beside addresses and names no column tells contacts apart; add one, such as city or company")
    return found


def _problem_of(email: str, earlier: int | None) -> str | None:
    if not email:
        return "it has no e-mail address"
    if len(email) > MAX_ADDRESS or not _ADDRESS.fullmatch(email):
        return f"{email[:60]!r} is no e-mail address"
    return None if earlier is None else f"the same e-mail address as in row {earlier}"


def described(contact: Contact, columns: Sequence[str]) -> str:
    """Return what a model is told of a contact: `city: Lahore; orders: 3`, without any e-mail address."""
    cells = [(name, _without_addresses(contact.cells.get(name, ""))[:CELL_CHARACTERS]) for name in columns]
    return "; ".join(f"{name}: {cell}" for name, cell in cells if cell)[:CONTACT_CHARACTERS] or "nothing known"


def _without_addresses(cell: str) -> str:
    return " ".join("..." if "@" in word else word for word in cell.split())


def variants(contacts: Sequence[Contact]) -> dict[int, str]:
    """Return A or B by row, half of them each, one more A where they are odd.

    In the order of a hash of the address, so that the same contacts are always split alike, and by nothing that
    their order in the file could mean.
    """
    return {contact.row: "AB"[n % 2] for n, contact in enumerate(sorted(contacts, key=_digest))}


def sample(contacts: Sequence[Contact], most: int) -> list[Contact]:
    """Return so many contacts, drawn by the same hash and in the order of the file."""
    return sorted(sorted(contacts, key=_digest)[:most], key=lambda contact: contact.row)


def _digest(contact: Contact) -> bytes:
    return hashlib.sha256(contact.email.casefold().encode()).digest()
