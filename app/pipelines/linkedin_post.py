"""linkedin-post: posts of text, about one topic or about what an industry talks about this week.

Each step is done by whoever is best at it and is given only what it needs: who can search finds the topics or the
facts, who is precise plans a post from them, who writes well writes it from the plan alone, and who is cheap reads it
against the facts. What is refused is written once more, with the notes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from app.domain.brand import BrandKit
from app.domain.states import PieceState, QuotaUnit
from app.pipelines.checked_copy import CHECKER_CALLS, WRITER_CALLS, notes_of, sent_back
from app.pipelines.labels import Labels, labels
from app.pipelines.linkedin_prompts import (
    LinkedInPostRequest,
    brief_prompt,
    check_prompt,
    copy_prompt,
    posts_of,
    research_prompt,
    trends_prompt,
)
from app.pipelines.linkedin_text import (
    Brief,
    Copy,
    Research,
    Trends,
    Verdict,
    cited,
    problems_of_brief,
    problems_of_copy,
    problems_of_research,
    problems_of_trends,
    problems_of_verdict,
    without_marks,
)
from app.pipelines.markdown import code_block, in_line, link
from app.pipelines.pipeline import Done, NewPiece, Pipeline, Work
from app.pipelines.sources import of_data
from app.pipelines.stages import text_stage


def discover_trends(work: Work) -> Done:
    """Find all topics with one search, and open a post for each, the most talked about first."""
    request: LinkedInPostRequest = work.request
    said = work.ask.structured(
        "research",
        trends_prompt(request),
        Trends,
        name="linkedin_trends",
        check=lambda reply: problems_of_trends(reply, posts_of(request)),
    )
    posts = []
    for trend in sorted(said.topics, key=lambda one: -one.score):
        sources = cited(trend, said.search_results)
        head = {"topic": without_marks(trend.topic), "score": trend.score, "why": without_marks(trend.why)}
        facts = [without_marks(fact) for fact in trend.facts]
        posts.append({**head, "facts": facts, "sources": sources, "unsourced": not sources})
    shown = [{name: value for name, value in post.items() if name != "facts"} for post in posts]
    return Done(data={"topics": shown}, opens=[NewPiece("post", n, post) for n, post in enumerate(posts)])


def research_topic(work: Work) -> Done:
    """Find the facts for the one post about a given topic, and open it."""
    said = work.ask.structured(
        "research", research_prompt(work.request), Research, name="linkedin_research", check=problems_of_research
    )
    facts = [without_marks(fact) for fact in said.facts]
    sources = [found.model_dump() for found in said.search_results]
    found = {"topic": work.request.topic, "facts": facts, "sources": sources, "unsourced": not sources}
    return Done(data={"facts": facts, "sources": sources}, opens=[NewPiece("post", 0, found)])


def plan_post(work: Work) -> Done:
    """Make the brief of one post."""
    brief = work.ask.structured(
        "plan_content",
        brief_prompt(work),
        Brief,
        name="linkedin_brief",
        check=lambda reply: problems_of_brief(reply, work.request.language),
    )
    return Done(data={"brief": brief.model_dump()})


def write_post(work: Work) -> Done:
    """Write one post from its brief, and from the notes if it was refused."""
    copy = work.ask.structured(
        "write_copy",
        copy_prompt(work),
        Copy,
        name="linkedin_copy",
        check=lambda reply: problems_of_copy(reply, work.request.language),
    )
    return Done(data={"copy": copy.post_text.strip()})


def check_post(work: Work) -> Done:
    """Have one post read; what is refused twice has FAILED, with the notes and the draft kept."""
    said = work.ask.structured(
        "check_copy", check_prompt(work), Verdict, name="linkedin_verdict", check=problems_of_verdict
    )
    notes, verdict = notes_of(said), {"verdict": said.model_dump()}
    if said.approved:
        return Done(data=verdict | {"notes": notes})
    refused = sent_back(work, notes, "write_post", "copy", kept_as="refused_copy")
    return replace(refused, data=verdict | (refused.data or {}))


def opening(request: LinkedInPostRequest, _: BrandKit) -> Sequence[NewPiece]:
    """Return the search that a run starts with."""
    return [NewPiece("trends" if request.topic is None else "research", 0, {})]


def counts(request: LinkedInPostRequest) -> Mapping[str, int]:
    """Return one search and the posts."""
    return {"trends" if request.topic is None else "research": 1, "post": posts_of(request)}


def heading(request: LinkedInPostRequest) -> str:
    """Return the topic, or what the topics are looked for in."""
    return request.topic or f"{posts_of(request)} LinkedIn posts: {request.industry}, {request.locale}"


def texts(pieces: Mapping[str, Sequence[Mapping[str, Any]]]) -> dict[str, Any]:
    """Return the topics that were found, and the approved posts."""
    posts = [_shown(post) for post in pieces.get("post", ()) if (post.get("verdict") or {}).get("approved")]
    topics = [topic for search in pieces.get("trends", ()) for topic in search.get("topics", ())]
    return {"topics": topics, "posts": posts}


def _shown(post: Mapping[str, Any]) -> dict[str, Any]:
    names = ("topic", "score", "copy", "sources", "unsourced", "verdict")
    return {"hook": post["brief"]["hook"], **{name: post[name] for name in names if name in post}}


def files(request: LinkedInPostRequest, ready: Mapping[str, Sequence[Mapping[str, Any]]]) -> dict[str, str]:
    """Return the posts as one Markdown file, each in a block that is copied as it is."""
    named = labels(request.language)
    posts = [_markdown(n, post, named) for n, post in enumerate(texts(ready)["posts"], start=1)]
    return {"posts.md": "\n---\n\n".join(posts)} if posts else {}


def _markdown(number: int, post: Mapping[str, Any], named: Labels) -> str:
    score = f" ({named.of_hundred.format(score=post['score'])})" if "score" in post else ""
    sources = "".join(f"- {link(one.name, one.url)}\n" for one in of_data(post["sources"]))
    sources = sources or f"- {named.check_facts}\n"
    notes = in_line("; ".join(notes_of(Verdict.model_validate(post["verdict"]))))
    return (
        f"# {number}. {in_line(post['topic'])}{score}\n\n{code_block(post['copy'])}\n\n"
        f"{named.sources}:\n{sources}\n"
        f"{f'{named.approved_with}: {notes}' if notes else named.approved}\n"
    )


# A research answer costs $0.005 and more before its first token (app/domain/prices.py): one search finds all topics.
SEARCH = text_stage(
    discover_trends, "research", keeps="topics",
    max_tokens=(5_000, 2_500), expected_tokens=(420, 800), expected_s=10,
)  # fmt: skip
RESEARCH = text_stage(
    research_topic, "research", keeps="facts",
    max_tokens=(3_000, 1_000), expected_tokens=(220, 200), expected_s=6,
)  # fmt: skip
PLAN = text_stage(
    plan_post, "plan_content", gives=PieceState.PENDING, keeps="brief",
    max_tokens=(3_000, 2_500),  # the planner's thoughts are in it
    expected_tokens=(430, 380), expected_s=5,
)  # fmt: skip
WRITE = text_stage(
    write_post, "write_copy", gives=PieceState.PENDING, keeps="copy", max_charged_calls=WRITER_CALLS,
    max_tokens=(4_000, 2_500),  # 345 words of a script that takes many tokens
    expected_tokens=(520, 480), expected_s=9,
)  # fmt: skip
CHECK = text_stage(
    check_post, "check_copy", keeps="verdict",
    max_charged_calls=CHECKER_CALLS + 1,  # its verdict has rules that it may break each time
    max_tokens=(4_000, 800), expected_tokens=(800, 60), expected_s=3,
)  # fmt: skip

PIPELINE = Pipeline(
    name="linkedin-post",
    version=1,
    title="A topic, or what an industry talks about this week, becomes LinkedIn posts with sources that were checked.",
    request=LinkedInPostRequest,
    charges=lambda request: {QuotaUnit.ITEMS: posts_of(request)},
    opening=opening,
    counts=counts,
    heading=heading,
    tracks={"trends": (SEARCH,), "research": (RESEARCH,), "post": (PLAN, WRITE, CHECK)},
    texts=texts,
    tolerates=frozenset({"post"}),
    files=files,
)
