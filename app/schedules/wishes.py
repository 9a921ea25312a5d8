"""What a user says of a schedule, checked as a whole: cron expression, time zone, and the order of each of its runs."""

from __future__ import annotations

from collections import Counter
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError
from sqlalchemy.orm import Session

from app.db.models import User
from app.domain.errors import InvalidRequest, NotFound
from app.domain.schedules import FeedItems, MissedPolicy
from app.pipelines.catalog import pipeline_named
from app.pipelines.pipeline import Pipeline
from app.pipelines.urls import WebUrl
from app.runs.accept import brand_of, parse
from app.schedules import draws, slots

MAX_TOPICS = 1000
MAX_TOPIC = 2000  # characters: as long as the longest prompt of a picture
TOPIC = "topic"  # the field that topics go into unless told otherwise
SOME_ARTICLE = {"title": "An article", "summary": "What it says.", "url": "https://example.com/article"}
MOST_TOLD = 5  # wrong topics in one answer


def _refused(kind: str, told: str | None) -> None:
    if told is not None:
        raise PydanticCustomError(kind, "{told}", {"told": told})


def _cron(text: str) -> str:
    text = " ".join(text.split())
    _refused("cron", slots.problem_of_cron(text))
    return text


def _zone(name: str) -> str:
    _refused("time_zone", slots.problem_of_zone(name))
    return name


def _each_once(topics: list[str] | None) -> list[str] | None:
    twice = [topic for topic, times in Counter(topics or ()).items() if times > 1]
    _refused("topics", f"{twice[0][:60]!r} is there twice; each topic is drawn once" if twice else None)
    return topics


class ScheduleBody(BaseModel):
    """A schedule: when, and what it orders then."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    name: str = Field(min_length=1, max_length=100, description="What you call it; yours has no other of that name.")
    pipeline: str = Field(min_length=1, max_length=100)
    request: dict[str, Any] = Field(
        default_factory=dict, description="What each run orders, as POST /api/generate/<pipeline> takes it."
    )
    cron: Annotated[str, Field(max_length=slots.MAX_CRON), AfterValidator(_cron)] = Field(
        description="Minute, hour, day of the month, month, day of the week: `0 9 * * 1-5` is 9:00 from Monday to Friday."
    )
    time_zone: Annotated[str, AfterValidator(_zone)] = Field("UTC", description="IANA name, for example Asia/Karachi.")
    topics: Annotated[
        list[Annotated[str, Field(min_length=1, max_length=MAX_TOPIC)]] | None, AfterValidator(_each_once)
    ] = Field(
        None,
        min_length=1,
        max_length=MAX_TOPICS,
        description="Drawn in this order, one for each run; after the last one the schedule pauses. null = every run orders the same.",
    )
    topics_into: str = Field(TOPIC, max_length=100, description="The field of the request that a topic is put into.")
    repeat_topics: bool = Field(default=False, description="Begin again with the first topic after the last one.")
    feed_url: WebUrl | None = Field(
        None,
        description="An RSS or Atom feed, a JSON Feed or a JSON list of {title, url, summary}: each run is about one of"
        " its articles, the oldest first. Its title, summary and url go into the request's fields of these names,"
        " or its title into `topic`.",
    )
    feed_items: FeedItems = Field(
        FeedItems.WITHOUT_IMAGE, description="Which of its articles: those that bring no picture along, or all."
    )
    missed: MissedPolicy = Field(
        MissedPolicy.SKIP,
        description="What becomes of slots that were missed, because the installation was down:"
        " nothing, or one run that makes up for all of them.",
    )


def check(session: Session, user: User, wished: ScheduleBody) -> Pipeline:
    """Return the pipeline, if each run of the schedule could be ordered now. Raises InvalidRequest by field."""
    try:
        pipeline = pipeline_named(wished.pipeline)
    except NotFound as exc:
        raise InvalidRequest(str(exc), code=exc.code, fields={"pipeline": str(exc)}) from None
    if wished.feed_url is not None:
        request = _with_articles(pipeline, wished)
    else:
        request = _parsed(pipeline, wished.request) if wished.topics is None else _with_topics(pipeline, wished)
    try:
        brand_of(session, user, getattr(request, "brand", None))
    except InvalidRequest as exc:
        raise _wrong({"request.brand": str(exc)}, exc.code) from None
    return pipeline


def _with_topics(pipeline: Pipeline, wished: ScheduleBody) -> BaseModel:
    """Return the first request. What is wrong with a topic is told as `topics.3`, all else as `request.tone`.

    All else is as wrong with every other topic: the first such mistake ends it, for each look is at a whole request.
    """
    into = wished.topics_into
    if into not in pipeline.request.model_fields:
        known = ", ".join(pipeline.request.model_fields)
        raise _wrong({"topics_into": f"{pipeline.name} has no field {into!r}; it has {known}"})
    if into in wished.request:
        raise _wrong({f"request.{into}": "the topics go there; leave one of the two out"})
    requests: list[BaseModel] = []
    wrong: dict[str, str] = {}
    for n, topic in enumerate(wished.topics or ()):
        try:
            requests.append(_parsed(pipeline, wished.request | {into: draws.in_field(pipeline, into, topic)}))
        except InvalidRequest as exc:
            if told := {name: reason for name, reason in exc.fields.items() if name.split(".")[1:2] != [into]}:
                raise _wrong(told, exc.code) from None
            wrong[f"topics.{n}"] = next(iter(exc.fields.values()))
        if len(wrong) >= MOST_TOLD:
            break
    if wrong:
        raise _wrong(wrong)
    return requests[0]


def _with_articles(pipeline: Pipeline, wished: ScheduleBody) -> BaseModel:
    """Return the request of an article as feeds have them."""
    if wished.topics is not None:
        raise _wrong({"feed_url": "the topics are drawn already; leave one of the two out"})
    fields = draws.article_fields(pipeline, SOME_ARTICLE)
    if not fields:
        wanted = ", ".join(dict.fromkeys(name for names in draws.ARTICLE.values() for name in names))
        raise _wrong(
            {"feed_url": f"{pipeline.name} has no field that an article could go into; that is one of {wanted}"}
        )
    if taken := sorted(fields.keys() & wished.request.keys()):
        raise _wrong({f"request.{name}": "the feed's articles go there; leave it out" for name in taken})
    return _parsed(pipeline, wished.request | fields)


def _parsed(pipeline: Pipeline, body: dict[str, Any]) -> BaseModel:
    try:
        return parse(pipeline, body)
    except InvalidRequest as exc:
        fields = {f"request.{name}" if name != "body" else "request": told for name, told in exc.fields.items()}
        raise _wrong(fields, exc.code) from None


def _wrong(fields: dict[str, str], code: str = InvalidRequest.code) -> InvalidRequest:
    told = "; ".join(f"{name}: {reason}" for name, reason in fields.items())
    return InvalidRequest(f"the schedule is not valid: {told}", fields=fields, code=code)
