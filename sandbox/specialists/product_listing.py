"""Writes listings of products: features, keywords, title and description, and the check of them.

Words in the product's details that make a check refuse, so that it can be seen:
- `replica` or `counterfeit`: every time, for no wording makes that saleable;
- `guaranteed cheapest`: once, for the first listing repeats the claim and the one that is written anew does not.
"""

from __future__ import annotations

import json
import random
import re

from sandbox.calls import Ask, Json
from sandbox.languages.english import ENGLISH
from sandbox.languages.language import Language
from sandbox.specialists.specialist import Specialist

WORDS = range(228, 276)  # of a description: 250, with room for other ways to count
TITLE_CHARACTERS, MAIN_CHARACTERS = 120, 60
CLAIM = "guaranteed cheapest"
FORBIDDEN = ("replica", "counterfeit")

_MATERIALS = (
    "stainless steel", "leather", "cotton", "lawn", "khaddar", "silk", "wool", "denim", "linen", "ceramic", "brass",
    "copper", "steel", "aluminium", "bamboo", "wood", "walnut", "sheesham", "glass", "marble", "plastic", "silicone",
)  # fmt: skip
_COLORS = (
    "black", "brown", "tan", "white", "grey", "navy", "blue", "green", "red", "maroon", "pink", "yellow", "beige",
    "gold", "silver", "purple", "orange",
)  # fmt: skip
_TYPES = (
    "wallet", "handbag", "bag", "belt", "jacket", "shoes", "sandals", "mouse", "keyboard", "charger", "headphones",
    "earbuds", "lamp", "mug", "bottle", "kettle", "knife", "pan", "shirt", "kurta", "dupatta", "scarf", "watch", "chair",
    "table", "mat", "rug", "cushion", "backpack", "toy", "notebook", "basket", "clock", "soap", "candle",
)  # fmt: skip
_AUDIENCE = re.compile(
    r"\bfor ((?:young |working )?(?:men|women|kids|children|boys|girls|students|travellers|cooks))\b"
)
_SIZE = re.compile(r"\b\d+(?:\.\d+)?\s?(?:cm|mm|inch(?:es)?|litres?|ml|kg|l|g|m)\b(?:\s?x\s?\d+\s?\w+)?", re.IGNORECASE)
_DURABLE = re.compile(r"\b(?:very )?(?:durable|long-lasting|sturdy|hard-wearing|tough)\b", re.IGNORECASE)


def _line(ask: Ask, name: str) -> str:
    found = re.search(rf"^{re.escape(name)}: (.*)$", ask.prompt, re.MULTILINE)
    return found[1].strip() if found else ""


def _features(ask: Ask, _key: str, _language: Language) -> object:
    told = _line(ask, "Product") or "product"
    words = told.lower()

    def first(stock: tuple[str, ...]) -> str:
        return next((one for one in stock if re.search(rf"\b{one}\b", words)), "")

    parts = [part.strip(" .") for part in re.split(r"[,;.]\s+", told) if part.strip(" .")]
    name = " ".join(re.sub(r"[^\w\s-]", " ", parts[0] if parts else "product").split()[:4]) or "product"
    size, audience, durable = _SIZE.search(told), _AUDIENCE.search(words), _DURABLE.search(told)
    said = {first(_COLORS), first(_MATERIALS), durable and durable[0].lower(), audience and audience[0]}
    more = [part for part in (parts[1:] or parts) if part.lower() not in said]
    return {
        "type": first(_TYPES) or name.lower(),
        "material": first(_MATERIALS),
        "color": first(_COLORS),
        "size": size[0] if size else "",
        "target_audience": audience[1] if audience else "",
        "durability": durable[0].lower() if durable else "",
        "features": [" ".join(part.split()[:12]) for part in more][:8] or [name],
    }


def _told(ask: Ask) -> Json:
    """Return the features of a request, all there; whatever it says instead of them counts as none."""
    try:
        found = json.loads(_line(ask, "Features"))
    except ValueError:
        found = {}
    known = found if isinstance(found, dict) else {}
    names = ("type", "material", "color", "size", "target_audience", "durability")
    features = known.get("features") or ["made with care"]
    return {name: str(known.get(name) or "") for name in names} | {"features": [str(one) for one in features]}


_TAILS = (
    "{n} price in {place}", "original {n} {place}", "best {n} for {who}", "{n} online shopping {place}",
    "buy {n} online {place}", "{n} gift for {who}", "good quality {n} {place}", "{n} with cash on delivery",
    "{n} for daily use", "{n} for {who} online", "new {n} design {place}", "{n} under budget price",
    "strong {n} for {who}", "where to buy {n}",
)  # fmt: skip


def _keywords(ask: Ask, key: str, _language: Language) -> object:
    told, seeded = _told(ask), random.Random(f"keywords:{key}")
    words = " ".join([told["color"], told["material"], *told["type"].split()]).split()
    name = " ".join(dict.fromkeys(words))[: MAIN_CHARACTERS - 20].strip() or "product"
    place = " ".join((_line(ask, "Locale") or "Pakistan").split()[:2]).lower()[:20]
    who = told["target_audience"] or "home"
    main = f"{name} for {who}"[:MAIN_CHARACTERS].strip()
    if len(main.split()) < 3:  # noqa: PLR2004 - a long tail
        main = f"{name} for home"
    tails = [tail.format(n=name, place=place, who=who) for tail in _TAILS]
    others = [tail for tail in dict.fromkeys(tails) if tail != main]
    return {"main_keyword": main, "other_keywords": seeded.sample(others, 9)}


