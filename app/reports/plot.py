"""A month's costs as a picture: what each day cost and of what, and how far the month has come.

Matplotlib's objects, never pyplot: that keeps every figure it has drawn and is made for one thread. This module is
imported where a plot is asked for, because Matplotlib takes half a second to load.
"""

from __future__ import annotations

import io
import logging
import math
import threading
import warnings
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import accumulate
from typing import Literal

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.patches import Rectangle
from matplotlib.ticker import FuncFormatter, MaxNLocator

from app.domain.errors import Unavailable
from app.reports import rates
from app.reports.charts import Chart
from app.reports.costs import Report
from app.reports.typefaces import headline, text

Format = Literal["svg", "png"]

SIZE_IN = (12.0, 6.9)
DPI = 150
MOST_SERIES = 7  # more colours than these cannot be told apart
GROUND, INK, MUTED, HAIR, ALARM = "#fbf8f2", "#1c2420", "#6f7068", "#e4ddcf", "#c23b22"
COLOURS = ("#2f6fdb", "#f0803c", "#12a594", "#7a5bc7", "#e3b023", "#c9486f", "#5b8a3c")
OTHERS = "#b8b1a2"
LEFT, RIGHT, LIST_LEFT, EDGE = 0.06, 0.7, 0.74, 0.965
MILLION = 1_000_000
MOST_LABEL = 29  # characters that fit beside the bars
logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)  # it tells each weight that a font has not
DRAWING_WAIT_S = 5
_drawing = threading.Lock()  # Matplotlib shares fonts and caches between figures


@dataclass(frozen=True, slots=True)
class Series:
    """One part of the bars, in the report's currency."""

    label: str
    colour: str
    by_day: Sequence[float]

    @property
    def total(self) -> float:
        """Of the month."""
        return sum(self.by_day)


def draw(chart: Chart, today: date, as_: Format) -> bytes:
    """Return a chart as a picture. today: where the month's line ends. Raises Unavailable when others draw all the time."""
    report = chart.report
    shown = _series(report)
    budget = None if chart.budget_micro_usd is None else _amount(report, chart.budget_micro_usd)
    with _alone(), warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # a letter that no font here has is a box, and no failure
        figure = Figure(figsize=SIZE_IN, dpi=DPI, facecolor=GROUND)
        _head(figure, report)
        _bars(figure.add_axes((LEFT, 0.395, RIGHT - LEFT, 0.39)), report, shown)
        _month(figure.add_axes((LEFT, 0.115, RIGHT - LEFT, 0.185)), report, shown, budget, today)
        _list(figure, report, shown)
        _foot(figure, report)
        out = io.BytesIO()
        told = {"Title": f"Costs of {report.period.name}"} | ({"Date": None} if as_ == "svg" else {})
        figure.savefig(out, format=as_, facecolor=GROUND, metadata=told)
    return out.getvalue()


@contextmanager
def _alone() -> Iterator[None]:
    """Keep others from drawing. Raises Unavailable: whoever waits holds a thread that could answer somebody."""
    if not _drawing.acquire(timeout=DRAWING_WAIT_S):
        raise Unavailable("too many plots are being drawn at the moment; try again", code="busy_with_plots")
    try:
        yield
    finally:
        _drawing.release()


def _series(report: Report) -> list[Series]:
    """Return the dearest parts, each with its days, the rest as `others`."""
    place = {day.isoformat(): n for n, day in enumerate(report.period.days)}
    days: defaultdict[str, list[float]] = defaultdict(lambda: [0.0] * len(place))
    for row in report.rows:
        day, label = row.labels
        days[label or "none"][place[str(day)]] += _amount(report, row.figures.cost_micro_usd)
    dearest = sorted((label for label in days if sum(days[label])), key=lambda label: (-sum(days[label]), label))
    kept = dearest if len(dearest) <= MOST_SERIES else dearest[: MOST_SERIES - 1]
    found = [Series(label, colour, days[label]) for label, colour in zip(kept, COLOURS, strict=False)]
    if rest := dearest[len(kept) :]:
        found.append(
            Series(
                f"{len(rest)} others", OTHERS, [sum(one) for one in zip(*(days[label] for label in rest), strict=True)]
            )
        )
    return found


