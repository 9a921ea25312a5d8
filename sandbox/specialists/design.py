"""Lays out designs: pictures in a grid, words beside or below them, a button; a label on the first picture.

Words in the brief that have it go wrong, so that it can be seen: `crowded layout` puts two texts over each other until it
is told so; `impossible layout` does it every time.
"""

from __future__ import annotations

import random
import re

from sandbox.calls import Ask, Json
from sandbox.languages.english import ENGLISH
from sandbox.languages.language import Language
from sandbox.specialists.specialist import Specialist
from sandbox.topics import title_case
from sandbox.voice import word_count

_ORDERS = {"a", "an", "the", "design", "make", "create", "draw", "poster", "flyer", "banner", "ad", "advert", "picture",
           "graphic", "for", "of", "about", "us", "me", "please", "announcing", "announce", "that", "says"}  # fmt: skip
_JOINTS = {
    "for",
    "of",
    "in",
    "with",
    "and",
    "on",
    "at",
    "from",
    "to",
    "the",
    "a",
}  # a headline does not end in the middle
_SCENES = (
    "{subject}, seen from close by in soft light",
    "the place where {subject} begins, early in the morning",
    "hands at work, a quiet detail of {subject}",
    "a wide calm view with room around {subject}",
    "one object that stands for {subject}, on a plain table",
    "people from behind on their way to {subject}",
)
_BUTTONS = ("See more", "Join us", "Find out how", "Book a place")
_LABELS = ("New", "This month", "For you", "Now open")
HEADLINE_WORDS, BODY_WORDS, SUBJECT_WORDS = 5, 16, 8
LINES, BUTTON = 4.3, 2.6  # a body and a button are at least so many times as high as their type
LABELLED_PX = (420, 260)  # an image of this size has room for a label


def _lay_out(ask: Ask, key: str, language: Language) -> Json:
    """Return a layout of as many images as were asked for; simpler when an earlier one was refused."""
    chance = random.Random(key)
    width, height = (int(side) for side in (re.findall(r"(\d+)x(\d+) px", ask.prompt) or [("1080", "1080")])[0])
    brief = _line(ask.prompt, "Brief")
    colours = dict(re.findall(r"(ground|surface|text|accent) (#[0-9a-fA-F]{6})", _line(ask.prompt, "Colours")))
    is_again = "breaks these rules" in ask.prompt
    page = _Page(width, height, int(_line(ask.prompt, "Images") or "1"), colours)
    headline, body, button, label = _words(brief, key, language)
    scenes = chance.sample(_SCENES, len(_SCENES))
    subject = _subject(brief)
    page.images([scene.format(subject=subject) for scene in scenes], label="" if is_again else label)
    page.words(headline, "" if is_again else body, "" if is_again else button)
    if "impossible layout" in brief.lower() or ("crowded layout" in brief.lower() and not is_again):
        title = next(one for one in page.elements if one["id"] == "headline")
        page.elements.append({**title, "id": "second", "text": button or headline})
    return {"ground": page.colour("ground", "#101418"), "elements": page.elements}


