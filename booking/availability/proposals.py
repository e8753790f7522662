"""The check of a wish without entering it, and what would be accepted instead."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy.orm import Session

from booking.availability import reading
from booking.availability.accepted import SlotQuery
from booking.availability.nearest import Nearest, nearest
from booking.availability.reading import EligibilityByKind
from booking.availability.starts import DAY, floor_timestamp
from booking.errors.schedule_errors import MachineNotFound, ReservationNotFound, SlotTaken, Violation
from booking.kernel.read_cache import cached_read
from booking.models import Machine, Reservation, Status
from booking.places import held_spans, occupancies, place_choice
from booking.places.place_assignment import Taking
from booking.places.place_choice import HeldByPlace
from booking.places.place_counts import PlaceCount
from booking.records import catalogue
from booking.records.catalogue import MachineTerms
from booking.reservations import machine_moves, moving, wishes
from booking.reservations.moving import Change
from booking.reservations.wishes import Wish
from booking.rules import lending_rules
from booking.rules.eligibility import MemberEligibility
from booking.rules.lacking_variants import Lacking
from booking.rules.lending_rules import Policy
from booking.timespan import TimeSpan

NOBODY = 0  # the hold of a wish that is only checked
REACHES_DAYS = (2, 14, 90, 800)  # how far around the wish to look, one after the other


@dataclass(frozen=True, slots=True)
class WishCheck:
    """The result of a check: the rules that the wish breaks, and the refusal if too few places are free."""

    violations: tuple[Violation, ...]
    taken: SlotTaken | None
    decide_until: datetime | None = None  # where it needs approval, unless the actor may decide

    @property
    def is_free(self) -> bool:
        """Whether enough places are free, whatever the rules say."""
        return self.taken is None

    @property
    def is_accepted(self) -> bool:
        """Whether the wish would be granted, or at least held until a manager decides."""
        return self.is_free and not self.violations


@dataclass(frozen=True, slots=True)
class Alternative:
    """A reservation that would be accepted instead of the wished one: at another time, or on a like machine."""

    machine_id: int
    machine_name: str
    span: TimeSpan


def fewest_lacking_first(found: Iterable[Alternative], names: Sequence[str], lacking: Lacking) -> list[Alternative]:
    """Return alternatives in their order, but those first that lack the fewest of the chosen variants."""
    return sorted(found, key=lambda one: len(lacking(one.machine_id, one.span.start, names)))


def check_wish(
    session: Session, wish: Wish, *, now: datetime, excluding: int | None = None, may_decide: bool = False
) -> WishCheck:
    """Check a wish without entering it.

    excluding: a reservation that is to be moved there; its own places count as free, and the wish is judged by what
    it keeps or adds; on another machine as a new one. may_decide: by an actor who may approve. Places are chosen as for
    a request, so what fits once others are put on other places is free.
    Raises MachineNotFound, MemberNotFound.
    """
    terms = reading.cached_terms(session, wish.machine_id)
    if excluding is not None:
        reservation = _reservation(session, excluding)
        if reservation.machine_id != wish.machine_id:
            return _check_other_machine(session, wish, terms, reservation, now, may_decide=may_decide)
        change = moving.change_of(reservation, wish, may_decide=may_decide)
        return _check_move(session, wish, terms, reservation, change, now)
    if terms.is_retired:
        raise MachineNotFound(id=wish.machine_id)
    violations = tuple(wishes.violations_of(session, wish, terms.policy, asked_at=now))
    taking = Taking(NOBODY, terms.machine_id, terms.place_ids, terms.policy.occupied_by(wish.span), wish.places)
    deadline = wishes.decide_until(wish.span, terms.policy, now) if terms.policy.needs_approval else None
    facts = cached_read(session, ("taken", taking, _second(now)), lambda: _taken_facts(session, taking, now))
    return WishCheck(violations, None if facts is None else SlotTaken(**facts), deadline)


def _check_move(
    session: Session, wish: Wish, terms: MachineTerms, reservation: Reservation, change: Change, now: datetime
) -> WishCheck:
    if terms.is_retired and not change.keeps_less:
        raise MachineNotFound(id=wish.machine_id)
    found = wishes.violations_of(
        session, wish, terms.policy, asked_at=now, held=change.held, reservation_id=reservation.id
    )
    violations = tuple(found)
    if change.keeps_less:
        return WishCheck(violations, None)
    occupied = moving.wished_time(reservation, wish, change, terms.policy).occupied
    taking = Taking(reservation.id, terms.machine_id, terms.place_ids, occupied, wish.places)
    taken = _taken(session, occupancies.left_of(session, taking, now), now, excluding=reservation.id)
    needs_approval = terms.policy.needs_approval and not change.held.is_out
    deadline = moving.decide_until(reservation, wish, terms.policy, now) if needs_approval else None
    return WishCheck(violations, taken, deadline)


def _check_other_machine(
    session: Session, wish: Wish, terms: MachineTerms, reservation: Reservation, now: datetime, *, may_decide: bool
) -> WishCheck:
    if terms.is_retired:
        raise MachineNotFound(id=wish.machine_id)
    broken = machine_moves.violations_of(session, reservation, wish, terms, may_decide=may_decide, now=now)
    taking = Taking(reservation.id, terms.machine_id, terms.place_ids, terms.policy.occupied_by(wish.span), wish.places)
    waits = reservation.status == Status.REQUESTED and reservation.former_starts_at is None
    deadline = wishes.decide_until(wish.span, terms.policy, now) if waits else None
    return WishCheck(tuple(broken), _taken(session, taking, now), deadline)


def _reservation(session: Session, reservation_id: int) -> Reservation:
    reservation = session.get(Reservation, reservation_id)
    if reservation is None:
        raise ReservationNotFound(id=reservation_id)
    return reservation


def places_free(session: Session, wish: Wish, *, excluding: int | None = None) -> int:
    """Return how many places are free at every instant of a wish, by counting. Raises MachineNotFound."""

    def read() -> int:
        terms = reading.cached_terms(session, wish.machine_id)
        occupied = terms.policy.occupied_by(wish.span)
        held = held_spans.by_place(session, [wish.machine_id], occupied, excluding=excluding)
        return _least_free(terms, held, occupied)

    return cached_read(session, ("places free", wish.machine_id, wish.span, excluding), read)


def alternatives(
    session: Session, wish: Wish, *, now: datetime, count: int = 3, excluding: int | None = None
) -> tuple[Alternative, ...]:
    """Return up to `count` reservations that would be accepted instead of a wish.

    First a machine of the same kind in the same workshop at the wished time, then the times nearest to the
    wished one, before or after it, which do not overlap each other; those at night last (daytime.py). A wish that is
    too short, too long or off the step is proposed at the nearest length that is allowed.

    excluding: as in check_wish; for a reservation of a machine that is no longer lent, nothing is proposed. Raises
    MachineNotFound, MemberNotFound.
    """
    terms = reading.cached_terms(session, wish.machine_id)
    if terms.is_retired and excluding is None:
        raise MachineNotFound(id=wish.machine_id)
    if terms.is_retired:
        return ()
    eligibilities = reading.eligibility_by_kind(session, wish.member_id)
    key = ("alternatives", wish.machine_id, wish.span, wish.places, eligibilities.key, _second(now), count, excluding)
    return cached_read(session, key, lambda: _alternatives(session, terms, wish, eligibilities, now, count, excluding))


def _alternatives(
    session: Session,
    terms: MachineTerms,
    wish: Wish,
    eligibilities: EligibilityByKind,
    now: datetime,
    count: int,
    excluding: int | None,
) -> tuple[Alternative, ...]:
    elsewhere = list(islice(_like_machines(session, terms, wish, eligibilities, now), count))
    nearby = list(_other_times(session, terms, wish, eligibilities, now, count, excluding))
    # One like machine goes before the other times; further ones fill up what the times leave.
    return tuple((elsewhere[:1] + nearby + elsewhere[1:])[:count])


def _second(now: datetime) -> tuple[datetime, bool]:
    """Return the part of an instant on which the answers depend: starts are whole seconds, as notice and horizon are.

    Whether a fraction of a second is over counts, how much of it does not.
    """
    return now.replace(microsecond=0), now.microsecond > 0


def _like_machines(
    session: Session, terms: MachineTerms, wish: Wish, eligibilities: EligibilityByKind, now: datetime
) -> Iterator[Alternative]:
    if not terms.kind:
        return
    is_alike = (Machine.kind == terms.kind, Machine.workshop_id == terms.workshop_id, Machine.id != terms.machine_id)
    allowed = [
        other
        for other in catalogue.terms_of_many(session, *is_alike)
        if _is_allowed(wish, other, _eligibility(eligibilities, other), now)
    ]
    free = _free_places_of(session, allowed, wish.span)
    for other in allowed:
        if free[other.machine_id] >= wish.places:
            yield Alternative(other.machine_id, other.name, wish.span)


def _is_allowed(wish: Wish, terms: MachineTerms, eligibility: MemberEligibility, now: datetime) -> bool:
    return not any(lending_rules.check_request(wish.span, wish.places, terms.policy, eligibility, asked_at=now))


def _free_places_of(session: Session, machines: Collection[MachineTerms], span: TimeSpan) -> dict[int, int]:
    if not machines:
        return {}
    machine_ids = [one.machine_id for one in machines]
    occupied = {one.machine_id: one.policy.occupied_by(span) for one in machines}
    widest = min(one.start for one in occupied.values()), max(one.end for one in occupied.values())
    held = held_spans.by_place(session, machine_ids, TimeSpan(*widest))

    return {one.machine_id: _least_free(one, held, occupied[one.machine_id]) for one in machines}


def _least_free(terms: MachineTerms, held: HeldByPlace, occupied: TimeSpan) -> int:
    spans = (span for place_id in terms.place_ids for span in held.get(place_id, ()))
    return PlaceCount(len(terms.place_ids), spans).least_free(occupied)


def _eligibility(eligibilities: EligibilityByKind, terms: MachineTerms) -> MemberEligibility:
    return eligibilities.of_kind(terms.policy.induction_kind_id)


def _other_times(
    session: Session,
    terms: MachineTerms,
    wish: Wish,
    eligibilities: EligibilityByKind,
    now: datetime,
    count: int,
    excluding: int | None,
) -> Iterator[Alternative]:
    place_ids = reading.places_of(session, [terms.machine_id]).get(terms.machine_id, ())
    minutes, eligibility = allowed_minutes(wish.span, terms.policy), _eligibility(eligibilities, terms)
    query = SlotQuery(terms.policy, place_ids, minutes, wish.places, eligibility, now)
    spans = _spans_around(session, terms.machine_id, query, wish.span, count, excluding) if query.is_possible else []
    for span in spans[:count]:
        yield Alternative(terms.machine_id, terms.name, span)


def _spans_around(
    session: Session, machine_id: int, query: SlotQuery, wished: TimeSpan, count: int, excluding: int | None
) -> list[TimeSpan]:
    """Return accepted spans around a wished one, the best first: at least `count`, if there are as many in reach."""
    start, found = floor_timestamp(wished.start), Nearest((), ())
    for days in REACHES_DAYS:
        asked = query.asked_for((start - days * DAY, start + days * DAY))
        if asked is None:
            continue
        held = reading.held_places(session, [machine_id], query.needed(asked), excluding)
        found = nearest(query, query.accepted(held, asked), asked, wished, count)
        if found.suffice(count, days):
            break
    return [*found.by_day, *found.others]


def allowed_minutes(span: TimeSpan, policy: Policy) -> int:
    """Return the allowed length nearest to a wished one, rounded up to the step."""
    step = policy.step_min
    wished = -(-policy.length_seconds(span) // (step * 60)) * step
    return min(max(wished, policy.shortest_allowed_min), policy.longest_min // step * step)


def _taken(session: Session, taking: Taking, now: datetime, excluding: int | None = None) -> SlotTaken | None:
    try:
        place_choice.choose(session, [taking], now=now, excluding=excluding)
    except SlotTaken as taken:
        return taken
    return None


def _taken_facts(session: Session, taking: Taking, now: datetime) -> Mapping[str, Any] | None:
    """Return the facts of the refusal; None for none. An exception is not cached: whoever raises one changes it."""
    taken = _taken(session, taking, now)
    return None if taken is None else taken.facts
