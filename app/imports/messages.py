"""Sentences for refused rows: the column, the rule, its numbers, and what to do about it."""

from __future__ import annotations

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from flask_babel import ngettext

from app.imports.columns import RESERVATIONS, Columns
from app.imports.tables import Row
from app.wording.errors import sentence_of
from app.wording.formats import format_span
from app.wording.rules import RULES, rule_name, taken_sentence, violation_sentence
from app.wording.statuses import status_label
from booking.errors.schedule_errors import RequestRefused, SlotTaken, Violation
from booking.reservation_import import ExistingReservation, ImportResult


def sentences(violations: Sequence[Violation], columns: Columns) -> tuple[str, ...]:
    """Return one sentence per violation, with the header of its column."""
    return tuple(
        f"{columns.header(violation.field)}: {violation_sentence(violation)}"
        if violation.field
        else violation_sentence(violation)
        for violation in violations
    )


def fault_sentences(row: Row, columns: Columns) -> tuple[str, ...]:
    """Return one sentence for each cell in which a spreadsheet shows an error."""
    return tuple(
        _(
            "%(column)s: the spreadsheet shows the error “%(text)s” here. Correct it there, then save the file again.",
            column=columns.header(column),
            text=row.texts[column],
        )
        for column in row.faults
    )


def reasons_of(result: ImportResult, zone: ZoneInfo, lines: Sequence[int]) -> tuple[str, ...]:
    """Return the reasons for a result as sentences. lines: the line of the file for each imported reservation."""
    if result.existing:
        return (_already_imported(result.existing, zone),)
    if isinstance(result.refusal, RequestRefused):
        return tuple(sentence(violation, zone) for violation in result.refusal.violations)
    if isinstance(result.refusal, SlotTaken):
        return (_taken(result.refusal, zone, [lines[position] for position in result.conflicts_with]),)
    if result.refusal:
        return (sentence_of(result.refusal),)
    enters = _("It is entered all the same: a quota refuses nothing that was confirmed elsewhere.")
    return tuple(f"{violation_sentence(one, zone)} {enters}" for one in result.passed)


def sentence(violation: Violation, zone: ZoneInfo) -> str:
    """Return a violation as a sentence with its column and what to do about it."""
    text = violation_sentence(violation, zone)
    return _with_column(RESERVATIONS.header(violation.field), violation.rule, text, _way_out(violation.rule))


def _taken(taken: SlotTaken, zone: ZoneInfo, lines: Sequence[int]) -> str:
    text, way_out = taken_sentence(taken, zone), _way_out(taken.code)
    if lines:
        numbers = ", ".join(map(str, lines))
        way_out = ngettext(
            "Line %(lines)s needs it too: remove one of the two, or change its times.",
            "Lines %(lines)s need it too: remove some of them, or change their times.",
            len(lines),
            lines=numbers,
        )
    return _with_column(RESERVATIONS.header("start"), taken.code, text, way_out)


def _way_out(code: str) -> str:
    """Return what to do about a broken rule of reserving; "" for any other rule."""
    return str(RULES[code].import_way_out or "") if code in RULES else ""


def _with_column(header: str, rule: str, text: str, way_out: str) -> str:
    return _("%(column)s, %(rule)s: %(words)s", column=header, rule=rule_name(rule), words=f"{text} {way_out}".strip())


def _already_imported(existing: ExistingReservation, zone: ZoneInfo) -> str:
    return _(
        "already entered: reservation %(number)s, %(status)s, %(span)s",
        number=existing.id,
        status=status_label(str(existing.status)),
        span=format_span(existing.span, zone),
    )
