"""What becomes of each promise of another program: new, kept here already, or refused and why."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from booking import rules
from booking.errors import DomainError, MachineNotFound, RequestRefused, SlotTaken
from booking.holds import UID_DOMAIN, Wish
from booking.takeover.places import PlaceBook
from booking.takeover.reading import Facts, Kept, read_facts
from booking.timespan import TimeSpan

NAMESPACE = uuid.UUID("6f6d1c1e-54a5-4c1e-9d0b-6f1d5d3f7c5a")  # never changed: it keys what was taken over


@dataclass(frozen=True, slots=True)
class Promise:
    """A reservation that another program has confirmed. uid: the same however often the promise is read."""

    wish: Wish
    uid: str

    @classmethod
    def of(cls, wish: Wish) -> Promise:
        """A wish that was granted elsewhere; machine, member and time make it this promise and no other."""
        said = f"{wish.machine_id} {wish.member_id} {wish.span.start.isoformat()} {wish.span.end.isoformat()}"
        return cls(wish, f"{uuid.uuid5(NAMESPACE, said)}@{UID_DOMAIN}")


@dataclass(frozen=True, slots=True)
class Hold:
    """The places that a promise would hold, and for which span: with set-up and cleaning."""

    place_ids: tuple[int, ...]
    occupied: TimeSpan


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of a promise: it is kept here already, or refused, or it gets a hold.

    against: which other promises (their positions) have the places that a refused one would need.
    """

    kept: Kept | None = None
    refusal: DomainError | None = None
    against: tuple[int, ...] = ()
    hold: Hold | None = None


def judge(session: Session, promises: Sequence[Promise], *, now: datetime) -> list[Verdict]:
    """What would become of each promise, in their order. Only reads; the guard decides when they are entered."""
    facts = read_facts(session, [(promise.uid, promise.wish) for promise in promises])
    book = PlaceBook(facts.held)
    verdicts = [_by_the_rules(facts, promise, now) for promise in promises]
    # In order of time: then the first places that are free never leave a gap that a later one would have needed.
    for position in sorted(range(len(promises)), key=lambda at: promises[at].wish.span):
        verdict = verdicts[position]
        if verdict.kept is None and verdict.refusal is None:
            verdicts[position] = _placed(facts, book, promises[position].wish, position)
    return verdicts


def _by_the_rules(facts: Facts, promise: Promise, now: datetime) -> Verdict:
    wish = promise.wish
    if kept := facts.kept_for(promise.uid, wish):
        return Verdict(kept=kept)
    terms = facts.terms.get(wish.machine_id)
    if terms is None:
        return Verdict(refusal=MachineNotFound(id=wish.machine_id))
    eligibility = facts.eligibility(wish.member_id, terms.policy.induction_kind_id)
    violations = list(rules.check_promise(wish.span, wish.places, terms.policy, eligibility, taken_over_at=now))
    return Verdict(refusal=RequestRefused(violations)) if violations else Verdict()


def _placed(facts: Facts, book: PlaceBook, wish: Wish, position: int) -> Verdict:
    terms = facts.terms[wish.machine_id]
    occupied = terms.policy.occupied_by(wish.span)
    free = book.free(terms.place_ids, occupied)
    if len(free) < wish.places:
        taken = SlotTaken(machine_id=wish.machine_id, span=occupied, places=wish.places, places_free=len(free))
        return Verdict(refusal=taken, against=book.holders(terms.place_ids, occupied))
    chosen = tuple(free[: wish.places])
    book.take(chosen, occupied, position)
    return Verdict(hold=Hold(chosen, occupied))
