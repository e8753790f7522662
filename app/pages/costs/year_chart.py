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
NAMED = 2  # of the others in the legend; the table names all
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


def cost_chart(months: Iterable[MonthCosts], year: int, today: date) -> YearChart | None:
    """Return the chart of the costs of a year by kind of cost; None without costs."""
    sums = Counter[tuple[int, str]]()
    for one in months:
        sums[one.month, one.kind] += one.cents
    sentence = _("Costs by month of %(year)s: the highest in %(month)s with %(sum)s.")
    return year_chart(sums, year, today, sentence)


def year_chart(sums: Mapping[tuple[int, str], int], year: int, today: date, sentence: str) -> YearChart | None:
    """Return the chart of a year; None without sums. The three largest parts have a colour, the others share one.

    sums: (month, part) -> cents. sentence: with %(year)s, and %(month)s and %(sum)s of the highest month.
    """
    if not sums:
        return None
    kinds = Counter[str]()
    for (_month, kind), cents in sums.items():
        kinds[kind] += cents
    ordered = [kind for kind, _cents in kinds.most_common()]
    series = {kind: SERIES[at] if at < len(SERIES) else OTHERS for at, kind in enumerate(ordered)}
    by_month = {month: [sums.get((month, kind), 0) for kind in ordered] for month in MONTHS}
    totals = [sum(by_month[month]) for month in MONTHS]
    highest = max(sum(max(cents, 0) for cents in by_month[month]) for month in MONTHS)
    unit = THOUSAND if highest >= THOUSAND else 100
    return YearChart(
        columns=stacked(
            [
                (
                    format_short_month(month),
                    _short(totals[month - 1], unit) if totals[month - 1] else "",
                    [(series[kind], max(cents, 0)) for kind, cents in zip(ordered, by_month[month], strict=True)],
                )
                for month in MONTHS
            ]
        ),
        lines=tuple((_short(round(value), unit), y) for value, y in grid(highest)),
        legend=_legend(ordered, kinds),
        heads=(_("Month"), *ordered, _("Sum")),
        figures=(
            *(_figures(format_month(month), by_month[month]) for month in MONTHS),
            _figures(_("Sum"), [kinds[kind] for kind in ordered]),
        ),
        sentence=_filled(sentence, totals, year),
        present=today.month - 1 if today.year == year else None,
        in_thousands=unit == THOUSAND,
    )


def _legend(ordered: Sequence[str], kinds: Counter[str]) -> tuple[tuple[str, str, str], ...]:
    named = [(css, kind, format_money(kinds[kind])) for css, kind in zip(SERIES, ordered[: len(SERIES)], strict=False)]
    others = ordered[len(SERIES) :]
    if others:
        label = ", ".join(others) if len(others) <= NAMED else _("Others (%(num)s)", num=len(others))
        named.append((OTHERS, label, format_money(sum(kinds[kind] for kind in others))))
    return tuple(named)


def _figures(head: str, cents: Sequence[int]) -> tuple[str, ...]:
    return (head, *(format_money(each) for each in (*cents, sum(cents))))


def _short(cents: int, unit: int) -> str:
    """Return an amount in thousands with one decimal, or in whole euro."""
    return format_number(round(Decimal(cents) / unit, 1 if unit == THOUSAND else 0).normalize() + 0)


def _filled(sentence: str, totals: Sequence[int], year: int) -> str:
    highest = max(range(12), key=lambda at: totals[at])
    return sentence % {"year": year, "month": format_month(highest + 1), "sum": format_money(totals[highest])}
