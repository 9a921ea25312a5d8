"""Reads what a text holds that can be shown: a striking figure, the items of a list, one single statement.

Works on typeset text of any language and script. When in doubt it finds nothing: a slide that is set as plain text is
never wrong. Years, times, dates, versions and ranges are no figures.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

NBSP = "\u00a0"
ITEMS = range(2, 7)
SENTENCES = range(3, 5)
ITEM_LENGTH = 84  # columns, see `columns_of`; a longer one is a paragraph
SENTENCE_LENGTH, SENTENCE_WORDS = 56, 9
STATEMENT_TITLE, STATEMENT_BODY = 70, 40
FIGURE_LENGTH = 14
OPENING = 220  # columns of a body up to which a figure at its start carries the slide

_NUMBER = r"(?:\d{1,3}(?:[,٬'’\u00a0\u202f]\d{2,3})+|\d+)(?:[.,٫]\d{1,2})?"
_GROUPED = r"\d{1,3}(?:[,٬'’\u00a0\u202f]\d{2,3})*[,٬'’\u00a0\u202f]\d{3}"
_CURRENCY = r"(?:US\$|[$€£¥₹₨₩₽₺₦฿]|(?:PKR|USD|EUR|GBP|INR|AED|SAR|Rs\.?)[ \u00a0]?)"
_MAGNITUDE = (
    r"[ \u00a0]?(?:[KMBk](?![^\W\d_])|bn\b|(?:million|billion|trillion|Millionen|Milliarden|millones|millions|milliards"
    r"|crore|lakh)\b|करोड़|लाख|کروڑ|لاکھ|مليون|مليار|[万亿億倍])"
)
_STRONG = (
    rf"{_CURRENCY}{_NUMBER}(?:{_MAGNITUDE})?|{_NUMBER}{_MAGNITUDE}(?:[ \u00a0]?[€£₹])?|"
    rf"{_NUMBER}[ \u00a0]?[%٪％€£₹]|{_NUMBER}[×x](?![\w])|{_GROUPED}"
)
# Not inside a word, a range, a date, a version, a product of two numbers; a sign belongs to it.
_FIGURE = re.compile(
    rf"(?<![\dA-Za-z.,:/×–—+−-])(?:[+−-]|(?:(?<=\s)|^)–)?(?:{_STRONG})\+?(?![\d]|[.,:/×xX–—-]\d|[ \u00a0]?[–—][ \u00a0]?[\d$€£¥₹])"
)
_ALONE = re.compile(rf"({_NUMBER}\+?)(?:[ \u00a0]\S+){{0,2}}")
_YEARS = range(1900, 2100)
_PERCENT = re.compile(r"[ \u00a0\u202f]([%٪％])")
_FEW = 10  # below it, a number that stands alone is no sensation

_MARKED = re.compile(r"(?:([•▪◦‣✓✔→])|\(?(\d{1,2})[.)．）、](?!\d)|([①-⑩]))[\s\u00a0]*")
_INLINE = re.compile(r"(?:(?<=^)|(?<=[\s:：]))(?:\(?(\d)[)）]|([①-⑩]))[\s\u00a0]*")
_SENTENCE = re.compile(r"(?<=[.!?…])[”’\"]?\s+|(?<=[。！？۔।؟])[”’」]?\s*")


@dataclass(frozen=True, slots=True)
class Figure:
    """A striking number, and the text around it in reading order."""

    before: str
    figure: str
    """Without a space that a line could break at."""
    after: str
    share: float | None = None
    """0 to 1, of a percentage up to 100."""


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a list."""

    text: str
    number: str = ""
    """As the author wrote it, in the author's digits; "" for an item without one."""


@dataclass(frozen=True, slots=True)
class Items:
    """A list, and the text that leads to it."""

    lead: str
    items: tuple[Item, ...]


def columns_of(text: str) -> int:
    """Return about how wide `text` is, in Latin letters: Chinese, Japanese and Korean ones count twice."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def figure_of(title: str, body: str) -> tuple[Figure, bool] | None:
    """Return the one figure that a slide is about, and whether it stands in the title; None if there is none.

    In a title it may stand anywhere, in a body only at the start: there it is what the sentence is about.
    """
    in_title = [*_FIGURE.finditer(title)]
    if len(in_title) == 1 and len(in_title[0][0]) <= FIGURE_LENGTH:
        return _parted(title, in_title[0]), True
    if in_title:
        return None
    alone = _ALONE.fullmatch(title)
    if alone and not _is_year(alone[1]) and int(re.sub(r"\D", "", alone[1])) >= _FEW:
        return Figure("", alone[1], title[alone.end(1) :].strip(" " + NBSP)), True
    in_body = [*_FIGURE.finditer(body)]
    if len(in_body) == 1 and in_body[0].start() == 0 and columns_of(body) <= OPENING and "\n" not in body:
        return _parted(body, in_body[0]), False
    return None


def any_figure_of(title: str, body: str) -> tuple[Figure, bool] | None:
    """Return the slide's first number of any kind, for a slide that is told to show one."""
    for text in (title, body):
        found = _FIGURE.search(text) or re.search(_NUMBER, text)
        if found:
            return _parted(text.replace("\n", " "), found), text is title
    return None


