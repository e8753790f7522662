"""Rule code -> name, sentence with numbers, help text and way out: one object per rule.

Rules of reserving are in reserving.py and machine.py, rules of usage slips and master records in fields.py. The help
page, the refusal pages, the import and the API read them here. tests/architecture/test_rule_texts.py names a rule
of booking/ that has no text.
"""

from __future__ import annotations

from collections.abc import Sequence

from flask_babel import gettext as _

from app.wording.formats import Zone, format_amount, format_span
from app.wording.rules import costs, courses, fields, maintenance, parties, quotas, reserving, series, waiting
from app.wording.rules.second_person import AT_HAND_OUT
from app.wording.rules.text import RuleText, ViolationText, by_code
from booking.errors.schedule_errors import GroupTaken, SlotTaken, Violation
from booking.timespan import TimeSpan

RULES: dict[str, RuleText] = by_code((*reserving.RULES, *quotas.RULES))
VIOLATION_TEXTS: dict[str, ViolationText] = by_code(
    (
        *reserving.RULES,
        *quotas.RULES,
        *fields.USAGE_RULES,
        *AT_HAND_OUT,
        *fields.RECORD_RULES,
        *series.SERIES_RULES,
        *waiting.WAITING_RULES,
        *courses.COURSE_RULES,
        *maintenance.MAINTENANCE_RULES,
        *parties.PARTY_RULES,
        *costs.COST_RULES,
    )
)


def rule_name(code: str) -> str:
    """Return the name of a rule of reserving, as on the help page."""
    return str(RULES[code].name)


def violation_sentence(violation: Violation, zone: Zone = None, unit: str | None = None) -> str:
    """Return one broken rule as a sentence with its numbers; instants by the clock of the machine's zone.

    unit: the charge unit in whose small units a reading is given.
    """
    text = VIOLATION_TEXTS[violation.rule]
    if unit is not None and violation.rule == "reading_backwards":
        return str(text.sentence) % {"limit": format_amount(violation.limit, unit)}
    return text.sentence_for(violation, zone)


def taken_sentence(taken: SlotTaken, zone: Zone = None) -> str:
    """Return that the time is taken; for a machine with many places when first too few are free, and how many."""
    if isinstance(taken, GroupTaken):
        return _("No machine of the group is free at this time.")
    places, free, needed = (taken.facts[name] for name in ("machine_places", "places_free", "places"))
    if places <= 1:
        return str(RULES["slot_taken"].sentence)
    span, wanted = format_span(taken.facts["short"], zone), places - free + needed
    return _(
        "%(span)s: that would be %(wanted)s of %(places)s places. Needed: %(needed)s, free: %(free)s.",
        span=span,
        wanted=wanted,
        places=places,
        needed=needed,
        free=free,
    )


def busy_sentence(busy: Sequence[TimeSpan], zone: Zone = None, *, has_buffers: bool) -> str:
    """Return when a machine is taken, so that one sees what is left; never by whom."""
    times = "; ".join(format_span(span, zone) for span in busy)
    if has_buffers:
        return _("Already taken: %(times)s, set-up and cleaning included.", times=times)
    return _("Already taken: %(times)s.", times=times)
