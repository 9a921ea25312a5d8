"""When a schedule is due: time zones, changes of the clock, ends of months, and what is no cron expression."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import pytest

from app.schedules import slots

BERLIN, NEW_YORK, KARACHI = "Europe/Berlin", "America/New_York", "Asia/Karachi"
MINUTE = timedelta(minutes=1)


def at(zone: str, text: str, fold: int = 0) -> datetime:
    """Return a local time as UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC)


def after(cron: str, zone: str, moment: datetime, number: int) -> list[str]:
    """Return the next slots in local time with the offset: `03-29 03:00+02:00`."""
    found = islice(slots.slots(cron, zone, moment), number)
    return [slot.astimezone(ZoneInfo(zone)).isoformat()[5:].replace("T", " ").replace(":00+", "+", 1).replace(":00-", "-", 1)
            for slot in found]  # fmt: skip


# ---- changes of the clock


@pytest.mark.parametrize(
    ("zone", "eve", "expected"),
    [
        (BERLIN, "2026-03-28T12:00", ["03-29 03:00+02:00", "03-30 02:30+02:00"]),
        (NEW_YORK, "2026-03-07T12:00", ["03-08 03:00-04:00", "03-09 02:30-04:00"]),
        (KARACHI, "2026-03-28T12:00", ["03-29 02:30+05:00", "03-30 02:30+05:00"]),
    ],
)
def test_a_time_in_the_spring_gap_comes_at_the_first_minute_after_it(zone: str, eve: str, expected: list[str]) -> None:
    assert after("30 2 * * *", zone, at(zone, eve), 2) == expected


@pytest.mark.parametrize(
    ("zone", "cron", "eve", "expected"),
    [
        (BERLIN, "30 2 * * *", "2026-10-24T12:00", ["10-25 02:30+02:00", "10-26 02:30+01:00"]),
        (NEW_YORK, "30 1 * * *", "2026-10-31T12:00", ["11-01 01:30-04:00", "11-02 01:30-05:00"]),
        (KARACHI, "30 2 * * *", "2026-10-24T12:00", ["10-25 02:30+05:00", "10-26 02:30+05:00"]),
    ],
)
def test_a_time_in_the_autumn_overlap_comes_once(zone: str, cron: str, eve: str, expected: list[str]) -> None:
    assert after(cron, zone, at(zone, eve), 2) == expected


@pytest.mark.parametrize("minute", ["2026-10-25T02:00", "2026-10-25T02:29", "2026-10-25T02:59"])
def test_looked_at_in_the_second_pass_the_slot_of_the_first_pass_is_over(minute: str) -> None:
    assert after("30 2 * * *", BERLIN, at(BERLIN, minute, fold=1), 1) == ["10-26 02:30+01:00"]


def test_several_times_in_the_gap_are_one_slot() -> None:
    assert after("0,15,30 2,3 * * *", BERLIN, at(BERLIN, "2026-03-29T00:00"), 4) == [
        "03-29 03:00+02:00",
        "03-29 03:15+02:00",
        "03-29 03:30+02:00",
        "03-30 02:00+02:00",
    ]


def test_every_half_hour_goes_on_through_both_passes_and_leaves_the_gap_out() -> None:
    autumn = after("*/30 * * * *", BERLIN, at(BERLIN, "2026-10-25T01:45"), 5)
    spring = after("*/30 * * * *", BERLIN, at(BERLIN, "2026-03-29T01:15"), 3)

    assert autumn == ["10-25 02:00+02:00", "10-25 02:30+02:00", "10-25 02:00+01:00", "10-25 02:30+01:00",
                      "10-25 03:00+01:00"]  # fmt: skip
    assert spring == ["03-29 01:30+01:00", "03-29 03:00+02:00", "03-29 03:30+02:00"]


