"""/help: one page, with an anchor for every rule that a refusal can name."""

from __future__ import annotations

from flask import render_template
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l

from app.auth.permissions import EVERYBODY
from app.pages.declaration import MenuEntry, page
from app.pages.help import bp
from app.wording.rules import RULE_NAMES

RULES = {
    "past": _l("A machine can only be reserved for the time to come."),
    "notice": _l(
        "Some machines must be reserved a number of hours before, so that the workshop can prepare. "
        "The page of the machine says how many."
    ),
    "horizon": _l("Nobody can reserve further ahead than the number of days on the page of the machine."),
    "shortest": _l("Very short reservations break up the day; each machine has a shortest length."),
    "longest": _l(
        "Each machine has a longest length, so that it goes round. What counts is real time: "
        "a night in which the clock is changed is an hour longer or shorter than the clock says."
    ),
    "step": _l("Reservations start and last in steps of time, so that no gaps remain that nobody can use."),
    "opening_hours": _l(
        "A machine can be used while its workshop is open. Some machines may run round the clock; their page says so."
    ),
    "places": _l("A cold store or a shelf of printers has many places; a reservation takes as many as you ask for."),
    "induction": _l(
        "Some machines may only be run after an induction. It is valid for a time; the day of use must lie within it. "
        "Ask the workshop's manager for a date."
    ),
    "ends_before_start": _l("A reservation ends after it starts; it may well end on another day."),
    "member_left": _l("After the end of a membership nothing can be reserved."),
    "slot_taken": _l(
        "Two reservations never hold the same place at the same time, set-up and cleaning included. "
        "You are shown the nearest times that are free."
    ),
}


@page(bp, "", access=EVERYBODY, before_second_factor=True, menu=MenuEntry(_l("Help and rules"), 110))
def show() -> ResponseReturnValue:
    """How things go, and the rules."""
    rules = [(code, RULE_NAMES[code], words) for code, words in RULES.items()]
    return render_template("help/show.html", rules=rules)
