"""Which way a language is written."""

from __future__ import annotations

RTL_LANGUAGES = frozenset({
    "ar", "arc", "azb", "ckb", "dv", "fa", "glk", "he", "iw", "ks", "lrc", "mzn", "nqo", "pnb", "ps", "sd", "skr", "syr",
    "ug", "ur", "yi",
})  # fmt: skip
RTL_SCRIPTS = frozenset(["adlm", "arab", "aran", "hebr", "nkoo", "syrc", "thaa"])
SCRIPT_LETTERS = 4  # of a script's subtag (BCP 47)


def is_rtl_language(language: str) -> bool:
    """Return whether a language (BCP 47) is written from right to left; a script in the tag decides, as in az-Arab."""
    tag, *others = language.lower().replace("_", "-").split("-")
    scripts = [other for other in others if len(other) == SCRIPT_LETTERS and other.isalpha()]
    return scripts[0] in RTL_SCRIPTS if scripts else tag in RTL_LANGUAGES
