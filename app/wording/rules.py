"""The rules of lending in words: a name, and a sentence with the figures for each way to break one.

Each rule has a paragraph of its own on the help page, at /help#rule-<code>.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.wording.formats import Zone, amount, clock_words, day_words, minutes_words, span_words, when
from booking.errors import SlotTaken, Violation
from booking.timespan import TimeSpan

RULE_NAMES: dict[str, Any] = {
    "past": _l("No reservation in the past"),
    "notice": _l("Notice"),
    "horizon": _l("How far ahead"),
    "shortest": _l("Shortest length"),
    "longest": _l("Longest length"),
    "step": _l("Steps of time"),
    "opening_hours": _l("Opening hours"),
    "places": _l("Places"),
    "induction": _l("Induction"),
    "member_left": _l("Membership"),
    "ends_before_start": _l("End after start"),
    "slot_taken": _l("Already taken"),
}


# What can be wrong with a usage slip or a master record: named by its field, so it needs no name of its own.
RECORD_SENTENCES: dict[str, Any] = {
    "too_early": _l("The machine can be handed out from %(limit)s on."),
    "reading_backwards": _l("The last reading was %(limit)s; a meter does not run backwards."),
    "reading_negative": _l("A reading is never below zero."),
    "amount_missing": _l("Enter the amount used, or the reading at hand-out and at hand-back."),
    "amount_negative": _l("An amount is never below zero."),
    "in_future": _l("The use ends in the future; slips are written afterwards."),
    "objection_empty": _l("Say what is wrong with the slip."),
    "objection_late": _l("Objections were possible until %(limit)s. Please talk to the workshop's manager."),
    "answer_empty": _l("Say why the slip stays as it is, or what was corrected."),
    "missing": _l("This must be filled in."),
    "at_least": _l("This must be at least %(limit)s; %(wished)s was entered."),
    "at_most": _l("This can be %(limit)s at most; %(wished)s was entered."),
    "already_used": _l("“%(wished)s” is already used. Choose another."),
    "last_day_before_first": _l("This cannot lie before %(limit)s."),
    "unknown_unit": _l("This unit is not known."),
    "unknown_zone": _l("This time zone is not known. Write for example Europe/Berlin."),
    "place_held": _l("Place %(limit)s is still held; end its reservations first."),
    "opening_backwards": _l("An opening must end after it starts, within one day."),
    "openings_overlap": _l("Two openings of one day overlap."),
    "unknown": _l("“%(wished)s” is not known here."),
    "twice_in_file": _l("“%(wished)s” stands in the file twice."),
    "still_reserved": _l("It is still reserved %(wished)s times; move or cancel these reservations first."),
}


def rule_name(rule: str) -> str:
    """The name of a rule, as on the help page."""
    return str(RULE_NAMES.get(rule, rule))


SENTENCES: dict[str, Any] = {
    "past": _l("The start, %(wished)s, has already passed."),
    "past_end": _l("The end, %(wished)s, has already passed."),
    "notice": _l("The start can be %(limit)s at the earliest; you asked for %(wished)s."),
    "horizon": _l("The start can be %(limit)s at the latest; you asked for %(wished)s."),
    "shortest": _l("A reservation lasts at least %(limit)s; this one would last %(wished)s."),
    "longest": _l("A reservation lasts at most %(limit)s; this one would last %(wished)s."),
    "step_of_start": _l("Reservations start in steps of %(limit)s; %(wished)s is not one of them."),
    "step": _l("The length must be a multiple of %(limit)s; %(wished)s is not."),
    "opening_hours": _l("Part of the time lies outside the opening hours of the workshop."),
    "places": _l("%(wished)s places are asked for; the machine has %(limit)s."),
    "no_places": _l("At least one place is needed."),
    "induction": _l("The induction was valid until %(limit)s; the machine is wanted on %(wished)s."),
    "ends_before_start": _l("The end must lie after the start."),
    "no_induction": _l("This machine needs an induction, and none is entered."),
    "member_left": _l("The membership ended on %(limit)s; the machine is wanted on %(wished)s."),
}

# How the figures of a sentence are said: booking/rules.py tells their units.
FIGURES: dict[str, Callable[[Any, Zone], str]] = {
    **dict.fromkeys(("past", "notice", "horizon", "too_early", "in_future", "objection_late"), when),
    **dict.fromkeys(("shortest", "longest", "step"), lambda minutes, _zone: minutes_words(minutes)),
    **dict.fromkeys(("induction", "member_left"), lambda day, _zone: day_words(day)),
    "last_day_before_first": lambda day, _zone: day_words(day),
}


def violation_sentence(violation: Violation, zone: Zone = None, unit: str | None = None) -> str:
    """One broken rule as a sentence with its figures; instants by the clock of the machine's zone.

    unit: the charge unit in whose small units a reading stands.
    """
    if unit is not None and violation.rule == "reading_backwards":
        return str(RECORD_SENTENCES[violation.rule]) % {"limit": amount(violation.limit, unit)}
    sentence = SENTENCES.get(_variant(violation)) or RECORD_SENTENCES.get(violation.rule)
    if sentence is None:
        return rule_name(violation.rule)
    say = FIGURES.get(violation.rule, lambda figure, _zone: str(figure))
    limit = "" if violation.limit is None else say(violation.limit, zone)
    if _variant(violation) == "step_of_start":
        wished = clock_words(violation.actual, zone)
    else:
        wished = "" if violation.actual is None else say(violation.actual, zone)
    return str(sentence) % {"limit": limit, "wished": wished}


def taken_sentence(taken: SlotTaken, zone: Zone = None) -> str:
    """That the time is taken; for a machine with many places how many are missing."""
    places, free = taken.facts["places"], taken.facts["places_free"]
    if places == 1 and not free:
        return _("The machine is already taken during part of this time.")
    figures = {"needed": places, "free": free, "short": places - free, "span": span_words(taken.facts["span"], zone)}
    return _("%(needed)s places are needed on %(span)s and %(free)s are free: %(short)s too few.", **figures)


def busy_sentence(busy: Sequence[TimeSpan], zone: Zone = None, *, has_buffers: bool) -> str:
    """When a machine is taken, so that one sees what is left; never by whom."""
    times = "; ".join(span_words(span, zone) for span in busy)
    if has_buffers:
        return _("The machine is already taken: %(times)s, set-up and cleaning included.", times=times)
    return _("The machine is already taken: %(times)s.", times=times)


def _variant(violation: Violation) -> str:
    if violation.rule == "step" and violation.field == "start":
        return "step_of_start"
    if violation.rule == "past" and violation.field == "end":
        return "past_end"
    if violation.rule == "places" and violation.actual < 1:
        return "no_places"
    if violation.rule == "induction" and violation.limit is None:
        return "no_induction"
    return violation.rule
