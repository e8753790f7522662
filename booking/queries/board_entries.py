"""What holds machines during a span, read fast enough for a plan board with a thousand reservations.

Its columns are written by hand: by the connection and by position, a row costs two thirds of what it costs by the ORM.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import CompoundSelect, Select, case, func, select
from sqlalchemy.orm import Session

from booking.kernel.orm import UtcDateTime
from booking.models import Blocking, Member, Occupancy, Reservation, Unit
from booking.places import held_spans
from booking.timespan import TimeSpan

CLOSED, OFFERED = "closed", "offered"

# What holds places together: the reservation or the closure, and from when until when. A closure around reservations
# holds its places for several spans.
Cause = tuple[int | None, int | None, datetime, datetime]


class BoardEntry(NamedTuple):
    """One thing that holds places of a machine: a reservation, a closure, or an offer, which has neither id.

    occupied_from and occupied_until include set-up and cleaning; status is "closed" for a closure and
    "offered" for an offer.
    text: the purpose of the reservation, or the reason of the closure. due_at: until when it was reserved, for time
    in which it is still out. A tuple, because boards show thousands.
    """

    reservation_id: int | None
    blocking_id: int | None
    unit_numbers: tuple[int, ...]
    occupied_from: datetime
    occupied_until: datetime
    starts_at: datetime
    ends_at: datetime
    status: str
    member_id: int | None
    member_name: str
    text: str
    due_at: datetime | None = None

    @property
    def is_closure(self) -> bool:
        """Whether it is a closure and no reservation."""
        return self.blocking_id is not None

    @property
    def places(self) -> int:
        """How many places it holds."""
        return len(self.unit_numbers)


def entries_of(session: Session, machine_ids: Collection[int], span: TimeSpan) -> dict[int, list[BoardEntry]]:
    """Return what holds each machine during a span, in order of time."""
    found: dict[int, list[BoardEntry]] = defaultdict(list)
    several: dict[Cause, list[int]] = {}
    # By the connection: the session costs half as much again for each row.
    statement = _HELD_AT if span.end - span.start == held_spans.MOMENT else _HELD
    rows = session.connection().execute(statement, held_spans.during(machine_ids, span)).all()
    for row in rows:
        # All by name: to collect the last ones in a list takes half as long again.
        (machine_id, number, is_shared, reservation_id, blocking_id, since, until, start, end,
         status, member_id, member_name, text) = row  # fmt: skip
        if is_shared:
            cause = reservation_id, blocking_id, since, until
            if cause in several:
                several[cause].append(number)
                continue
            several[cause] = [number]
        # Others may have held the place at first (a no-show that was taken back), or at last (one that came back late):
        # the board shows what it held.
        starts_at = since if start is None or start < since else start
        ends_at = until if end is None or end > until else end
        found[machine_id].append(
            BoardEntry(
                reservation_id,
                blocking_id,
                (number,),
                since,
                until,
                starts_at,
                ends_at,
                status,
                member_id,
                member_name,
                text,
            )
        )
    if several:
        return {machine_id: _with_all_places(entries, several) for machine_id, entries in found.items()}
    return found


def _with_all_places(entries: list[BoardEntry], several: dict[Cause, list[int]]) -> list[BoardEntry]:
    return [
        entry._replace(
            unit_numbers=tuple(
                several.get(
                    (entry.reservation_id, entry.blocking_id, entry.occupied_from, entry.occupied_until),
                    entry.unit_numbers,
                )
            )
        )
        for entry in entries
    ]


def _with_causes(spans: CompoundSelect[*tuple[Any, ...]] | Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    held = spans.subquery()
    occupied_from, occupied_until = held.c.occupied_from, held.c.occupied_until
    has_one_time = Reservation.former_starts_at.is_(None)
    return (
        select(
            held.c.machine_id,
            held.c.number,
            # A closure, or a reservation of several places, has a row for each place.
            func.coalesce(Reservation.places > 1, True),
            Reservation.id,
            Blocking.id,
            occupied_from,
            occupied_until,
            # Without set-up and cleaning the working time is the occupied time: it need not be read twice. While a move
            # waits for approval, a row is of the former or the wished time, or of both: it stands for itself.
            case((has_one_time, func.nullif(Reservation.starts_at, occupied_from, type_=UtcDateTime))),
            case((has_one_time, func.nullif(Reservation.ends_at, occupied_until, type_=UtcDateTime))),
            func.coalesce(Reservation.status, case((Blocking.id.is_(None), OFFERED)), CLOSED),
            Reservation.member_id,
            func.coalesce(Member.name, ""),
            func.coalesce(Reservation.purpose, Blocking.reason, ""),
        )
        .select_from(held)
        .outerjoin(Reservation, Reservation.id == held.c.hold_id)
        .outerjoin(Member, Member.id == Reservation.member_id)
        .outerjoin(Blocking, Blocking.id == held.c.hold_id)
        .order_by(occupied_from, held.c.number)
    )


_SPANS = Unit.machine_id, Unit.number, Occupancy.hold_id, Occupancy.occupied_from, Occupancy.occupied_until
_HELD, _HELD_AT = _with_causes(held_spans.holding(*_SPANS)), _with_causes(held_spans.holding_at(*_SPANS))
