"""Taking back the last import as a whole, while nothing depends on it.

What it entered is deleted, what it changed gets its former values; reservations end as if they had never been. One
obstacle keeps all of it as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.auth import accounts, contact_mails
from app.imports import history
from app.imports.columns import MACHINES
from app.imports.history import LastImportView, StoredRecord, Values
from app.imports.machines import stored_input
from app.imports.messages import sentences
from app.wording.formats import format_span
from app.wording.references import reference_texts
from booking import queries
from booking.errors.schedule_errors import ANY, RecordRefused
from booking.kernel.errors import DomainError
from booking.kernel.events import Actor
from booking.machines import machines
from booking.members.member_import import known_members
from booking.models import UsageRecord
from booking.records import deletions
from booking.records.deletions import References
from booking.records.price_classes import ring_today
from booking.reservation_import import reservation_references, undo_import
from booking.rule_changes import condition_changes, rule_changes

MISSING: Values = {}  # of a record that was deleted since


class ImportInUse(DomainError):
    """The last import cannot be taken back: something depends on it, or it is another one by now."""

    code = "import_in_use"


@dataclass(frozen=True, slots=True)
class Effect:
    """What taking back means for one record: deleted or changed back, and why that is impossible ("" if it is not)."""

    key: str
    is_deleted: bool
    obstacle: str


@dataclass(frozen=True, slots=True)
class TakingBack:
    """The last import of a kind, and what taking it back would do. Records deleted since are left out."""

    last: LastImportView
    effects: tuple[Effect, ...]

    @property
    def obstacles(self) -> tuple[Effect, ...]:
        """The records that keep the import from being taken back."""
        return tuple(effect for effect in self.effects if effect.obstacle)


@dataclass(frozen=True, slots=True)
class _Kind:
    """How records of a kind are read, what refers to them, how their use depends on them, and how they are put back."""

    present: Callable[[Session, Sequence[int]], Mapping[int, Values]]
    references: Callable[[Session, Sequence[int]], Mapping[int, References]]
    key: str
    priced_by: str
    restore: Callable[..., None]
    keeps_changes: bool = False  # what it entered stays where it was changed since


def taking_back(session: Session, kind: str) -> TakingBack | None:
    """Return what taking back the last import of a kind would do; None where there is none."""
    last = history.last_import(session, kind)
    if last is None or kind not in _KINDS:
        return None
    return TakingBack(last, tuple(_effects(session, _KINDS[kind], kind, last.stored_at)))


def take_back(session: Session, kind: str, stored_at: datetime, *, by: Actor, now: datetime) -> None:
    """Take back the last import of a kind, all of it. Call inside write_transaction().

    stored_at: of the import that the user has seen. Raises ImportInUse, RecordRefused.
    """
    found = taking_back(session, kind)
    if found is None or found.last.stored_at != stored_at or found.obstacles:
        raise ImportInUse()
    stored = history.stored_records(session, kind)
    present = _KINDS[kind].present(session, [one.record_id for one in stored])
    stored = [one for one in stored if one.record_id in present]
    _KINDS[kind].restore(session, stored, stored_at=stored_at, by=by, now=now)
    history.discard(session, kind)


def _effects(session: Session, kind: _Kind, name: str, stored_at: datetime) -> Iterator[Effect]:
    stored = history.stored_records(session, name)
    present = kind.present(session, [one.record_id for one in stored])
    entered = [one.record_id for one in stored if one.before is None and one.record_id in present]
    references = kind.references(session, entered)
    uses = _uses_since(session, name, stored_at)
    for one in stored:
        now_stored = present.get(one.record_id, MISSING)
        if now_stored:
            obstacle = _obstacle(one, now_stored, references.get(one.record_id, {}))
            if kind.keeps_changes and not one.after.items() <= now_stored.items():
                obstacle = obstacle or _("changed since the import")
            if one.before and one.before[kind.priced_by] != one.after[kind.priced_by]:
                obstacle = obstacle or uses.get(one.record_id, "")
            label = ", ".join(filter(None, (now_stored[kind.key], now_stored["name"])))
            yield Effect(label, one.before is None, obstacle)


def _obstacle(one: StoredRecord, present: Values, references: References) -> str:
    if one.before is None:
        return ", ".join(reference_texts(references))
    return "" if one.after.items() <= present.items() else _("changed since the import")


def _uses_since(session: Session, kind: str, since: datetime) -> dict[int, str]:
    """Return the slips since the import, by record: their price follows from what it changed."""
    column = UsageRecord.member_id if kind == "members" else UsageRecord.machine_id
    rows = session.execute(select(column, func.count()).where(UsageRecord.handed_out_at >= since).group_by(column))
    return {
        record_id: ngettext("%(num)s usage slip since then", "%(num)s usage slips since then", count)
        for record_id, count in rows
    }


def _present_members(session: Session, _ids: Sequence[int]) -> Mapping[int, Values]:
    return {known.id: history.member_values(known.stored) for known in known_members(session).values()}


def _restore_members(
    session: Session, stored: Sequence[StoredRecord], *, stored_at: datetime, by: Actor, now: datetime
) -> None:
    members = {known.id: known.stored for known in known_members(session, for_change=True).values()}
    back = {one.record_id: (members[one.record_id], history.member_of(one.before)) for one in stored if one.before}
    condition_changes.store_members(
        session, [], back, by=by, now=now, class_from=ring_today(session, stored_at), are_former=True
    )
    accounts.require_lasting_administrator(session, list(back))
    addresses = {member_id: (present.email, former.email) for member_id, (present, former) in back.items()}
    contact_mails.queue_changed(session, addresses, now=now)
    deletions.delete_members(session, [one.record_id for one in stored if one.before is None], by=by, now=now)


def _present_machines(session: Session, _ids: Sequence[int]) -> Mapping[int, Values]:
    cards = queries.machine_cards(session, include_retired=True, limit=None).items
    own = machines.all_own_openings(session)
    return {card.id: history.machine_values(stored_input(card), card.places, own.get(card.id, [])) for card in cards}


def _restore_machines(
    session: Session, stored: Sequence[StoredRecord], *, stored_at: datetime, by: Actor, now: datetime
) -> None:
    del stored_at  # prices of machines are dated by their tariffs
    for one in stored:
        if one.before:
            machine, places, openings = history.machine_of(one.before)
            rule_changes.change_machine(
                session, one.record_id, machine, places=places, by=by, now=now, confirmed=ANY, openings=openings
            )
    deletions.delete_machines(session, [one.record_id for one in stored if one.before is None], by=by, now=now)


def _present_reservations(session: Session, ids: Sequence[int]) -> Mapping[int, Values]:
    values = history.reservation_values(session, ids)
    return {
        view.id: values[view.id]
        | {"machine": view.machine_name, "name": f"{view.member_name}, {format_span(view.span, view.zone)}"}
        for some in deletions.chunks(values)
        for view in queries.reservations_by_id(session, some)
    }


def _restore_reservations(
    session: Session, stored: Sequence[StoredRecord], *, stored_at: datetime, by: Actor, now: datetime
) -> None:
    del stored_at  # nothing of a reservation is dated
    undo_import(session, {one.record_id: one.after["revision"] for one in stored}, by=by, now=now)


def refusal_sentences(refusal: DomainError) -> tuple[str, ...]:
    """Return why an import cannot be taken back, where only trying has shown it, such as places in use."""
    return sentences(refusal.violations, MACHINES) if isinstance(refusal, RecordRefused) else ()


_KINDS = {
    "members": _Kind(_present_members, deletions.member_references, "number", "price_class", _restore_members),
    "machines": _Kind(_present_machines, deletions.machine_references, "slug", "charge_unit", _restore_machines),
    "reservations": _Kind(
        _present_reservations, reservation_references, "machine", "", _restore_reservations, keeps_changes=True
    ),
}
