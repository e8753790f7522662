"""The sums of a year as stacked columns by month and part, with the sentence and the table of the chart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from flask_babel import gettext as _

from app.wording.bars import Column, grid, stacked
from app.wording.formats import format_money, format_number
from app.wording.periods import format_month, format_short_month
from billing.queries import MonthCosts

SERIES = ("c1", "c2", "c3")
OTHERS = "c4"
COMING = "open"
NAMED = 2  # so many of the others stand by name in legend and table
THOUSAND = 100_000  # cents
MONTHS = range(1, 13)


@dataclass(frozen=True, slots=True)
class YearChart:
    """Columns by month. legend: class, part, its sum; present: place of the present month, or None.

    in_thousands: whether the figures at the lines and columns are thousands of euro.
    """

    columns: tuple[Column, ...]
    lines: tuple[tuple[str, float], ...]
    legend: tuple[tuple[str, str, str], ...]
    heads: tuple[str, ...]
    figures: tuple[tuple[str, ...], ...]
    sentence: str
    present: int | None
    in_thousands: bool


def cost_chart(
    months: Iterable[MonthCosts], year: int, today: date, before: Iterable[MonthCosts] = ()
) -> YearChart | None:
    """Return the chart of the costs of a year by kind of cost; None without costs. before: those of last year."""
    sums = Counter[tuple[int, str]]()
    for one in months:
        sums[one.month, one.kind] += one.cents
    sentence = _("Costs by month of %(year)s: the highest in %(month)s with %(sum)s.")
    last_year = Counter[int]()
    for one in before:
        last_year[one.month] += one.cents
    return year_chart(sums, year, today, sentence, last_year)


def year_chart(
    sums: Mapping[tuple[int, str], int], year: int, today: date, sentence: str, before: Mapping[int, int]
) -> YearChart | None:
    """Return the chart of a year; None without sums. The three largest parts have a colour, the others share one.

    sums: (month, part) -> cents. sentence: with %(year)s, and %(month)s and %(sum)s of the highest month. before:
    month -> cents of the year before, drawn for the months to come and a column of the table.
    """
    if not sums:
        return None
    coming = {month: max(before.get(month, 0), 0) for month in MONTHS if (year, month) > (today.year, today.month)}
    kinds = Counter[str]()
    for (_month, kind), cents in sums.items():
        kinds[kind] += cents
    ordered = [kind for kind, _cents in kinds.most_common()]
    columns = _columns(ordered)
    series = {kind: SERIES[at] if at < len(SERIES) else OTHERS for at, kind in enumerate(ordered)}
    by_month = {month: [sums.get((month, kind), 0) for kind in ordered] for month in MONTHS}
    totals = [sum(by_month[month]) for month in MONTHS]
    parts = {month: _parts(series, ordered, by_month[month], coming.get(month, 0)) for month in MONTHS}
    highest = max(sum(cents for _css, cents in column) for column in parts.values())
    unit = THOUSAND if highest >= THOUSAND else 100
    named = {month: (format_short_month(month), _short(totals[month - 1], unit)) for month in MONTHS}
    return YearChart(
        columns=stacked([(*named[month], parts[month]) for month in MONTHS]),
        lines=tuple((_short(round(value), unit) or "0", y) for value, y in grid(highest)),
        legend=(*_legend(ordered, kinds), *_coming(coming, year)),
        heads=(_("Month"), *(head for head, _places in columns), _("Sum"), *([str(year - 1)] if before else [])),
        figures=(
            *(_figures(format_month(month), by_month[month], columns, before, [month]) for month in MONTHS),
            _figures(_("Sum"), [kinds[kind] for kind in ordered], columns, before, MONTHS),
        ),
        sentence=_filled(sentence, totals, year),
        present=today.month - 1 if today.year == year else None,
        in_thousands=unit == THOUSAND,
    )


def _parts(
    series: Mapping[str, str], ordered: Sequence[str], cents: Sequence[int], coming: int
) -> list[tuple[str, int]]:
    """Return the parts of a column; of a month to come without sums what it was a year before."""
    parts = [(series[kind], max(each, 0)) for kind, each in zip(ordered, cents, strict=True)]
    return parts if any(cents) else [(COMING, coming)]


def _coming(coming: Mapping[int, int], year: int) -> list[tuple[str, str, str]]:
    if not any(coming.values()):
        return []
    return [(COMING, _("as in %(year)s", year=year - 1), format_money(sum(coming.values())))]


def _legend(ordered: Sequence[str], kinds: Counter[str]) -> tuple[tuple[str, str, str], ...]:
    named = [(css, kind, format_money(kinds[kind])) for css, kind in zip(SERIES, ordered[: len(SERIES)], strict=False)]
    others = ordered[len(SERIES) :]
    if others:
        label = ", ".join(others) if len(others) <= NAMED else _others(others)
        named.append((OTHERS, label, format_money(sum(kinds[kind] for kind in others))))
    return tuple(named)


def _others(others: Sequence[str]) -> str:
    return _("Others (%(num)s)", num=len(others))


def _columns(ordered: Sequence[str]) -> list[tuple[str, slice]]:
    """Return the columns of the table: header and which parts; of many parts those without a colour share one."""
    coloured = len(SERIES)
    if len(ordered) <= coloured + NAMED:
        return [(part, slice(at, at + 1)) for at, part in enumerate(ordered)]
    shown = [(part, slice(at, at + 1)) for at, part in enumerate(ordered[:coloured])]
    return [*shown, (_others(ordered[coloured:]), slice(coloured, None))]


def _figures(
    head: str,
    cents: Sequence[int],
    columns: Sequence[tuple[str, slice]],
    before: Mapping[int, int],
    months: Iterable[int],
) -> tuple[str, ...]:
    sums = [sum(cents[places]) for _head, places in columns]
    last_year = [sum(before.get(month, 0) for month in months)] if before else []
    return (head, *(format_money(each) for each in (*sums, sum(cents), *last_year)))


def _short(cents: int, unit: int) -> str:
    """Return an amount in thousands with one decimal, or in whole euro; "" for nothing."""
    if not cents:
        return ""
    return format_number(round(Decimal(cents) / unit, 1 if unit == THOUSAND else 0).normalize() + 0)


def _filled(sentence: str, totals: Sequence[int], year: int) -> str:
    highest = max(range(12), key=lambda at: totals[at])
    return sentence % {"year": year, "month": format_month(highest + 1), "sum": format_money(totals[highest])}
