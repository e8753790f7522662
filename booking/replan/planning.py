"""Sorting the reservations of a broken machine. Reads only; `confirm` does it again with everything locked.

Three passes in the order of time, so that what is surely the best for one is not taken by the second best of another:
twins at the same time, then the member's tolerance, then proposals. What is planned for one is held for the next ones.
Notice and horizon are rules of asking and do not count, because no member asked. Everything else does: inductions,
membership, opening hours, lengths, places, quotas, the second person where two are needed, and the price, which nobody
is made to pay more of without asking. Nor does anybody lose a variant that was chosen (with operator) without asking.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from booking.availability import Leaving, MachineRoom
from booking.errors.schedule_errors import ClosureNotFound, WrongStatus
from booking.members import members
from booking.members.members import Eligibilities
from booking.models import Blocking, Machine
from booking.records import catalogue, groups
from booking.records.catalogue import MachineTerms
from booking.replan import affected
from booking.replan.affected import Affected
from booking.replan.plan import Line, Outcome, Plan, Target
from booking.replan.quota_room import QuotaRoom
from booking.replan.second_person_room import SecondPersonRoom
from booking.reservations.wishes import Wish
from booking.rules import lending_rules
from booking.rules.lacking_variants import Lacking, none_lacking
from booking.timespan import TimeSpan

LINES_MAX = 400  # of what is searched for at once
DAYS_AHEAD = 14  # after the repair, for proposals
OPTIONS_MAX = 5
BUFFERS = timedelta(days=32)  # more than set-up or cleaning may take

# Whether a wish costs the member more on another machine or at another time: (the wish as it is, as it would be).
IsDearer = Callable[[Wish, Wish], bool]


def never_dearer(_wish: Wish, _instead: Wish) -> bool:
    """Return False: for a ring without prices."""
    return False


def make_plan(
    session: Session,
    closure_id: int,
    *,
    now: datetime,
    is_dearer: IsDearer = never_dearer,
    lacking: Lacking = none_lacking,
) -> Plan:
    """Return what would become of the reservations in the span of a closure.

    The reservations are read in a few statements, however many they are; more are read only where quotas of two
    machines differ. lacking: which of the chosen variants a machine lacks. Raises ClosureNotFound, WrongStatus (lifted,
    over).
    """
    closure = session.get(Blocking, closure_id, populate_existing=True)
    if closure is None:
        raise ClosureNotFound(id=closure_id)
    require_open(closure, now)
    hit = affected.in_span(session, closure, now)
    later = affected.at_risk(session, closure, [one.id for one in hit])
    searched = [one for one in hit if one.outcome is None]
    planned = searched[:LINES_MAX]
    search = _Search(session, closure, planned, now, is_dearer, lacking)
    lines = search.lines() if planned else {}
    rest = [lines.get(one.id) or _line(one, one.outcome) for one in (*hit, *later) if one.id in lines or one.outcome]
    return Plan(closure.id, closure.revision, tuple(rest), len(searched) - len(planned))


def require_open(closure: Blocking, now: datetime) -> None:
    """Raise WrongStatus for a closure that is lifted or over."""
    if closure.lifted_at is not None:
        raise WrongStatus(status="lifted", wanted=["open"])
    if closure.ends_at <= now:
        raise WrongStatus(status="over", wanted=["open"])


def machine_ids_of(session: Session, machine_id: int) -> set[int]:
    """Return the machine and the others of its group: what a plan may move reservations to."""
    group_id = groups.group_of(session, machine_id)
    return {machine_id, *(() if group_id is None else groups.ranks_of(session, group_id))}


class _Search:
    """The search for the place of each reservation."""

    def __init__(
        self,
        session: Session,
        closure: Blocking,
        planned: Sequence[Affected],
        now: datetime,
        is_dearer: IsDearer,
        lacking: Lacking,
    ) -> None:
        self._session, self._closure, self._now, self._is_dearer = session, closure, now, is_dearer
        self._planned, self._lacking = planned, lacking
        self._own = catalogue.lending_terms(session, closure.machine_id)
        self._others = self._machines_of_group()
        self._eligibilities: Eligibilities = members.eligibilities(session, {one.wish.member_id for one in planned})
        self._quotas = QuotaRoom(session, self._own.policy, now)
        machines = [self._own, *(terms for terms, _rank in self._others)]
        self._seconds = self._second_persons() if planned else None
        self._room = MachineRoom(session, machines, self._eligibilities, self._window()) if planned else None

    def _second_persons(self) -> SecondPersonRoom:
        needs = self._own.policy.needs_second_person
        return SecondPersonRoom(self._session, self._planned, self._eligibilities, self._window(), own_needs=needs)

    def lines(self) -> dict[int, Line]:
        """Return the line of each reservation by its id."""
        found = dict(self._still_offered())
        passes = ((Outcome.TWIN, self._twins), (Outcome.SHIFT, self._shifts), (Outcome.OFFER, self._offers))
        for outcome, candidates in passes:
            for one in self._planned:
                if one.id in found:
                    continue
                target = self._first(one, candidates(one), may_be_dearer=outcome is Outcome.OFFER)
                if target is not None:
                    found[one.id] = _line(one, outcome, target)
        for one in self._planned:
            if one.id not in found:
                found[one.id] = _line(one, Outcome.NONE, reasons=self._reasons(one))
        return {one.id: replace(found[one.id], options=self._options(one)) for one in self._planned}

    def _still_offered(self) -> Iterator[tuple[int, Line]]:
        """Yield the lines of proposals of an earlier plan that can still be taken; the others are planned again.

        What is held for one can be taken, and is among what holds the machine already.
        """
        machines = {terms.machine_id: terms for terms in (self._own, *(terms for terms, _rank in self._others))}
        assert self._room is not None  # of a plan with lines
        for one in self._planned:
            terms = None if one.offered is None else machines.get(one.offered.machine_id)
            if one.offered is None or terms is None or terms.is_retired:
                continue
            if one.is_held or self._room.takes(terms, one.offered, self._now, self._leaving(terms, one)):
                if not one.is_held:
                    self._room.hold(terms, one.wish, one.offered.span)
                yield one.id, _line(one, Outcome.OFFERED, self._target(one, terms, one.offered.span))

    def _machines_of_group(self) -> list[tuple[MachineTerms, int]]:
        """Return the other machines that are lent, with their ranks relative to this one's: 0 for a twin."""
        group_id = groups.group_of(self._session, self._closure.machine_id)
        if group_id is None or not self._planned:
            return []
        ranks = groups.ranks_of(self._session, group_id)
        own_rank = ranks[self._closure.machine_id]
        others = ranks.keys() - {self._closure.machine_id}
        terms = {one.machine_id: one for one in catalogue.terms_of_many(self._session, Machine.id.in_(others))}
        return [(terms[one], rank - own_rank) for one, rank in ranks.items() if one in terms]

    def _window(self) -> TimeSpan:
        spans = [one.wish.span for one in self._planned]
        tolerance = timedelta(minutes=max(one.wish.may_move_min for one in self._planned))
        longest = max(span.length for span in spans)
        spans += [one.offered.span for one in self._planned if one.offered is not None]
        last = max(self._closure.ends_at, *(span.end for span in spans)) + timedelta(days=DAYS_AHEAD)
        since = min(span.start for span in spans) - tolerance
        return TimeSpan(since - BUFFERS, last + tolerance + longest + BUFFERS)

    def _twins(self, one: Affected) -> Iterator[tuple[MachineTerms, TimeSpan]]:
        return ((terms, one.wish.span) for terms in self._taking(one, lambda rank: rank == 0))

    def _shifts(self, one: Affected) -> Iterator[tuple[MachineTerms, TimeSpan]]:
        tolerance = timedelta(minutes=one.wish.may_move_min)
        if not tolerance:
            return
        found: list[tuple[timedelta, int, MachineTerms, TimeSpan]] = []
        for terms in (self._own, *(terms for terms, rank in self._others if rank == 0)):
            if terms.is_retired:
                continue
            span = self._nearest(terms, one, tolerance)
            if span is not None:
                found.append((abs(span.start - one.wish.span.start), len(found), terms, span))
        yield from ((terms, span) for _distance, _order, terms, span in sorted(found, key=lambda each: each[:2]))

    def _offers(self, one: Affected) -> Iterator[tuple[MachineTerms, TimeSpan]]:
        yield from ((terms, one.wish.span) for terms in self._taking(one, lambda _rank: True))
        for terms in (self._own, *(terms for terms, _rank in self._others)):
            span = None if terms.is_retired else self._later(terms, one)
            if span is not None:
                yield terms, span

    def _later(self, terms: MachineTerms, one: Affected) -> TimeSpan | None:
        assert self._room is not None  # of a plan with lines
        return self._room.later(terms, one.wish, DAYS_AHEAD, self._now, self._leaving(terms, one))

    def _taking(self, one: Affected, is_wanted: Callable[[int], bool]) -> Iterator[MachineTerms]:
        assert self._room is not None  # of a plan with lines
        for terms, rank in self._others:
            if is_wanted(rank) and self._room.takes(terms, one.wish, self._now):
                yield terms

    def _nearest(self, terms: MachineTerms, one: Affected, tolerance: timedelta) -> TimeSpan | None:
        assert self._room is not None  # of a plan with lines
        return self._room.nearest(terms, one.wish, tolerance, self._now, self._leaving(terms, one))

    def _leaving(self, terms: MachineTerms, one: Affected) -> Leaving | None:
        if terms is not self._own:
            return None
        return Leaving(one.id, TimeSpan(self._closure.starts_at, self._closure.ends_at))

    def _first(
        self, one: Affected, candidates: Iterator[tuple[MachineTerms, TimeSpan]], *, may_be_dearer: bool
    ) -> Target | None:
        """Return the first candidate within the quotas and the price, and hold it."""
        for terms, span in self._fewest_lost(one, candidates):
            target = self._target(one, terms, span)
            assert self._seconds is not None  # of a plan with lines
            is_asked = may_be_dearer  # what is only proposed is accepted by its member, who may name another person
            is_worse = target.is_dearer or bool(target.loses)
            if not is_asked and (is_worse or not self._seconds.allows(one, terms.policy, span)):
                continue
            if self._quotas.allows(one.id, one.wish, terms.policy, span):
                assert self._room is not None  # it found the candidate
                self._room.hold(terms, one.wish, span)
                self._quotas.take(one.wish, terms.policy, span)
                if not is_asked:
                    self._seconds.take(one, span)
                return target
        return None

    def _fewest_lost(
        self, one: Affected, candidates: Iterator[tuple[MachineTerms, TimeSpan]]
    ) -> Iterable[tuple[MachineTerms, TimeSpan]]:
        """Return candidates with those first that lose the fewest chosen variants; all are searched for only then."""
        if not one.wish.choices:
            return candidates
        return sorted(candidates, key=lambda candidate: len(self._loses(one, *candidate)))

    def _loses(self, one: Affected, terms: MachineTerms, span: TimeSpan) -> tuple[str, ...]:
        """Return the chosen variants that a machine lacks, and that of the reservation has."""
        if not one.wish.choices:
            return ()
        without = self._lacking(one.wish.machine_id, one.wish.span.start, one.wish.choices)
        lacks = self._lacking(terms.machine_id, span.start, one.wish.choices)
        return tuple(name for name in lacks if name not in without)

    def _target(self, one: Affected, terms: MachineTerms, span: TimeSpan) -> Target:
        is_dearer = self._is_dearer(one.wish, replace(one.wish, machine_id=terms.machine_id, span=span))
        return Target(terms.machine_id, terms.name, span, is_dearer, self._loses(one, terms, span))

    def _options(self, one: Affected) -> tuple[Target, ...]:
        """Return machines that take it at its time beside all that is planned."""
        found = []
        for terms in self._taking(one, lambda _rank: True):
            if self._seconds is not None and not self._seconds.allows(one, terms.policy, one.wish.span):
                continue
            found.append(self._target(one, terms, one.wish.span))
            if len(found) == OPTIONS_MAX:
                break
        return tuple(found)

    def _reasons(self, one: Affected) -> tuple[str, ...]:
        """Return why nothing was found: the rules about the member that are broken, else that all is taken."""
        policy = self._own.policy
        eligibility = self._eligibilities.of(one.wish.member_id, policy.induction_kind_id)
        later = _from(one.wish.span, self._closure.ends_at)
        broken = [violation.rule for violation in lending_rules.check_member(later, policy, eligibility)]
        return tuple(dict.fromkeys(broken)) or ("taken",)


def _from(span: TimeSpan, earliest: datetime) -> TimeSpan:
    start = max(span.start, earliest)
    return TimeSpan(start, start + span.length)


def _line(one: Affected, outcome: Outcome | None, target: Target | None = None, reasons: tuple[str, ...] = ()) -> Line:
    assert outcome is not None  # of what is not searched for
    wish = one.wish
    return Line(
        one.id, one.revision, wish.member_id, wish.span, wish.places, outcome, target, reasons, is_told=one.is_told
    )
