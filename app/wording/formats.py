"""Value -> text in the language of the page: times, lengths, money, amounts. Each function is a Jinja filter.

Instants come in as UTC and are shown by the clock of a zone: a ZoneInfo, its name, or None for the ring's own.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel.dates import format_date
from babel.numbers import format_currency, format_decimal
from flask_babel import gettext as _
from flask_babel import ngettext

from app.clock import now
from app.extensions import page_locale
from app.local_time import is_doubled
from app.ring_card import ring_zone
from app.wording.phones import tel_uri
from app.wording.units import CLOCK_UNITS, UNIT_NAMES, UNIT_NAMES_ONE
from booking.charge_units import CHARGE_UNITS, to_decimal
from booking.times.wall_clock import local_day, to_wall
from booking.timespan import TimeSpan

Zone = ZoneInfo | str | None

# Patterns of Babel (Unicode TR 35): short weekday, full month.
DAY_PATTERNS = {"de": "EEEEEE, d. MMMM", "en": "EEE d MMMM"}
LONG_DAY_PATTERNS = {"de": "EEEE, d. MMMM y", "en": "EEEE d MMMM y"}
YEAR_PATTERNS = {"de": "EEEEEE, d. MMMM y", "en": "EEE d MMMM y"}
DATE_PATTERNS = {"de": "d.M.", "en": "d MMM"}
SHORT_DAY_PATTERNS = {"de": "dd.MM.y", "en": "d MMM y"}
MINUTE, HOUR, DAY = 60, 3_600, 86_400
WEEKDAY_SPAN_MAX = timedelta(days=6)
DAYS_FROM = 2 * DAY  # shorter lengths are given in hours


def as_zone(zone: Zone) -> ZoneInfo:
    """Return a zone by its name; for None the ring's own."""
    if isinstance(zone, ZoneInfo):
        return zone
    return ZoneInfo(zone) if zone else ring_zone()


def format_day(day: date, zone: Zone = None) -> str:
    """Return Tue 9 March; with the year unless it is the current one. An instant counts by the zone's clock."""
    if isinstance(day, datetime):
        day = local_day(day, as_zone(zone))
    patterns = DAY_PATTERNS if day.year == local_day(now(), as_zone(zone)).year else YEAR_PATTERNS
    language = _language()
    return _cached_day(day, language, patterns.get(language, patterns["en"]))


def format_long_day(day: date) -> str:
    """Return Tuesday 9 March 2027."""
    language = _language()
    return _cached_day(day, language, LONG_DAY_PATTERNS.get(language, LONG_DAY_PATTERNS["en"]))


def format_short_weekday(day: date) -> str:
    """Return Tue."""
    language = _language()
    return _cached_day(day, language, "EEEEEE" if language == "de" else "EEE")


def format_weekday(day: date) -> str:
    """Return Tuesday."""
    return _cached_day(day, _language(), "EEEE")


def format_short_day(day: date) -> str:
    """Return 9 Mar 2027, in German 09.03.2027: for tables of numbers."""
    language = _language()
    return _cached_day(day, language, SHORT_DAY_PATTERNS.get(language, SHORT_DAY_PATTERNS["en"]))


def format_clock(instant: datetime, zone: Zone = None) -> str:
    """Return 7:30; in the doubled hour of autumn also which of the two."""
    wall = instant.astimezone(as_zone(zone))
    text = f"{wall.hour}:{wall.minute:02d}"
    if not is_doubled(wall.replace(tzinfo=None, fold=0), as_zone(zone)):
        return text
    return _("%(time)s (second)", time=text) if wall.fold else _("%(time)s (first)", time=text)


def format_instant(instant: datetime, zone: Zone = None) -> str:
    """Return Tue 9 March, 7:30."""
    return _("%(day)s, %(time)s", day=format_day(instant, zone), time=format_clock(instant, zone))


def format_span(span: TimeSpan, zone: Zone = None) -> str:
    """Return Tue 9 March, 7:30 to 11:35; over midnight with both days."""
    place = as_zone(zone)
    return _cached_span(span, place, _language(), local_day(now(), place).year)