class _Page:
    """A canvas: pictures to the right of the words where it is wide, above them where it is not."""

    def __init__(self, width: int, height: int, images: int, colours: dict[str, str]) -> None:
        self.count = images
        self.elements: list[Json] = []
        self._colours = colours
        self._gap = max(6, min(width, height) // 40)
        self._margin = margin = max(16, min(width, height) // 16)
        self._type = max(12, round(28 * min(width, height) / 1080))  # px; the smallest that is drawn
        split = round(width * 0.46), height // 2
        if width > height * 1.2:
            self._pictures = (split[0], 0, width, height)
            self._text = (margin, margin, split[0] - margin, height - margin)
        else:
            self._pictures = (0, 0, width, split[1])
            self._text = (margin, split[1] + margin, width - margin, height - margin)

    def colour(self, name: str, usual: str) -> str:
        """Return one of the brand's colours."""
        return self._colours.get(name, usual)

    def images(self, ideas: list[str], label: str) -> None:
        """Put the images into a grid, and a label on the first."""
        left, top, right, bottom = self._pictures
        across = min(self.count, 3 if right - left > bottom - top else 2)
        down = -(-self.count // across)
        for n in range(self.count):
            row, column = divmod(n, across)
            in_row = min(across, self.count - row * across)
            x = left + (right - left + self._gap) * column // in_row
            y = top + (bottom - top + self._gap) * row // down
            end = left + (right - left + self._gap) * (column + 1) // in_row - self._gap
            foot = top + (bottom - top + self._gap) * (row + 1) // down - self._gap
            self._add(f"image-{n + 1}", "image", (x, y, end, foot), style="box", idea=ideas[n])
        first = self.elements[0]
        if label and first["width"] >= LABELLED_PX[0] and first["height"] >= LABELLED_PX[1]:
            pad, high = max(self._margin, first["width"] // 20), max(3 * self._type, first["height"] // 8)
            box = (first["x"] + pad, first["y"] + pad, first["x"] + first["width"] - pad, first["y"] + pad + high)
            self._add("label", "text", box, z=2, on="image-1", style="label", text=label, colour="#ffffff")

    def words(self, headline: str, body: str, button: str) -> None:
        """Put the words one below the other."""
        left, top, right, bottom = self._text
        high, ink = bottom - top, self.colour("text", "#f5f5f5")
        body = body if high * 0.3 > LINES * self._type else ""
        button = button if high * 0.19 - 8 > BUTTON * self._type else ""
        share = 0.42 if body or button else 1.0
        self._add(
            "headline", "text", (left, top, right, top + int(high * share)), style="headline", text=headline, colour=ink
        )
        if body:
            box = (left, top + int(high * 0.46), right, top + int(high * 0.76))
            self._add("body", "text", box, style="body", text=body, colour=ink)
        if button:
            box = (left, top + int(high * 0.81), left + min(right - left, int(high * 1.6)), bottom)
            self._add("button", "shape", box, style="round", colour=self.colour("accent", "#4f9dff"))
            inside = (box[0] + self._gap, box[1] + 4, box[2] - self._gap, box[3] - 4)
            self._add(
                "action", "text", inside, z=2, on="button", style="label", align="center", text=button, colour="#ffffff"
            )

    def _add(self, name: str, kind: str, box: tuple[int, int, int, int], **more: object) -> None:
        place = {"x": box[0], "y": box[1], "width": box[2] - box[0], "height": box[3] - box[1]}
        usual = {"z": 1, "on": "", "align": "start", "text": "", "colour": "", "idea": ""}
        self.elements.append({"id": name, "type": kind, **place, **usual, **more})


def _words(brief: str, key: str, language: Language) -> tuple[str, str, str, str]:
    """Return headline, body, button and label; in English the headline is of the brief's own words."""
    voice = language.voice(key, _subject(brief))
    tone = "promo" if "promo" in language.calls else next(iter(language.calls))
    calls = [title for one in language.calls.values() for title, _ in one]
    short = min((voice.say(title) for title in calls), key=len)
    body = voice.pick(language.openers[tone], language.at_most(BODY_WORDS))
    if language is not ENGLISH:
        return voice.pick([title for title, _ in language.calls[tone]]), body, short, short
    return _headline(brief), body, voice.pick(_BUTTONS), voice.pick(_LABELS)


def _headline(brief: str) -> str:
    words = _subject(brief).split()[:HEADLINE_WORDS]
    ends = [n for n, word in enumerate(words) if n > 1 and word.lower() in _JOINTS]
    return " ".join(title_case(word) for word in words[: ends[-1] if ends else None])


def _subject(brief: str) -> str:
    """Return what a brief is about: its first sentence without the words that order something."""
    first = re.split(r"[.!?:;]", brief)[0]
    kept = [word.strip(",\"'“”()") for word in first.split()]
    while kept and kept[0].lower() in _ORDERS:
        kept.pop(0)
    told = " ".join(kept[:SUBJECT_WORDS]) or "a new beginning"
    return told if word_count(told) > 1 else f"{told} today"


def _line(prompt: str, name: str) -> str:
    found = re.search(rf"^{name}: (.*)$", prompt, re.MULTILINE)
    return found[1].strip() if found else ""


SPECIALISTS = (Specialist("design_layout", frozenset({"ground", "elements"}), _lay_out),)
