"""Schedules that draw from a feed: read shortly before they are due, each article drawn once, the oldest first."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from fetch_servers import Page, Site, keep_on_loopback, serving
from sqlalchemy import func, select

from app.db.models import Run, ScheduleItem
from app.db.session import transaction
from app.domain.errors import Conflict
from app.domain.plans import Plan
from app.schedules import rows, starts
from harness import Installation, forget_settings
from orders import a_user, run_of
from races import together
from scheduling import MONDAY, history, nine, now_of, outcomes, scheduled, set_columns, start, wish
from workers.feed_reading import read_due

CHEAP = {"max_cost_usd": 0.5}
MINUTE = timedelta(minutes=1)
BEFORE_NINE = nine() - 10 * MINUTE


@pytest.fixture
def site(database: Installation, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Site]:
    """A site on loopback that the operator allows."""
    assert database
    keep_on_loopback(monkeypatch)
    with serving({}) as made:
        monkeypatch.setenv("PRESSROOM_FETCH_ALLOW", "127.0.0.0/8")
        monkeypatch.setenv("PRESSROOM_FETCH_PORTS", str(made.port))
        forget_settings()
        yield made
    forget_settings()


def article(n: int, **said: Any) -> dict[str, Any]:
    """Return an article; a higher number is a newer one."""
    published = datetime(2026, 9, n, 12, tzinfo=UTC).isoformat()
    told = {"title": f"Article {n}", "url": f"https://blog.example/{n}", "summary": f"What article {n} says."}
    return told | {"date_published": published} | said


def lists(site: Site, articles: Sequence[dict[str, Any]]) -> None:
    """Have the feed list these."""
    site.pages["/feed"] = Page(json.dumps(list(articles)).encode(), content_type="application/json")


def feed_of(site: Site) -> str:
    return f"http://127.0.0.1:{site.port}/feed"


def drawing(site: Site, **said: Any) -> uuid.UUID:
    """Make a schedule of hero images from the site's feed, daily at nine."""
    return scheduled(**{"pipeline": "hero-image", "request": CHEAP, "feed_url": feed_of(site)} | said)


def items(schedule_id: uuid.UUID) -> list[ScheduleItem]:
    with transaction() as session:
        query = select(ScheduleItem).where(ScheduleItem.schedule_id == schedule_id).order_by(ScheduleItem.title)
        return list(session.scalars(query).all())


def started(slot: datetime) -> list[uuid.UUID]:
    """Read what is to be read shortly before a slot, and start what is due shortly after it."""
    read_due(slot - 10 * MINUTE)
    return start(slot)


def titles(run_ids: Sequence[uuid.UUID]) -> list[str]:
    return [run_of(run_id).request["title"] for run_id in run_ids]


# ---- reading


def test_a_new_feed_is_read_at_once_and_then_shortly_before_each_slot(site: Site) -> None:
    lists(site, [article(1)])
    drawing(site)

    read = [read_due(MONDAY + n * MINUTE) for n in range(3)]
    later = [read_due(nine() - n * MINUTE) for n in (30, 16, 14, 10, 1)]

    assert read == [1, 0, 0]
    assert later == [0, 0, 1, 0, 0]
    assert site.paths == ["/feed"] * 2


def test_two_readers_at_once_read_a_feed_once(site: Site) -> None:
    lists(site, [article(1)])
    ids = [drawing(site) for _ in range(3)]

    together([partial(read_due, MONDAY)] * 4)

    assert len(site.paths) == 3
    assert [len(items(one)) for one in ids] == [1, 1, 1]


def test_an_rss_feed_is_read_too(site: Site) -> None:
    rss = (
        '<rss version="2.0"><channel><title>B</title>'
        "<item><title>With</title><link>https://b.example/1</link>"
        '<enclosure url="https://b.example/1.png" type="image/png" length="1"/></item>'
        "<item><title>Without</title><link>https://b.example/2</link><description>Told.</description></item>"
        "</channel></rss>"
    )
    site.pages["/feed"] = Page(rss.encode(), content_type="application/rss+xml")
    schedule_id = drawing(site)

    (run_id,) = started(nine())

    assert [(one.title, one.has_image) for one in items(schedule_id)] == [("With", True), ("Without", False)]
    request = run_of(run_id).request
    assert (request["title"], request["summary"], request["url"]) == ("Without", "Told.", "https://b.example/2")


