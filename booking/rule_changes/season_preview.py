"""What a new rule would have refused in the last season, from the instants at which reservations were asked for.

Read-only and without locks: it informs who changes a rule, and decides nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from booking.errors.schedule_errors import Violation
from booking.kernel.orm import table_of
from booking.kernel.views import columns_of
from booking.members import members
from booking.members.members import Eligibilities
from booking.members.prerequisites import Requirements
from booking.models import HOLDING, Reservation
from booking.quotas import quota_use
from booking.quotas.quota_use import COUNTED
from booking.rules import lending_rules
from booking.rules.lending_rules import Policy
from booking.rules.persons import Person
from booking.rules.quota_rules import Measure, Quota
from booking.timespan import TimeSpan

SEASON = timedelta(days=365)
ROWS_MAX = 10_000
EXAMPLES_MAX = 10

_reservation = table_of(Reservation)


class AskedReservation(NamedTuple):
    """A reservation as it was asked for last."""

    id: int
    machine_id: int
    member_id: int
    starts_at: datetime
    ends_at: datetime
    places: int
    asked_at: datetime
    status: str
    second_person: str
    second_user_id: int | None

    @property
    def second(self) -> Person:
        """Who was to be there as well."""
        return Person(self.second_person, self.second_user_id)

    @property
    def span(self) -> TimeSpan:
        """The span that was asked for."""
        return TimeSpan(self.starts_at, self.ends_at)


_COLUMNS = columns_of(AskedReservation, _reservation)


@dataclass(frozen=True, slots=True)
class SeasonPreview:
    """What new rules would have refused.

    asked: how many reservations were looked at, those asked for last. refused: how many of them. members: how many
    members asked for those. examples: the newest that are over, then those to come, by id, with the rules that they
    break. is_cut: more were asked for.
    """

    asked: int = 0
    refused: int = 0
    members: int = 0
    examples: tuple[tuple[int, tuple[Violation, ...]], ...] = ()
    is_cut: bool = False


def condition_of(violation: Violation) -> str:
    """Return what is broken, to compare rules before and after: each missing prerequisite is one of its own."""
    return f"{violation.rule} {violation.limit}" if violation.rule == "prerequisite" else violation.rule


def of_policies(
    session: Session,
    before: Mapping[int, Policy],
    after: Mapping[int, Policy],
    *,
    now: datetime,
    required_before: Requirements | None = None,
) -> SeasonPreview:
    """Return what the new rules of machines would have refused that the ones before would not.

    required_before: what inductions required before, if that changed too.
    """
    if not after:
        return SeasonPreview()
    asked = _asked(session, _reservation.c.machine_id.in_(after), now=now)
    eligible = members.eligibilities(session, {one.member_id for one in asked[:ROWS_MAX]})
    formerly = eligible if required_before is None else replace(eligible, requirements=required_before)

    def broken(one: AskedReservation, policy: Policy, eligible: Eligibilities) -> list[Violation]:
        eligibility = eligible.of(one.member_id, policy.induction_kind_id, second=one.second)
        return list(lending_rules.check_request(one.span, one.places, policy, eligibility, asked_at=one.asked_at))

    def new(one: AskedReservation) -> tuple[Violation, ...]:
        found = broken(one, after[one.machine_id], eligible)
        if not found or one.machine_id not in before:
            return tuple(found)
        known = {condition_of(each) for each in broken(one, before[one.machine_id], formerly)}
        return tuple(each for each in found if condition_of(each) not in known)

    return _summary(asked, {one.id: found for one in asked[:ROWS_MAX] if (found := new(one))}, now)


def of_quota(
    session: Session, quota: Quota, is_for: Collection[int] | None, *, now: datetime, is_not_for: Collection[int] = ()
) -> tuple[SeasonPreview, dict[int, tuple[Violation, ...]]]:
    """Return what a quota would have refused, and which reservations to come would pass it, by id.

    is_for: the members for whom it is; None for everybody. is_not_for: those of them who have a quota that replaces it.
    What it refuses does not count for what was asked for later.
    """
    scope = list(quota_use.counts_for(quota))
    if is_for is not None:
        scope.append(_reservation.c.member_id.in_(is_for))
    if is_not_for:
        scope.append(_reservation.c.member_id.not_in(is_not_for))
    scope.append(_reservation.c.status.in_(COUNTED))
    asked = _asked(session, *scope, now=now)
    refused = dict(_replay(sorted(asked[:ROWS_MAX], key=lambda one: (one.asked_at, one.id)), quota))
    to_come = {
        one.id: refused[one.id]
        for one in sorted(asked[:ROWS_MAX], key=lambda one: one.starts_at)
        if one.id in refused and one.ends_at > now and one.status in HOLDING
    }
    return _summary(asked, refused, now), to_come


def _asked(session: Session, *scope: ColumnElement[bool], now: datetime) -> Sequence[AskedReservation]:
    """Return what was asked for within the last season, the newest first: one more than is looked at.

    Nothing is asked for after its start, so the index by start narrows it.
    """
    since = now - SEASON
    statement = select(*_COLUMNS).where(
        *scope,
        _reservation.c.ends_at > since,
        _reservation.c.asked_at >= since,
        _reservation.c.import_undone_at.is_(None),
    )
    rows = session.execute(statement.order_by(_reservation.c.asked_at.desc()).limit(ROWS_MAX + 1))
    return [AskedReservation(*row) for row in rows]


def _replay(asked: Iterable[AskedReservation], quota: Quota) -> Iterator[tuple[int, tuple[Violation, ...]]]:
    """Yield what a quota refuses, when what it accepts is entered in the order in which it was asked for."""
    used: dict[tuple[int, date], int] = defaultdict(int)
    ends: dict[int, list[datetime]] = defaultdict(list)
    for one in asked:
        found = _check_open(one, quota, ends) if quota.measure is Measure.OPEN else _check_time(one, quota, used)
        if found:
            yield one.id, tuple(found)


def _check_open(one: AskedReservation, quota: Quota, ends: dict[int, list[datetime]]) -> list[Violation]:
    still = ends[one.member_id] = [end for end in ends[one.member_id] if end > one.asked_at]
    if len(still) >= quota.most:
        return [Violation(quota.code, "member", limit=quota.most, actual=len(still) + 1, added=1)]
    still.append(one.ends_at)
    return []


def _check_time(one: AskedReservation, quota: Quota, used: dict[tuple[int, date], int]) -> list[Violation]:
    counted = quota.counted(one.span, one.places)
    found = [
        Violation(
            quota.code,
            "end",
            limit=quota.most,
            actual=-(-(used[one.member_id, first] + seconds) // 60),
            span=quota.period_from(first),
            added=-(-seconds // 60),
        )
        for first, seconds in counted.items()
        if used[one.member_id, first] + seconds > quota.most * 60
    ]
    if not found:
        for first, seconds in counted.items():
            used[one.member_id, first] += seconds
    return found


def _summary(
    asked: Sequence[AskedReservation], refused: Mapping[int, tuple[Violation, ...]], now: datetime
) -> SeasonPreview:
    of_refused = sorted((one for one in asked[:ROWS_MAX] if one.id in refused), key=lambda one: one.ends_at > now)
    return SeasonPreview(
        asked=min(len(asked), ROWS_MAX),
        refused=len(of_refused),
        members=len({one.member_id for one in of_refused}),
        examples=tuple((one.id, refused[one.id]) for one in of_refused[:EXAMPLES_MAX]),
        is_cut=len(asked) > ROWS_MAX,
    )
