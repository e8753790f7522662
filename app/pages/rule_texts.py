"""The rules of lending in words: a name, and a sentence with the figures for each way to break one.

Each rule has a paragraph of its own on the help page, at /help#rule-<code>.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.pages.formats import Zone, clock_words, day_words, minutes_words, span_words, when
from booking.errors import SlotTaken, Violation

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
    "slot_taken": _l("Already taken"),
}


def rule_name(rule: str) -> str:
    """The name of a rule, as on the help page."""
    return str(RULE_NAMES.get(rule, rule))


SENTENCES: dict[str, Any] = {
    "past": _l("The start, %(wished)s, has already passed."),
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
    "no_induction": _l("This machine needs an induction, and none is entered."),
    "member_left": _l("The membership ended on %(limit)s; the machine is wanted on %(wished)s."),
}

# How the figures of a sentence are said: booking/rules.py tells their units.
FIGURES: dict[str, Callable[[Any, Zone], str]] = {
    **dict.fromkeys(("past", "notice", "horizon"), when),
    **dict.fromkeys(("shortest", "longest", "step"), lambda minutes, _zone: minutes_words(minutes)),
    **dict.fromkeys(("induction", "member_left"), lambda day, _zone: day_words(day)),
}


def violation_sentence(violation: Violation, zone: Zone = None) -> str:
    """One broken rule as a sentence with its figures; instants by the clock of the machine's zone."""
    sentence = SENTENCES.get(_variant(violation))
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


def _variant(violation: Violation) -> str:
    if violation.rule == "step" and violation.field == "start":
        return "step_of_start"
    if violation.rule == "places" and violation.actual < 1:
        return "no_places"
    if violation.rule == "induction" and violation.limit is None:
        return "no_induction"
    return violation.rule