def test_paused_schedules_feeds_are_left_alone(site: Site) -> None:
    lists(site, [article(1)])
    schedule_id = drawing(site)
    set_columns(schedule_id, paused_at=MONDAY, paused_because="asked", next_at=None)

    assert read_due(MONDAY) == 0


def test_a_feed_that_cannot_be_read_is_told_and_tried_again_later_and_later(site: Site) -> None:
    schedule_id = drawing(site)
    tried = []
    for minute in range(95):
        read_due(MONDAY + minute * MINUTE)
        tried += [minute] if len(site.paths) > len(tried) else []

    assert tried == [0, 1, 3, 7, 15, 31, 61, 91]
    problem = now_of(schedule_id).last_problem
    assert problem is not None
    assert (problem["code"], now_of(schedule_id).feed_failures) == ("fetch_failed:not_found", 8)


def test_when_it_can_be_read_again_nothing_is_wrong_any_more(site: Site) -> None:
    schedule_id = drawing(site)
    read_due(MONDAY)
    lists(site, [article(1)])

    read_due(MONDAY + 2 * MINUTE)

    schedule = now_of(schedule_id)
    assert (schedule.last_problem, schedule.feed_failures, schedule.feed_try_at) == (None, 0, None)


def test_a_feed_that_leads_inside_is_refused_and_told(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    schedule_id = drawing(site)
    monkeypatch.setenv("PRESSROOM_FETCH_ALLOW", "")
    forget_settings()

    read_due(MONDAY)

    problem = now_of(schedule_id).last_problem
    assert problem is not None
    assert (problem["code"], site.paths) == ("url_refused:not_public", [])


def test_a_page_that_is_no_feed_is_told(site: Site) -> None:
    site.pages["/feed"] = Page(b"hello", content_type="text/plain")
    schedule_id = drawing(site)

    read_due(MONDAY)

    problem = now_of(schedule_id).last_problem
    assert problem is not None
    assert problem["code"] == "feed_refused:not_a_feed"


def test_what_the_feed_lists_no_more_is_forgotten_after_a_month(site: Site) -> None:
    lists(site, [article(1)])
    schedule_id = drawing(site)
    read_due(MONDAY)
    lists(site, [article(2)])

    counts = []
    for days in (20, 40):
        set_columns(schedule_id, feed_read_at=None)
        read_due(MONDAY + timedelta(days=days))
        counts.append([one.title for one in items(schedule_id)])

    assert counts == [["Article 1", "Article 2"], ["Article 2"]]


# ---- drawing


def test_articles_without_a_picture_are_drawn_oldest_first_each_once(site: Site) -> None:
    lists(site, [article(4), article(3), article(2, image="https://blog.example/2.png"), article(1)])
    schedule_id = drawing(site)

    drawn = [titles(started(nine(day))) for day in range(4)]

    assert drawn == [["Article 1"], ["Article 3"], ["Article 4"], []]
    assert outcomes(schedule_id) == ["ORDERED"] * 3 + ["NOTHING_NEW"]
    assert [row.topic for row in history(schedule_id)] == ["Article 1", "Article 3", "Article 4", None]
    schedule = now_of(schedule_id)
    assert (schedule.ordered, schedule.refused, schedule.last_problem, schedule.paused_at) == (3, 0, None, None)
    assert [one.run_id is not None for one in items(schedule_id)] == [True, False, True, True]


def test_without_dates_the_order_of_the_feed_counts_and_what_came_later_is_newer(site: Site) -> None:
    undated = [article(n, date_published=None) for n in (3, 2, 1)]
    lists(site, undated[1:])
    schedule_id = drawing(site)
    read_due(MONDAY)
    lists(site, undated)
    set_columns(schedule_id, feed_read_at=None)
    read_due(MONDAY + MINUTE)

    assert [titles(started(nine(day))) for day in range(3)] == [["Article 1"], ["Article 2"], ["Article 3"]]


def test_all_articles_are_drawn_where_that_is_wished(site: Site) -> None:
    lists(site, [article(2, image="https://blog.example/2.png"), article(1)])
    drawing(site, feed_items="all")

    assert [titles(started(nine(day))) for day in range(2)] == [["Article 1"], ["Article 2"]]


def test_one_that_has_a_picture_by_now_is_not_drawn(site: Site) -> None:
    lists(site, [article(1)])
    schedule_id = drawing(site)
    read_due(MONDAY)
    lists(site, [article(1, image="https://blog.example/1.png")])
    read_due(BEFORE_NINE)

    assert start(nine()) == []
    assert outcomes(schedule_id) == ["NOTHING_NEW"]


def test_an_article_that_was_drawn_is_not_drawn_again_when_the_feed_is_read_again(site: Site) -> None:
    lists(site, [article(1)])
    drawing(site)

    assert titles(started(nine())) == ["Article 1"]
    assert started(nine(1)) == []


def test_a_post_can_be_about_an_articles_title(site: Site) -> None:
    long = "A title that is longer than a topic may be " * 6
    lists(site, [article(1, title=long)])
    drawing(site, pipeline="full-post", request={"max_cost_usd": 0.01})

    (run_id,) = started(nine())

    topic = run_of(run_id).request["topic"]
    assert topic.startswith("A title that")
    assert len(topic) <= 200


def test_an_article_that_no_order_can_be_made_of_does_not_stand_in_the_way(site: Site) -> None:
    lists(site, [article(2), article(1, title="No")])
    drawing(site)

    assert titles(started(nine())) == ["Article 2"]


def test_an_article_whose_run_was_refused_is_drawn_again(site: Site) -> None:
    lists(site, [article(2), article(1)])
    user = a_user(Plan.FREE)
    schedule_id = scheduled(user, pipeline="hero-image", request={"max_cost_usd": 1000}, feed_url=feed_of(site))
    set_columns(schedule_id, request={"brand": "gone"})

    assert started(nine()) == []
    set_columns(schedule_id, request=CHEAP)

    assert titles(started(nine(1))) == ["Article 1"]
    assert outcomes(schedule_id) == ["REFUSED", "ORDERED"]


def test_four_starters_at_once_draw_one_article(site: Site) -> None:
    lists(site, [article(2), article(1)])
    schedule_id = drawing(site)
    read_due(BEFORE_NINE)

    together([partial(starts.start_due, nine() + MINUTE)] * 4)

    assert [one.taken_at is not None for one in items(schedule_id)] == [True, False]
    with transaction() as session:
        owner = now_of(schedule_id).user_id
        assert session.scalar(select(func.count()).select_from(Run).where(Run.user_id == owner)) == 1


def test_a_slot_without_anything_new_names_the_feeds_problem(site: Site) -> None:
    schedule_id = drawing(site)
    read_due(BEFORE_NINE)

    start(nine())

    (row,) = history(schedule_id)
    assert row.problem is not None
    assert (row.outcome, row.problem["code"]) == ("REFUSED", "fetch_failed:not_found")


def test_an_extra_run_draws_too_and_is_refused_when_nothing_waits(site: Site) -> None:
    lists(site, [article(1)])
    user = a_user()
    schedule_id = scheduled(user, pipeline="hero-image", request=CHEAP, feed_url=feed_of(site))
    read_due(MONDAY)

    def now() -> uuid.UUID:
        with transaction() as session:
            schedule = rows.owned(session, user, schedule_id, to_change=True)
            return starts.run_now(session, user, schedule, now=MONDAY).run_id

    assert titles([now()]) == ["Article 1"]
    with pytest.raises(Conflict) as told:
        now()
    assert told.value.code == "nothing_new"


def test_another_feed_begins_anew(site: Site) -> None:
    lists(site, [article(1)])
    user = a_user()
    schedule_id = scheduled(user, pipeline="hero-image", request=CHEAP, feed_url=feed_of(site))
    read_due(MONDAY)

    with transaction() as session:
        schedule = rows.owned(session, user, schedule_id, to_change=True)
        rows.replace(
            session, user, schedule, wish(pipeline="hero-image", request=CHEAP, feed_url="https://other.example/rss")
        )

    schedule = now_of(schedule_id)
    assert (items(schedule_id), schedule.feed_read_at, schedule.feed_url) == ([], None, "https://other.example/rss")
