"""The rules of bills, as text."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from flask_babel import lazy_gettext as _l

from app.wording.formats import Zone, format_day, format_money, format_number
from app.wording.keys import percent_words
from app.wording.rules.text import ViolationText, name_or_day
from billing.pools.meters import PER_UNIT


def _money(value: Any, _zone: Zone) -> str:
    return format_money(value)


def _percent(value: Any, _zone: Zone) -> str:
    return percent_words(value)


def _reading(value: Any, _zone: Zone) -> str:
    return format_number((Decimal(value) / PER_UNIT).normalize())


COST_RULES = (
    ViolationText(
        code="unusual_amount",
        sentence=_l(
            "%(actual)s is ten times the usual amount or more: such bills of this pool are usually %(limit)s. Has the "
            "comma slipped?"
        ),
        number=_money,
    ),
    ViolationText(
        code="service_day_far",
        sentence=_l("%(actual)s is more than a year ahead. Is the year right?"),
        number=format_day,
    ),
    ViolationText(code="part_twice", sentence=_l("The same basis is there twice. Put both percentages into one line.")),
    ViolationText(
        code="parts_percent_sum",
        sentence=_l("The parts of the key must make 100 per cent together, each above 0; they make %(actual)s."),
        number=_percent,
    ),
    ViolationText(
        code="minimum_without_use",
        sentence=_l("A minimum needs a part by use or by meters; this key has none."),
    ),
    ViolationText(code="meter_unit_missing", sentence=_l("Say what the meters count, for example kWh or m³.")),
    ViolationText(code="cap_out_of_range", sentence=_l("A cap is above 0 and at most 100 per cent.")),
    ViolationText(
        code="percents_unused",
        sentence=_l("Percentages of members are entered, but no part of the key is by fixed percentages."),
    ),
    ViolationText(
        code="percents_sum",
        sentence=_l(
            "The percentages of the members must make 100 per cent together, each above 0; they make %(actual)s."
        ),
        number=_percent,
    ),
    ViolationText(code="member_twice", sentence=_l("A member is there twice.")),
    ViolationText(code="member_unknown", sentence=_l("One of the members does not exist.")),
    ViolationText(
        code="reading_below_last",
        sentence=_l("The meter showed %(limit)s before, so that it cannot show %(actual)s. If it was changed, say so."),
        number=_reading,
    ),
    ViolationText(
        code="reading_above_next",
        sentence=_l("The meter showed %(limit)s later, so that it cannot show %(actual)s on this day."),
        number=_reading,
    ),
    ViolationText(code="reading_in_future", sentence=_l("A reading is of today or earlier.")),
    ViolationText(
        code="reading_holds_change",
        sentence=_l(
            "On this day the meter was changed: without that, %(actual)s would come after %(limit)s. Correct the "
            "reading instead."
        ),
        number=_reading,
    ),
    ViolationText(
        code="reading_used",
        sentence=_l(
            "Allocation %(actual)s, until %(limit)s, used the readings of these days. Reverse it, correct the reading "
            "and allocate again; or enter what the meter shows with a day after that."
        ),
        number=name_or_day,
    ),
    ViolationText(
        code="days_to_come",
        sentence=_l("These days end on %(actual)s, which is still to come. Choose %(limit)s or an earlier last day."),
        number=format_day,
    ),
)