def items_of(body: str) -> Items | None:
    """Return the list that `body` is: lines, an enumeration such as "1) ... 2) ...", or three to four short sentences."""
    for found in (_lines(body), _enumeration(body), _sentences(body)):
        if found and len(found.items) in ITEMS and all(columns_of(i.text) <= ITEM_LENGTH for i in found.items):
            return found
    return None


def any_items_of(body: str) -> Items | None:
    """Return the lines, the enumeration or the sentences of `body`, for a slide that is told to show a list; None for one alone."""
    split = Items("", tuple(Item(part) for part in _parts(body)))
    return items_of(body) or _lines(body) or _enumeration(body) or (split if len(split.items) > 1 else None)


def is_statement(title: str, body: str) -> bool:
    """Return whether so little is said that it should be said large."""
    said, more = (title, body) if title else (body, "")
    return 0 < columns_of(said) <= STATEMENT_TITLE and columns_of(more) <= STATEMENT_BODY


def _parted(text: str, found: re.Match[str]) -> Figure:
    figure = _PERCENT.sub(r"\1", found[0].strip().replace(" ", NBSP))  # at this size the space before the sign is a gap
    after = text[found.end() :].lstrip(" .,:;!?–—-" + NBSP) if text[found.end() :].strip(" .!") else ""
    return Figure(text[: found.start()].rstrip(" :–—" + NBSP), figure, after, _share(figure))


def _share(figure: str) -> float | None:
    told = re.fullmatch(r"(\d+(?:[.,٫]\d+)?)[\u00a0]?[%٪％]", figure)
    value = float(told[1].replace("٫", ".").replace(",", ".")) / 100 if told else 2.0
    return value if 0 < value <= 1 else None


def _is_year(number: str) -> bool:
    return number.isdigit() and int(number) in _YEARS


def _lines(body: str) -> Items | None:
    lines = body.split("\n")
    if len(lines) < ITEMS.start:
        return None
    marks = [_MARKED.match(line) for line in lines]
    first = 0 if marks[0] else 1
    if all(marks[first:]) and len(lines) - first >= ITEMS.start:
        items = tuple(_item(line, mark) for line, mark in zip(lines[first:], marks[first:], strict=True) if mark)
        return Items(lines[0].rstrip(":： ") if first else "", items)
    if any(marks) or max(map(columns_of, lines)) > SENTENCE_LENGTH:
        return None
    return Items("", tuple(map(Item, lines)))


def _item(line: str, mark: re.Match[str]) -> Item:
    return Item(line[mark.end() :].strip(" ;；,，" + NBSP), _number(mark[2] or mark[3] or ""))


def _number(mark: str) -> str:
    """Return the digits of a mark; a circled digit becomes a plain one."""
    return unicodedata.normalize("NFKC", mark)


def _enumeration(body: str) -> Items | None:
    found = [*_INLINE.finditer(body)]
    numbers = [_number(one[1] or one[2]) for one in found]
    if len(found) < ITEMS.start or [unicodedata.digit(number) for number in numbers] != [*range(1, len(found) + 1)]:
        return None
    ends = [*(one.start() for one in found[1:]), len(body)]
    texts = [body[one.end() : end].strip(" ;；,，\n" + NBSP) for one, end in zip(found, ends, strict=True)]
    lead = body[: found[0].start()].rstrip(" :：\n")
    return (
        Items(lead, tuple(Item(text, number) for text, number in zip(texts, numbers, strict=True)))
        if all(texts)
        else None
    )


def _sentences(body: str) -> Items | None:
    parts = _parts(body)
    is_short = all(columns_of(part) <= SENTENCE_LENGTH and len(part.split()) <= SENTENCE_WORDS for part in parts)
    return Items("", tuple(map(Item, parts))) if len(parts) in SENTENCES and is_short else None


def _parts(body: str) -> list[str]:
    return [part.strip() for line in body.split("\n") for part in _SENTENCE.split(line) if part.strip()]
