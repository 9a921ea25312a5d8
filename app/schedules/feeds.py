"""Feeds that schedules draw from: when each is read, and what is kept of it. Workers fetch; here are only rows."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.db.models import Schedule, ScheduleItem
from app.domain.errors import FetchFailed, PressroomError, UrlRefused
from app.domain.schedules import FeedItems

FRESH = timedelta(minutes=15)  # a feed is read once so long before each slot, and no more often
LEEWAY = timedelta(minutes=2)  # two passes: a feed that is due by now is read by then, or there are too many
PATIENCE = timedelta(hours=1)  # for so long a slot waits for its feed
BUSY = timedelta(minutes=3)  # whoever reads a feed is done by then, or dead
BACKOFF = timedelta(minutes=1)  # after a failure; it doubles
LONGEST_BACKOFF = timedelta(minutes=30)
MOST_AT_ONCE = 20  # feeds in one pass
OTHERS_FIRST = timedelta(minutes=3)  # for so long a user with slow feeds leaves the passes to the others
KEPT_UNLISTED = timedelta(days=30)
KEPT_ITEMS = 1_000  # of one schedule: five times as many as the longest feed has
NOT_READ = "feed_not_read"
OF_FEEDS = (NOT_READ, FetchFailed.code, UrlRefused.code, "feed_refused")  # codes of what goes wrong with feeds


@dataclass(frozen=True, slots=True)
class Due:
    """A feed that is to be read now, by whoever has this."""

    schedule_id: uuid.UUID
    user_id: uuid.UUID
    url: str


def due(session: Session, now: datetime) -> list[Due]:
    """Return the feeds to be read now, and keep others from reading them meanwhile.

    Those of schedules that are due soon and were not read since; one that was never read at once. The one of each user
    whose slot is next comes before anybody's second.
    """
    is_due = (
        Schedule.paused_at.is_(None),
        Schedule.feed_url.is_not(None),
        or_(Schedule.feed_try_at.is_(None), Schedule.feed_try_at <= now),
        _is_unread(now),
    )
    turn = func.row_number().over(partition_by=Schedule.user_id, order_by=Schedule.next_at)
    turns = select(Schedule.id, turn.label("turn"), Schedule.next_at).where(*is_due).subquery()
    first = select(turns).order_by(turns.c.turn, turns.c.next_at).limit(MOST_AT_ONCE).subquery()
    rows = session.scalars(
        select(Schedule)
        .join(first, first.c.id == Schedule.id)
        .where(*is_due)
        .order_by(first.c.turn, first.c.next_at)
        .with_for_update(of=Schedule, skip_locked=True)
    ).all()
    for row in rows:
        row.feed_try_at = now + BUSY
    return [Due(row.id, row.user_id, row.feed_url) for row in rows if row.feed_url is not None]


def is_awaited(now: datetime, since: datetime) -> ColumnElement[bool]:
    """Say which schedules wait with their slot until their feed is read: what is stored may lack what it lists by now.

    That is so when the installation was down, or when many feeds are due at one time. One that cannot be read is not
    waited for, and none longer than PATIENCE after the slot, or after `since` we look again.
    """
    return and_(
        Schedule.feed_url.is_not(None),
        Schedule.feed_failures == 0,
        func.greatest(Schedule.next_at, since) > now - PATIENCE,
        _is_unread(now - LEEWAY),
    )


def _is_unread(now: datetime) -> ColumnElement[bool]:
    """Say which feeds are to be read for a slot that comes soon, or has passed; one that was never read always is."""
    fresh = func.greatest(Schedule.next_at, now - FRESH) - FRESH
    stale = and_(Schedule.next_at <= now + FRESH, Schedule.feed_read_at < fresh, Schedule.feed_read_at <= now - FRESH)
    return or_(Schedule.feed_read_at.is_(None), stale)


def give_back(session: Session, left: Sequence[Due], slow: Collection[uuid.UUID], now: datetime) -> None:
    """Give feeds back that `due` returned at `now` and nobody has read: they are due again at once.

    slow: users whose feeds took so long that those of others are left. All of theirs wait for OTHERS_FIRST.
    """
    mine = Schedule.id.in_([one.schedule_id for one in left]) & (Schedule.feed_try_at == now + BUSY)
    _try_at(session, None, mine)
    if slow:
        sooner = or_(Schedule.feed_try_at.is_(None), Schedule.feed_try_at < now + OTHERS_FIRST)
        _try_at(session, now + OTHERS_FIRST, Schedule.user_id.in_(slow) & Schedule.feed_url.is_not(None) & sooner)


def _try_at(session: Session, moment: datetime | None, which: ColumnElement[bool]) -> None:
    """Set when feeds may be read. What somebody has locked is left to them: waiting for it could be a deadlock."""
    free = select(Schedule.id).where(which).with_for_update(skip_locked=True)
    session.execute(
        update(Schedule)
        .where(Schedule.id.in_(free))
        .values(feed_try_at=moment)
        .execution_options(synchronize_session=False)
    )


def store(session: Session, read: Due, items: Sequence[Mapping[str, Any]], now: datetime) -> int:
    """Keep what a feed listed, newest first, as {title, url, summary, published, has_image}; return how many are new.

    An article that waits is brought up to date: one that has a picture by now is not drawn for want of one.
    """
    schedule = _locked(session, read)
    if schedule is None:
        return 0  # deleted meanwhile, or given another feed
    rows = {key_of(one): (place, one) for place, one in reversed([*enumerate(items)])}
    known = set(session.scalars(select(ScheduleItem.key).where(ScheduleItem.schedule_id == schedule.id)))
    for key, (place, one) in rows.items():
        told = {name: one[name] for name in ("title", "url", "summary", "published", "has_image")}
        new = insert(ScheduleItem).values(
            id=uuid.uuid4(), schedule_id=schedule.id, key=key, seen_at=now, place=place, listed_at=now, **told
        )
        session.execute(
            new.on_conflict_do_update(index_elements=["schedule_id", "key"], set_={**told, "listed_at": now})
        )
    schedule.feed_read_at, schedule.feed_try_at, schedule.feed_failures = now, None, 0
    if schedule.last_problem and is_of_feed(schedule.last_problem):
        schedule.last_problem = None
    _forget(session, schedule, now)
    return len(rows.keys() - known)


def failed(session: Session, read: Due, error: PressroomError, now: datetime) -> None:
    """Note why a feed could not be read, and try again later: each time twice as much, half an hour at most."""
    schedule = _locked(session, read)
    if schedule is None:
        return
    wait = min(BACKOFF * 2 ** min(schedule.feed_failures, 10), LONGEST_BACKOFF)
    schedule.feed_failures += 1
    schedule.feed_try_at = now + wait
    # Of what the feed itself says an error may quote characters that PostgreSQL does not store.
    told = "".join(char if char.isprintable() else "\ufffd" for char in f"the feed could not be read: {error}")
    schedule.last_problem = {"code": error.code, "message": told[:500]}


def is_of_feed(problem: Mapping[str, Any]) -> bool:
    """Return whether a schedule's problem is that its feed cannot be read."""
    return str(problem.get("code")).startswith(OF_FEEDS)


