"""Which dates of a changed series are possible: by the rules of moving them, by what holds their time, by quotas."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime

from sqlalchemy.orm import Session

from booking.errors.schedule_errors import MachineNotFound, Violation
from booking.members import members, second_persons
from booking.models import Reservation
from booking.quotas.quota_tally import QuotaTally
from booking.records.catalogue import MachineTerms
from booking.records.overruling import Overruling
from booking.reservations import former_times, machine_moves, moving
from booking.rules.lending_rules import check_request
from booking.rules.move_rules import check_move
from booking.rules.persons import Person
from booking.series_change import conflicts
from booking.series_change.models import ChangedDate

_Busy = Mapping[date, Sequence[Violation]]  # by the day of a date


def judge(
    session: Session,
    dates: Sequence[ChangedDate],
    found: Mapping[date, Reservation],
    terms_of: Mapping[int, MachineTerms],
    now: datetime,
    overruling: Overruling | None,
    *,
    proposes: bool = True,
) -> tuple[ChangedDate, ...]:
    """Judge dates by what holds their time on each machine, then by the quotas of all machines together.

    proposes: look for other times for those that are refused. Raises MachineNotFound.
    """
    judged: list[ChangedDate] = []
    busy = _second_busy(session, dates, terms_of)
    for each in sorted({one.after.machine_id for one in dates}):
        of_machine = [one for one in dates if one.after.machine_id == each]
        judged += _of_machine(session, of_machine, found, terms_of, busy, now, overruling)
    counted, tally = _possible_together(session, judged, terms_of, now, overruling)
    if not proposes:
        return tuple(sorted(counted, key=lambda one: one.day))
    beyond: set[date] = set()
    while True:
        planned = _with_alternatives(session, counted, terms_of, now, beyond)
        planned, more = conflicts.judge_alternatives(planned, tally, terms_of, overruling)
        if not more:
            return tuple(planned)
        beyond |= more  # they take no time and no person from the others


def _possible_together(
    session: Session,
    dates: Sequence[ChangedDate],
    terms_of: Mapping[int, MachineTerms],
    now: datetime,
    overruling: Overruling | None,
) -> tuple[list[ChangedDate], QuotaTally | None]:
    """Judge dates by what holds their time, by their second persons and by quotas, until they are possible together.

    What is refused for one reason stays where it is, and with it its time, its person and what it counts.
    """
    while True:
        free: list[ChangedDate] = []
        for each in sorted({one.after.machine_id for one in dates}):
            of_machine = [one for one in dates if one.after.machine_id == each]
            free += conflicts.with_taken(session, of_machine, terms_of[each])
        free = _with_shared_persons(free, terms_of)
        in_time = sorted(free, key=lambda one: (one.after.span.start, one.day))
        counted, tally = conflicts.within_quotas(session, in_time, terms_of, now, overruling)
        refused = {one.day: one for one in counted if _breaks_rules(one)}
        if refused.keys() <= {one.day for one in dates if _breaks_rules(one)}:
            return counted, tally
        dates = [refused.get(one.day, one) for one in dates]


def _breaks_rules(one: ChangedDate) -> bool:
    return bool(one.violations) and not one.is_overruled


def _with_alternatives(
    session: Session,
    dates: Sequence[ChangedDate],
    terms_of: Mapping[int, MachineTerms],
    now: datetime,
    without: Collection[date],
) -> list[ChangedDate]:
    """Return the dates in order of their days with other times, quotas apart. without: the days of those without."""
    planned: list[ChangedDate] = []
    needed, ids = _needed(dates), [one.reservation_id for one in dates]
    for each in sorted({one.after.machine_id for one in dates}):
        of_machine = [one for one in dates if one.after.machine_id == each]
        planned += conflicts.with_alternatives(session, of_machine, terms_of[each], now, needed, ids, without)
    return sorted(planned, key=lambda one: one.day)


def _of_machine(
    session: Session,
    dates: Sequence[ChangedDate],
    found: Mapping[date, Reservation],
    terms_of: Mapping[int, MachineTerms],
    busy: _Busy,
    now: datetime,
    overruling: Overruling | None,
) -> Sequence[ChangedDate]:
    """Judge the dates that are on one machine after the change by its rules. Raises MachineNotFound."""
    terms = terms_of[dates[0].after.machine_id]
    if terms.is_retired and any(not one.keeps_less for one in dates):
        raise MachineNotFound(id=terms.machine_id)
    return _judged(session, dates, found, terms, busy, now=now, overruling=overruling)


def _judged(
    session: Session,
    dates: Sequence[ChangedDate],
    found: Mapping[date, Reservation],
    terms: MachineTerms,
    busy: _Busy,
    *,
    now: datetime,
    overruling: Overruling | None,
) -> list[ChangedDate]:
    """Judge each date by the rules of moving it, quotas apart."""
    eligible = {
        second: members.eligibility_of(session, dates[0].before.member_id, terms.policy.induction_kind_id, second)
        for second in {one.after.second for one in dates}
    }
    left = sorted({one.before.machine_id for one in dates if not one.may_decide} - {terms.machine_id})
    are_twins = {one: machine_moves.are_twins(session, one, terms.machine_id) for one in left}
    judged = []
    for one in dates:
        reservation, wish = found[one.day], one.after
        eligibility = eligible[wish.second]
        broken: list[Violation] = []
        if former_times.former_time(reservation) is not None and not one.may_decide and not one.is_unchanged:
            broken.append(Violation("move_waits", "machine"))
        elif wish.machine_id != one.before.machine_id:
            broken += machine_moves.of_moving(
                reservation,
                terms,
                may_decide=one.may_decide,
                are_twins=are_twins.get(one.before.machine_id, False),
            )
            broken += check_request(wish.span, wish.places, terms.policy, eligibility, asked_at=now)
        elif wish.span != one.before.span:
            held = moving.change_of(reservation, wish, may_decide=one.may_decide).held
            broken += check_move(wish.span, wish.places, held, terms.policy, eligibility, asked_at=now)
        if not one.is_unchanged:
            broken += busy.get(one.day, ())
        judged.append(one.judged(broken, overruling))
    return judged


def _needed(dates: Sequence[ChangedDate]) -> Mapping[Person | None, second_persons.OfDates]:
    """Return the times in which the dates need their second persons; what is refused may stay where it is."""
    found: dict[Person | None, second_persons.OfDates] = {}
    for one in dates:
        second = one.after.second
        of_person = found.setdefault(second, second_persons.OfDates(second))
        of_person.add(one.after.span if one.is_accepted else one.before.span)
    return found


def _second_busy(session: Session, dates: Sequence[ChangedDate], terms_of: Mapping[int, MachineTerms]) -> _Busy:
    """Return what else keeps the second person of each date from being there at its new time, by day."""
    found: dict[date, Sequence[Violation]] = {}
    ids = [one.reservation_id for one in dates]
    for second in {one.after.second for one in dates}:
        moved = [one for one in dates if one.after.second == second and _needs_person_anew(one, terms_of)]
        if second is None or not moved:
            continue
        spans = [one.after.span for one in moved]
        elsewhere = second_persons.check_busy_in_many(session, moved[0].after.member_id, second, spans, excluding=ids)
        found |= {one.day: violations for one, violations in zip(moved, elsewhere, strict=True) if violations}
    return found


def _with_shared_persons(dates: Sequence[ChangedDate], terms_of: Mapping[int, MachineTerms]) -> list[ChangedDate]:
    """Return the dates; of two that would overlap, on one machine or on two, the later one lacks the person of both."""
    in_time = sorted(dates, key=lambda one: one.after.span.start)
    # Those that stay come first.
    ordered = sorted(in_time, key=lambda one: one.is_accepted and _needs_person_anew(one, terms_of))
    planned: dict[Person | None, second_persons.OfDates] = {}
    judged = []
    for one in ordered:
        of_person = planned.setdefault(one.after.second, second_persons.OfDates(one.after.second))
        shared: Sequence[Violation] = ()
        if one.is_accepted and _needs_person_anew(one, terms_of):
            shared = of_person.violations(terms_of[one.after.machine_id].policy, one.after.span)
        judged.append(one.judged((*one.violations, *shared), None) if shared else one)
        of_person.add(one.after.span if judged[-1].is_accepted else one.before.span)
    return judged


def _needs_person_anew(one: ChangedDate, terms_of: Mapping[int, MachineTerms]) -> bool:
    needs = terms_of[one.after.machine_id].policy.needs_second_person
    return needs and not (one.keeps_less or one.is_unchanged)