@pytest.mark.parametrize("zone", [BERLIN, NEW_YORK, KARACHI, "Africa/Cairo", "Australia/Lord_Howe", "UTC"])
@pytest.mark.parametrize("cron", ["*/5 * * * *", "* * * * *", "17 * * * *", "30 2 * * *", "0 0 * * *", "*/10 0 * * *"])
def test_slots_only_go_forward_and_asking_again_from_any_moment_gives_the_same(cron: str, zone: str) -> None:
    for begin in (at(zone, "2026-03-27T20:00"), at(zone, "2026-04-23T20:00"), at(zone, "2026-10-24T20:00")):
        whole = list(islice(slots.slots(cron, zone, begin), 150))
        assert whole == sorted(set(whole))
        for n in range(0, 149, 7):
            assert slots.next_slot(cron, zone, whole[n]) == whole[n + 1]
            assert slots.next_slot(cron, zone, whole[n + 1] - timedelta(seconds=1)) == whole[n + 1]


@pytest.mark.parametrize("zone", [BERLIN, NEW_YORK, KARACHI])
@pytest.mark.parametrize(("cron", "every"), [("*/5 * * * *", 5), ("*/7 * * * *", 7), ("0 * * * *", 60)])
def test_an_interval_has_exactly_the_minutes_that_a_clock_on_the_wall_shows(cron: str, every: int, zone: str) -> None:
    for day in ("2026-03-07T22:00", "2026-03-28T22:00", "2026-10-24T22:00", "2026-10-31T22:00"):
        begin = at(zone, day)
        minutes = [begin + n * MINUTE for n in range(1, 8 * 60)]
        shown = [minute for minute in minutes if minute.astimezone(ZoneInfo(zone)).minute % every == 0]

        assert list(islice(slots.slots(cron, zone, begin), len(shown))) == shown


# ---- calendars


def test_a_leap_day_comes_every_four_years_but_not_in_2100() -> None:
    assert [slot.year for slot in islice(slots.slots("0 9 29 2 *", KARACHI, at(KARACHI, "2026-01-01T00:00")), 2)] == [
        2028,
        2032,
    ]
    assert slots.next_slot("0 9 29 2 *", "UTC", at("UTC", "2096-03-01T00:00")).year == 2104


def test_the_31st_comes_only_in_months_that_have_it_and_l_in_all() -> None:
    begin = at(KARACHI, "2026-01-15T00:00")

    assert [s.month for s in islice(slots.slots("0 9 31 * *", KARACHI, begin), 4)] == [1, 3, 5, 7]
    assert [(s.month, s.day) for s in islice(slots.slots("0 9 L * *", KARACHI, begin), 4)] == [
        (1, 31),
        (2, 28),
        (3, 31),
        (4, 30),
    ]


def test_a_weekday_is_one_of_the_zone_not_of_utc() -> None:
    # Monday 0:30 in Karachi is Sunday evening in UTC.
    assert after("30 0 * * 1", KARACHI, at(KARACHI, "2026-10-01T00:00"), 2) == [
        "10-05 00:30+05:00",
        "10-12 00:30+05:00",
    ]


def test_every_five_minutes_begins_anew_with_each_hour() -> None:
    assert after("*/5 * * * *", "UTC", at("UTC", "2026-05-01T10:52"), 3) == ["05-01 10:55+00:00", "05-01 11:00+00:00",
                                                                             "05-01 11:05+00:00"]  # fmt: skip


def test_a_slot_is_never_the_moment_that_it_is_asked_for() -> None:
    nine = at("UTC", "2026-05-01T09:00")

    assert slots.next_slot("0 9 * * *", "UTC", nine) == nine + timedelta(days=1)
    assert slots.next_slot("0 9 * * *", "UTC", nine - timedelta(microseconds=1)) == nine


# ---- looking back


@pytest.mark.parametrize("cron", ["* * * * *", "*/7 3 * * *", "30 2 * * *", "0 9 * * 1-5", "0 0 1 * *", "0 0 29 2 *"])
@pytest.mark.parametrize("later", [0, 1, 59, 61, 1500, 60 * 24 * 9, 60 * 24 * 240])
def test_the_latest_slot_is_the_one_that_counting_finds(cron: str, later: int) -> None:
    first = slots.next_slot(cron, BERLIN, at(BERLIN, "2026-03-20T00:00"))
    now = first + later * MINUTE

    latest = slots.latest_slot(cron, BERLIN, first, now)

    assert first <= latest <= now
    assert slots.next_slot(cron, BERLIN, latest) > now


