"""The names of the units in which use is charged, in the language of the page."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l

UNIT_NAMES: dict[str, Any] = {
    "hour": _l("h"),
    "minute": _l("min"),
    "day": _l("days"),
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
    "animal": _l("animals"),
}

SMALL_UNIT_NAMES: dict[str, Any] = {
    "seconds": _l("seconds"),
    "ares": _l("ares"),
    "litres": _l("litres"),
    "kilograms": _l("kilograms"),
    "grams": _l("grams"),
    "decigrams": _l("tenths of a gram"),
    "metres": _l("metres"),
    "watt_hours": _l("watt hours"),
    "pieces": _l("pieces"),
    "animals": _l("animals"),
}

# Said in hours and minutes. A meter of engine hours shows tenths, and so do its readings and their difference.
CLOCK_UNITS = frozenset({"hour"})

# One of each, as after "per".
UNIT_NAMES_ONE: dict[str, Any] = UNIT_NAMES | {
    "hour": _l("hour"),
    "minute": _l("minute"),
    "day": _l("day"),
    "place_day": _l("place and day"),
    "engine_hour": _l("engine hour"),
    "ha": _l("hectare"),
    "piece": _l("piece"),
    "animal": _l("animal"),
}
