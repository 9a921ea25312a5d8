"""Makes typed text into set text: quotation marks, dashes, ellipses, spaces, as the language has them."""

from __future__ import annotations

import re
from functools import cache

from workers.images.compositor.graphemes import clean
from workers.images.compositor.quotation import NNBSP, quoted

NBSP = "\u00a0"
BULLET = "•"
MOST_PASSES = 5

_Rule = tuple[str, str]
_MARKDOWN: tuple[_Rule, ...] = ((r"\*\*|__|`", ""), (r"  +", " "))  # that a model leaves behind
_CODES = (
    "PKR|USD|EUR|GBP|INR|AED|SAR|QAR|KWD|OMR|BHD|BDT|LKR|NPR|CNY|JPY|KRW|HKD|SGD|MYR|IDR|THB|PHP|VND|TRY|EGP|NGN|KES|"
    "ZAR|RUB|UAH|PLN|CZK|HUF|RON|SEK|NOK|DKK|CHF|CAD|AUD|NZD|BRL|MXN|ARS|Rs"
)
_SIGNS = "$¢£¥₣₤₦₨₩₪₫€₭₮₱₲₴₵₸₹₺₼₽₾₿฿"
_EVERYWHERE: tuple[_Rule, ...] = (
    (r"\s*---\s*|(?<=\w)--(?=\w)", "—"),
    (r"(?<=\d) (?=[%€]|(?:kg|km|ms|s|px|GB|MB|h)\b)", NBSP),
    (rf"(?<![\w])((?:{_CODES})\.?|[{_SIGNS}]) (?=\d)", rf"\1{NBSP}"),  # money is one word
    (rf"(?<=\d) (?=(?:(?:{_CODES})\b|[{_SIGNS}])(?!\s?\d))", NBSP),
    (r" (?=[–—])", NBSP),  # a dash ends a line, it does not start one
    (r" (?=[:;!?»])", NBSP),  # no mark starts a line
)
_FRENCH: tuple[_Rule, ...] = (
    (rf"(?<=[\w»”’)\]])[ {NBSP}{NNBSP}]?(?=[;!?](?:\s|$|[!?{NNBSP}»]))", NNBSP),
    (rf"(?<=[\w»”’)\]])[ {NBSP}{NNBSP}]?(?=:(?:\s|$|»))", NBSP),
    (rf"«[ {NBSP}{NNBSP}]?(?=\S)", f"«{NNBSP}"),
    (rf"(?<=\S)[ {NBSP}{NNBSP}]?»", f"{NNBSP}»"),
)
_HAN = "\u2e80-\u2fff\u3005-\u3007\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
_CJK: tuple[_Rule, ...] = (
    (r"(?:\.{3,}|。{3,}|…+)", "……"),
    (r"(?<!-)--(?!-)", "——"),
    (rf"(?<=[{_HAN}」』”）]), ?", "，"),
    (rf"(?<=[{_HAN}」』”）])! ?", "！"),
    (rf"(?<=[{_HAN}」』”）])\? ?", "？"),
    (rf"(?<=[{_HAN}」』”）]): ?(?!//)", "："),
    (rf"(?<=[{_HAN}」』”）]); ?", "；"),
)
_JAPANESE: tuple[_Rule, ...] = ((r"，", "、"),)
_ARABIC: tuple[_Rule, ...] = (
    (r"(?<=[\u0621-\u064a\u066e-\u06d3“”»]),", "،"),
    (r"(?<=[\u0621-\u064a\u066e-\u06d3“”»]);", "؛"),
    (r"(?<=[\u0621-\u064a\u066e-\u06d3“”»])\?", "؟"),
)
_ONE_LETTER: tuple[_Rule, ...] = ((r"(?<![\w’])(\w) (?=\w)", rf"\1{NBSP}"),)  # a preposition does not end a line
_LIST_MARK = re.compile(r"^[-*•·] +")
# A range is 3-5. Dates and phone numbers are none: 2026-11-21 keeps its hyphens.
_RANGE = re.compile(r"(\d{2,4}-\d{1,2}-\d{1,4}|\d{3,}-\d{3,}(?:-\d+)*)|(?<=\d)\s?--?\s?(?=\d)")
_SLAVIC = ("cs", "sk", "pl", "ru", "uk", "be", "bg")


def typeset(text: str, language: str = "en") -> str:
    """Return `text` with typographic marks and single spaces; line breaks stay, empty lines go.

    language: BCP 47; decides quotation marks, dashes, and the spaces around marks. Setting twice changes nothing.
    """
    lines = (re.sub(r"[ \t]+", " ", line).strip() for line in clean(text).splitlines())
    return "\n".join(done for line in lines if line and (done := _line(line, language.lower().replace("_", "-"))))


def _line(line: str, language: str) -> str:
    """Return a line set, again and again until nothing changes: a space that one rule puts can be another's reason."""
    for _ in range(MOST_PASSES):
        before, line = line, _once(line, language)
        if line == before:
            break
    return line


def _once(line: str, language: str) -> str:
    is_item = _LIST_MARK.match(line)
    if is_item:
        line = line[is_item.end() :]
    line = _RANGE.sub(lambda found: found[1] or "–", _apply(_MARKDOWN, line))
    line = _apply(_rules(language), quoted(line, language)).strip()
    return f"{BULLET}{NBSP}{line}" if is_item and line else line


def _apply(rules: tuple[_Rule, ...], line: str) -> str:
    for pattern, put in rules:
        line = _compiled(pattern).sub(put, line)
    return line


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


@cache
def _rules(language: str) -> tuple[_Rule, ...]:
    tag = language.partition("-")[0]
    dash = "—" if tag in ("ru", "uk", "be", "bg") else "–"
    rules: tuple[_Rule, ...] = ((r"(?<=\s)--?(?=\s)", dash), *_EVERYWHERE)
    if tag in ("zh", "ja", "yue"):
        return (*_CJK, *(_JAPANESE if tag == "ja" else ()), *rules)
    rules = ((r"\.{3,}", "…"), *rules)
    if tag == "fr" and language != "fr-ca":
        rules = (*_FRENCH, *rules)
    if tag in ("ar", "fa", "ur", "ps", "sd", "ckb", "ug"):
        rules = (*_ARABIC, *rules)
    return (*rules, *_ONE_LETTER) if tag in _SLAVIC else rules
