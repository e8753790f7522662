"""In which order the dates of a changed series are moved: none goes to where, or to when, another one still is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from graphlib import CycleError, TopologicalSorter

from booking import former_times
from booking.catalogue import MachineTerms
from booking.models import Reservation
from booking.timespan import TimeSpan
from booking.wishes import Wish


def in_order(
    terms_of: Mapping[int, MachineTerms], chosen: Mapping[date, Wish], found: Mapping[date, Reservation]
) -> Sequence[date]:
    """Return the days of what is chosen in such an order. terms_of: of the machines of the wishes."""
    after = {
        day: [
            other for other in chosen if other != day and _is_in_the_way(found[other], wish, terms_of[wish.machine_id])
        ]
        for day, wish in chosen.items()
    }
    try:
        return [*TopologicalSorter(after).static_order()]
    except CycleError:  # dates that were moved alone: whatever their order, each is judged when it is moved
        return sorted(chosen)


def _is_in_the_way(held: Reservation, wish: Wish, terms: MachineTerms) -> bool:
    """Return whether another date has the machine of a wish, or the second person who is needed there."""
    if held.machine_id == wish.machine_id:
        occupied = terms.policy.occupied_by(wish.span)
        return any(one.overlaps(occupied) for one in _occupied(held))
    needs_person = terms.policy.needs_second_person and wish.second is not None and bool(wish.second.name)
    return needs_person and TimeSpan(held.starts_at, held.ends_at).overlaps(wish.span)


def _occupied(held: Reservation) -> Iterator[TimeSpan]:
    """Yield what a date takes: its time and, while another one waits for approval, the one that is confirmed."""
    yield former_times.present_time(held).occupied
    if former := former_times.former_time(held):
        yield former.occupied
