"""A series in words: how often, on which days, at what time, until when."""

from __future__ import annotations

from datetime import datetime

from babel.lists import format_list
from flask_babel import get_locale, ngettext
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.wording.formats import format_clock, format_day
from app.wording.statuses import weekday_names
from booking.times.recurrence import LAST, Frequency, RecurrenceRule
from booking.times.series_times import SeriesTimes, occurrence_on

_NTH = {
    1: _l("on the first %(weekday)s of the month"),
    2: _l("on the second %(weekday)s of the month"),
    3: _l("on the third %(weekday)s of the month"),
    4: _l("on the fourth %(weekday)s of the month"),
    5: _l("on the fifth %(weekday)s of the month"),
    LAST: _l("on the last %(weekday)s of the month"),
}


def series_sentence(times: SeriesTimes) -> str:
    """Return a series in one line: every 2 weeks on Friday, 08:00 to 10:00, until 28 March 2027."""
    span = occurrence_on(times.wall.date(), times).span
    clock = _(
        "%(start)s to %(end)s", start=format_clock(span.start, times.zone), end=format_clock(span.end, times.zone)
    )
    return ", ".join((rule_sentence(times.rule, times.wall), clock, _end_text(times.rule)))


def rule_sentence(rule: RecurrenceRule, wall: datetime) -> str:
    """Return how often and on which days; wall: the first start by the clock."""
    if rule.frequency == Frequency.DAILY:
        return ngettext("every day", "every %(num)s days", rule.interval)
    if rule.frequency == Frequency.WEEKLY:
        every = ngettext("every week", "every %(num)s weeks", rule.interval)
        days = format_list([weekday_names()[day] for day in rule.weekdays], locale=get_locale())
        return _("%(every)s on %(days)s", every=every, days=days)
    every = ngettext("every month", "every %(num)s months", rule.interval)
    return f"{every} {_day_of_month(rule, wall)}"


def _day_of_month(rule: RecurrenceRule, wall: datetime) -> str:
    if rule.nth_weekday is not None:
        n, weekday = rule.nth_weekday
        return str(_NTH[n]) % {"weekday": weekday_names()[weekday]}
    if rule.month_day == LAST:
        return _("on the last day of the month")
    return _("on day %(day)s of the month", day=rule.month_day or wall.day)


def _end_text(rule: RecurrenceRule) -> str:
    if rule.until is not None:
        return _("until %(day)s", day=format_day(rule.until))
    return ngettext("%(num)s date", "%(num)s dates", rule.count or 0)
