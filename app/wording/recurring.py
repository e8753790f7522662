"""Texts of recurring costs: how often they come, and the period of one."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.wording.formats import format_money, format_short_day
from billing.pools.recurring_days import MONTH, QUARTER, YEAR

LENGTH_LABELS: dict[int, Any] = {
    MONTH: _l("each month"),
    QUARTER: _l("each quarter"),
    YEAR: _l("each year"),
}


def recurrence_text(net_cents: int, every_months: int, first_on: date, last_on: date | None) -> str:
    """Return how much comes how often since when: €120.00 each month from 1 Jan 2026."""
    values = {
        "sum": format_money(net_cents),
        "often": LENGTH_LABELS[every_months],
        "first": format_short_day(first_on),
    }
    if last_on is None:
        return _("%(sum)s %(often)s from %(first)s", **values)
    return _("%(sum)s %(often)s from %(first)s until %(last)s", last=format_short_day(last_on), **values)


def period_text(begins_on: date, last_on: date) -> str:
    """Return the days of a period: 1 Jan 2026 – 31 Mar 2026."""
    return _("%(first)s – %(last)s", first=format_short_day(begins_on), last=format_short_day(last_on))
