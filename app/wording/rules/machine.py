"""The rules of a machine as text: one row for each field of booking.rules.MachineRules.

Read by the manager's form, the machine's page, the form of a reservation, the event log and the columns of tables.
A rule without a row fails on import.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from app.wording.formats import format_clock, format_instant, format_length, format_minutes
from app.wording.rules.second_person import NEEDS_SECOND_PERSON
from app.wording.rules.text import Fact, MachineRuleText, RuleText, Variant
from booking.rules.lending_rules import RULE_NAMES, MachineRules

CHANGE_TIMES_OR_RULE = _l("Change the times in the file, or change the rule during the import.")


def _lengths(rules: MachineRules) -> dict[str, str]:
    return {name: format_minutes(getattr(rules, f"{name}_min")) for name in ("shortest", "longest", "step")}


def _approval(rules: MachineRules) -> Fact:
    if not rules.needs_approval:
        return _("Approval"), _("not needed")
    length = format_length(rules.decision_hours * 3_600)
    return _("Approval"), _("by the workshop's manager, within %(length)s", length=length)


def _approval_sentence(rules: MachineRules) -> str:
    if not rules.needs_approval:
        return ""
    return ngettext(
        "The workshop decides within %(num)s hour.", "The workshop decides within %(num)s hours.", rules.decision_hours
    )


def _notice(rules: MachineRules) -> Fact:
    length = format_length(rules.notice_hours * 3_600)
    return _("Notice"), _("at least %(length)s before", length=length) if rules.notice_hours else ""


def _notice_sentence(rules: MachineRules) -> str:
    length = format_length(rules.notice_hours * 3_600)
    return _("Reserve at least %(notice)s ahead.", notice=length) if rules.notice_hours else ""


def _setup(rules: MachineRules) -> Fact:
    length = format_minutes(rules.setup_min)
    return _("Set-up"), _("%(length)s before each use", length=length) if rules.setup_min else ""


def _cleaning(rules: MachineRules) -> Fact:
    length = format_minutes(rules.cleaning_min)
    return _("Cleaning"), _("%(length)s after each use", length=length) if rules.cleaning_min else ""


def _buffers_sentence(rules: MachineRules) -> str:
    """Return what is added before and after the working time."""
    setup, cleaning = format_minutes(rules.setup_min), format_minutes(rules.cleaning_min)
    if rules.setup_min and rules.cleaning_min:
        both = {"setup": setup, "cleaning": cleaning}
        return _("Set-up of %(setup)s and cleaning of %(cleaning)s are added around it.", **both)
    if rules.setup_min:
        return _("Set-up of %(length)s is added before it.", length=setup)
    return _("Cleaning of %(length)s is added after it.", length=cleaning) if rules.cleaning_min else ""


def _late_cancel(rules: MachineRules) -> Fact:
    if not rules.late_cancel_hours:
        return _("Cancelling"), _("free until the start")
    length = format_length(rules.late_cancel_hours * 3_600)
    return _("Cancelling"), _("free until %(length)s before the start", length=length)


def _closed_hours(rules: MachineRules) -> Fact:
    is_shown = rules.may_span_closed_hours and not rules.is_open_always
    words = _("you may keep it; pick it up and return it while the workshop is open")
    return _("Over closed hours"), words if is_shown else ""


def _closed_hours_sentence(rules: MachineRules) -> str:
    if not rules.may_span_closed_hours or rules.is_open_always:
        return ""
    return _("You may keep it over closed hours; only its start and end must lie in the opening hours.")


def require_texts(rows: Mapping[str, MachineRuleText]) -> None:
    """Raise LookupError unless each rule of a machine has its row, naming those without."""
    if missing := ", ".join(name for name in RULE_NAMES if name not in rows):
        raise LookupError(
            f"booking.rules.lending_rules.MachineRules: no row in app/wording/rules/machine.py for {missing}"
        )


# In the order in which pages name the rules.
MACHINE_RULES: dict[str, MachineRuleText] = {
    "shortest_min": MachineRuleText(
        label=_l("Shortest length, in minutes"),
        name=_l("Shortest length"),
        column=_l("shortest (minutes)"),
        aliases=("shortest", "kürzeste dauer"),
        fact=lambda rules: (
            _("Length"),
            _("%(shortest)s to %(longest)s, in steps of %(step)s", **_lengths(rules)),
        ),
        sentence=lambda rules: _("Lent for %(shortest)s to %(longest)s, in steps of %(step)s.", **_lengths(rules)),
        refusal=RuleText(
            code="shortest",
            name=_l("Shortest length"),
            sentence=_l("A reservation lasts at least %(limit)s; this one would last %(actual)s."),
            number=lambda minutes, _zone: format_minutes(minutes),
            help_text=_l("Very short reservations break up the day, so each machine has a shortest length."),
            way_out=_l("Choose a later end."),
            import_way_out=CHANGE_TIMES_OR_RULE,
        ),
    ),
    "longest_min": MachineRuleText(
        label=_l("Longest length, in minutes"),
        name=_l("Longest length"),
        column=_l("longest (minutes)"),
        aliases=("longest", "längste dauer"),
        refusal=RuleText(
            code="longest",
            name=_l("Longest length"),
            sentence=_l("A reservation lasts at most %(limit)s; this one would last %(actual)s."),
            number=lambda minutes, _zone: format_minutes(minutes),
            help_text=_l(
                "Each machine has a longest length, so that everybody gets a turn. Elapsed time counts: "
                "in a night in which the clocks change, it differs by an hour from what the clock shows."
            ),
            way_out=_l("Choose an earlier end, or make a second reservation later."),
            import_way_out=CHANGE_TIMES_OR_RULE,
        ),
    ),
    "step_min": MachineRuleText(
        label=_l("Time steps, in minutes"),
        name=_l("Time steps"),
        column=_l("step (minutes)"),
        aliases=("step", "zeitschritt"),
        refusal=RuleText(
            code="step",
            name=_l("Time steps"),
            sentence=_l("The length must be a multiple of %(limit)s; %(actual)s is not."),
            number=lambda minutes, _zone: format_minutes(minutes),
            variants=(
                Variant(
                    lambda violation: violation.field == "start",
                    _l("Reservations start in steps of %(limit)s; %(actual)s does not fit."),
                    actual=format_clock,
                ),
            ),
            help_text=_l(
                "Reservations start and last in fixed time steps, so that no gaps are left that nobody can use."
            ),
            way_out=_l("Choose a start and an end that fit the time steps; they are on its page."),
            import_way_out=CHANGE_TIMES_OR_RULE,
        ),
    ),
    "notice_hours": MachineRuleText(
        label=_l("Notice, in hours"),
        name=_l("Notice"),
        column=_l("notice (hours)"),
        aliases=("notice", "vorlauf"),
        fact=_notice,
        sentence=_notice_sentence,
        refusal=RuleText(
            code="notice",
            name=_l("Too short notice"),
            sentence=_l("The earliest possible start is %(limit)s; you asked for %(actual)s."),
            number=format_instant,
            variants=(
                Variant(
                    lambda violation: violation.field == "end",
                    _l("Time can be added only from %(limit)s on; you asked for more from %(actual)s."),
                ),
            ),
            help_text=_l(
                "Some machines must be reserved a number of hours in advance, so that the workshop can prepare. "
                "The number is on the page of the machine."
            ),
            way_out=_l("Choose a later start, or talk to the workshop's manager."),
        ),
    ),
    "horizon_days": MachineRuleText(
        label=_l("How far ahead it can be reserved, in days"),
        name=_l("Horizon"),
        column=_l("horizon (days)"),
        aliases=("horizon", "wie weit voraus"),
        fact=lambda rules: (_("How far ahead"), ngettext("%(num)s day", "%(num)s days", rules.horizon_days)),
        refusal=RuleText(
            code="horizon",
            name=_l("How far ahead"),
            sentence=_l("The latest possible start is %(limit)s; you asked for %(actual)s."),
            number=format_instant,
            variants=(
                Variant(
                    lambda violation: violation.field == "end",
                    _l("Time can be added only until %(limit)s; you asked for more from %(actual)s."),
                ),
            ),
            help_text=_l("A machine can be reserved only a number of days ahead; the number is on its page."),
            way_out=_l("Choose an earlier start, or reserve again when the day is nearer."),
        ),
    ),
    "setup_min": MachineRuleText(
        label=_l("Set-up before each use, in minutes"),
        name=_l("Set-up"),
        column=_l("set-up (minutes)"),
        aliases=("set-up", "rüstzeit"),
        fact=_setup,
        sentence=_buffers_sentence,
    ),
    "cleaning_min": MachineRuleText(
        label=_l("Cleaning after each use, in minutes"),
        name=_l("Cleaning"),
        column=_l("cleaning (minutes)"),
        aliases=("cleaning", "reinigung"),
        fact=_cleaning,
    ),
    "needs_approval": MachineRuleText(
        label=_l("Requests need my approval"),
        name=_l("Approval"),
        column=_l("needs approval"),
        aliases=("freigabe nötig",),
        fact=_approval,
        sentence=_approval_sentence,
    ),
    "needs_second_person": NEEDS_SECOND_PERSON,
    "decision_hours": MachineRuleText(
        label=_l("Hours until an undecided request expires"),
        name=_l("Time to decide"),
        column=_l("decision (hours)"),
        aliases=("decision", "entscheidung"),
    ),
    "late_cancel_hours": MachineRuleText(
        label=_l("Cancelling is late from this many hours before the start"),
        name=_l("Late cancelling"),
        column=_l("late cancelling (hours)"),
        aliases=("late cancelling", "späte stornierung"),
        fact=_late_cancel,
    ),
    "offer_hours": MachineRuleText(
        label=_l("Hours for which a time that became free is held for the member who waits for it"),
        name=_l("Time to accept an offer"),
        column=_l("offers (hours)"),
        aliases=("offers", "angebote"),
    ),
    "is_open_always": MachineRuleText(
        label=_l("May be used round the clock, whatever the opening hours"),
        name=_l("Round the clock"),
        column=_l("round the clock"),
        aliases=("round the clock", "rund um die uhr"),
    ),
    "may_span_closed_hours": MachineRuleText(
        label=_l("May be kept over closed hours; only picking up and returning must lie in the opening hours"),
        name=_l("Over closed hours"),
        column=_l("over closed hours"),
        aliases=("over closed hours", "über schließzeiten"),
        fact=_closed_hours,
        sentence=_closed_hours_sentence,
    ),
}


require_texts(MACHINE_RULES)


def rule_facts(rules: MachineRules) -> Iterator[tuple[str, str, str]]:
    """Yield what the machine's page shows of its rules: name of the rule, title, text."""
    for name, texts in MACHINE_RULES.items():
        if texts.fact is not None:
            yield name, *texts.fact(rules)


def rule_sentences(rules: MachineRules) -> tuple[str, ...]:
    """Return the rules in a few short sentences."""
    sentences = (texts.sentence(rules) for texts in MACHINE_RULES.values() if texts.sentence)
    return tuple(sentence for sentence in sentences if sentence)