def test_a_year_of_minutes_is_looked_through_in_no_time() -> None:
    first = at("UTC", "2025-05-01T09:00")
    now = first + timedelta(days=365, seconds=30)

    assert slots.latest_slot("* * * * *", "UTC", first, now) == now - timedelta(seconds=30)
    assert slots.count("* * * * *", "UTC", first, now, 1000) == 1000


def test_what_lies_before_a_slot_is_counted() -> None:
    first = at("UTC", "2026-05-01T09:00")

    assert [slots.count("*/10 * * * *", "UTC", first, first + n * MINUTE, 9) for n in (0, 10, 30, 600)] == [0, 1, 3, 9]


def test_what_comes_next_is_told_in_the_time_of_the_zone() -> None:
    first = at(NEW_YORK, "2026-10-31T09:00")

    assert [slot.isoformat() for slot in slots.upcoming("0 9 * * *", NEW_YORK, first, 2)] == [
        "2026-10-31T09:00:00-04:00",
        "2026-11-01T09:00:00-05:00",
    ]


# ---- what is refused


@pytest.mark.parametrize(
    ("cron", "told"),
    [
        ("", "it has 0 fields"),
        ("* * * *", "it has 4 fields"),
        ("0 0 9 * * *", "it has 6 fields"),
        ("@daily", "it has 1 fields"),
        ("60 * * * *", "minute '60'"),
        ("-1 * * * *", "minute '-1'"),
        ("*/0 * * * *", "minute '*/0'"),
        ("٣ * * * *", "minute '٣'"),
        ("0 24 * * *", "hour '24'"),
        ("0 17-9 * * *", "hour '17-9'"),
        ("0 9 0 * *", "day-of-month '0'"),
        ("0 9 32 * *", "day-of-month '32'"),
        ("0 9 * 13 *", "month '13'"),
        ("0 9 * JANUARY *", "month 'JANUARY'"),
        ("0 9 * * 8", "day-of-week '8'"),
        ("0 9 * * MO", "day-of-week 'MO'"),
        ("0 9 * * 1#6", "day-of-week '1#6'"),
        ("0 9 30 2 *", "day-of-month '30' never comes with month '2'"),
        ("0 9 */5 2 0#5", "never comes"),
    ],
)
def test_a_wrong_expression_is_told_by_its_field(cron: str, told: str) -> None:
    assert told in (slots.problem_of_cron(cron) or "")


@pytest.mark.parametrize(
    "cron", ["* * * * *", "0 9 * * 1-5", "0 9 * * mon-fri", "0,30 8-18/2 L 1,6 *", "0 9 29 2 1#5", "0 0 LW * *"]
)
def test_a_good_expression_has_no_problem_and_can_be_said_in_words(cron: str) -> None:
    assert slots.problem_of_cron(cron) is None
    assert slots.in_words(cron)[0].isupper()


def test_an_expression_is_said_in_words() -> None:
    assert slots.in_words("0 9 * * 1-5") == "At 09:00 on Monday through Friday"


@pytest.mark.parametrize("zone", [BERLIN, NEW_YORK, KARACHI, "UTC", "Etc/GMT+5", "America/Argentina/Ushuaia"])
def test_every_iana_name_is_a_zone(zone: str) -> None:
    assert slots.problem_of_zone(zone) is None
    assert slots.next_slot("0 9 * * *", zone, at("UTC", "2026-05-01T00:00"))


@pytest.mark.parametrize(
    "zone", ["", "localtime", "../../etc/passwd", "/etc/localtime", "America", "UTC+5", "Mars/Base", "x" * 9999]
)
def test_what_is_no_zone_is_refused(zone: str) -> None:
    assert "there is no time zone" in (slots.problem_of_zone(zone) or "")


@pytest.mark.parametrize(
    ("said", "meant"), [("asia/karachi", KARACHI), ("Asia/Karachy", KARACHI), ("Europe/Berln", BERLIN)]
)
def test_a_name_that_is_nearly_one_brings_the_right_one(said: str, meant: str) -> None:
    assert f"did you mean {meant}?" in (slots.problem_of_zone(said) or "")
