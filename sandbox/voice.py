"""Says a template aloud: takes its choices by seed and puts the topic in."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from sandbox.topics import Topic, title_case

Item = TypeVar("Item")
_CHOICE = re.compile(r"\[([^\[\]]*)\]")
_SENTENCE_START = re.compile(r"(^|[.!?]\s+)([a-z])")


class Voice:
    """One seeded way of speaking about one topic."""

    def __init__(
        self,
        key: str,
        topic: Topic,
        *,
        typeset: Callable[[str], str] | None = None,
        capitalises: bool = True,
    ) -> None:
        """Take all later choices from this key; `typeset` is put to the words around the topic."""
        self.random = random.Random(key)
        self.topic = topic
        self._typeset = typeset
        self._capitalises = capitalises

    def say(self, template: str) -> str:
        """Return the template with choices made, the topic in place, and sentences capitalised."""
        text = _CHOICE.sub(lambda found: self.random.choice(found[1].split("|")), template)
        text = self._fill(self._typeset(text) if self._typeset else text)
        return _SENTENCE_START.sub(lambda found: found[1] + found[2].upper(), text) if self._capitalises else text

    def pick(self, options: Sequence[str], fits: Callable[[str], bool] | None = None) -> str:
        """Say one of the templates, preferring those whose words pass the test; the last resort is the shortest."""
        said = [self.say(option) for option in self.shuffled(options)]
        fitting = [text for text in said if fits is None or fits(text)]
        return fitting[0] if fitting else min(said, key=len)

    def shuffled(self, items: Iterable[Item]) -> list[Item]:
        """Return the items in a seeded order."""
        order = list(items)
        self.random.shuffle(order)
        return order

    def _fill(self, text: str) -> str:
        topic = self.topic
        text = text.replace("{T}", _headline(topic.short)).replace("{K}", topic.short)
        return text.replace("{S}", topic.subject)


def word_count(text: str) -> int:
    """Return the number of words, as a person counts them."""
    return len(text.split())


def at_most(words: int) -> Callable[[str], bool]:
    """Return a test for texts of at most so many words."""
    return lambda text: word_count(text) <= words


_SMALL = frozenset(("a", "an", "the", "of", "for", "in", "on", "with", "and", "or", "to", "at", "by", "from", "vs"))


def _headline(phrase: str) -> str:
    """Return the phrase with its main words capitalised."""
    return " ".join(word if index and word in _SMALL else title_case(word) for index, word in enumerate(phrase.split()))
