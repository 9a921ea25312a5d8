"""Which way text runs: the Unicode bidirectional algorithm, for paragraphs of one style."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, TypeAlias

from bidi import algorithm  # type: ignore[import-untyped]  # python-bidi ships no types
from bidi.mirror import MIRRORED  # type: ignore[import-untyped]

from app.domain.languages import is_rtl_language

# LRM, RLM, ALM have a direction but no ink; the others open and close embeddings and isolates.
MARKS = frozenset("\u200e\u200f\u061c")
EMBEDS = {"\u2066": "\u202a", "\u2067": "\u202b", "\u2068": "\u202a", "\u2069": "\u202c"}
EMBEDDINGS = frozenset("\u202a\u202b\u202c") | frozenset(EMBEDS)

MOST_BRACKETS = 63  # open at a time; pairing ends beyond (UAX 9, BD16)

Chars: TypeAlias = list[dict[str, Any]]


def has_rtl(text: str) -> bool:
    """Return whether any letter of `text` runs from right to left."""
    return not text.isascii() and any(unicodedata.bidirectional(c) in ("R", "AL") for c in text)


def is_rtl(text: str, language: str) -> bool:
    """Return whether a paragraph runs from right to left.

    In a language that does, every paragraph with a letter that does; in others the first letter decides.
    """
    if not has_rtl(text):
        return False
    return is_rtl_language(language) or algorithm.get_base_level(text) == 1


@lru_cache(maxsize=1024)
def levels(text: str, *, rtl: bool) -> tuple[int, ...]:
    """Return the embedding level of each character (UAX 9): odd runs from right to left. rtl: the paragraph's own."""
    storage = algorithm.get_empty_storage()
    storage["base_level"], storage["base_dir"] = int(rtl), "R" if rtl else "L"
    # Isolates are taken as embeddings, which differ from them only at their edges.
    plain = "".join(EMBEDS.get(character, character) for character in text)
    algorithm.get_embedding_levels(plain, storage)
    numbered: Chars = storage["chars"]
    for place, one in enumerate(numbered):
        one["place"] = place
        one["type"] = one["type"] or "L"  # characters that Python's Unicode does not know yet
    algorithm.explicit_embed_and_overrides(storage)
    algorithm.resolve_weak_types(storage)
    for run in storage["runs"]:
        _pair_brackets(storage["chars"][run["start"] : run["start"] + run["length"]], run["sor"])
    algorithm.resolve_neutral_types(storage, debug=False)
    algorithm.resolve_implicit_levels(storage, debug=False)
    found = {one["place"]: one["level"] for one in storage["chars"]}
    result, last = [], int(rtl)
    for place in range(len(text)):
        last = found.get(place, last)  # what the algorithm removes has no ink; it goes with its neighbour
        result.append(last)
    return tuple(result)


def _pair_brackets(chars: Chars, before: str) -> None:
    """Give both brackets of a pair one direction (UAX 9, rule N0), which python-bidi leaves out.

    Without it the closing bracket in "(AI) GPT" of an Arabic line turns around.
    """
    if not chars:
        return
    own = "R" if chars[0]["level"] % 2 else "L"
    strong = [_strong(one["type"]) for one in chars]
    for start, end in _pairs(chars):
        inside = set(strong[start + 1 : end]) - {""}
        if not inside:
            continue
        settled = own
        if own not in inside:
            context = next((way for way in reversed(strong[:start]) if way), before)
            settled = context if context != own else own
        for place in (start, end):
            chars[place]["type"] = strong[place] = settled


def _strong(kind: str) -> str:
    return "R" if kind in ("R", "EN", "AN") else "L" if kind == "L" else ""


def _pairs(chars: Chars) -> list[tuple[int, int]]:
    """Return the places of matching brackets, in the order of the opening ones."""
    waiting: list[tuple[str, int]] = []
    found = []
    for place, one in enumerate(chars):
        if one["type"] != "ON":
            continue
        kind = unicodedata.category(one["ch"])
        if kind == "Ps" and one["ch"] in MIRRORED:
            if len(waiting) == MOST_BRACKETS:
                break
            waiting.append((MIRRORED[one["ch"]], place))
        elif kind == "Pe":
            for back in range(len(waiting) - 1, -1, -1):
                if waiting[back][0] == one["ch"]:
                    found.append((waiting[back][1], place))
                    del waiting[back:]
                    break
    return sorted(found)


def visual_order(of_levels: Sequence[int]) -> list[int]:
    """Return the places of runs from left to right, given the level of each in reading order (UAX 9, rule L2)."""
    order = list(range(len(of_levels)))
    for level in range(max(of_levels, default=0), 0, -1):
        place = 0
        while place < len(order):
            end = place
            while end < len(order) and of_levels[order[end]] >= level:
                end += 1
            order[place:end] = reversed(order[place:end])
            place = max(end, place + 1)
    return order
