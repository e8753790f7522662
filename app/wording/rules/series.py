"""The rules of series as text. Each is named by its field, so it needs only a sentence."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from app.wording.formats import format_day, format_minutes
from app.wording.rules.text import Variant, ViolationText

SERIES_RULES = (
    ViolationText(
        code="series_malformed",
        sentence=_l("“%(actual)s” is not part of a valid rule. A valid one is FREQ=WEEKLY;BYDAY=FR;COUNT=10."),
    ),
    ViolationText(
        code="series_frequency",
        sentence=_l("“%(actual)s” is not possible: a series repeats daily, weekly or monthly (FREQ)."),
    ),
    ViolationText(
        code="series_part",
        sentence=_l(
            "“%(actual)s” is not possible here. Possible are INTERVAL, BYDAY with weekdays (weekly) or one such as 1FR "
            "or -1FR (monthly), one BYMONTHDAY from 1 to 31 or -1 (monthly), and COUNT or UNTIL."
        ),
    ),
    ViolationText(
        code="series_interval", sentence=_l("The interval must lie between 1 and %(limit)s; it is %(actual)s.")
    ),
    ViolationText(
        code="series_endless",
        sentence=_l("The series never ends. Give the number of dates (COUNT) or a last day (UNTIL)."),
    ),
    ViolationText(
        code="series_two_ends",
        sentence=_l("Give either the number of dates (COUNT) or the last day (UNTIL), not both."),
    ),
    ViolationText(
        code="series_too_long",
        sentence=_l("A series has 1 to %(limit)s dates; these are %(actual)s."),
        variants=(
            Variant(
                lambda violation: violation.actual is None,
                _l("A series has at most %(limit)s dates; these are more. Choose an earlier end."),
            ),
        ),
    ),
    ViolationText(
        code="series_too_far",
        sentence=_l("A series ends by %(limit)s at the latest. Choose fewer dates or an earlier end."),
        number=format_day,
    ),
    ViolationText(
        code="series_until_past",
        sentence=_l("The last day, %(actual)s, is before the first date, %(limit)s."),
        number=format_day,
    ),
    ViolationText(
        code="series_start",
        sentence=_l("The first date, %(actual)s, is not a day of the rule. Begin on one of its days."),
        number=format_day,
    ),
    ViolationText(
        code="series_doubled_hour",
        sentence=_l("On %(actual)s the clock shows the start twice. Choose the first or the second time."),
        number=format_day,
    ),
    ViolationText(
        code="series_overlaps_itself",
        sentence=_l(
            "One date lasts %(actual)s and would reach into the next one. Make it shorter, or repeat less often."
        ),
        number=lambda minutes, _zone: format_minutes(minutes),
    ),
    ViolationText(code="series_not_a_date", sentence=_l("%(actual)s is not a date of this series."), number=format_day),
    ViolationText(
        code="series_nothing_to_change",
        sentence=_l("None of these dates can be changed: they have begun, are over or are not reserved."),
    ),
    ViolationText(code="series_date_held", sentence=_l("%(actual)s is reserved already."), number=format_day),
)