# Pages name the same spans again and again: a board of 24 machines its 120, each for 100 microseconds.
@lru_cache(maxsize=4096)
def _cached_span(span: TimeSpan, zone: ZoneInfo, _in_language: str, _in_year: int) -> str:
    start, end = span.start, span.end
    if _ends_on_same_day(span, zone):
        return _(
            "%(day)s, %(start)s to %(end)s",
            day=format_day(start, zone),
            start=format_clock(start, zone),
            end=_format_end_clock(end, zone),
        )
    return _("%(start)s to %(end)s", start=format_instant(start, zone), end=format_end(end, zone))


def format_end(end: datetime, zone: Zone = None) -> str:
    """Return Sat 24 July, 24:00: an end belongs to the day it closes; `format_instant` would name the next day."""
    last_moment = end - timedelta(microseconds=1)
    return _("%(day)s, %(time)s", day=format_day(last_moment, zone), time=_format_end_clock(end, zone))


def format_clock_span(span: TimeSpan, zone: Zone = None) -> str:
    """Return 7:30–11:35; over several days with the weekdays. For places where the day is known.

    A weekday names one day only within six days, so a longer span has dates: 4 Jan 7:30–15 Jan 11:35.
    """
    first, last = to_wall(span.start, as_zone(zone)), to_wall(span.end, as_zone(zone))
    start, end = f"{first.hour}:{first.minute:02d}", f"{last.hour}:{last.minute:02d}"
    if first.date() == last.date():
        return f"{start}–{end}"
    if last.date() - first.date() == timedelta(days=1) and end == "0:00":
        return f"{start}–24:00"
    is_short = last.date() - first.date() <= WEEKDAY_SPAN_MAX
    has_year = first.year != last.year
    days = [format_short_weekday(day) if is_short else _format_date(day, has_year=has_year) for day in (first, last)]
    return f"{days[0]} {start}–{days[1]} {end}"


def format_beside_day(span: TimeSpan, zone: Zone = None) -> str:
    """Return 7:30–11:35; over several days 7:30–Thu 11:35, 7:30–15 Jan 11:35. Beside the day on which it starts."""
    place = as_zone(zone)
    first, last = (local_day(at, place) for at in (span.start, span.end - timedelta(microseconds=1)))
    end = _format_end_clock(span.end, place)
    if first != last:
        is_short = last - first <= WEEKDAY_SPAN_MAX
        day = format_short_weekday(last) if is_short else _format_date(last, has_year=first.year != last.year)
        end = f"{day} {end}"
    return f"{format_clock(span.start, place)}–{end}"


def _format_date(day: date, *, has_year: bool) -> str:
    return (
        format_short_day(day)
        if has_year
        else _cached_day(day, _language(), DATE_PATTERNS.get(_language(), DATE_PATTERNS["en"]))
    )


def format_length(length: timedelta | int) -> str:
    """Return 4 h 5 min, 45 min, 3 days 2 h. An integer is in seconds."""
    seconds = length if isinstance(length, int) else int(length.total_seconds())
    days, rest = divmod(seconds, DAY) if seconds >= DAYS_FROM else (0, seconds)
    hours, rest = divmod(rest, HOUR)
    minutes = rest // MINUTE
    parts = []
    if days:
        parts.append(ngettext("%(num)s day", "%(num)s days", days))
    if hours:
        parts.append(_("%(hours)s h", hours=hours))
    if minutes or not parts:
        parts.append(_("%(minutes)s min", minutes=minutes))
    return " ".join(parts)


def format_minutes(minutes: int) -> str:
    """Return a length given in minutes."""
    return format_length(minutes * MINUTE)


