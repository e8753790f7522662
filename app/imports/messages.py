"""Why a row cannot be entered: the column, the rule, the numbers and the way out."""

from __future__ import annotations

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from flask_babel import ngettext

from app.imports.columns import RESERVATIONS, Columns
from app.wording.errors import sentence_of
from app.wording.formats import format_span
from app.wording.rules import RULES, rule_name, taken_sentence, violation_sentence
from app.wording.statuses import status_label
from booking.errors import RequestRefused, SlotTaken, Violation
from booking.reservation_import import ExistingReservation, ImportResult


def sentences(violations: Sequence[Violation], columns: Columns) -> tuple[str, ...]:
    """One sentence for each, with the column's name in the language of the page."""
    return tuple(
        f"{columns.head(violation.field)}: {violation_sentence(violation)}"
        if violation.field
        else violation_sentence(violation)
        for violation in violations
    )


def reasons_of(result: ImportResult, zone: ZoneInfo, lines: Sequence[int]) -> tuple[str, ...]:
    """Return the reasons for a result as sentences. lines: the line of the file for each imported reservation."""
    if result.existing:
        return (_here_already(result.existing, zone),)
    if isinstance(result.refusal, RequestRefused):
        return tuple(sentence(violation, zone) for violation in result.refusal.violations)
    if isinstance(result.refusal, SlotTaken):
        return (_taken(result.refusal, zone, [lines[position] for position in result.conflicts_with]),)
    return (sentence_of(result.refusal),) if result.refusal else ()


def sentence(violation: Violation, zone: ZoneInfo) -> str:
    """One broken rule with its column and the way out."""
    words = violation_sentence(violation, zone)
    return _said(RESERVATIONS.head(violation.field), violation.rule, words, _way_out(violation.rule))


def _taken(taken: SlotTaken, zone: ZoneInfo, lines: Sequence[int]) -> str:
    words, way_out = taken_sentence(taken, zone), _way_out(taken.code)
    if lines:
        numbers = ", ".join(map(str, lines))
        way_out = ngettext(
            "Line %(lines)s wants it too: leave one of them out, or change its times.",
            "Lines %(lines)s want it too: leave some of them out, or change their times.",
            len(lines),
            lines=numbers,
        )
    return _said(RESERVATIONS.head("start"), taken.code, words, way_out)


def _way_out(code: str) -> str:
    """Return what can be done about a broken rule of reserving; "" for any other rule."""
    return str(RULES[code].import_way_out or "") if code in RULES else ""


def _said(head: str, rule: str, words: str, way_out: str) -> str:
    return _("%(column)s, %(rule)s: %(words)s", column=head, rule=rule_name(rule), words=f"{words} {way_out}".strip())


def _here_already(existing: ExistingReservation, zone: ZoneInfo) -> str:
    return _(
        "is here already: reservation %(number)s, %(status)s, %(span)s",
        number=existing.id,
        status=status_label(str(existing.status)),
        span=format_span(existing.span, zone),
    )
