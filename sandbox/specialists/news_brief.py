"""Summarizes articles and edits briefs of them: in English with the article's own sentences, else in the language's stock.

Words in an article that make a reply bad, so that it can be seen: `summarize me badly` has its summary grow far too long.
"""

from __future__ import annotations

import re

from sandbox.calls import Ask
from sandbox.languages.english import ENGLISH
from sandbox.languages.language import Language
from sandbox.specialists.specialist import Specialist
from sandbox.topics import title_case
from sandbox.writer import field

HEADLINE_WORDS, SUMMARY_WORDS, FACT_WORDS = 15, 130, 32
SENTENCES, FACTS = 4, 3
BAD = "summarize me badly"

_GROUPS = {  # what matters most, and the rest
    "en": ("What matters most", "Also in the news"), "ar": ("الأهم", "أخبار أخرى"), "de": ("Das Wichtigste", "Weitere Meldungen"),
    "es": ("Lo más importante", "Otras noticias"), "fa": ("مهم‌ترین خبرها", "خبرهای دیگر"),
    "fr": ("L’essentiel", "Autres nouvelles"), "he": ("העיקר", "עוד חדשות"), "hi": ("मुख्य समाचार", "अन्य समाचार"),
    "ja": ("主なニュース", "その他のニュース"), "ko": ("주요 소식", "그 밖의 소식"), "ru": ("Главное", "Другие новости"),
    "ur": ("اہم خبریں", "دیگر خبریں"), "zh": ("要闻", "其他新闻"),
}  # fmt: skip
_SENTENCE = re.compile(r"(?<=[.!?])[\"”’)]*\s+")
_NUMBERED = re.compile(r"^\[(\d+)\] (.*)$", re.MULTILINE)
_MOST = re.compile(r"with a text of at most (\d+) words")
_AGAIN = "\nYour reply breaks these rules"


def _summarize(ask: Ask, key: str, language: Language) -> object:
    text = ask.prompt.partition("\nArticle:\n")[2].partition(_AGAIN)[0]
    title = field(ask.prompt, "Title") or "News"
    headline = " ".join(title.split()[:HEADLINE_WORDS])
    if BAD in text.lower() and _AGAIN not in ask.prompt:
        return {"headline": headline, "summary": " ".join(["and"] * 400), "key_facts": ["too much"]}
    if language is not ENGLISH:
        voice = language.voice(key, title)
        bridges = [voice.say(bridge) for bridge in voice.shuffled(language.bridges)]
        facts = [fact for fact in bridges[2:] if language.count(fact) <= FACT_WORDS][:FACTS]
        said = [voice.pick(language.context), *bridges[:2]]
        return {"headline": headline, "summary": language.gap.join(said), "key_facts": facts or bridges[:1]}
    said = [part.strip() for part in _SENTENCE.split(" ".join(text.split())) if part.strip()] or [title]
    with_figures = [part for part in said if re.search(r"\d", part)]
    facts = [part for part in dict.fromkeys([*with_figures, *said]) if len(part.split()) <= FACT_WORDS][:FACTS]
    return {
        "headline": headline,
        "summary": _first_words(" ".join(said[:SENTENCES]), SUMMARY_WORDS),
        "key_facts": facts or [_first_words(said[0], FACT_WORDS)],
    }


def _digest(ask: Ask, key: str, language: Language) -> object:
    listed = ask.prompt.partition("\nArticles:\n")[2].partition(_AGAIN)[0]
    parts = _NUMBERED.split(listed)[1:]
    articles = [
        (int(n), head, body.strip()) for n, head, body in zip(parts[::3], parts[1::3], parts[2::3], strict=True)
    ]
    told = _MOST.search(ask.prompt)
    most = int(told[1]) if told else 60
    items = [{"article": n, "text": _told(head, body, most, language)} for n, head, body in articles]
    lead, rest = _GROUPS.get(field(ask.prompt, "Language").split("-")[0].split()[0].lower(), _GROUPS["en"])
    first = max(1, (len(items) + 1) // 2)
    voice = language.voice(key, articles[0][1] if articles else "news")
    focus = field(ask.prompt, "Focus")
    title = title_case(focus or (articles[0][1] if articles else "news"))
    groups = [{"heading": lead, "items": items[:first]}, {"heading": rest, "items": items[first:]}]
    return {
        "title": " ".join(title.split()[:11]),
        "overview": _overview([body for _, _, body in articles], language, voice.pick(language.context)),
        "groups": [group for group in groups if group["items"]],
    }


def _told(head: str, body: str, most: int, language: Language) -> str:
    """Return as much of a summary as may be said of it."""
    summary = body.partition("\n")[0] or head
    if language is ENGLISH:
        return _first_words(summary, most - 2)
    sentences = re.split(r"(?<=[.!?。！？۔।؟])\s*", summary)
    kept = sentences[0]
    for part in sentences[1:]:
        if language.count(longer := f"{kept}{language.gap}{part}") > most - 2:
            break
        kept = longer
    return kept.strip()


def _overview(bodies: list[str], language: Language, stock: str) -> str:
    if language is not ENGLISH:
        return stock
    return " ".join(_first_words(_SENTENCE.split(body.partition("\n")[0])[0], 24) for body in bodies[:3])


def _first_words(text: str, most: int) -> str:
    words = text.split()
    return text if len(words) <= most else " ".join(words[: most - 1]).rstrip(",;:") + " …"


SPECIALISTS = (
    Specialist("article_summary", frozenset({"headline", "summary", "key_facts"}), _summarize),
    Specialist("news_digest", frozenset({"title", "overview", "groups"}), _digest),
)
