"""What is said in a recording that nobody listens to: sentences on its topic, as many as its time holds."""

from __future__ import annotations

import re

from sandbox.languages.language import Language

WORDS_PER_S = 2.5  # 150 a minute
SENTENCE_END = re.compile(r"(?<=[。！？])|(?<=[.!?؟۔।])\s+")


def speak(topic: str, seconds: float, key: str, language: Language) -> str:
    """Return what is said in so many seconds; the same key gives the same text."""
    voice = language.voice(key, topic)
    room = max(1, int(seconds * WORDS_PER_S))
    said: list[str] = []
    while True:
        for idea in voice.shuffled(language.ideas):
            for sentence in map(voice.say, idea.prose):
                words = language.count(sentence)
                if words > room:
                    return language.gap.join(said) or " ".join(sentence.split()[:room])
                said.append(sentence)
                room -= words


def timed(text: str, seconds: float) -> list[tuple[float, float, str]]:
    """Return the sentences of a speech, each from when to when it is said: they share the time by their letters."""
    sentences = [sentence.strip() for sentence in SENTENCE_END.split(text) if sentence.strip()]
    letters = sum(map(len, sentences)) or 1
    found, passed = [], 0
    for sentence in sentences:
        start, passed = passed, passed + len(sentence)
        found.append((round(seconds * start / letters, 2), round(seconds * passed / letters, 2), sentence))
    return found