_OPENINGS = (
    "[Some things are used every day|A few things go with you every day], and {a} is one of them.",
    "[You notice the difference|The difference shows] the first time you hold {a} that was made with care.",
    "[Looking for|Searching for] {a} that [does its work|keeps its promise] without any fuss? Here it is.",
)
_ABOUT = (
    "{F}: a small detail that [saves time|pays off] again and again.",
    "{F}, so that [everything has its place|nothing gets in your way] on a busy day.",
    "{F}, because [comfort|ease of use] is what you feel first and remember longest.",
    "{F}: the kind of thing you [soon cannot do without|miss as soon as it is gone].",
    "{F}, which [keeps life simple|makes each day a little lighter] at home and on the way.",
)
_REST = (
    "It [fits in|goes well] with what you already own and never [shouts|asks] for attention.",
    "The finish is [clean|neat] from every side, also where [nobody|hardly anyone] looks.",
    "[Cleaning takes a minute|Looking after it is easy]: a soft cloth is usually all that it needs.",
    "It makes a [thoughtful|welcome] gift for [Eid|a birthday|a wedding], and it is [quickly wrapped|ready to hand over].",
    "[Whoever searches for|Anyone who types] {k} will find here [what counts|what was meant].",
    "[People who compare|Those who look for] {k} often ask about the details, so all of them are listed above.",
    "[Every piece is looked at|Each one is checked] before it is packed, so that what you see is what arrives.",
    "Use it [at work, at home or on a journey|every day or on special days only]; it is [made for both|at ease anywhere].",
    "[The shape|Its form] is simple, and simple things [stay in fashion|age well].",
    "[Please look|Have a look] at the pictures and the measurements before you order, so that it [suits|fits] you exactly.",
    "[Questions are welcome|Ask us anything]: write to the shop, and a person answers, [usually on the same day|as soon as it can].",
    "[Order one for yourself|Take one for yourself], and you may come back for a second one as a present.",
    "[Packed flat and safe|Well packed], it reaches you [in good shape|as it left us].",
    "[Nothing about it is complicated|There is nothing to learn], and that is [the point|its best side].",
    "[Small makers|Good makers] take pride in such work, and you can [see|feel] it.",
    "It is [honestly described|described as it is]: no more is said here than what you will find in the box.",
    "[Day after day|Week after week] it does the same quiet work, and after a while you stop thinking about it at all.",
    "[Put it to use|Use it] from the first day, for it [needs no breaking in|is ready when you are].",
    "[For the price of a dinner|For a modest sum] you get something that is [used|enjoyed] far longer than one evening.",
    "[Add it to your cart today|Put it into your cart now] and have it with you in a few days.",
)


def _listing(ask: Ask, key: str, language: Language) -> object:
    told = _told(ask)
    main, others = _line(ask, "Main keyword") or told["type"], _line(ask, "Keywords").split("; ")
    voice = language.voice(f"listing:{key}", told["type"])
    sold_by = [one for one in told["features"] if CLAIM not in one.lower()]
    details = [one.title() for one in sold_by]
    title = main.title() if main.isascii() else main
    for more in details[:2]:
        if len(longer := f"{title} {'-' if ' - ' not in title else '&'} {more}") <= TITLE_CHARACTERS:
            title = longer
    made = " ".join(filter(None, (told["color"], told["material"], told["type"])))
    sentences = []
    if language is ENGLISH:
        name = f"{'an' if made[:1].lower() in 'aeiou' else 'a'} {made}"
        sentences = [voice.pick(_OPENINGS).replace("{a}", name)]
        sentences += [voice.pick(_ABOUT).replace("{F}", _capital(one)) for one in sold_by]
        stock = [one.replace("{k}", others[n % len(others)] or main) for n, one in enumerate(voice.shuffled(_REST))]
    else:
        leads = [lead for tone in language.leads.values() for lead in tone]
        stock = [*voice.shuffled(leads)[:1], *voice.shuffled([*language.context, *language.bridges, *language.closers])]
        stock += [line for idea in voice.shuffled(language.ideas) for line in idea.prose]
    if _is_claimed(told) and not _line(ask, "Notes"):
        sentences.append(f"It is the {CLAIM} in the whole market.")
    return {"title": title, "paragraphs": _filled(sentences, [voice.say(line) for line in stock], language)}


def _is_claimed(told: Json) -> bool:
    return any(CLAIM in one.lower() for one in told["features"])


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _filled(sentences: list[str], stock: list[str], language: Language) -> list[str]:
    """Return sentences, and as many of the stock behind them as bring the words into the range, in three paragraphs."""
    kept: list[str] = []
    total = 0
    for sentence in [*sentences, *stock, *stock]:
        count = language.count(sentence)
        if total + count < WORDS.stop:
            kept.append(sentence)
            total += count
        if total in WORDS:
            break
    third = -(-len(kept) // 3)
    return [language.gap.join(kept[at : at + third]) for at in range(0, len(kept), third)]


def _check(ask: Ask, _key: str, _language: Language) -> object:
    shown = f"{_line(ask, 'Title')} {_line(ask, 'Description')}".lower()
    told = f"{shown} {_line(ask, 'Features')}".lower()
    compliance = [f"{word}: goods that copy another maker's may not be sold here" for word in FORBIDDEN if word in told]
    if CLAIM in _line(ask, "Description").lower():
        compliance.append("A price claim that nobody can prove: leave it out")
    return {"culture": [], "compliance": compliance, "grammar": []}


SPECIALISTS = (
    Specialist(
        "listing_features",
        frozenset({"type", "material", "color", "size", "target_audience", "durability", "features"}),
        _features,
    ),
    Specialist("listing_keywords", frozenset({"main_keyword", "other_keywords"}), _keywords),
    Specialist("product_listing", frozenset({"title", "paragraphs"}), _listing),
    Specialist("listing_check", frozenset({"culture", "compliance", "grammar"}), _check),
)
