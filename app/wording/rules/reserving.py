"""The rules of reserving as text: name, sentence with numbers, help text and way out, one object per rule.

Those of a machine are in machine.py.
"""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from app.wording.formats import format_day, format_instant
from app.wording.rules.machine import MACHINE_RULES
from app.wording.rules.second_person import SECOND_PERSON_RULES
from app.wording.rules.text import RuleText, Variant, name_or_day

RULES = (
    RuleText(
        code="past",
        name=_l("No reservation in the past"),
        sentence=_l("The start, %(actual)s, has already passed."),
        number=format_instant,
        variants=(Variant(lambda violation: violation.field == "end", _l("The end, %(actual)s, has already passed.")),),
        help_text=_l("A machine can only be reserved for a time in the future."),
        way_out=_l("Choose a start in the future."),
        import_way_out=_l(
            "Leave the line out: a time that is over can no longer be reserved; its use belongs on a usage slip."
        ),
    ),
    *(texts.refusal for texts in MACHINE_RULES.values() if texts.refusal),
    RuleText(
        code="opening_hours",
        name=_l("Opening hours"),
        sentence=_l("Part of the time is outside the opening hours."),
        number=format_instant,
        help_text=_l(
            "A machine can be used while its workshop is open. Some machines have hours of their own, or may be used "
            "around the clock; their page says so."
        ),
        way_out=_l("Choose a time within the opening hours."),
        import_way_out=_l("Change the times in the file, or the opening hours of the workshop or the machine."),
    ),
    RuleText(
        code="opening_hours_at_ends",
        name=_l("Picking up and returning in opening hours"),
        sentence=_l("It is closed at the start, %(actual)s."),
        number=format_instant,
        variants=(Variant(lambda violation: violation.field == "end", _l("It is closed at the end, %(actual)s.")),),
        help_text=_l("Some machines may be kept over closed hours, but are picked up and returned in opening hours."),
        way_out=_l("Choose a start and an end within the opening hours."),
        import_way_out=_l("Change the times in the file, or the opening hours of the workshop or the machine."),
    ),
    RuleText(
        code="places",
        name=_l("Places"),
        sentence=_l("%(actual)s places were asked for; there is room for %(limit)s."),
        variants=(Variant(lambda violation: violation.actual < 1, _l("At least one place is needed.")),),
        help_text=_l(
            "A cold store or a shelf of printers has many places; a reservation takes as many as you ask for."
        ),
        way_out=_l("Ask for fewer places, or look for them elsewhere."),
        import_way_out=_l("Correct the number in the file, or enter the places first."),
    ),
    RuleText(
        code="not_in_group",
        name=_l("Another machine of the same group"),
        sentence=_l("%(actual)s is in no group together with the machine that is reserved."),
        help_text=_l(
            "A reservation can be moved to another machine of the group of its machine. Managers move it to any "
            "machine."
        ),
        way_out=_l("Cancel it and reserve the other machine, or ask the workshop to move it."),
        import_way_out=None,
    ),
    RuleText(
        code="other_needs_approval",
        name=_l("Approval for another machine"),
        sentence=_l("%(actual)s is lent only after the approval of the workshop, and this reservation is confirmed."),
        help_text=_l(
            "A confirmed reservation is not moved to a machine that needs approval, because it would not be confirmed "
            "any more."
        ),
        way_out=_l("Ask the workshop to move it, or reserve the other machine as well until it is approved."),
        import_way_out=None,
    ),
    RuleText(
        code="move_waits",
        name=_l("Another time waits"),
        sentence=_l("The workshop has not decided yet about another time for this reservation."),
        help_text=_l("While another time waits for approval, the machine stays the same."),
        way_out=_l("Withdraw the new time first, or wait for the decision."),
        import_way_out=None,
    ),
    RuleText(
        code="group_empty",
        name=_l("A group with machines"),
        sentence=_l("No machine of this group is lent at the moment."),
        help_text=_l("A reservation of a group of machines gets one of those that are in it."),
        way_out=_l("Reserve one of the machines by itself, or ask the workshop."),
        import_way_out=None,
    ),
    RuleText(
        code="induction",
        name=_l("Induction"),
        sentence=_l("The induction was valid until %(limit)s; the reservation is for %(actual)s."),
        number=format_day,
        variants=(
            Variant(
                lambda violation: violation.limit is None,
                _l("An induction is needed, and none is valid for this member."),
            ),
        ),
        help_text=_l("Some machines may be used only after an induction. It has to be valid on every day of the use."),
        way_out=_l("Ask the workshop's manager for a date for an induction."),
        import_way_out=_l("Enter the induction first (Workshop, Inductions), or leave the line out."),
    ),
    RuleText(
        code="prerequisite",
        name=_l("Inductions that build on others"),
        sentence=_l("The induction for this machine builds on “%(limit)s”, which is not valid on %(actual)s."),
        number=name_or_day,
        help_text=_l(
            "Some inductions build on others: who runs the machine needs all of them, valid on every day of the use."
        ),
        way_out=_l("Ask the workshop's manager for a date for the induction that is missing."),
        import_way_out=_l("Enter the missing induction first (Workshop, Inductions), or leave the line out."),
    ),
    RuleText(
        code="persons_apart",
        name=_l("One person with all inductions"),
        sentence=_l(
            "Nobody of this member has all inductions for this machine on %(actual)s; different persons have each."
        ),
        number=format_day,
        help_text=_l("Where an induction builds on others, the same person needs all of them."),
        way_out=_l("Ask the workshop's manager for the inductions that one of the persons lacks."),
        import_way_out=_l("Enter the missing induction first (Workshop, Inductions), or leave the line out."),
    ),
    *SECOND_PERSON_RULES,
    RuleText(
        code="member_left",
        name=_l("Membership"),
        sentence=_l("The membership ended on %(limit)s; the reservation is for %(actual)s."),
        number=format_day,
        help_text=_l("Nothing can be reserved for days after the end of a membership."),
        way_out=_l("Choose a day within the membership, or ask an administrator of the ring."),
        import_way_out=_l("Correct the last day of the membership first, or leave the line out."),
    ),
    RuleText(
        code="in_use",
        name=_l("Already out"),
        sentence=_l("It is out already: its start stays as it is, only the end can be moved."),
        variants=(
            Variant(
                lambda violation: violation.field == "places",
                _l("It is out already: places can be given back, but no more can be added."),
            ),
            Variant(
                lambda violation: violation.field == "machine",
                _l("It is out already: hand it back, then reserve the other machine."),
            ),
        ),
        help_text=_l(
            "While a machine is out, its reservation can be made longer if the time is free, or shorter. "
            "Its start has happened."
        ),
        way_out=_l("Change only the end, or make a second reservation."),
        import_way_out=_l("Leave the line out: it is out already for this reservation."),
    ),
    RuleText(
        code="ends_before_start",
        name=_l("End after start"),
        sentence=_l("The end must be after the start."),
        number=format_instant,
        help_text=_l("A reservation ends after it starts; it may end on another day."),
        way_out=_l("Choose a later end. If it is on another day, enter that day too."),
        import_way_out=_l("If it ends on a later day, write that day before the time."),
    ),
    RuleText(
        code="slot_taken",
        name=_l("Already taken"),
        sentence=_l("Part of this time is already taken."),
        help_text=_l(
            "Two reservations never hold the same place at the same time, set-up and cleaning included. "
            "You are shown the nearest free times."
        ),
        way_out=_l("Choose one of the times offered, or another one of the same kind."),
        import_way_out=_l("Move or cancel what is here, or leave the line out."),
    ),
)
