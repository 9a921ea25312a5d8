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
    told,
    without_marks,
)
from app.pipelines.pipeline import Done, NewPiece, Pipeline, Stage, Work
from app.pipelines.sources import link, of_data

REFUSALS = 2  # the post is written once more after the first, and has FAILED with the second


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
    notes = told(said)
    data: dict[str, Any] = {"verdict": said.model_dump(), "notes": notes}
    if said.approved:
        return Done(data=data)
    refusals = work.data.get("refusals", 0) + 1
    # Without its copy the post is written anew by a resume too; else that would ask about the same words again.
    data |= {"refused_copy": work.data["copy"], "copy": None}
    data |= {"refusals": refusals}
    if refusals % REFUSALS:  # a resume has as many tries as the first round
        return Done(data=data, again="write_post")
    failure = ("not_approved", f"the check refused the post {REFUSALS} times: {notes[0]}")
    return Done(data=data, failure=failure)


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


def files(_: LinkedInPostRequest, ready: Mapping[str, Sequence[Mapping[str, Any]]]) -> dict[str, str]:
    """Return the posts as one Markdown file, ready to be copied one by one."""
    posts = [_markdown(n, post) for n, post in enumerate(texts(ready)["posts"], start=1)]
    return {"posts.md": "\n---\n\n".join(posts)} if posts else {}


def _markdown(number: int, post: Mapping[str, Any]) -> str:
    score = f" ({post['score']} of 100)" if "score" in post else ""
    sources = "".join(f"- {link(one.name, one.url)}\n" for one in of_data(post["sources"]))
    sources = sources or "- none: check the facts before you publish it\n"
    remarks = "; ".join(told(Verdict.model_validate(post["verdict"])))
    return (
        f"# {number}. {post['topic']}{score}\n\n{post['copy']}\n\n"
        f"Sources:\n{sources}\n"
        f"Check: approved{remarks and f', with remarks: {remarks}'}\n"
    )


# A research answer costs $0.005 and more before its first token (app/domain/prices.py): one search finds all topics.
SEARCH = Stage(
    "discover_trends",
    discover_trends,
    PieceState.READY,
    "text",
    purpose="research",
    keeps="topics",
    max_tokens_in=5_000,
    max_tokens_out=2_500,
    expected_tokens=(420, 800),
    expected_s=10,
)

POST_TRACK = (
    Stage(
        "plan_post",
        plan_post,
        PieceState.PENDING,
        "text",
        purpose="plan_content",
        keeps="brief",
        max_tokens_in=3_000,
        max_tokens_out=2_500,  # the planner's thoughts are in it
        expected_tokens=(430, 380),
        expected_s=5,
    ),
    Stage(
        "write_post",
        write_post,
        PieceState.PENDING,
        "text",
        purpose="write_copy",
        keeps="copy",
        max_charged_calls=4,  # twice each time that it is written
        max_tokens_in=4_000,
        max_tokens_out=2_500,  # 345 words of a script that takes many tokens
        expected_tokens=(520, 480),
        expected_s=9,
    ),
    Stage(
        "check_post",
        check_post,
        PieceState.READY,
        "text",
        purpose="check_copy",
        keeps="verdict",
        max_charged_calls=4,
        max_tokens_in=4_000,
        max_tokens_out=800,
        expected_tokens=(800, 60),
        expected_s=3,
    ),
)

PIPELINE = Pipeline(
    name="linkedin-post",
    version=1,
    title="A topic, or what an industry talks about this week, becomes LinkedIn posts with sources that were checked.",
    request=LinkedInPostRequest,
    charges=lambda request: {QuotaUnit.ITEMS: posts_of(request)},
    opening=opening,
    counts=counts,
    heading=heading,
    tracks={
        "trends": (SEARCH,),
        "research": (
            replace(
                SEARCH,
                step="research_topic",
                act=research_topic,
                keeps="facts",
                max_tokens_in=3_000,
                max_tokens_out=1_000,
                expected_tokens=(220, 200),
                expected_s=6,
            ),
        ),
        "post": POST_TRACK,
    },
    texts=texts,
    tolerates=frozenset({"post"}),
    files=files,
)
