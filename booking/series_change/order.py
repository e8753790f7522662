"""In which order the dates of a changed series are moved: none goes to where, or to when, another one still is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from graphlib import CycleError, TopologicalSorter

from booking.models import Reservation
from booking.records.catalogue import MachineTerms
from booking.reservations import former_times
from booking.reservations.wishes import Wish
from booking.timespan import TimeSpan


def in_order(
    terms_of: Mapping[int, MachineTerms], chosen: Mapping[date, Wish], found: Mapping[date, Reservation]
) -> Sequence[date]:
    """Return the days of what is chosen in such an order. terms_of: of the machines of the wishes."""
    # Each span is made once: made anew for each pair, 1,000 dates held the locks of their machines for eight seconds.
    held = {day: _Held.of(found[day]) for day in chosen}
    needed = {day: _Needed.of(wish, terms_of[wish.machine_id]) for day, wish in chosen.items()}
    after = {
        day: [other for other in chosen if other != day and needed[day].is_taken_by(held[other])] for day in chosen
    }
    try:
        return [*TopologicalSorter(after).static_order()]
    except CycleError:  # dates that were moved alone: whatever their order, each is judged when it is moved
        return sorted(chosen)


@dataclass(frozen=True, slots=True)
class _Held:
    """What a date has until it is moved: its machine, its span, and what it takes of the machine.

    occupied: with buffers; while another time waits for approval, the confirmed one, too.
    """

    machine_id: int
    span: TimeSpan
    occupied: tuple[TimeSpan, ...]

    @classmethod
    def of(cls, one: Reservation) -> _Held:
        former = former_times.former_time(one)
        present = former_times.present_time(one).occupied
        occupied = (present, former.occupied) if former else (present,)
        return cls(one.machine_id, TimeSpan(one.starts_at, one.ends_at), occupied)


@dataclass(frozen=True, slots=True)
class _Needed:
    """What a date needs where it is to go: a machine, a span, what it takes of the machine, and a second person."""

    machine_id: int
    span: TimeSpan
    occupied: TimeSpan
    needs_person: bool

    @classmethod
    def of(cls, wish: Wish, terms: MachineTerms) -> _Needed:
        needs_person = terms.policy.needs_second_person and wish.second is not None and bool(wish.second.name)
        return cls(wish.machine_id, wish.span, terms.policy.occupied_by(wish.span), needs_person)

    def is_taken_by(self, held: _Held) -> bool:
        """Return whether another date has the machine, or the second person who is needed there."""
        if held.machine_id == self.machine_id:
            return any(one.overlaps(self.occupied) for one in held.occupied)
        return self.needs_person and held.span.overlaps(self.span)
