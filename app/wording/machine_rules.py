"""The rules of a machine as text: one row for each field of booking.rules.MachineRules.

Read by the manager's form, the machine's page, the form of a reservation, the event log and the columns of tables.
A rule without a row fails on import.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from app.wording.formats import format_length, format_minutes
from booking.rules import RULE_NAMES, MachineRules

Fact = tuple[str, str]


@dataclass(frozen=True, slots=True)
class RuleTexts:
    """The texts of one rule.

    label: of its field in the form. name: in the event log. column: its head in a table; spellings: further heads,
    the German one among them. fact: title and text on the machine's page, the text "" where it is left out.
    sentence: what the form of a reservation says about it, "" for nothing.
    """

    label: Any
    name: Any
    column: Any
    spellings: tuple[str, ...]
    fact: Callable[[MachineRules], Fact] | None = None
    sentence: Callable[[MachineRules], str] | None = None


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


def require_texts(rows: Mapping[str, RuleTexts]) -> None:
    """Raise LookupError unless each rule of a machine has its row, naming those without."""
    if missing := [name for name in RULE_NAMES if name not in rows]:
        raise LookupError(
            f"booking.rules.MachineRules: no row in app/wording/machine_rules.py for {', '.join(missing)}"
        )


# In the order in which pages name the rules.
MACHINE_RULES: dict[str, RuleTexts] = {
    "shortest_min": RuleTexts(
        label=_l("Shortest length, in minutes"),
        name=_l("Shortest length"),
        column=_l("shortest (minutes)"),
        spellings=("shortest", "kürzeste dauer"),
        fact=lambda rules: (
            _("Length"),
            _("%(shortest)s to %(longest)s, in steps of %(step)s", **_lengths(rules)),
        ),
        sentence=lambda rules: _("Lent for %(shortest)s to %(longest)s, in steps of %(step)s.", **_lengths(rules)),
    ),
    "longest_min": RuleTexts(
        label=_l("Longest length, in minutes"),
        name=_l("Longest length"),
        column=_l("longest (minutes)"),
        spellings=("longest", "längste dauer"),
    ),
    "step_min": RuleTexts(
        label=_l("Time steps, in minutes"),
        name=_l("Time steps"),
        column=_l("step (minutes)"),
        spellings=("step", "zeitschritt"),
    ),
    "notice_hours": RuleTexts(
        label=_l("Notice, in hours"),
        name=_l("Notice"),
        column=_l("notice (hours)"),
        spellings=("notice", "vorlauf"),
        fact=_notice,
        sentence=_notice_sentence,
    ),
    "horizon_days": RuleTexts(
        label=_l("How far ahead it can be reserved, in days"),
        name=_l("Horizon"),
        column=_l("horizon (days)"),
        spellings=("horizon", "wie weit voraus"),
        fact=lambda rules: (_("How far ahead"), ngettext("%(num)s day", "%(num)s days", rules.horizon_days)),
    ),
    "setup_min": RuleTexts(
        label=_l("Set-up before each use, in minutes"),
        name=_l("Set-up"),
        column=_l("set-up (minutes)"),
        spellings=("set-up", "rüstzeit"),
        fact=_setup,
        sentence=_buffers_sentence,
    ),
    "cleaning_min": RuleTexts(
        label=_l("Cleaning after each use, in minutes"),
        name=_l("Cleaning"),
        column=_l("cleaning (minutes)"),
        spellings=("cleaning", "reinigung"),
        fact=_cleaning,
    ),
    "needs_approval": RuleTexts(
        label=_l("Requests need my approval"),
        name=_l("Approval"),
        column=_l("needs approval"),
        spellings=("freigabe nötig",),
        fact=_approval,
        sentence=_approval_sentence,
    ),
    "decision_hours": RuleTexts(
        label=_l("Hours until an undecided request expires"),
        name=_l("Time to decide"),
        column=_l("decision (hours)"),
        spellings=("decision", "entscheidung"),
    ),
    "late_cancel_hours": RuleTexts(
        label=_l("Cancelling is late from this many hours before the start"),
        name=_l("Late cancelling"),
        column=_l("late cancelling (hours)"),
        spellings=("late cancelling", "späte stornierung"),
        fact=_late_cancel,
    ),
    "is_open_always": RuleTexts(
        label=_l("May be used round the clock, whatever the opening hours"),
        name=_l("Round the clock"),
        column=_l("round the clock"),
        spellings=("round the clock", "rund um die uhr"),
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
