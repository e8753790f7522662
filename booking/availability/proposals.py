"""Before and after a refusal: the check of a wish without entering it, and what would be accepted instead."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from booking import catalogue, members, occupancies, rules
from booking.availability import reading, starts
from booking.availability.accepted import Question
from booking.availability.starts import DAY, Run, seconds_down
from booking.catalogue import Terms
from booking.errors import Violation
from booking.holds import Wish
from booking.models import Machine
from booking.rules import Policy
from booking.timespan import TimeSpan

REACHES_DAYS = (2, 21, 800)  # how far around the wish to look, one after the other


@dataclass(frozen=True, slots=True)
class WishCheck:
    """What the ring would say to a wish now: the rules it breaks, and how many places are free for it."""

    violations: tuple[Violation, ...]
    places: int
    places_free: int

    @property
    def is_free(self) -> bool:
        """Whether enough places are free, whatever the rules say."""
        return self.places_free >= self.places

    @property
    def is_accepted(self) -> bool:
        return self.is_free and not self.violations


@dataclass(frozen=True, slots=True)
class Alternative:
    """A reservation that would be accepted instead of the wished one: at another time, or on a like machine."""

    machine_id: int
    machine_name: str
    span: TimeSpan


def check_wish(session: Session, wish: Wish, *, now: datetime, besides: int | None = None) -> WishCheck:
    """What the ring would say to a wish, without entering it.

    besides: a reservation that is to be moved there, so that its own places count as free.
    Raises MachineNotFound, MemberNotFound.
    """
    terms = catalogue.bookable_machine(session, wish.machine_id)
    standing = members.standing_of(session, wish.member_id, terms.policy.induction_kind_id)
    violations = rules.check_request(wish.span, wish.places, terms.policy, standing, asked_at=now)
    return WishCheck(tuple(violations), wish.places, _places_free(session, terms, wish.span, besides))


def alternatives(
    session: Session, wish: Wish, *, now: datetime, count: int = 3, besides: int | None = None
) -> tuple[Alternative, ...]:
    """Up to `count` reservations that would be accepted instead of a wish.

    First a machine of the same kind in the same workshop at the wished time, then the times nearest to the
    wished one, before or after it, which do not overlap each other. A wish that is too short, too long or off the
    step is proposed at the nearest length that is allowed.

    besides: as in check_wish. Raises MachineNotFound, MemberNotFound.
    """
    terms = catalogue.bookable_machine(session, wish.machine_id)
    elsewhere = list(_like_machines(session, terms, wish, now))
    nearby = list(_other_times(session, terms, wish, now, count, besides))
    # One like machine goes before the other times; further ones fill up what the times leave.
    return tuple((elsewhere[:1] + nearby + elsewhere[1:])[:count])


def _like_machines(session: Session, terms: Terms, wish: Wish, now: datetime) -> Iterator[Alternative]:
    if not terms.kind:
        return
    alike = catalogue.terms_of_many(
        session, Machine.kind == terms.kind, Machine.workshop_id == terms.workshop_id, Machine.id != terms.machine_id
    )
    standings = reading.standings_of(session, wish.member_id)
    for other in alike:
        standing = standings.of_kind(other.policy.induction_kind_id)
        violations = rules.check_request(wish.span, wish.places, other.policy, standing, asked_at=now)
        if not any(violations) and _places_free(session, other, wish.span, None) >= wish.places:
            yield Alternative(other.machine_id, other.name, wish.span)


def _other_times(
    session: Session, terms: Terms, wish: Wish, now: datetime, count: int, besides: int | None
) -> Iterator[Alternative]:
    policy = terms.policy
    question = Question(
        terms.machine_id,
        policy,
        reading.places_of(session, [terms.machine_id]).get(terms.machine_id, ()),
        _allowed_minutes(wish.span, policy),
        wish.places,
        reading.standings_of(session, wish.member_id).of_kind(policy.induction_kind_id),
        now,
    )
    wished = seconds_down(wish.span.start)
    spans: set[TimeSpan] = set()
    for days in REACHES_DAYS:
        asked = question.asked_for((wished - days * DAY, wished + days * DAY))
        if asked is None or not question.is_possible:
            continue
        held = reading.held_places(session, [terms.machine_id], question.needed(asked), besides)
        spans = set(_nearest(question, question.accepted(held, asked), wished, count)) - {wish.span}
        if len(spans) >= count:
            break
    nearest = sorted(spans, key=lambda span: (abs(span.start - wish.span.start), span.start))
    for span in nearest[:count]:
        yield Alternative(terms.machine_id, terms.name, span)


def _nearest(question: Question, runs: list[Run], wished: int, count: int) -> Iterator[TimeSpan]:
    policy = question.policy
    since, before = wished, wished - 1
    for _ in range(count + 1):
        later = starts.next_start(runs, since, policy)
        if later is None:
            break
        span = question.span_from(later)
        since = seconds_down(span.end)
        yield span
    for _ in range(count):
        earlier = starts.last_start(runs, before, policy)
        if earlier is None:
            break
        yield question.span_from(earlier)
        before = earlier - question.minutes * 60


def _allowed_minutes(span: TimeSpan, policy: Policy) -> int:
    """The allowed length nearest to a wished one, rounded up to the step."""
    step = policy.step_min
    wished = -(-policy.length_seconds(span) // (step * 60)) * step
    return min(max(wished, policy.shortest_allowed_min), policy.longest_min // step * step)


def _places_free(session: Session, terms: Terms, span: TimeSpan, besides: int | None) -> int:
    unit_ids = reading.places_of(session, [terms.machine_id]).get(terms.machine_id, [])
    return len(occupancies.free_places(session, unit_ids, terms.policy.occupied_by(span), besides=besides))
