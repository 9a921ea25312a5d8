"""English: the first language of the writer, with the largest stock. It bends the topic to fit into its sentences."""

from __future__ import annotations

import re
from dataclasses import replace

from sandbox.languages.language import Language, as_it_is, topic_in_short
from sandbox.topics import read_topic
from sandbox.writer_article import AUTHORS, BRIDGES, CLOSERS, CONTEXT, LAST_WORDS, LEADS, QUOTES
from sandbox.writer_frames import ANGLES, CALLS, HOOKS, OPENERS
from sandbox.writer_ideas import FIRST_STEPS
from sandbox.writer_ideas_craft import CRAFT
from sandbox.writer_ideas_long import LONG_RUN


def _within_a_sentence(heading: str) -> str:
    bare = re.sub(r"[?.]$", "", heading)
    return bare[:1].lower() + bare[1:]


ENGLISH = Language(
    ideas=(*FIRST_STEPS, *CRAFT, *LONG_RUN),
    angles=ANGLES,
    hooks=HOOKS,
    openers=OPENERS,
    calls=CALLS,
    leads=LEADS,
    context=CONTEXT,
    bridges=BRIDGES,
    closers=CLOSERS,
    last_words=LAST_WORDS,
    recap=(
        "[If you remember only two things about {{S}}|Should only two points about {{S}} stay with you], "
        "let them be these: {first}, and {second}."
    ),
    quotes=QUOTES,
    authors=AUTHORS,
    opening_themes=("{K} as a quiet still life", "{K}, seen in morning light", "wide horizon before sunrise"),
    closing_themes=("open road into warm evening light", "{K}, bright and open sky", "open window, new morning"),
    this="this",
    read=read_topic,
    echo=_within_a_sentence,
    capitalises=True,
)
AS_GIVEN = replace(
    ENGLISH,
    opening_themes=("wide horizon before sunrise", "still lake at first light"),
    closing_themes=("open road into warm evening light", "open window, new morning"),
    this="",
    read=topic_in_short,
    echo=as_it_is,
)
"""English about a topic whose letters are not Latin: nothing bends it, and no image theme names it."""
