"""Reports as tables for people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal

from rich.markup import escape

from app.cli import checks, screen, tables
from app.cli.checks import Verdict
from app.cli.tables import Column
from app.domain.errors import SetupError
from app.domain.prices import usd
from app.reports import manual_work, rates, roi
from app.reports.costs import Figures, Report, Row
from app.reports.rates import Rate
from app.reports.roi import Line, Roi
from app.reports.tables import amount
from app.settings import settings

SHORT = 4  # places of an amount in a currency that people read


def work_by_hand() -> Iterator[checks.Row]:
    """Look for `doctor` whether the figures of work by hand can be used, where somebody wrote their own."""
    if (own := settings().manual_work_file) is None:
        return
    try:
        manual_work.manual_work()
    except SetupError as exc:
        yield checks.Row("work by hand", Verdict.PROBLEM, str(exc), "mend the file, or leave PRESSROOM_MANUAL_WORK out")
    else:
        yield checks.Row("work by hand", Verdict.OK, f"{own}; what it leaves out is as shipped")


def say_costs(report: Report) -> None:
    """Print a report of costs: its groups, then all together, and how the amounts came about."""
    if not report.rows:
        told = f" ({report.left_out_calls} to the sandbox: --sandbox)" if report.left_out_calls else ""
        screen.say(f"No model was asked in {report.period.name}{told}; `--month` looks at another one.")
        return
    heading, *lines = tables.rows(tables.fitting(_columns(report), screen.out().width))
    screen.say(heading)
    for line in lines[:-1]:
        screen.say(line)
    screen.say(f"[bold]{lines[-1]}[/]")
    screen.say()
    _say_each(report)
    _say_notes(report)


def _columns(report: Report) -> list[Column]:
    names = [name.value for name in report.group_by]
    whole = Row(("all", *("" for _ in names[1:])) if names else (), report.total)
    rows = [*report.rows, whole] if names else [whole]
    figures = [row.figures for row in rows]
    groups = [Column(name, [_label(row.labels[n]) for row in rows]) for n, name in enumerate(names)]
    return [
        *groups,
        Column("calls", [str(one.calls) for one in figures], is_right=True),
        Column("images", [_count(one.images) for one in figures], is_right=True, rank=1),
        Column("accepted", [_count(one.accepted_images) for one in figures], is_right=True, rank=2),
        Column("cached", _unless_none(figures, "cached_images"), is_right=True, rank=6),
        Column("tokens in", [_count(one.tokens_in) for one in figures], is_right=True, rank=4),
        Column("out", [_count(one.tokens_out) for one in figures], is_right=True, rank=4),
        Column("of it image", _unless_none(figures, "tokens_image"), is_right=True, rank=7),
        Column("of in cached", _unless_none(figures, "tokens_cached"), is_right=True, rank=8),
        Column("cost", [_cost(one) for one in figures], is_right=True),
        Column(
            report.currency, [_converted(one.known_micro_usd, report.rate) for one in figures], is_right=True, rank=1
        ),
        Column("in doubt", [_doubt(one) for one in figures], is_right=True, rank=3),
        Column("per accepted", [_each(one, report.rate) for one in figures], is_right=True, rank=5),
    ]


def _unless_none(figures: Iterable[Figures], name: str) -> list[str]:
    """Return the cells of a column that is left out when nothing stands in it."""
    return [str(getattr(one, name) or "") for one in figures]


def _label(value: str | None) -> str:
    return "[dim]-[/]" if value is None else escape(value)


def _count(value: int | None) -> str:
    return "?" if value is None else str(value) if value else "-"


def _cost(figures: Figures) -> str:
    return "?" if figures.known_micro_usd is None else screen.dollars(figures.known_micro_usd)


def _converted(micro_usd: int | None, rate: Rate | None) -> str:
    if rate is None:
        return ""
    return "?" if micro_usd is None else f"{rate.converted(micro_usd):,.{SHORT}f}"


def _doubt(figures: Figures) -> str:
    return f"[red]{screen.dollars(figures.in_doubt_micro_usd)}[/]" if figures.unknown_calls else ""


def _each(figures: Figures, rate: Rate | None) -> str:
    each = figures.micro_usd_per_accepted_image
    if each is None:
        return ""
    return screen.dollars(each) if rate is None else _converted(each, rate)


def _say_each(report: Report) -> None:
    total = report.total
    facts = [
        (f"a post ({report.posts} delivered)", report.micro_usd_per_post),
        (f"an image ({total.images} made)", total.micro_usd_per_image),
        (f"an accepted image ({total.accepted_images})", total.micro_usd_per_accepted_image),
    ]
    told = [(name, screen.dollars(cost) + _beside(cost, report.rate)) for name, cost in facts if cost is not None]
    if told:
        screen.facts(told)


def _beside(micro_usd: int, rate: Rate | None) -> str:
    return "" if rate is None else f"  {_converted(micro_usd, rate)} {rate.currency}"


def _say_notes(report: Report) -> None:
    total = report.total
    if total.unknown_calls:
        calls = "one call" if total.unknown_calls == 1 else f"{total.unknown_calls} calls"
        most = screen.dollars(total.in_doubt_micro_usd)
        screen.say(f"[red]in doubt[/] [dim]{calls} of unknown cost, {most} at most; not in the costs above[/]")
    _say_rate(report.rate)
    if report.is_sandbox:
        screen.say("[dim]answered by the sandbox; costs are by the price list, nothing was really paid[/]")
    if report.left_out_calls:
        which = "real calls: --real" if report.is_sandbox else "calls to the sandbox: --sandbox"
        screen.say(f"[dim]left out: {report.left_out_calls} {which}[/]")


def _say_rate(rate: Rate | None) -> None:
    if rate is not None:
        told = f"a US dollar at {rates.shown(rate.rate)} {rate.currency}, {rate.as_of}, {escape(rate.source)}"
        screen.say(f"[dim]{told}[/]")


def say_roi(found: Roi) -> None:
    """Print what a month saved."""
    if not found.lines:
        screen.say(f"Nothing was made in {found.period.name}; `--month` looks at another one.")
        return
    lines = [*found.lines, found.total]
    columns = [
        Column("pipeline", [*(escape(one.pipeline) for one in found.lines), "all"]),
        Column("delivered", [_units(one) for one in found.lines] + [""], is_right=True),
        Column("minutes each", [_minutes(one) for one in found.lines] + [""], is_right=True, rank=2),
        Column("hours saved", [f"{one.hours:,.1f}" for one in lines], is_right=True),
        Column(f"worth {found.currency}", [f"{one.value:,.2f}" for one in lines], is_right=True),
        Column(f"cost {found.currency}", [f"{one.cost:,.2f}" if one.is_known else "?" for one in lines], is_right=True),
        Column(
            "cost USD", [f"${usd(one.cost_micro_usd)}" if one.is_known else "?" for one in lines], is_right=True, rank=1
        ),
        Column(f"gain {found.currency}", [_gain(one.gain) if one.is_known else "?" for one in lines], is_right=True),
        Column("times", [_times(one) for one in lines], is_right=True),
    ]
    heading, *rows = tables.rows(tables.fitting(columns, screen.out().width))
    screen.say(heading)
    for row in rows[:-1]:
        screen.say(row)
    screen.say(f"[bold]{rows[-1]}[/]")
    screen.say()
    _say_assumptions(found)


def _units(line: Line) -> str:
    kind = line.work.per if line.work and line.work.per else "run"
    return f"{line.delivered} {kind}" + ("" if line.delivered == 1 else "s")


def _minutes(line: Line) -> str:
    return "?" if line.work is None else f"{line.work.minutes.normalize():f}"


def _gain(gain: Decimal) -> str:
    return f"[{'green' if gain >= 0 else 'red'}]{gain:,.2f}[/]"


def _times(line: Line) -> str:
    times = roi.ratio(line)
    return "" if times is None else f"{times:,.0f}x"


def _say_assumptions(found: Roi) -> None:
    hourly = found.hourly
    screen.say(f"[dim]an hour by hand: {amount(hourly.per_hour)} {found.currency}, {escape(hourly.source)}[/]")
    _say_rate(found.rate)
    if doubt := found.total.in_doubt_micro_usd:
        screen.say(f"[red]in doubt[/] [dim]{screen.dollars(doubt)} at most; not in the costs above[/]")
    if found.is_sandbox:
        screen.say("[dim]answered by the sandbox; costs are by the price list, nothing was really paid[/]")
    if lacking := [one.pipeline for one in found.lines if one.work is None]:
        screen.say(f"[dim]nobody said what these save: {', '.join(lacking)}; PRESSROOM_MANUAL_WORK names a file[/]")
