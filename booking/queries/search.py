"""The search: members by words, and the reservations and slips of members and machines that words have found.

No statement reads more of a history than it shows: each member and each machine is a way of its own into an index.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, false, or_, select, true
from sqlalchemy.orm import Session

from booking.kernel.views import columns_of, first_of_each, without_index
from booking.models import Machine, Member, Reservation, UsageRecord
from booking.queries.inductions import reserve_in
from booking.queries.machines import MachineCard
from booking.queries.member_texts import TRADE, is_named
from booking.queries.names import MemberName
from booking.queries.reservation_views import ReservationView, all_views, views
from booking.queries.reservations import VisibilityScope
from booking.queries.slips import SLIP_VIEWS, SlipView

NAMES_MAX = 20  # members and machines whose reservations and slips are looked for

Dated = type[Reservation] | type[UsageRecord]


@dataclass(frozen=True, slots=True)
class Found:
    """The members and machines that a search has found, up to NAMES_MAX of each; None: the search names none.

    With both, a reservation or slip has to be of one of the members and of one of the machines.
    """

    member_ids: Collection[int] | None
    machines: Sequence[MachineCard] | None


def members_by_words(
    session: Session,
    words: Collection[str],
    *,
    workshop_ids: Collection[int] | None = None,
    limit: int = NAMES_MAX,
    offset: int = 0,
) -> tuple[MemberName, ...]:
    """Return the members with every word in number, name or trade, by name; also those who have left.

    workshop_ids: only members who have reserved in these workshops; None: of all.
    """
    statement = select(*columns_of(MemberName, Member)).order_by(Member.name, Member.id)
    if words:
        statement = statement.where(is_named(session, words, upto=TRADE))
    if workshop_ids is not None:
        statement = statement.where(reserve_in(workshop_ids))
    return tuple(MemberName(*row) for row in session.execute(statement.limit(limit).offset(offset)))


def found_reservations(
    session: Session, found: Iterable[Found], scope: VisibilityScope, *, limit: int, offset: int = 0
) -> tuple[ReservationView, ...]:
    """Return a page of the reservations of anything that was found, within a scope, the latest first."""
    order = (Reservation.starts_at.desc(), Reservation.id.desc())
    ways = [way for each in found for way in _ways(Reservation, each, scope)]
    if not ways:
        return ()
    seen = (_in_scope(Reservation, scope), Reservation.import_undone_at.is_(None))
    ids = select(Reservation.id).join(Machine, Machine.id == Reservation.machine_id).where(*seen)
    page = first_of_each(ids, ways, order, offset + limit)
    return all_views(session, views().where(Reservation.id.in_(page)).order_by(*order).limit(limit).offset(offset))


def found_slips(
    session: Session, found: Iterable[Found], scope: VisibilityScope, *, limit: int, offset: int = 0
) -> tuple[SlipView, ...]:
    """Return a page of the slips of anything that was found, within a scope, the latest first."""
    order = (UsageRecord.handed_out_at.desc(), UsageRecord.id.desc())
    ways = [way for each in found for way in _ways(UsageRecord, each, scope)]
    if not ways:
        return ()
    ids = select(UsageRecord.id).join(Machine, Machine.id == UsageRecord.machine_id)
    page = first_of_each(ids.where(_in_scope(UsageRecord, scope)), ways, order, offset + limit)
    statement = SLIP_VIEWS.where(UsageRecord.id.in_(page)).order_by(*order).limit(limit).offset(offset)
    return tuple(SlipView(*row) for row in session.execute(statement))


def _ways(model: Dated, found: Found, scope: VisibilityScope) -> Iterator[ColumnElement[bool]]:
    """Yield conditions of which one has to hold: each begins an index in the order of the list."""
    of_machines: ColumnElement[bool] = true()
    if found.machines is not None:
        of_machines = without_index(model.machine_id.in_([machine.id for machine in found.machines]))
    if found.member_ids is not None:
        for member_id in found.member_ids:
            yield and_(model.member_id == member_id, of_machines)
        return
    if scope.member_id is not None and not scope.is_everybody:
        yield and_(model.member_id == scope.member_id, of_machines)
    for machine in found.machines or ():
        if scope.is_everybody or machine.workshop_id in scope.workshop_ids:
            yield model.machine_id == machine.id


def _in_scope(model: Dated, scope: VisibilityScope) -> ColumnElement[bool]:
    if scope.is_everybody:
        return true()
    seen: list[ColumnElement[bool]] = []
    if scope.workshop_ids:
        seen.append(Machine.workshop_id.in_(scope.workshop_ids))
    if scope.member_id is not None:
        seen.append(model.member_id == scope.member_id)
    return without_index(or_(false(), *seen))
