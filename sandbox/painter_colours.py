"""Palettes: from the colour words of a prompt where there are any, else from a chosen set."""

from __future__ import annotations

import colorsys
import re

import numpy as np

from sandbox.painter_tools import Colour, Palette

_WORDS = {
    "navy": "14213d", "midnight": "10162f", "blue": "2b5fb8", "cobalt": "1f4fc4", "azure": "4a9fe0", "sky": "8ec5ea",
    "cyan": "35b8c9", "teal": "16797c", "turquoise": "2fb5a8", "green": "3a8a56", "emerald": "12805c", "sage": "9caf88",
    "olive": "76793a", "mint": "a8dcc0", "forest": "1f4a36", "lime": "a6c93c", "yellow": "f2c53d", "gold": "d4a03a",
    "golden": "d9a441", "amber": "f0a030", "ochre": "c4872f", "mustard": "cf9f2f", "orange": "ec7a34", "coral": "f2725c",
    "peach": "f7bf9c", "apricot": "f4b183", "terracotta": "c5623f", "rust": "a9502e", "copper": "b5683c", "red": "c8393b",
    "crimson": "a81f3a", "scarlet": "cf3a2a", "burgundy": "6b1f33", "maroon": "6a2130", "rose": "d9808f", "pink": "e89ab5",
    "magenta": "b93a88", "plum": "6b3360", "purple": "6a4396", "violet": "7a56b8", "lavender": "b8a6dc", "indigo": "3b3a8c",
    "lilac": "c3b0de", "brown": "7a5237", "chocolate": "4f3224", "sand": "d9c19b", "beige": "ddceb4", "cream": "f4ead6",
    "ivory": "f6f0e0", "white": "f7f6f2", "pearl": "ece8e1", "silver": "b9c0c8", "grey": "8a8f96", "gray": "8a8f96",
    "slate": "4c5a68", "charcoal": "2c3036", "graphite": "34383d", "black": "14151a", "ink": "171c2e",
}  # fmt: skip
_DEEPEN = frozenset(("deep", "dark", "rich", "midnight"))
_LIFT = frozenset(("pale", "light", "soft", "dusty", "pastel", "muted"))
_CHARGE = frozenset(("electric", "bright", "vivid", "neon", "hot"))

# Five tones from dark to light and an accent; chosen by hand to hold together.
_CHOSEN = (
    ("10162f", "263a6b", "5b6fb0", "e7a58b", "fbe6cf", "ff9a5c"),
    ("0f2a2e", "1f5a5a", "6aa594", "d8cfa6", "f8f0dc", "e8734a"),
    ("2a1326", "6b2748", "c1536a", "f0a37f", "fde3c4", "ffd166"),
    ("15201a", "33543c", "7f9a5e", "d3c688", "f5efd6", "d9663b"),
    ("121c2b", "2d4a66", "7195ab", "c3cfce", "f3efe6", "e0a04a"),
    ("24160f", "65402a", "b47a4a", "e3bd88", "faecd2", "3f7f8c"),
    ("181433", "40337a", "8a6bb8", "dca6c4", "fbe4e2", "6fe0d2"),
    ("0d1f33", "0f5a78", "3fa0ae", "a9d6c4", "f4f3df", "ff7f6a"),
)

_COLOUR_PHRASE = re.compile(rf"\b(?:([a-z]+)[ -])?({'|'.join(_WORDS)})\b")
FAR = 0.12  # of the colour circle: hues nearer than this are shades of one colour
NEUTRAL = 0.15  # strength below which a colour reads as grey, cream or black


def palette_for(prompt: str, random: np.random.Generator) -> Palette:
    """Return the palette of a prompt: shades of one colour it names and another as accent, or a chosen set.

    One colour leads, because a ramp through opposite hues turns to mud; which one, the picture's seed decides.
    """
    named = _named(prompt)
    chosen = [_hex(text) for text in _CHOSEN[int(random.integers(len(_CHOSEN)))]]
    if not named:
        return Palette(tuple(chosen[:5]), chosen[5])
    lead = named[int(random.integers(len(named)))]
    others = [colour for colour in named if _hue_distance(colour, lead) > FAR or _strength(colour) < NEUTRAL]
    accent = max(others, key=_vividness) if others and _strength(lead) >= NEUTRAL else max(named, key=_vividness)
    if accent is lead or _vividness(accent) < NEUTRAL:
        accent = _turned(_charged(lead), float(random.uniform(0.06, 0.12)))
    dark = _toned(min(named, key=_lightness), 0.12, fade=0.15)
    light = _toned(max(named, key=_lightness), 0.93, fade=0.5)
    shift = float(random.uniform(-0.02, 0.02))
    inner = (
        _toned(lead, 0.27, fade=0.1),
        _toned(lead, 0.5, fade=0.15),
        _toned(_turned(lead, 2 * shift), 0.74, fade=0.2),
    )
    return Palette((dark, *inner, light), accent)


def _named(prompt: str) -> list[Colour]:
    """Return the colours that a prompt names, with `deep`, `pale` and `electric` heeded."""
    colours: dict[str, Colour] = {}
    for found in _COLOUR_PHRASE.finditer(prompt.lower()):
        manner, word = found[1] or "", found[2]
        colour = _hex(_WORDS.get(manner, _WORDS[word]))  # `sage green` is sage, `navy blue` navy
        if manner in _DEEPEN:
            colour = _toned(colour, _lightness(colour) * 0.7)
        elif manner in _LIFT:
            colour = _toned(colour, _lightness(colour) * 0.6 + 0.38, fade=0.3)
        elif manner in _CHARGE:
            colour = _charged(colour)
        colours.setdefault(f"{manner} {word}", colour)
    return list(colours.values())[:6]


def _hex(text: str) -> Colour:
    return np.array([int(text[i : i + 2], 16) / 255 for i in (0, 2, 4)], np.float32)


def _lightness(colour: Colour) -> float:
    return float(colour @ np.array([0.3, 0.59, 0.11], np.float32))


def _strength(colour: Colour) -> float:
    return float(colour.max() - colour.min())


def _hue_distance(one: Colour, other: Colour) -> float:
    """Return how far apart two hues are, 0..0.5 of the circle."""
    apart = abs(colorsys.rgb_to_hls(*map(float, one))[0] - colorsys.rgb_to_hls(*map(float, other))[0])
    return min(apart, 1 - apart)


def _vividness(colour: Colour) -> float:
    return float(colour.max() - colour.min()) * (0.4 + float(colour.max()))


def _toned(colour: Colour, lightness: float, fade: float = 0.0) -> Colour:
    """Return the colour at another lightness; `fade` takes strength out of it."""
    hue, _, strength = colorsys.rgb_to_hls(*map(float, colour))
    return np.array(colorsys.hls_to_rgb(hue, min(lightness, 0.97), strength * (1 - fade)), np.float32)


def _charged(colour: Colour) -> Colour:
    hue, lightness, strength = colorsys.rgb_to_hls(*map(float, colour))
    return np.array(colorsys.hls_to_rgb(hue, min(0.62, lightness + 0.1), min(1.0, strength + 0.35)), np.float32)


def _turned(colour: Colour, shift: float) -> Colour:
    """Return the colour with its hue moved a little, so that siblings differ."""
    hue, lightness, strength = colorsys.rgb_to_hls(*map(float, colour))
    return np.array(colorsys.hls_to_rgb((hue + shift) % 1, lightness, strength), np.float32)
