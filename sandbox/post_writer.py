"""Writes a whole post: hook, slides, article and quote, from a language's stock of ideas and one angle."""

from __future__ import annotations

from sandbox.calls import Json
from sandbox.languages.english import ENGLISH
from sandbox.languages.language import Language
from sandbox.voice import Voice, at_most, word_count
from sandbox.writer_frames import TONES, Angle
from sandbox.writer_ideas import Idea

TITLE_WORDS = 8
BODY_WORDS = 30
THEME_WORDS = 6
QUOTE_CHARACTERS = 200
NAMED_AGAIN = 0.3  # share of sentences that say `this`


def write_post(topic: str, tone: str, slides: int, key: str, language: Language = ENGLISH) -> Json:
    """Return the content of a post: `hook`, `slides`, `article`, `quote`; the image themes are always English.

    An unknown tone is taken as educational. Slides beyond the stock of ideas use an idea twice, worded anew.
    """
    return _Post(topic, tone if tone in TONES else TONES[0], key, language).write(slides)


class _Post:
    """One post in the making."""

    def __init__(self, topic: str, tone: str, key: str, language: Language) -> None:
        self._language = language
        self._tone = tone
        self._voice = language.voice(f"post:{key}", topic)
        self._angle = self._voice.random.choice(language.angles)
        self._ideas = self._voice.shuffled(language.ideas)

    def write(self, slides: int) -> Json:
        voice, language = self._voice, self._language
        told = [self._ideas[number % len(self._ideas)] for number in range(max(0, slides - 2))]
        hook = voice.pick(language.hooks[self._tone], language.at_most(TITLE_WORDS))
        return {
            "hook": hook,
            "slides": self._slides(told, hook=hook, count=slides),
            "article": self._article((told + self._ideas)[: voice.random.choice(language.sections)]),
            "quote": {
                "text": voice.pick(language.quotes, self._is_quotable)[:QUOTE_CHARACTERS],
                "author": voice.random.choice(language.authors),
            },
        }

    def _slides(self, told: list[Idea], *, hook: str, count: int) -> list[Json]:
        """Return an opening slide, one per idea, and a call to action; a deck of one is the call alone."""
        voice, language = self._voice, self._language
        title, body = voice.random.choice(language.calls[self._tone])
        fits, is_named = language.at_most(TITLE_WORDS), self._is_named
        headline = voice.pick(self._angle.openings, lambda text: fits(text) and text != hook and is_named(text))
        fits_body = language.at_most(BODY_WORDS)
        opening = self._slide(
            headline,
            voice.pick(language.openers[self._tone], lambda text: fits_body(text) and is_named(headline + text)),
            voice.pick(language.opening_themes, at_most(THEME_WORDS)),
        )
        closing = self._slide(
            voice.say(title), voice.say(body), voice.pick(language.closing_themes, at_most(THEME_WORDS))
        )
        taken = {opening["title"], closing["title"]}
        middle = [self._idea_slide(idea, number, taken) for number, idea in enumerate(told, start=1)]
        return [opening, *middle, closing][-count:] if count == 1 else [opening, *middle, closing]

    def _is_named(self, text: str) -> bool:
        """Tell whether a text names the topic; English bends it, so that there any text will do."""
        return self._language is ENGLISH or self._voice.topic.short in text

    def _is_quotable(self, text: str) -> bool:
        """Tell whether a quote is short enough; in another language than English, most of it are its own words."""
        topic = self._voice.topic.short
        is_own = self._language is ENGLISH or topic not in text or 2 * len(topic) <= len(text)
        return is_own and len(text) <= QUOTE_CHARACTERS

    def _idea_slide(self, idea: Idea, number: int, taken: set[str]) -> Json:
        """Return the slide of an idea, with a title that is not taken; it is then."""
        voice, language = self._voice, self._language
        prefix, fits = self._angle.prefix.format(n=number), language.at_most(TITLE_WORDS)
        sentences = [
            f"{self._loosen(why)}{language.gap}{how}"
            for why in voice.shuffled(idea.why)
            for how in voice.shuffled(idea.how)
        ]
        titles = [prefix + title for title in _titles(idea, self._angle)]
        slide = self._slide(
            voice.pick(titles, lambda text: fits(text) and text not in taken),
            voice.pick(sentences, language.at_most(BODY_WORDS)),
            voice.pick(idea.themes, at_most(THEME_WORDS)),
        )
        taken.add(slide["title"])
        return slide

    def _loosen(self, template: str) -> str:
        """Say `this` now and then where the topic would be named again."""
        this = self._language.this
        return template.replace("{S}", this) if this and self._voice.random.random() < NAMED_AGAIN else template

    def _slide(self, title: str, body: str, theme: str) -> Json:
        """Return a slide; a topic of very long words or phrases is cut rather than let over the limits."""
        return {
            "title": self._cut(title, TITLE_WORDS),
            "body": self._cut(body, BODY_WORDS),
            "image_theme": _cut(theme, THEME_WORDS),
        }

    def _cut(self, text: str, words: int) -> str:
        return text if self._language.count(text) <= words else _cut(text, words)

    def _article(self, told: list[Idea]) -> Json:
        """Return the article. Its words are brought into the range by bridges added and last sentences dropped."""
        voice, language, gap = self._voice, self._language, self._language.gap
        intro = [
            voice.pick(language.leads[self._tone]),
            voice.pick(self._angle.intros),
            *_said(voice, language.context, 3),
        ]
        headings = [voice.pick(_titles(idea, self._angle)) for idea in told]
        bodies = [
            [voice.say(idea.prose[0]), *(voice.say(self._loosen(line)) for line in idea.prose[1:])] for idea in told
        ]
        conclusion = [
            self._recap(headings),
            *_said(voice, language.closers, 3),
            voice.pick(language.last_words[self._tone]),
        ]
        spare = _said(voice, language.bridges, len(language.bridges))
        # Ideas that the article has no section for help out when the bridges are used up.
        spare += [voice.say(idea.how[0]) for idea in self._ideas if idea not in told]
        self._fit([intro, *bodies, conclusion], bodies, spare)
        return {
            "title": voice.pick(self._angle.headings),
            "intro": gap.join(intro),
            "sections": [
                {"heading": heading, "body": gap.join(body)} for heading, body in zip(headings, bodies, strict=True)
            ],
            "conclusion": gap.join(conclusion),
        }

    def _fit(self, parts: list[list[str]], bodies: list[list[str]], spare: list[str]) -> None:
        """Lengthen the shortest body or shorten the longest until the words of all parts are in range."""
        left, wanted = iter(spare), self._language.article_words
        while (total := self._words(*parts)) not in wanted:
            if total < wanted.start and (bridge := next(left, None)):
                min(bodies, key=self._words).append(bridge)
            elif total >= wanted.stop and len(max(bodies, key=self._words)) > 1:
                max(bodies, key=self._words).pop()
            else:
                return

    def _words(self, *parts: list[str]) -> int:
        return sum(self._language.count(sentence) for part in parts for sentence in part)

    def _recap(self, headings: list[str]) -> str:
        """Return a sentence that looks back on two of the sections."""
        first, second = map(self._language.echo, self._voice.random.sample(headings, 2))
        return self._voice.say(self._language.recap.format(first=first, second=second))


def _cut(text: str, words: int) -> str:
    return text if word_count(text) <= words else " ".join(text.split()[:words]).rstrip(",;:") + "."


def _titles(idea: Idea, angle: Angle) -> tuple[str, ...]:
    match angle.form:
        case "trap":
            return idea.trap
        case "ask":
            return idea.ask
        case _:
            return idea.do


def _said(voice: Voice, templates: tuple[str, ...], count: int) -> list[str]:
    return [voice.say(template) for template in voice.shuffled(templates)[:count]]
