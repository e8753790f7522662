"""The texts of the event log: what each fact of an event says, one row per fact."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any

from flask_babel import LazyString
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.wording.event_labels import EVENT_LABELS, FIELD_LABELS, RECORD_LABELS
from app.wording.formats import format_money, format_short_day, format_span
from app.wording.rules import RULES
from app.wording.rules.conditions import CONDITION_NAMES
from booking.timespan import TimeSpan


class FactKind(StrEnum):
    """How a fact of an event is shown: FLAG by its label if it is true, VALUE by label and value.

    ELSEWHERE: as a time, an amount, a name or a link. HIDDEN: not at all, for numbers that mean nothing to a reader.
    """

    FLAG = "flag"
    VALUE = "value"
    ELSEWHERE = "elsewhere"
    HIDDEN = "hidden"


@dataclass(frozen=True, slots=True)
class FactText:
    """The row of a fact. label: of a FLAG or a VALUE."""

    kind: FactKind
    label: LazyString | None = None


# Flags are shown in this order.
FACTS: dict[str, FactText] = {
    "key": FactText(FactKind.VALUE, _l("number")),
    "is_treasurer": FactText(FactKind.FLAG, _l("treasurer")),
    "is_admin": FactText(FactKind.FLAG, _l("administrator")),
    "is_deputy": FactText(FactKind.FLAG, _l("deputy")),
    "is_late": FactText(FactKind.FLAG, _l("late")),
    "is_read_only": FactText(FactKind.FLAG, _l("read-only")),
    "was_request": FactText(FactKind.FLAG, _l("was a request")),
    "was_approved": FactText(FactKind.FLAG, _l("had been approved")),
    "is_restored": FactText(FactKind.FLAG, _l("former time kept")),
    "was_corrected": FactText(FactKind.FLAG, _l("corrected")),
    "is_automatic": FactText(FactKind.FLAG, _l("accepted without asking")),
    "needs_decision": FactText(FactKind.FLAG, _l("to be decided")),
    "by_link": FactText(FactKind.FLAG, _l("by link")),
    "is_all": FactText(FactKind.FLAG, _l("on every device")),
    "is_waiting": FactText(FactKind.FLAG, _l("waits for a seat")),
    "was_present": FactText(FactKind.FLAG, _l("was there")),
    "is_moved": FactText(FactKind.FLAG, _l("time or place changed")),
    "valid_from": FactText(FactKind.VALUE, _l("valid from")),
    "valid_until": FactText(FactKind.VALUE, _l("valid until")),
    "may_move_min": FactText(FactKind.VALUE, _l("may be moved by minutes:")),
    "variants": FactText(FactKind.VALUE, _l("options:")),
    "second_person": FactText(FactKind.VALUE, _l("second person:")),
    "codes_left": FactText(FactKind.VALUE, _l("recovery codes left:")),
    "reason": FactText(FactKind.VALUE, _l("Reason:")),
    "rules": FactText(FactKind.ELSEWHERE),
    "starts_at": FactText(FactKind.ELSEWHERE),
    "ends_at": FactText(FactKind.ELSEWHERE),
    "old_starts_at": FactText(FactKind.ELSEWHERE),
    "old_ends_at": FactText(FactKind.ELSEWHERE),
    "cents": FactText(FactKind.ELSEWHERE),
    "total_cents": FactText(FactKind.ELSEWHERE),
    "service_date": FactText(FactKind.ELSEWHERE),
    "period_from": FactText(FactKind.ELSEWHERE),
    "period_until": FactText(FactKind.ELSEWHERE),
    "what": FactText(FactKind.ELSEWHERE),
    "machine_id": FactText(FactKind.ELSEWHERE),
    "old_machine_id": FactText(FactKind.ELSEWHERE),
    "member_id": FactText(FactKind.ELSEWHERE),
    "workshop_id": FactText(FactKind.ELSEWHERE),
    "user_id": FactText(FactKind.ELSEWHERE),
    "pool_id": FactText(FactKind.ELSEWHERE),
    "reservation_id": FactText(FactKind.ELSEWHERE),
    "usage_id": FactText(FactKind.ELSEWHERE),
    "allocation_id": FactText(FactKind.ELSEWHERE),
    "advance_id": FactText(FactKind.VALUE, _l("number")),
    "fee_id": FactText(FactKind.VALUE, _l("number")),
    "move_id": FactText(FactKind.VALUE, _l("number")),
    "sending_id": FactText(FactKind.HIDDEN),
    "kind": FactText(FactKind.HIDDEN),
    "way": FactText(FactKind.HIDDEN),
    "turn": FactText(FactKind.HIDDEN),
    "export_id": FactText(FactKind.VALUE, _l("file no.")),
    "is_again": FactText(FactKind.FLAG, _l("once more")),
    "sha256": FactText(FactKind.HIDDEN),
    "opened_on": FactText(FactKind.VALUE, _l("posting date")),
    "entries": FactText(FactKind.VALUE, _l("entries")),
    "period": FactText(FactKind.VALUE, _l("period")),
    "chart": FactText(FactKind.VALUE, _l("chart")),
    "numbers": FactText(FactKind.VALUE, _l("numbers")),
    "state": FactText(FactKind.HIDDEN),
    "lines": FactText(FactKind.HIDDEN),
    "length": FactText(FactKind.HIDDEN),
    "reverses_id": FactText(FactKind.ELSEWHERE),
    "revision": FactText(FactKind.HIDDEN),
    "charge_id": FactText(FactKind.HIDDEN),
    "blocking_id": FactText(FactKind.HIDDEN),
    "maintenance_id": FactText(FactKind.HIDDEN),
    "done_on": FactText(FactKind.ELSEWHERE),
    "damage_id": FactText(FactKind.HIDDEN),
    "reservation_ids": FactText(FactKind.HIDDEN),
    "series_id": FactText(FactKind.HIDDEN),
    "old_series_id": FactText(FactKind.HIDDEN),
    "entry_id": FactText(FactKind.HIDDEN),
    "promised_starts_at": FactText(FactKind.HIDDEN),
    "promised_ends_at": FactText(FactKind.HIDDEN),
    "promised_places": FactText(FactKind.HIDDEN),
    "document_id": FactText(FactKind.HIDDEN),
    "cancels_id": FactText(FactKind.HIDDEN),
    "number": FactText(FactKind.VALUE, _l("number")),
    "gross_cents": FactText(FactKind.ELSEWHERE),
    "offer_id": FactText(FactKind.HIDDEN),
    "exchange_id": FactText(FactKind.HIDDEN),
    "other_reservation_id": FactText(FactKind.HIDDEN),
    "other_member_id": FactText(FactKind.HIDDEN),
    "course_id": FactText(FactKind.HIDDEN),
    "is_other_trainer": FactText(FactKind.HIDDEN),
    "former_trainer_member_id": FactText(FactKind.HIDDEN),
    "former_trainer_user_id": FactText(FactKind.HIDDEN),
    "signup_id": FactText(FactKind.HIDDEN),
    "wish_id": FactText(FactKind.HIDDEN),
    "kind_id": FactText(FactKind.HIDDEN),
    "induction_id": FactText(FactKind.HIDDEN),
    "group_id": FactText(FactKind.HIDDEN),
    "cancelled": FactText(FactKind.HIDDEN),
    "moved": FactText(FactKind.HIDDEN),
    "kept": FactText(FactKind.HIDDEN),
    "offered": FactText(FactKind.HIDDEN),
    "lapses_at": FactText(FactKind.HIDDEN),
    "left": FactText(FactKind.HIDDEN),
    "at_risk": FactText(FactKind.HIDDEN),
    "zone_change_id": FactText(FactKind.HIDDEN),
    "stayed": FactText(FactKind.VALUE, _l("could not be moved:")),
    "token_id": FactText(FactKind.HIDDEN),
    "table": FactText(FactKind.HIDDEN),
    "record_id": FactText(FactKind.HIDDEN),
}


def event_label(kind: str) -> str:
    """Return the label of a type of event."""
    return str(EVENT_LABELS.get(kind, kind.replace("_", " ").capitalize()))


def record_label(table: str) -> str:
    """Return the label of a kind of master record, with a capital as at the beginning of a sentence."""
    label = str(RECORD_LABELS.get(table, table))
    return label[:1].upper() + label[1:]


def record_title(facts: Mapping[str, Any]) -> str:
    """Return what happened to a master record: Member entered, Tariff withdrawn."""
    record = record_label(str(facts.get("table")))
    match facts.get("what"):
        case "entered":
            return _("%(record)s entered", record=record)
        case "deleted":
            return _("%(record)s deleted", record=record)
        case "withdrawn":
            return _("%(record)s withdrawn", record=record)
        case "" | None:
            return _("%(record)s entered or changed", record=record)
    return _("%(record)s changed", record=record)


def detail_texts(facts: Mapping[str, Any]) -> list[str]:
    """Return the facts as short texts: times, amounts, changed fields; what is empty is left out."""
    return [*_times(facts), *timeless_texts(facts)]


def timeless_texts(facts: Mapping[str, Any]) -> list[str]:
    """Return the facts without times: the text of a time leaves out the current year, so it changes with the year."""
    return [*_sums(facts), *_dates(facts), *_fields(facts), *_rules(facts), *_flags(facts), *_values(facts)]


def _times(facts: Mapping[str, Any]) -> Iterator[str]:
    """Yield the times; instants are recorded in seconds since 1970."""
    if facts.get("starts_at") and facts.get("ends_at"):
        yield _format_span(facts["starts_at"], facts["ends_at"])
    if facts.get("old_starts_at") and facts.get("old_ends_at"):
        yield _("before: %(span)s", span=_format_span(facts["old_starts_at"], facts["old_ends_at"]))


def _format_span(since: int, until: int) -> str:
    return format_span(TimeSpan(datetime.fromtimestamp(since, UTC), datetime.fromtimestamp(until, UTC)))


def _sums(facts: Mapping[str, Any]) -> Iterator[str]:
    for name in ("cents", "total_cents", "gross_cents"):
        if isinstance(facts.get(name), int):
            yield format_money(facts[name])


def _dates(facts: Mapping[str, Any]) -> Iterator[str]:
    """Yield the day of service, the period of an allocation, and when maintenance was done; recorded as ISO dates."""
    if facts.get("service_date"):
        yield _("used on %(day)s", day=_iso_day(facts["service_date"]))
    if facts.get("done_on"):
        yield _("done on %(day)s", day=_iso_day(facts["done_on"]))
    if facts.get("period_from") and facts.get("period_until"):
        first, last = _iso_day(facts["period_from"]), _iso_day(facts["period_until"])
        yield _("period %(first)s – %(last)s", first=first, last=last)


def _iso_day(text: str) -> str:
    return format_short_day(date.fromisoformat(text))


def _fields(facts: Mapping[str, Any]) -> Iterator[str]:
    changed = str(facts.get("what") or "")
    if changed and changed not in ("entered", "changed", "deleted", "withdrawn"):
        yield ", ".join(str(FIELD_LABELS.get(name, name)) for name in changed.replace(" ", "").split(","))


def _rules(facts: Mapping[str, Any]) -> Iterator[str]:
    """Yield the names of the rules that were overruled."""
    if codes := str(facts.get("rules") or ""):
        names = {code: row.name for code, row in RULES.items()} | CONDITION_NAMES
        yield ", ".join(str(names.get(code, code)) for code in codes.split(","))


def _flags(facts: Mapping[str, Any]) -> Iterator[str]:
    return (str(row.label) for name, row in FACTS.items() if row.kind == FactKind.FLAG and facts.get(name) is True)


def _values(facts: Mapping[str, Any]) -> Iterator[str]:
    """Yield facts with their values; a fact without a row, recorded by a later version, by its name."""
    for name, value in facts.items():
        row = FACTS.get(name)
        if (row is None or row.kind == FactKind.VALUE) and value not in ("", None):
            yield f"{row.label if row else name} {value}"
