"""What is still out after its time, as entries of the plan board: it holds its places up to now."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from booking.kernel.orm import UtcDateTime
from booking.models import IS_OUT, Member, Occupancy, Reservation, Unit
from booking.places.closure_gaps import gaps
from booking.queries.board_entries import BoardEntry
from booking.timespan import TimeSpan

MINUTE = timedelta(minutes=1)


class _LateRow(NamedTuple):
    """A place that is still out: as BoardEntry, and until when it was held."""

    machine_id: int
    number: int
    held_until: datetime
    reservation_id: int
    due_at: datetime
    status: str
    member_id: int
    member_name: str
    text: str


def with_late_entries(
    session: Session,
    entries: Mapping[int, Sequence[BoardEntry]],
    places: Mapping[int, int],
    span: TimeSpan,
    now: datetime,
) -> dict[int, list[BoardEntry]]:
    """Return the entries of machines during a span together with those of places that are still out, in order of time.

    places: how many each machine has. One more statement, unless the span lies in the future. On a machine with one
    place an entry leaves out what others hold meanwhile; on one with several, where any place serves, it does not.
    """
    found = {machine_id: list(held) for machine_id, held in entries.items()}
    until = min(now.replace(second=0, microsecond=0) + MINUTE, span.end)
    if until <= span.start:
        return found
    for row in _late_rows(session, places, now):
        since = max(row.held_until, span.start)
        if since >= until:
            continue
        of_machine = found.setdefault(row.machine_id, [])
        others = of_machine if places[row.machine_id] == 1 else ()
        of_machine += list(_entries(row, TimeSpan(since, until), others))
        of_machine.sort(key=lambda entry: (entry.occupied_from, entry.unit_numbers))
    return found


def _entries(row: _LateRow, span: TimeSpan, others: Iterable[BoardEntry]) -> Iterator[BoardEntry]:
    held = [(entry.occupied_from, entry.occupied_until) for entry in others if row.number in entry.unit_numbers]
    for gap in gaps(held, span):
        yield BoardEntry(
            row.reservation_id,
            None,
            (row.number,),
            gap.start,
            gap.end,
            gap.start,
            gap.end,
            row.status,
            row.member_id,
            row.member_name,
            row.text,
            row.due_at,
        )


def _late_rows(session: Session, machine_ids: Collection[int], now: datetime) -> Iterable[_LateRow]:
    return [_LateRow(*row) for row in session.connection().execute(_LATE, {"ids": list(machine_ids), "now": now})]


# Built once: building it takes longer than running it.
_LATE = (
    select(
        Reservation.machine_id,
        Unit.number,
        Occupancy.occupied_until,
        Reservation.id,
        Reservation.ends_at,
        Reservation.status,
        Reservation.member_id,
        Member.name,
        Reservation.purpose,
    )
    .join(Occupancy, Occupancy.hold_id == Reservation.id)
    .join(Unit, Unit.id == Occupancy.unit_id)
    .join(Member, Member.id == Reservation.member_id)
    .where(
        IS_OUT,
        Reservation.ends_at <= bindparam("now", type_=UtcDateTime),
        Reservation.machine_id.in_(bindparam("ids", expanding=True)),
    )
    .order_by(Reservation.ends_at, Unit.number)
)
