"""Free time on one machine in a window."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy.orm import Session

from booking.availability import daytime, reading
from booking.availability.accepted import SlotQuery
from booking.availability.starts import ceil_timestamp, floor_timestamp, from_timestamp
from booking.records import catalogue
from booking.timespan import TimeSpan


def free_spans(
    session: Session,
    machine_id: int,
    window: TimeSpan,
    *,
    now: datetime,
    minutes: int | None = None,
    places: int = 1,
    member_id: int | None = None,
    excluding: int | None = None,
    limit: int | None = None,
    by_day: bool = False,
) -> tuple[TimeSpan, ...]:
    """Return the spans of a window in which a reservation of these minutes would be accepted, in order.

    A reservation inside a span that starts on the machine's grid would be accepted: opening hours, set-up and cleaning
    of both neighbours, notice, horizon, step and places are kept. With several places spans may overlap each other.

    minutes: None is the shortest length allowed. member_id: the member's induction is kept too.
    excluding: a reservation that is to be moved; its own places count as free. by_day: only what begins and ends in the
    waking day.

    Raises MachineNotFound, MemberNotFound.
    """
    terms = catalogue.bookable_machine(session, machine_id)
    minutes = minutes or terms.policy.shortest_allowed_min
    query = slot_queries(session, [terms], minutes, places, member_id, now)[machine_id]
    ends_by = floor_timestamp(window.end)
    asked = query.asked_for((ceil_timestamp(window.start), ends_by - 1))
    if asked is None or not query.is_possible:
        return ()
    held = reading.held_places(session, [machine_id], query.needed(asked), excluding)
    intervals = query.accepted(held, asked, ends_by)
    intervals = daytime.by_day(query, intervals, asked, None) if by_day else intervals
    return tuple(
        TimeSpan(from_timestamp(first), query.span_from(last).end)
        for first, last in (intervals if limit is None else intervals[:limit])
    )


def slot_queries(
    session: Session,
    terms: Collection[catalogue.MachineTerms],
    minutes: int,
    places: int,
    member_id: int | None,
    now: datetime,
) -> dict[int, SlotQuery]:
    """Return a query for a reservation of these minutes on each of some machines. Raises MemberNotFound."""
    eligibilities = reading.eligibility_by_kind(session, member_id) if member_id is not None else None
    return {
        one.machine_id: SlotQuery(
            one.policy,
            one.place_ids,
            minutes,
            places,
            eligibilities.of_kind(one.policy.induction_kind_id) if eligibilities else None,
            now,
        )
        for one in terms
    }