def format_age(instant: datetime) -> str:
    """Return how long ago something was, rounded down: 5 min, 3 h, 2 days."""
    seconds = max(int((now() - instant).total_seconds()), 0)
    if seconds >= DAYS_FROM:
        return ngettext("%(num)s day", "%(num)s days", seconds // DAY)
    if seconds >= HOUR:
        return _("%(hours)s h", hours=seconds // HOUR)
    return _("%(minutes)s min", minutes=max(seconds // MINUTE, 1))


def format_money(cents: int) -> str:
    """Return €1,234.50, in German 1.234,50 €, from integer cents."""
    return _cached_money(cents, _language())


def format_number(value: int | Decimal) -> str:
    """Return a number with the grouping of the language."""
    return format_decimal(value, locale=_language(), decimal_quantization=False)


def format_bare_price(value: Decimal) -> str:
    """Return a price for one unit with two to four decimals, in a column of such prices."""
    return format_decimal(value, format="#,##0.00##", locale=_language())


def format_amount(small: int, unit_code: str) -> str:
    """Return an amount of use, given in the small unit: 12.50 ha; hours of the clock as people say them: 4 h 14 min."""
    if unit_code in CLOCK_UNITS:
        return format_hours(small)
    unit = CHARGE_UNITS[unit_code]
    amount = to_decimal(small, unit)
    decimals = -int(amount.as_tuple().exponent)
    pattern = "#,##0" + ("." + "0" * decimals if decimals else "")
    return f"{format_decimal(amount, format=pattern, locale=_language())} {UNIT_NAMES[unit_code]}"


def format_hours(seconds: int) -> str:
    """Return 4 h 14 min, 1,204 h, 45 min, in whole minutes; less than one in seconds. Hours never become days."""
    whole = abs(seconds)
    sign = "-" if seconds < 0 else ""
    if 0 < whole < MINUTE:
        return sign + _("%(seconds)s s", seconds=whole)
    hours, minutes = divmod((whole + MINUTE // 2) // MINUTE, 60)
    parts = [_("%(hours)s h", hours=format_number(hours))] if hours else []
    if minutes or not hours:
        parts.append(_("%(minutes)s min", minutes=minutes))
    return sign + " ".join(parts)


def format_price(unit_price: Decimal) -> str:
    """Return €25.50: an exact price with as many decimals as it needs, at least two."""
    return _cached_price(unit_price, _language())


def format_unit_price(unit_price: Decimal, unit_code: str, *, adds_vat: bool = False) -> str:
    """Return €25.50 per hour: an exact price and its unit. adds_vat: VAT comes on top of it."""
    text = _("%(price)s per %(unit)s", price=format_price(unit_price), unit=UNIT_NAMES_ONE[unit_code])
    return f"{text} {_('plus VAT')}" if adds_vat else text


FILTERS: dict[str, Callable[..., str]] = {
    "format_day": format_day,
    "format_long_day": format_long_day,
    "format_weekday": format_weekday,
    "format_short_weekday": format_short_weekday,
    "format_clock": format_clock,
    "format_clock_span": format_clock_span,
    "format_beside_day": format_beside_day,
    "format_instant": format_instant,
    "format_end": format_end,
    "format_span": format_span,
    "format_length": format_length,
    "format_minutes": format_minutes,
    "format_age": format_age,
    "format_money": format_money,
    "format_number": format_number,
    "format_price": format_price,
    "format_unit_price": format_unit_price,
    "format_short_day": format_short_day,
    "format_amount": format_amount,
    "tel_uri": tel_uri,
}


def _ends_on_same_day(span: TimeSpan, zone: ZoneInfo) -> bool:
    last_moment = span.end - timedelta(microseconds=1)
    return local_day(span.start, zone) == local_day(last_moment, zone)


def _format_end_clock(end: datetime, zone: Zone) -> str:
    wall = end.astimezone(as_zone(zone))
    return "24:00" if (wall.hour, wall.minute) == (0, 0) else format_clock(end, zone)


def _language() -> str:
    locale = page_locale()
    return locale.language if locale is not None else "en"


# The catalogue shows a price for each machine: an eighth of that page.
@lru_cache(maxsize=4096)
def _cached_price(unit_price: Decimal, language: str) -> str:
    number = "#,##0." + "0" * max(2, -int(unit_price.normalize().as_tuple().exponent))
    return format_currency(
        unit_price,
        "EUR",
        locale=language,
        decimal_quantization=False,
        currency_digits=False,
        format=f"¤{number}" if language == "en" else f"{number}\xa0¤",
    )


# The desk of a member names 24 sums of months, most of them alike: Babel takes 60 microseconds for each.
@lru_cache(maxsize=4096)
def _cached_money(cents: int, language: str) -> str:
    return format_currency(Decimal(cents).scaleb(-2), "EUR", locale=language)


@lru_cache(maxsize=4096)
def _cached_day(day: date, language: str, pattern: str) -> str:
    return format_date(day, pattern, locale=language)
