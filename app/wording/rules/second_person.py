"""The rule that a machine needs two persons as text: its row among the rules of a machine, and its refusals."""

from __future__ import annotations

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.wording.formats import format_instant
from app.wording.rules.text import Fact, MachineRuleText, RuleText, ViolationText, name_or_day, plain
from booking.rules.lending_rules import MachineRules


def _fact(rules: MachineRules) -> Fact:
    words = _("a second inducted person must be there all the time")
    return _("Two persons"), words if rules.needs_second_person else ""


def _sentence(rules: MachineRules) -> str:
    if not rules.needs_second_person:
        return ""
    return _("Nobody may work with it alone: name a second inducted person who is there all the time.")


NEEDS_SECOND_PERSON = MachineRuleText(
    label=_l("Needs two persons: a second inducted person is there all the time"),
    name=_l("Two persons"),
    column=_l("two persons"),
    aliases=("second person", "zwei personen"),
    fact=_fact,
    sentence=_sentence,
    refusal=RuleText(
        code="second_person_missing",
        name=_l("Two persons"),
        sentence=_l("This needs two persons, and only one is named. Enter who is there as well."),
        help_text=_l(
            "With some machines nobody may work alone. Who reserves one names a second person who was inducted too and "
            "is there all the time; whoever hands it out asks for both."
        ),
        way_out=_l("Enter the name of the second person. For another one later, change the reservation."),
    ),
)

SECOND_PERSON_RULES = (
    RuleText(
        code="second_person_not_inducted",
        name=_l("Induction of the second person"),
        sentence=_l("%(limit)s has no valid induction for this on %(actual)s, and is the second person."),
        number=name_or_day,
        help_text=_l(
            "The second person needs the same inductions as the person who runs the machine, on every day of the use. "
            "The inductions of the member count: those of the person, and those for which no person is named."
        ),
        way_out=_l("Name another second person, or ask the workshop's manager for an induction."),
    ),
    RuleText(
        code="second_person_alone",
        name=_l("Somebody beside the second person"),
        sentence=_l("Apart from %(limit)s nobody of this member has a valid induction for this on %(actual)s."),
        number=name_or_day,
        help_text=_l("Two different persons are needed: one runs the machine, and the second one is there as well."),
        way_out=_l("Name somebody else, or ask the workshop's manager for an induction of one more person."),
    ),
    RuleText(
        code="second_person_busy",
        name=_l("Second person in two places"),
        sentence=_l("%(limit)s is needed for another reservation of this member, which begins %(actual)s."),
        number=lambda value, zone: plain(value, zone) if isinstance(value, str) else format_instant(value, zone),
        help_text=_l("A person can be at one machine at a time."),
        way_out=_l("Name somebody else, or choose another time."),
    ),
)

AT_HAND_OUT = (
    ViolationText(
        code="second_person_same",
        sentence=_l("%(limit)s cannot run it and be the second person. Enter two different persons."),
    ),
)
