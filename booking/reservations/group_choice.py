"""Which machine of a group a wish gets. Call with all of its machines locked (group_requests.py), or to show it before.

Nothing is written here; the guard decides when the reservation is entered.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from booking.errors.schedule_errors import (
    GroupRefused,
    GroupTaken,
    MachineRefusal,
    RequestRefused,
    SlotTaken,
    Violation,
)
from booking.models import Machine
from booking.places import held_spans
from booking.places.place_assignment import Taking
from booking.places.place_choice import HeldByPlace, slot_taken
from booking.places.place_counts import PlaceCount
from booking.records import catalogue, groups
from booking.records.catalogue import MachineTerms
from booking.records.overruling import Overruling, is_allowed
from booking.reservations import wishes
from booking.reservations.wishes import Wish
from booking.rules.persons import MEMBER_ITSELF, Person
from booking.timespan import TimeSpan

GAP_MAX = timedelta(days=7)  # free time further away than this makes no difference


@dataclass(frozen=True, slots=True)
class GroupWish:
    """What a member asks for where any machine of a group will do. lacking: how many of its choices machines lack."""

    group_id: int
    member_id: int
    span: TimeSpan
    places: int = 1
    purpose: str = ""
    may_move_min: int = 0
    second: Person | None = MEMBER_ITSELF
    choices: tuple[str, ...] = ()
    lacking: Mapping[int, int] = field(default_factory=dict, hash=False)

    def on(self, machine_id: int) -> Wish:
        """Return the wish for one of the machines."""
        asked = self.places, self.purpose, self.may_move_min, self.second
        return Wish(machine_id, self.member_id, self.span, *asked, choices=self.choices)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A machine of the group that is lent. violations: the rules that the wish breaks on it. gap: that it would leave.

    taken: why too few places are free.
    """

    terms: MachineTerms
    rank: int
    violations: tuple[Violation, ...]
    taken: SlotTaken | None
    gap: timedelta

    @property
    def refusal(self) -> MachineRefusal:
        """Why it cannot be had: the rules, else that it is taken."""
        refused = RequestRefused(list(self.violations))
        error = refused if self.violations or self.taken is None else self.taken
        return MachineRefusal(self.terms.machine_id, self.terms.name, error)


def choose(session: Session, wish: GroupWish, *, now: datetime, overruling: Overruling | None = None) -> int:
    """Return the machine of a group that a wish gets: its rules accept the member, and it is free.

    Of several, the first in this order:
    1. one on which no rule has to be overruled (overruling: by who may decide);
    2. the one that lacks the fewest chosen variants;
    3. the lowest rank, so that a larger machine is given only when all its smaller ones are taken;
    4. the smallest gap: the free time that is left directly before and after the reservation, set-up and cleaning
       included, on the place where it is least, so that long free times stay whole;
    5. the lowest id.

    Raises MemberNotFound, GroupTaken, GroupRefused.
    """
    found = candidates(session, wish, now=now)
    possible = [one for one in found if one.taken is None and is_allowed(one.violations, overruling)]
    if not possible:
        raise refusal(wish.group_id, found)

    def order(one: Candidate) -> tuple[object, ...]:
        machine_id = one.terms.machine_id
        return bool(one.violations), wish.lacking.get(machine_id, 0), one.rank, one.gap, machine_id

    return min(possible, key=order).terms.machine_id


def candidates(session: Session, wish: GroupWish, *, now: datetime) -> list[Candidate]:
    """Return the machines of a group that are lent, in the order of ranks and ids, and how the wish fits on each.

    Raises MemberNotFound.
    """
    ranks = groups.ranks_of(session, wish.group_id)
    terms = {one.machine_id: one for one in catalogue.terms_of_many(session, Machine.id.in_(ranks))}
    ordered = [terms[machine_id] for machine_id in ranks if machine_id in terms]
    held = _held_around(session, ordered, wish.span)
    found = []
    for one in ordered:
        violations = wishes.violations_of(session, wish.on(one.machine_id), one.policy, asked_at=now)
        taken, gap = _taken(one, held, wish), gap_around(one, held, one.policy.occupied_by(wish.span), wish.places)
        found.append(Candidate(one, ranks[one.machine_id], tuple(violations), taken, gap))
    return found


def refusal(group_id: int, found: Sequence[Candidate]) -> GroupTaken | GroupRefused:
    """Return why no machine of a group can be had: taken, if the rules of one would accept the wish."""
    refusals = [one.refusal for one in found]
    if any(not one.violations for one in found):
        return GroupTaken(group_id, refusals)
    broken = list(dict.fromkeys(violation for one in found for violation in one.violations))
    return GroupRefused(group_id, broken or [Violation("group_empty", "group")], refusals)


def gap_around(terms: MachineTerms, held: HeldByPlace, occupied: TimeSpan, places: int = 1) -> timedelta:
    """Return the free time directly before and after a span, on the places where it is least.

    Each side counts a week at most. A machine of which others must first be put on other places for it counts as if
    all around it were free.
    """
    gaps = sorted(gap for place_id in terms.place_ids if (gap := _gap_on(held.get(place_id, ()), occupied)) is not None)
    needed = max(places, 1)
    return sum(gaps[:needed], timedelta()) if len(gaps) >= needed else 2 * needed * GAP_MAX


def _gap_on(spans: Sequence[tuple[datetime, datetime]], occupied: TimeSpan) -> timedelta | None:
    """Return the gap on one place; None where it is not free for the whole span."""
    before = after = GAP_MAX
    for since, until in spans:
        if until <= occupied.start:
            before = min(before, occupied.start - until)
        elif occupied.end <= since:
            after = min(after, since - occupied.end)
        else:
            return None
    return before + after


def _taken(terms: MachineTerms, held: HeldByPlace, wish: GroupWish) -> SlotTaken | None:
    """Return the refusal where too few places are free, by counting."""
    occupied = terms.policy.occupied_by(wish.span)
    count = PlaceCount(len(terms.place_ids), (span for place_id in terms.place_ids for span in held.get(place_id, ())))
    short = count.first_shortage(occupied, wish.places)
    if short is None:
        return None
    taking = Taking(0, terms.machine_id, terms.place_ids, occupied, wish.places)
    return slot_taken(taking, max(short.places_free, 0), short.span)


def _held_around(session: Session, machines: Sequence[MachineTerms], span: TimeSpan) -> HeldByPlace:
    if not machines:
        return {}
    occupied = [one.policy.occupied_by(span) for one in machines]
    since, until = min(one.start for one in occupied), max(one.end for one in occupied)
    around = TimeSpan(since - GAP_MAX, until + GAP_MAX)
    return held_spans.by_place(session, [one.machine_id for one in machines], around)