def forget(session: Session, schedule: Schedule) -> None:
    """Forget all of a schedule's articles: it has another feed, or none any more."""
    session.execute(delete(ScheduleItem).where(ScheduleItem.schedule_id == schedule.id))
    schedule.feed_read_at = schedule.feed_try_at = None
    schedule.feed_failures = 0


def waiting(session: Session, schedules: Sequence[Schedule]) -> dict[uuid.UUID, int]:
    """Return how many articles wait to be drawn, by schedule, of those that have a feed."""
    having = [one.id for one in schedules if one.feed_url is not None]
    if not having:
        return {}
    counted = session.execute(
        select(ScheduleItem.schedule_id, func.count())
        .join(Schedule, Schedule.id == ScheduleItem.schedule_id)
        .where(ScheduleItem.schedule_id.in_(having), waits())
        .group_by(ScheduleItem.schedule_id)
    ).all()
    return dict.fromkeys(having, 0) | {row[0]: row[1] for row in counted}


def waits() -> Any:
    """Return the condition, on an item and its schedule: it is to be drawn."""
    wanted = or_(Schedule.feed_items == FeedItems.ALL, ScheduleItem.has_image.is_(False))
    return ScheduleItem.taken_at.is_(None) & wanted


def key_of(item: Mapping[str, Any]) -> str:
    """Return what makes an article of a feed this one: its address, else its title."""
    return str(item["url"] or f"title:{hashlib.sha256(str(item['title']).encode()).hexdigest()}")


def _locked(session: Session, read: Due) -> Schedule | None:
    return session.scalar(
        select(Schedule).where(Schedule.id == read.schedule_id, Schedule.feed_url == read.url).with_for_update()
    )


def _forget(session: Session, schedule: Schedule, now: datetime) -> None:
    mine = ScheduleItem.schedule_id == schedule.id
    many = select(ScheduleItem.id).where(mine).order_by(ScheduleItem.listed_at.desc()).offset(KEPT_ITEMS)
    old = or_(ScheduleItem.listed_at < now - KEPT_UNLISTED, ScheduleItem.id.in_(many))
    session.execute(delete(ScheduleItem).where(mine, old).execution_options(synchronize_session=False))
