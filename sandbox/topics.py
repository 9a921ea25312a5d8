"""Turns a topic as people type it into phrases that fit into a sentence."""

from __future__ import annotations

import re
from dataclasses import dataclass

SUBJECT_WORDS = 6
SHORT_WORDS = 3


def _words(text: str) -> frozenset[str]:
    """Return the words of a list written in one string."""
    return frozenset(text.split())


_VERBS = _words(
    "ask avoid become begin bring build buy choose clean close coach cook create cut deal debug deploy design do draw "
    "drive earn eat explain feed find finish fix get give go grow handle help hire improve keep launch lead learn "
    "lose make manage market master measure migrate move negotiate onboard open organise organize pass pay pick plan "
    "play practise practice prepare present price protect publish raise read reduce remember repair run save scale "
    "sell set ship sleep speak spend stand start stay stop store study swim take talk teach test track train travel "
    "turn understand use wake walk win work write"
)
_DOUBLED = _words("begin cut get plan put run set ship stop swim win")
_PROPER = _words(
    "Kubernetes Docker Python Rust Redis Celery Google Instagram Excel Figma Notion Slack Django Pakistan Karachi "
    "Lahore Islamabad London Paris Berlin Europe Asia Africa America English Urdu Arabic German French Spanish "
    "Japanese Chinese Ramadan Eid Christmas Monday Tuesday Wednesday Thursday Friday Saturday Sunday January "
    "February March April May June July August September October November December Shopify Stripe Amazon Apple "
    "Microsoft Linux Windows Airbnb Etsy Pinterest Postgres"
)
_CUTS = _words("for with without in that when while after before from on using and so by at as to into during")
_STOP = _CUTS | _words("a an the of your my our their is are how why what your you we i or if it its")
_COUNTED = re.compile(
    r"^(?:the |top |my )?(?:\d+|two|three|four|five|six|seven|eight|nine|ten)\s+(?P<rest>.+)$", re.IGNORECASE
)
_HEADS = re.compile(
    r"^(?P<before>.*?)\b(?:mistakes?|ways?|tips?|lessons?|reasons?|steps?|myths?|rules?|secrets?|habits?|signs?|ideas?|"
    r"things?|hacks?|tricks?|questions?)\b\s*(?P<after>.*)$",
    re.IGNORECASE,
)
_OPENERS = re.compile(
    r"^(?:(?:a |the )?(?:beginner'?s |complete |practical |ultimate )*(?:guide|introduction) (?:to|for)|"
    r"what (?:is|are)|how (?:do|does|can|could|should) (?:i|you|we|one)|how to|when to|what to|why|when|how|"
    r"should (?:i|you|we)|the art of|everything about|all about|introducing)\s+",
    re.IGNORECASE,
)
_CLAUSE = re.compile(
    r"\s+(?:is|are|was|were|can|will|should|must|do|does|don't|doesn't|need|needs|fails?|matters?|works?|beats?|makes?|"
    r"good|bad|worth|better|changes?|changed|drives?|wins?|means?|leads?|pays?|ruins?|kills?|saves?|helps?)(?:\s+.*)?$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic and the forms of it that sentences use."""

    full: str
    """As it was given, without the closing punctuation."""
    subject: str
    """A noun phrase of about six words, in lower case where it may be: `pricing freelance design work`."""
    short: str
    """The same in about three words, at most four."""
    words: tuple[str, ...]
    """Its words that carry meaning, in order; never empty."""


def read_topic(text: str) -> Topic:
    """Return the forms of a topic. Any text will do; an empty one becomes `this topic`."""
    full = re.sub(r"\s+", " ", text).strip(" .!?\"'“”") or "this topic"
    phrase = _settle_case(_noun_phrase(full), is_headline=_is_headline(full))
    subject = _shorten(phrase, SUBJECT_WORDS)
    words = tuple(word for word in re.findall(r"[^\W_][\w'+#-]*", phrase) if word.lower() not in _STOP)
    return Topic(full, subject, _shorten(subject, SHORT_WORDS), words or (subject,))


def title_case(phrase: str) -> str:
    """Return the phrase with its first letter raised and the rest as it is."""
    return phrase[:1].upper() + phrase[1:]


def _noun_phrase(text: str) -> str:
    """Reduce a headline to what it is about."""
    head = re.split(r"\s*[:–—?!]\s+|\s+-\s+", text)[0].strip()
    phrase = head if len(head.split()) > 1 else text
    if counted := _COUNTED.match(phrase):
        phrase = counted["rest"]
    if counted and (headed := _HEADS.match(phrase)):
        phrase = _without_head(headed["before"].strip(), headed["after"].strip()) or phrase
    is_clause = re.match(r"(?:why|is|are|does|do|can|will)\b", phrase, re.IGNORECASE)
    phrase = re.sub(r"^(?:is|are|does|do|can|will)\s+", "", phrase, flags=re.IGNORECASE)
    opened = _OPENERS.sub("", phrase, count=1) or phrase
    if is_clause or (opened != phrase and re.match(r"(?:how|when|what)\b", phrase, re.IGNORECASE)):
        opened = _before_the_verb(opened)
    return _as_gerund(opened.strip(" ,;"))


def _without_head(before: str, after: str) -> str:
    """Return what `pricing mistakes freelancers make` and `ways to save money` are about."""
    after = re.sub(r"^(?:that|which|of|for|to|about|in|from|on|every|when|with)\s+", "", after, flags=re.IGNORECASE)
    if before and before.lower() not in ("common", "big", "biggest", "simple", "easy", "best", "good", "hard"):
        return before
    return _before_the_verb(after) if after.split()[:1] and after.split()[0].lower() not in _VERBS else after


def _before_the_verb(clause: str) -> str:
    """Return the subject of a clause such as `remote teams fail`; a clause without a known verb stays whole."""
    words = clause.split()
    if words and words[0].lower() in _VERBS:
        return clause
    if needed := re.match(
        r".+?\s+(?:needs?|should (?:use|have|try)|wants?)\s+(?!to\b)(?P<what>.+)$", clause, re.IGNORECASE
    ):
        return needed["what"]
    return _CLAUSE.sub("", clause) or clause


def _as_gerund(phrase: str) -> str:
    """Return `learning Rust` for `learn Rust`; a phrase that does not begin with a known verb stays."""
    first, _, rest = phrase.partition(" ")
    verb = first.lower()
    if verb not in _VERBS or not rest or rest.split()[0].lower() in ("of", "for", "in", "and"):
        return phrase
    if verb in ("stop", "avoid") and rest.split()[0].endswith("ing"):
        return f"not {rest}"
    if verb.endswith("ie"):
        stem = verb[:-2] + "y"
    elif verb.endswith("e") and not verb.endswith("ee"):
        stem = verb[:-1]
    else:
        stem = verb + verb[-1] if verb in _DOUBLED else verb
    return f"{stem}ing {rest}"


def _is_headline(text: str) -> bool:
    """Tell whether most words are capitalised, as in a headline."""
    words = text.split()
    capitals = sum(word[:1].isupper() for word in words)
    return len(words) > 2 and capitals > len(words) * 0.6  # noqa: PLR2004 - two capitals may be a name


def _settle_case(phrase: str, *, is_headline: bool) -> str:
    """Lower the capitals that only a headline needs; names and acronyms keep theirs."""
    words = phrase.split()

    def settle(index: int, word: str) -> str:
        bare = word.strip(",.;:'\"()").removesuffix("'s")
        keeps = bare in _PROPER or bare[1:] != bare[1:].lower() or len(bare) == 1 or any(map(str.isdigit, bare))
        return word if keeps or not (index == 0 or is_headline) else word.lower()

    return " ".join(settle(index, word) for index, word in enumerate(words))


def _shorten(phrase: str, limit: int) -> str:
    """Cut a phrase to a number of words at a preposition; without one, keep its last words (or its first)."""
    words = phrase.split()
    if len(words) <= limit + 1:
        return phrase
    for end in range(limit + 1, 0, -1):
        if words[end].lower() in _CUTS and words[0].lower() not in _STOP:
            return _strip_tail(words[:end])
    # English puts the head of a noun phrase last: of `pricing freelance design work`, `freelance design work` stands.
    return " ".join(words[-limit:]) if words[-limit].lower() not in _STOP else _strip_tail(words[:limit])


def _strip_tail(words: list[str]) -> str:
    while len(words) > 1 and words[-1].lower().strip(",") in _STOP:
        words = words[:-1]
    return " ".join(words).strip(" ,;:")
