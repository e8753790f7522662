"""Times, lengths, money and amounts as people say them, in the language of the page. All are Jinja filters.

Instants come in as UTC and are shown by the clock of a zone: a ZoneInfo, its name, or None for the ring's own.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date
from babel.numbers import format_currency, format_decimal
from flask import current_app
from flask_babel import get_locale, ngettext
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.clock import now
from app.local_time import is_doubled
from booking.charge_units import CHARGE_UNITS, to_decimal
from booking.timespan import TimeSpan

Zone = ZoneInfo | str | None

# Patterns of babel (Unicode TR 35): weekday short, month in words.
DAY_PATTERNS = {"de": "EEEEEE, d. MMMM", "en": "EEE d MMMM"}
LONG_DAY_PATTERNS = {"de": "EEEE, d. MMMM y", "en": "EEEE d MMMM y"}
YEAR_PATTERNS = {"de": "EEEEEE, d. MMMM y", "en": "EEE d MMMM y"}
SHORT_DAY_PATTERNS = {"de": "dd.MM.y", "en": "d MMM y"}
MINUTE, HOUR, DAY = 60, 3_600, 86_400
DAYS_FROM = 2 * DAY  # shorter lengths are said in hours

UNIT_NAMES: dict[str, Any] = {
    "hour": _l("h"),
    "minute": _l("min"),
    "place_day": _l("place days"),
    "engine_hour": _l("engine hours"),
    "ha": _l("ha"),
    "m3": _l("m³"),
    "t": _l("t"),
    "kg": _l("kg"),
    "g": _l("g"),
    "km": _l("km"),
    "kwh": _l("kWh"),
    "piece": _l("pieces"),
}


SMALL_UNIT_NAMES: dict[str, Any] = {
    "seconds": _l("seconds"),
    "ares": _l("ares"),
    "litres": _l("litres"),
    "kilograms": _l("kilograms"),
    "grams": _l("grams"),
    "metres": _l("metres"),
    "watt_hours": _l("watt hours"),
    "pieces": _l("pieces"),
}


# One of each, as after "per".
UNIT_NAMES_ONE: dict[str, Any] = UNIT_NAMES | {
    "hour": _l("hour"),
    "minute": _l("minute"),
    "place_day": _l("place and day"),
    "engine_hour": _l("engine hour"),
    "ha": _l("hectare"),
    "piece": _l("piece"),
}


def as_zone(zone: Zone) -> ZoneInfo:
    """A zone by its name; None is the ring's own (setting TIMEZONE)."""
    if isinstance(zone, ZoneInfo):
        return zone
    return ZoneInfo(zone or current_app.config["TIMEZONE"])


def day_words(day: date, zone: Zone = None) -> str:
    """Tue 9 March; with the year when it is not the present one. Instants are taken by the zone's clock."""
    if isinstance(day, datetime):
        day = day.astimezone(as_zone(zone)).date()
    patterns = DAY_PATTERNS if day.year == now().astimezone(as_zone(zone)).year else YEAR_PATTERNS
    return _formatted_day(day, _language(), patterns.get(_language(), patterns["en"]))


def long_day_words(day: date) -> str:
    """Tuesday 9 March 2027."""
    return _formatted_day(day, _language(), LONG_DAY_PATTERNS.get(_language(), LONG_DAY_PATTERNS["en"]))


def weekday_words(day: date) -> str:
    """Tue."""
    return _formatted_day(day, _language(), "EEEEEE" if _language() == "de" else "EEE")


def weekday_name(day: date) -> str:
    """Tuesday."""
    return _formatted_day(day, _language(), "EEEE")


def day_numbers(day: date) -> str:
    """9 Mar 2027 or 09.03.2027: a day in a table of figures."""
    return _formatted_day(day, _language(), SHORT_DAY_PATTERNS.get(_language(), SHORT_DAY_PATTERNS["en"]))


def clock_words(instant: datetime, zone: Zone = None) -> str:
    """7:30; in the hour that comes twice in autumn also which of the two."""
    wall = instant.astimezone(as_zone(zone))
    words = f"{wall.hour}:{wall.minute:02d}"
    if not is_doubled(wall.replace(tzinfo=None, fold=0), as_zone(zone)):
        return words
    return _("%(time)s (second)", time=words) if wall.fold else _("%(time)s (first)", time=words)


def when(instant: datetime, zone: Zone = None) -> str:
    """Tue 9 March, 7:30."""
    return _("%(day)s, %(time)s", day=day_words(instant, zone), time=clock_words(instant, zone))


def span_words(span: TimeSpan, zone: Zone = None) -> str:
    """Tue 9 March, 7:30 to 11:35; over midnight with both days."""
    start, end = span.start, span.end
    if _ends_on_same_day(span, as_zone(zone)):
        words = {"day": day_words(start, zone), "start": clock_words(start, zone), "end": _end_words(end, zone)}
        return _("%(day)s, %(start)s to %(end)s", **words)
    return _("%(start)s to %(end)s", start=when(start, zone), end=until_words(end, zone))


