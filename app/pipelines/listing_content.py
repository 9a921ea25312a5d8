"""The parts of a listing as the models return them, and what must hold of them."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from app.pipelines.languages import in_words, is_in_its_script, words

KEYWORDS = 10  # the brief's step 2
KEYWORD_WORDS = (3, 10)  # fewer words are no long tail
MAIN_CHARACTERS = 80  # of the first keyword, which the title has to hold
TITLE_CHARACTERS = 120
DESCRIPTION_WORDS = (213, 287)  # 250 words, 15 % either way
MOST_FEATURES = 12


class Features(BaseModel):
    """What the details say of a product."""

    model_config = ConfigDict(extra="forbid")
    type: str = Field(min_length=1, description="What it is, in one to four words: wallet, wireless mouse.")
    material: str = Field(description="Empty where the details do not say it, as all fields below.")
    color: str
    size: str
    target_audience: str
    durability: str
    features: list[str] = Field(description=f"Each in a few words; 1 to {MOST_FEATURES}, the most important first.")


class Keywords(BaseModel):
    """What buyers search for."""

    model_config = ConfigDict(extra="forbid")
    main_keyword: str = Field(description="The best one, which the title will hold.")
    other_keywords: list[str] = Field(description=f"Exactly {KEYWORDS - 1} more.")

    @property
    def every(self) -> list[str]:
        """The keywords, the main one first, each on one line."""
        return [" ".join(one.split()) for one in (self.main_keyword, *self.other_keywords)]


class Listing(BaseModel):
    """What is shown on the marketplace."""

    model_config = ConfigDict(extra="forbid")
    title: str = Field(min_length=1, description=f"At most {TITLE_CHARACTERS} characters, with the main keyword.")
    paragraphs: list[str] = Field(description="The description: 250 words in all, in three to five paragraphs.")

    @property
    def description(self) -> str:
        """The paragraphs, an empty line between two."""
        return "\n\n".join(part.strip() for part in self.paragraphs if part.strip())


class ListingCheck(BaseModel):
    """What has to be changed; all empty = approved."""

    model_config = ConfigDict(extra="forbid")
    culture: list[str] = Field(description="What could offend or seem out of place to these buyers; empty = nothing.")
    compliance: list[str] = Field(description="What breaks the marketplace's rules or claims what is not known.")
    grammar: list[str] = Field(description="Mistakes of language.")


def problems_of_features(features: Features) -> list[str]:
    """Return what is wrong with extracted features."""
    count = len([one for one in features.features if one.strip()])
    return [] if 1 <= count <= MOST_FEATURES else [f"features: {count} instead of 1 to {MOST_FEATURES}"]


def problems_of_keywords(said: Keywords) -> list[str]:
    """Return what is wrong with keywords: their number, double ones, those too short or long."""
    plain = [_plain(one) for one in said.every]
    found = [] if len(plain) == KEYWORDS else [f"keywords: {len(plain)} instead of {KEYWORDS}"]
    found += [f"keyword {n + 1} stands there twice: {one}" for n, one in enumerate(plain) if one in plain[:n]]
    least, most = KEYWORD_WORDS
    found += [
        f"keyword {n}: {count} words instead of {least} to {most}"
        for n, one in enumerate(plain, start=1)
        if not least <= (count := words(one)) <= most
    ]
    if plain and len(plain[0]) > MAIN_CHARACTERS:
        found.append(f"keyword 1: {len(plain[0])} characters instead of at most {MAIN_CHARACTERS}")
    return found


def problems_of_listing(listing: Listing, main: str, language: str) -> list[str]:
    """Return what is wrong with a written listing; main: the keyword that its title has to hold."""
    found = []
    if len(listing.title) > TITLE_CHARACTERS:
        found.append(f"title: {len(listing.title)} characters instead of at most {TITLE_CHARACTERS}")
    if _plain(main) not in _plain(listing.title):
        found.append(f"title: it does not hold the main keyword word for word: {main}")
    least, most = DESCRIPTION_WORDS
    if not least <= (count := words(listing.description)) <= most:
        found.append(f"description: {count} words instead of {least} to {most}")
    if not is_in_its_script(listing.description, language):
        found.append(f"description: not written in {in_words(language)} and its own letters")
    return found


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())
