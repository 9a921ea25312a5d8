"""Sample text for languages that the writer does not know: the topic as it was given, among words that mean nothing.

Each word of the English text is spelled in letters of the wanted script, one for one. So an order in Thai gets a post of
the right length in Thai letters, drawn with the right typefaces, and its article says first of all what it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache

from sandbox.languages.english import ENGLISH
from sandbox.languages.language import ByTone, Language, topic_in_short
from sandbox.writer_frames import Angle
from sandbox.writer_ideas import Idea

NOTE = "Sample text: the sandbox does not know this language, and only shows its letters."
LETTERS = {  # usual letters that stand by themselves, by script (ISO 15924)
    "armn": "աբգդեզէըթժիլխծկհձղճմյնշոչպջռսվ",
    "beng": "কখগঘচছজটডতথদধনপফবভমরলশসহ",
    "ethi": "ሀለመሰረሸቀበተነአከወዘየደገጠፈፀጨጸኀሐ",
    "geor": "აბგდევზთიკლმნოპრსტუფქღყშჩცძწ",
    "grek": "αβγδεζηθικλμνοπρστυφχψω",
    "gujr": "કખગઘચછજટડતથદધનપફબભમરલવશસહ",
    "guru": "ਕਖਗਘਚਛਜਟਡਤਥਦਧਨਪਫਬਭਮਰਲਵਸਹ",
    "khmr": "កខគឃងចឆជដតថទធនបផពភមយរលវសហ",
    "knda": "ಕಖಗಘಚಛಜಟಡತಥದಧನಪಫಬಭಮರಲವಶಸಹ",
    "laoo": "ກຂຄງຈຊຍດຕຖທນບປຜຝພຟມລວສຫອ",
    "mlym": "കഖഗഘചഛജടഡതഥദധനപഫബഭമരലവശസഹ",
    "mymr": "ကခဂငစဆဇညတထဒနပဖဗမယရလဝသဟအ",
    "sinh": "කඛගඝචඡජටඩතථදධනපඵබභමරලවශසහ",
    "taml": "கஙசஞடணதநபமயரலவழளறன",
    "telu": "కఖగఘచఛజటడతథదధనపఫబభమరలవశసహ",
    "thai": "กขคงจฉชดตถทนบปผฝพฟมยรลวสหอ",
}
UNSPACED = ("khmr", "laoo", "mymr", "thai")  # four letters are reckoned a word, wherever spaces stand
LETTERS_OF_A_WORD = 4

_NAMED = re.compile(r"(\{+\w+\}+)")
_WORD = re.compile(r"[A-Za-z]+(?:['-][A-Za-z]+)*")
Spell = Callable[[str], str]


@cache
def in_letters_of(script: str) -> Language | None:
    """Return sample text in a script, named as ISO 15924 does, in small letters; None when its letters are not here."""
    letters = LETTERS.get(script)
    if letters is None:
        return None
    spell = _spelling(letters, LETTERS_OF_A_WORD if script in UNSPACED else None)
    return Language(
        ideas=tuple(_idea(idea, spell) for idea in ENGLISH.ideas),
        angles=tuple(_angle(angle, spell) for angle in ENGLISH.angles),
        hooks=_by_tone(ENGLISH.hooks, spell),
        openers=_by_tone(ENGLISH.openers, spell),
        calls={
            tone: tuple((spell(title), spell(body)) for title, body in all_) for tone, all_ in ENGLISH.calls.items()
        },
        leads=dict.fromkeys(ENGLISH.leads, (NOTE,)),
        context=_all(ENGLISH.context, spell),
        bridges=_all(ENGLISH.bridges, spell),
        closers=_all(ENGLISH.closers, spell),
        last_words=_by_tone(ENGLISH.last_words, spell),
        recap=spell(ENGLISH.recap),
        quotes=_all(ENGLISH.quotes, spell),
        authors=("Sandbox",),
        read=topic_in_short,
    )


def _idea(idea: Idea, spell: Spell) -> Idea:
    """Return an idea in other letters; its themes stay English, as all image prompts are."""
    spelled = {name: _all(getattr(idea, name), spell) for name in ("do", "trap", "ask", "why", "how", "prose")}
    return replace(idea, **spelled)


def _angle(angle: Angle, spell: Spell) -> Angle:
    openings, intros, headings = (_all(said, spell) for said in (angle.openings, angle.intros, angle.headings))
    return Angle(angle.form, spell(angle.prefix), openings, intros, headings)


def _by_tone(templates: ByTone, spell: Spell) -> ByTone:
    return {tone: _all(said, spell) for tone, said in templates.items()}


def _all(templates: tuple[str, ...], spell: Spell) -> tuple[str, ...]:
    return tuple(map(spell, templates))


def _spelling(letters: str, length: int | None) -> Spell:
    """Return a function that spells a template in `letters`: each word as long as it was, or all of one length."""

    def spelled(found: re.Match[str]) -> str:
        word = "".join(letters[(ord(one) - ord("a")) % len(letters)] for one in found[0].lower() if one.isalpha())
        return (word * length)[:length] if length else word

    def spell(template: str) -> str:
        parts = _NAMED.split(template)  # the topic's places stay
        return "".join(part if number % 2 else _WORD.sub(spelled, part) for number, part in enumerate(parts))

    return spell
