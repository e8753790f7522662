"""The rules of maintenance by the meter, as text."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from app.wording.formats import format_day
from app.wording.rules.text import ViolationText

MAINTENANCE_RULES = (
    ViolationText(
        code="interval_not_positive",
        sentence=_l("An interval is more than zero. To stop being reminded, end the maintenance instead."),
    ),
    ViolationText(
        code="too_many_intervals",
        sentence=_l("A machine has at most %(limit)s maintenance intervals. End one that is not needed any more."),
    ),
    ViolationText(
        code="done_before_last",
        sentence=_l("It was done last on %(limit)s. Enter that day or a later one."),
        number=format_day,
    ),
    ViolationText(
        code="done_in_future", sentence=_l("This day is still to come. Enter the maintenance when it is done.")
    ),
)
