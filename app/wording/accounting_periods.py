"""Texts of accounting periods: their names, states, and the points of the checklist before one is closed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask_babel import format_date, ngettext
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.wording.formats import format_money
from billing.closing.checklist import OpenPoint
from billing.period_names import YEAR, named_period

PERIOD_STATES: dict[str, Any] = {
    "open": _l("Open for entries"),
    "soft_closed": _l("Soft-closed: treasurers only"),
    "closed": _l("Closed for good"),
}
PERIOD_LENGTHS: dict[str, Any] = {"year": _l("Year"), "month": _l("Month")}

POINTS: dict[str, Callable[[OpenPoint], str]] = {
    "events": lambda point: ngettext(
        "%(num)s hand-back is not processed yet. This takes seconds; if it stays so, the operator types: ring check "
        "undelivered",
        "%(num)s hand-backs are not processed yet. This takes seconds; if it stays so, the operator types: ring check "
        "undelivered",
        point.count,
    ),
    "failed": lambda point: ngettext(
        "%(num)s usage slip could not be priced, because an error happened. If its amount is wrong, correct it by "
        "answering an objection. Closed in spite of it, the period stays as it is, and the slip is posted with the day "
        "on which it is priced.",
        "%(num)s usage slips could not be priced, because an error happened. If an amount is wrong, correct it by "
        "answering an objection. Closed in spite of them, the period stays as it is, and they are posted with the day "
        "on which they are priced.",
        point.count,
    ),
    "unpriced": lambda point: ngettext(
        "%(num)s usage slip has no price, because its tariff or the rate of the VAT is missing.",
        "%(num)s usage slips have no price, because their tariffs or the rates of the VAT are missing.",
        point.count,
    ),
    "still_out": lambda point: ngettext(
        "%(num)s use has not ended: its machine was not handed back.",
        "%(num)s uses have not ended: their machines were not handed back.",
        point.count,
    ),
    "disputed": lambda point: ngettext(
        "%(num)s objection to a usage slip is not answered.",
        "%(num)s objections to usage slips are not answered.",
        point.count,
    ),
    "held": lambda point: ngettext(
        "%(num)s deposit is held although its machine is back, because it is set off once the use has its price. Enter "
        "the tariff of its day, of zero where nothing is owed; or reverse the deposit among the fees.",
        "%(num)s deposits are held although their machines are back, because they are set off once the uses have "
        "their prices. Enter the tariffs of their days, of zero where nothing is owed; or reverse the deposits among "
        "the fees.",
        point.count,
    ),
    "unallocated": lambda point: ngettext(
        "%(num)s bill is not divided among the members: %(sum)s.",
        "%(num)s bills are not divided among the members: %(sum)s.",
        point.count,
        sum=format_money(point.cents),
    ),
    "without_costs": lambda point: _(
        "No bill of this period was entered for: %(names)s.", names=", ".join(name for _id, name in point.pools)
    ),
}


def period_label(name: str) -> str:
    """Return the name of a period: "2026" or "March 2026"."""
    span = named_period(name)
    return name if span.length == YEAR else format_date(span.first_day, "LLLL yyyy")


def period_state_label(state: str) -> str:
    """Return the state of a period."""
    return str(PERIOD_STATES[state])


def point_sentence(point: OpenPoint) -> str:
    """Return what is missing."""
    return POINTS[point.code](point)
