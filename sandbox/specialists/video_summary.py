"""Replies about videos: moments of a transcript, frames, and the script of a reel, all from the lines of the prompt.

Words in the title or the audience have the sandbox write badly, so that the checks can be seen:
`reel overrun` makes every script too long, `overrun once` only the first one; `moments astray` lie outside their part.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass

from sandbox.calls import Ask, Json
from sandbox.languages.english import ENGLISH
from sandbox.languages.language import Language
from sandbox.specialists.specialist import Specialist
from sandbox.voice import Voice

SPOKEN = re.compile(r"^\[(\d+\.\d)-(\d+\.\d)\] (.+)$", re.MULTILINE)
MARKED = re.compile(r"^\[(\d+\.\d)-(\d+\.\d)\] \((\d+)\) (.*?) \| (.*)$", re.MULTILINE)
SPAN = re.compile(r"^(?:Part|Lasts): (\d+\.\d) to (\d+\.\d) seconds$", re.MULTILINE)
USUAL_S, LONGEST_S, SHORTEST_S, SHORTEST_CUT_S = (6.0, 18.0), 80.0, 1.0, 2.0
STEP_S = 5.0  # by which cuts are made longer in turn
SPOKEN_PER_S = 3.0
HOOK_WORDS = 14
_REASONS = (
    "It says the main point in one breath.", "A number that people will repeat.", "The turn of the whole talk.",
    "Advice that can be used today.", "It answers the question that everybody has.",
)  # fmt: skip
_SHOTS = (
    "A speaker in half profile explains something with both hands, a bright window behind.",
    "A close view of hands at work on a wooden table, the background out of focus.",
    "A wide shot of a room with people who listen, seen from the back row.",
    "A screen with a simple chart, the presenter stands at its left edge.",
    "A face in close-up, surprised, warm light from the side.",
)
_IDEAS = (
    "a speaker's raised hand in front of a glowing window",
    "two chairs facing each other under one warm lamp",
    "a single bright object on a dark table",
    "a door that opens into bright light",
)


@dataclass(frozen=True, slots=True)
class _Cut:
    start_s: float
    end_s: float
    gist: str

    @property
    def lasts_s(self) -> float:
        return self.end_s - self.start_s


def _moments(ask: Ask, key: str, language: Language) -> Json:
    lines = [_Cut(float(start), float(end), text) for start, end, text in SPOKEN.findall(ask.prompt)]
    first, last = _span(ask.prompt)
    chance, voice = random.Random(key), _voice(ask, key, language)
    count = min(len(lines), 4)
    places = sorted(chance.sample(range(len(lines)), count))
    found: list[Json] = []
    free_from = 0
    for place in places:
        if place < free_from:
            continue
        window = [lines[place]]
        wanted = chance.uniform(*USUAL_S)
        for line in lines[place + 1 :]:
            if window[-1].end_s - window[0].start_s >= wanted:
                break
            window.append(line)
        free_from = place + len(window)
        start = window[0].start_s
        end = min(max(*(line.end_s for line in window), start + SHORTEST_S), start + LONGEST_S, last)
        start = max(first, min(start, end - SHORTEST_S))
        said = " ".join(line.gist for line in window)
        found.append({
            "start_s": round(start, 1) + (1_000_000 if _is_said(ask, "moments astray") else 0),
            "end_s": round(end, 1) + (1_000_000 if _is_said(ask, "moments astray") else 0),
            "gist": _cut(said, 24) if language is ENGLISH else _sentence(voice, language, 24),
            "why": chance.choice(_REASONS) if language is ENGLISH else _sentence(voice, language, 14),
            "strength": min(10, chance.randint(4, 9) + any(char.isdigit() for char in said)),
        })  # fmt: skip
    return {"moments": found}


def _frame(ask: Ask, key: str, language: Language) -> Json:
    chance = random.Random(key)
    shows = chance.choice(_SHOTS) if language is ENGLISH else _sentence(_voice(ask, key, language), language, 30)
    return {"shows": shows, "text_in_picture": "", "is_striking": chance.random() < 1 / 2}


def _script(ask: Ask, key: str, language: Language) -> Json:
    first, last = _span(ask.prompt)
    wanted = float(_field(ask.prompt, "Length") or 60)
    is_first = "breaks these rules" not in ask.prompt
    if _is_said(ask, "reel overrun") or (_is_said(ask, "overrun once") and is_first):
        wanted *= 1.5
    marked = [
        (int(strength), _Cut(float(start), float(end), gist))
        for start, end, strength, gist, _ in MARKED.findall(ask.prompt)
    ]
    cuts = _fitted([cut for _, cut in sorted(marked, key=lambda one: -one[0])], first, last, wanted)
    voice = _voice(ask, key, language)
    captions: list[str] = []
    narrations: list[str] = []
    segments = []
    for cut in cuts:
        most = max(3, int(cut.lasts_s * SPOKEN_PER_S))
        if language is ENGLISH:
            narration, caption = _cut(cut.gist, most), _cut(cut.gist, 7)
        else:
            narration, caption = _sentence(voice, language, most, narrations), _heading(voice, language, captions)
        captions.append(caption)
        narrations.append(narration)
        segments.append({"start_s": cut.start_s, "end_s": cut.end_s, "narration": narration, "caption": caption})
    strongest = max(marked, default=(0, cuts[0]), key=lambda one: one[0])[1]
    return {
        "hook": _hook(ask, voice, language, strongest.gist),
        "title": _heading(voice, language, captions),
        "segments": segments,
        "thumbnail_idea": voice.random.choice(_IDEAS),
    }


def _fitted(best: list[_Cut], first: float, last: float, wanted: float) -> list[_Cut]:
    """Return cuts in order and apart from each other that last as long as is wanted, the best first of all."""
    chosen: list[_Cut] = []
    for cut in best:
        left = wanted - sum(one.lasts_s for one in chosen)
        if left < SHORTEST_CUT_S:
            break
        is_apart = all(cut.end_s <= one.start_s or cut.start_s >= one.end_s for one in chosen)
        end = min(cut.end_s, round(cut.start_s + left, 1))
        if is_apart and end - cut.start_s >= SHORTEST_CUT_S:
            chosen.append(_Cut(cut.start_s, end, cut.gist))
    cuts = sorted(chosen, key=lambda one: one.start_s) or [_Cut(first, min(last, first + wanted), "What it is about")]
    while (need := round(wanted - sum(one.lasts_s for one in cuts), 1)) > 0:  # what lies around the cuts helps out
        before = list(cuts)
        for n, cut in enumerate(cuts):
            step = min(need, STEP_S)
            room = (cuts[n + 1].start_s if n + 1 < len(cuts) else last) - cut.end_s
            longer = min(step, max(room, 0))
            earlier = min(step - longer, max(cut.start_s - (cuts[n - 1].end_s if n else first), 0))
            cuts[n] = _Cut(round(cut.start_s - earlier, 1), round(cut.end_s + longer, 1), cut.gist)
            need = round(need - longer - earlier, 1)
            if need <= 0:
                break
        if cuts == before:
            break
    return cuts


def _hook(ask: Ask, voice: Voice, language: Language, gist: str) -> str:
    """Return the reel's first line: on the video's title where there is one, else on the best moment."""
    hooks = [hook for tone in language.hooks.values() for hook in tone]
    if _field(ask.prompt, "Video"):
        said = voice.pick(hooks, language.at_most(12))
        return said if language.count(said) <= HOOK_WORDS else _heading(voice, language, [])
    return _cut(gist, 12) if language is ENGLISH else _heading(voice, language, [])


def _sentence(voice: Voice, language: Language, words: int, taken: list[str] | None = None) -> str:
    """Return a sentence of at most so many words that does not name the topic and was not said before, if there is one."""
    plain = [text for text in (*language.bridges, *language.context, *language.closers) if "{" not in text]
    said = (
        voice.pick(plain, lambda text: language.count(text) <= words - 1 and text not in (taken or ())) if plain else ""
    )
    return said if said and language.count(said) <= words else _heading(voice, language, taken or [], words)


def _heading(voice: Voice, language: Language, taken: list[str], words: int = 7) -> str:
    titles = [title for idea in language.ideas for title in idea.do if "{" not in title]
    fits = language.at_most(words)
    return voice.pick(titles, lambda text: fits(text) and text not in taken)


def _voice(ask: Ask, key: str, language: Language) -> Voice:
    said = SPOKEN.search(ask.prompt)
    marked = MARKED.search(ask.prompt)
    heard = marked[4] if marked else said[3] if said else ""
    return language.voice(key, _field(ask.prompt, "Video") or " ".join(heard.split()[:4]) or "this video")


def _span(prompt: str) -> tuple[float, float]:
    found = SPAN.search(prompt)
    return (float(found[1]), float(found[2])) if found else (0.0, 60.0)


def _is_said(ask: Ask, words: str) -> bool:
    return words in f"{_field(ask.prompt, 'Video')} {_field(ask.prompt, 'Audience')}".lower()


def _field(prompt: str, name: str) -> str:
    found = re.search(rf"^{name}: (.+)$", prompt, re.MULTILINE)
    return found[1].strip() if found else ""


def _cut(text: str, words: int) -> str:
    """Return the first words of a text."""
    all_words = text.split()
    return text if len(all_words) <= words else " ".join(all_words[:words]).rstrip(",;:.-") + "…"


SPECIALISTS = (
    Specialist("video_moments", frozenset({"moments"}), _moments),
    Specialist("video_frame", frozenset({"shows", "text_in_picture", "is_striking"}), _frame),
    Specialist("highlight_script", frozenset({"hook", "title", "segments", "thumbnail_idea"}), _script),
)