def until_words(end: datetime, zone: Zone = None) -> str:
    """Sat 24 July, 24:00: an end belongs to the day it closes, where `when` would name the day after."""
    last_moment = end - timedelta(microseconds=1)
    return _("%(day)s, %(time)s", day=day_words(last_moment, zone), time=_end_words(end, zone))


def clock_span_words(span: TimeSpan, zone: Zone = None) -> str:
    """7:30–11:35; over several days with the weekdays. For places where the day is known."""
    first, last = span.start.astimezone(as_zone(zone)), span.end.astimezone(as_zone(zone))
    start, end = f"{first.hour}:{first.minute:02d}", f"{last.hour}:{last.minute:02d}"
    if first.date() == last.date():
        return f"{start}–{end}"
    if last.date() - first.date() == timedelta(days=1) and end == "0:00":
        return f"{start}–24:00"
    return f"{weekday_words(first.date())} {start}–{weekday_words(last.date())} {end}"


def length_words(length: timedelta | int) -> str:
    """4 h 5 min, 45 min, 3 days 2 h. An integer is seconds."""
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


def minutes_words(minutes: int) -> str:
    """A length given in minutes."""
    return length_words(minutes * MINUTE)


def ago_words(instant: datetime) -> str:
    """How long ago something was, roughly: 5 min, 3 h, 2 days."""
    seconds = max(int((now() - instant).total_seconds()), 0)
    if seconds >= DAYS_FROM:
        return ngettext("%(num)s day", "%(num)s days", seconds // DAY)
    if seconds >= HOUR:
        return _("%(hours)s h", hours=seconds // HOUR)
    return _("%(minutes)s min", minutes=max(seconds // MINUTE, 1))


def money(cents: int) -> str:
    """1.234,50 € / €1,234.50, from integer cents."""
    return format_currency(Decimal(cents).scaleb(-2), "EUR", locale=_locale_for_numbers())


def number(value: int | Decimal) -> str:
    """A figure with the grouping of the language."""
    return format_decimal(value, locale=_locale_for_numbers(), decimal_quantization=False)


def amount(small: int, unit_code: str) -> str:
    """An amount of use, from the small unit: 12.50 ha."""
    unit = CHARGE_UNITS[unit_code]
    pattern = "#,##0" + ("." + "0" * unit.decimals if unit.decimals else "")
    figure = format_decimal(to_decimal(small, unit), format=pattern, locale=_locale_for_numbers())
    return f"{figure} {UNIT_NAMES[unit_code]}"


def price(unit_price: Decimal) -> str:
    """25,50 €: an exact price with as many places as it needs, at least cents."""
    places = max(2, -int(unit_price.normalize().as_tuple().exponent))
    return format_currency(
        unit_price,
        "EUR",
        locale=_locale_for_numbers(),
        decimal_quantization=False,
        currency_digits=False,
        format=_currency_pattern(places),
    )


def price_per(unit_price: Decimal, unit_code: str) -> str:
    """25,50 € per hour: an exact price and its unit."""
    return _("%(price)s per %(unit)s", price=price(unit_price), unit=UNIT_NAMES_ONE[unit_code])


FILTERS: dict[str, Callable[..., str]] = {
    "day_words": day_words,
    "long_day_words": long_day_words,
    "weekday_name": weekday_name,
    "clock_words": clock_words,
    "clock_span_words": clock_span_words,
    "when": when,
    "until_words": until_words,
    "span_words": span_words,
    "length_words": length_words,
    "minutes_words": minutes_words,
    "ago_words": ago_words,
    "money": money,
    "number": number,
    "price": price,
    "price_per": price_per,
    "day_numbers": day_numbers,
    "amount": amount,
}


def _ends_on_same_day(span: TimeSpan, zone: ZoneInfo) -> bool:
    last_moment = span.end - timedelta(microseconds=1)
    return span.start.astimezone(zone).date() == last_moment.astimezone(zone).date()


def _end_words(end: datetime, zone: Zone) -> str:
    wall = end.astimezone(as_zone(zone))
    return "24:00" if (wall.hour, wall.minute) == (0, 0) else clock_words(end, zone)


def _language() -> str:
    locale = get_locale()
    return locale.language if locale is not None else "en"


def _locale_for_numbers() -> str:
    return _language()


def _currency_pattern(places: int) -> str:
    figure = "#,##0." + "0" * places
    return f"¤{figure}" if _language() == "en" else f"{figure}\xa0¤"


@lru_cache(maxsize=4096)
def _formatted_day(day: date, language: str, pattern: str) -> str:
    return format_date(day, pattern, locale=language)