def _amount(report: Report, micro_usd: int) -> float:
    return float(Decimal(micro_usd) / rates.MICRO if report.rate is None else report.rate.converted(micro_usd))


def money(value: float, currency: str, *, like: float | None = None) -> str:
    """Return an amount as people write it: `$1,204`, `$3.20`, `$0.0413`, `PKR 280.50`.

    like: an amount that it stands beside, whose places it takes.
    """
    size = abs(value if like is None else like)
    if size >= (1000 if like is None else 8):
        places = 0
    else:
        places = 2 if size >= 1 or not size else min(6, 1 - math.floor(math.log10(size)))
    told = f"{value:,.{places}f}"
    if like is not None and size >= MILLION:
        told = f"{value / MILLION:,.10g}m"
    return f"${told}" if currency == rates.USD else f"{currency} {told}"


# ---- parts of the picture


def _head(figure: Figure, report: Report) -> None:
    total = report.total
    _write(figure, LEFT, 0.925, f"{report.period.first:%B %Y}", headline(26))
    cost = "?" if total.known_micro_usd is None else _told(report, total.known_micro_usd)
    _write(figure, EDGE, 0.925, cost, headline(26), ha="right")
    facts = [_many(total.calls, "call")]
    if (one := report.micro_usd_per_post) is not None:
        facts.append(f"{_many(report.posts, 'post')} at {_told(report, one)}")
    if (one := total.micro_usd_per_accepted_image) is not None:
        facts.append(f"{_many(total.accepted_images, 'accepted image')} of {total.images:,} at {_told(report, one)}")
    _write(figure, LEFT, 0.872, "   ·   ".join(facts), text(11.5), MUTED)
    if total.unknown_calls:
        doubt = f"and at most {_told(report, total.in_doubt_micro_usd)} in doubt"
        _write(figure, EDGE, 0.872, doubt, text(11.5), ALARM, ha="right")


def _write(
    figure: Figure, x: float, y: float, words: str, font: FontProperties, colour: str = INK, ha: str = "left"
) -> None:
    """Write words as they are: two amounts in US dollars are no formula."""
    figure.text(x, y, words, color=colour, ha=ha, fontproperties=font, parse_math=False)


def _told(report: Report, micro_usd: int) -> str:
    return money(_amount(report, micro_usd), report.currency)


def _many(count: int, noun: str) -> str:
    return f"{count:,} {noun}" + ("" if count == 1 else "s")


def _bars(axes: Axes, report: Report, shown: Sequence[Series]) -> None:
    days = range(1, len(report.period.days) + 1)
    below = [0.0] * len(days)
    for one in shown:
        axes.bar(days, one.by_day, bottom=below, width=0.72, color=one.colour, linewidth=0.8, edgecolor=GROUND)
        below = [lower + upper for lower, upper in zip(below, one.by_day, strict=True)]
    _dress(axes, report, "each day", max(below) * 1.06)
    axes.set_xticks([])
    if not shown:
        axes.set_yticks([])
        middle = axes.transAxes
        told = "nothing was paid" if report.total.known_micro_usd == 0 else "nobody knows what was paid"
        axes.text(0.5, 0.5, told, transform=middle, ha="center", color=MUTED, fontproperties=text(14))


def _month(axes: Axes, report: Report, shown: Sequence[Series], budget: float | None, today: date) -> None:
    """Draw what the month has cost up to each day, and its budget."""
    days = report.period.days
    so_far = [n for n, day in enumerate(days, 1) if day <= today] or [1]
    each = [sum(parts) for parts in zip(*(one.by_day for one in shown), strict=True)] or [0.0] * len(days)
    reached = list(accumulate(each))[: len(so_far)]
    axes.fill_between(so_far, reached, color=INK, alpha=0.08, linewidth=0)
    axes.plot(so_far, reached, color=INK, linewidth=2, solid_capstyle="round")
    axes.plot(so_far[-1:], reached[-1:], "o", color=INK, markersize=5, clip_on=False)
    title = "over the month" if today >= report.period.last else "so far in the month"
    _dress(axes, report, title, max(reached[-1], budget or 0) * 1.25)
    if budget is not None:
        colour = ALARM if reached[-1] > budget else INK
        axes.axhline(budget, color=colour, linewidth=1.2, linestyle=(0, (5, 4)))
        told = f"budget {money(budget, report.currency)}"
        place = {"xytext": (2, 4), "textcoords": "offset points", "parse_math": False}
        axes.annotate(told, (0.55, budget), color=colour, fontproperties=text(9.5), **place)  # type: ignore[arg-type]
    elif not reached[-1]:
        axes.set_yticks([])
    marked = [n for n, day in enumerate(days, 1) if n == 1 or day.day % 5 == 0]
    axes.set_xticks(marked, [str(n) for n in marked])


def _dress(axes: Axes, report: Report, title: str, top: float) -> None:
    """Give both charts the same axes: no frame, hairlines, days from edge to edge."""
    axes.set_facecolor(GROUND)
    axes.set_xlim(0.4, len(report.period.days) + 0.6)
    axes.set_ylim(0, top or 1)
    axes.set_axisbelow(True)
    axes.grid(axis="y", color=HAIR, linewidth=0.8)
    for side in ("top", "left", "right"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(MUTED)
    axes.yaxis.set_major_locator(MaxNLocator(nbins=4, steps=[1, 2, 5, 10]))
    axes.yaxis.set_major_formatter(
        FuncFormatter(lambda value, _: money(value, report.currency, like=top).removeprefix(f"{report.currency} "))
    )
    axes.tick_params(length=0, labelcolor=MUTED, pad=6)
    for label in (*axes.get_yticklabels(), *axes.get_xticklabels()):
        label.set_fontproperties(text(9.5))
        label.set_parse_math(False)
    told = title if report.currency == rates.USD else f"{title}, {report.currency}"
    axes.set_title(told, loc="left", color=INK, pad=10, fontproperties=text(11))


def _list(figure: Figure, report: Report, shown: Sequence[Series]) -> None:
    """List the parts with colour, amount and share beside the bars: nobody has to guess a colour."""
    whole, top, step = sum(one.total for one in shown), 0.752, 0.062
    if shown:
        _write(figure, LIST_LEFT, 0.7985, f"by {report.group_by[1]}", text(11))
    for n, one in enumerate(shown):
        y = top - n * step
        mark = Rectangle((LIST_LEFT, y - 0.008), 0.011, 0.011 * SIZE_IN[0] / SIZE_IN[1], color=one.colour, linewidth=0)
        figure.add_artist(mark)
        _write(figure, LIST_LEFT + 0.02, y - 0.004, _clipped(one.label), text(10.5, one.label))
        share = f"{money(one.total, report.currency)}   {one.total / whole:.0%}"
        _write(figure, LIST_LEFT + 0.02, y - 0.028, share, text(9.5), MUTED)


def _clipped(label: str) -> str:
    return label if len(label) <= MOST_LABEL else f"{label[: MOST_LABEL - 1]}…"


def _foot(figure: Figure, report: Report) -> None:
    told = ["Days are UTC."]
    if report.rate is not None:
        rate = report.rate
        told.append(f"A US dollar at {rates.shown(rate.rate)} {rate.currency} ({rate.source}, {rate.as_of}).")
    if report.is_sandbox:
        told.append("Answered by the sandbox: costs are by the price list, nothing was really paid.")
    _write(figure, LEFT, 0.035, "  ".join(told), text(9), MUTED)
    _write(figure, EDGE, 0.035, "Pressroom", headline(11), MUTED, ha="right")
