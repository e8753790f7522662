"""A change of a series, and what it means for each date."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, time, timedelta
from enum import StrEnum

from booking.errors.schedule_errors import SlotTaken, Violation
from booking.records.catalogue import MachineTerms
from booking.records.overruling import OF_RESERVING, Overruling, may_overrule
from booking.reservations.wishes import Wish
from booking.rules.move_rules import Held
from booking.times.series_times import SeriesTimes
from booking.timespan import TimeSpan


class Scope(StrEnum):
    """Which dates are changed: one, one and those after it, or all that have not begun."""

    ONE = "one"
    FOLLOWING = "following"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class SeriesChange:
    """Another start by the clock, length by the clock, machine or purpose; None keeps it.

    machine_id: of a series on a group, each date keeps its machine without it, or gets another one of the group where
    the new time is not possible on its own.
    day: the date that is meant, or the first of those that follow. passage: as in SeriesTimes.
    """

    scope: Scope
    day: date | None = None
    starts_at: time | None = None
    length: timedelta | None = None
    machine_id: int | None = None
    purpose: str | None = None
    passage: int | None = None

    @property
    def changes_times(self) -> bool:
        """Whether another start or length is wished."""
        return self.starts_at is not None or self.length is not None

    @property
    def keeps_group(self) -> bool:
        """Whether a date may get another machine of the group of its series."""
        return self.changes_times and self.machine_id is None


@dataclass(frozen=True, slots=True)
class ChangedDate:
    """One date before and after a change. alternative: the nearest time that would be accepted instead.

    alternative_breaks: the quotas that it would pass, which the actor overrules.
    may_decide: the actor may approve on the machines before and after. is_overruled: rules are broken, and the actor
    overrules them. former: what is confirmed while another time waits already. keeps_former: it holds its time of now
    until the new one is approved.
    """

    day: date
    reservation_id: int
    before: Wish
    after: Wish
    may_decide: bool = False
    is_shifted: bool = False
    keeps_less: bool = False
    needs_approval: bool = False
    former: Held | None = None
    keeps_former: bool = False
    occupied: TimeSpan | None = None
    violations: tuple[Violation, ...] = ()
    taken: SlotTaken | None = None
    alternative: TimeSpan | None = None
    alternative_breaks: tuple[Violation, ...] = ()
    is_overruled: bool = False

    @property
    def overruled_rules(self) -> tuple[str, ...]:
        """The codes of the rules that are overruled for what it becomes: what is wished, or its other time."""
        broken = self.violations if self.is_accepted else self.alternative_breaks
        return tuple(dict.fromkeys(one.rule for one in broken))

    @property
    def counted_before(self) -> tuple[tuple[TimeSpan, int], ...]:
        """What quotas count of it now, as Quota.counted_of() has it."""
        waiting = () if self.former is None else ((self.former.span, self.former.places),)
        return ((self.before.span, self.before.places), *waiting)

    @property
    def counted_after(self) -> tuple[tuple[TimeSpan, int], ...]:
        """What quotas would count of it once it is changed, also while that waits for approval."""
        kept = self.counted_before if self.keeps_former else ()
        return ((self.after.span, self.after.places), *kept)

    @property
    def is_unchanged(self) -> bool:
        """Whether it stays as it is."""
        return self.before == self.after

    @property
    def is_accepted(self) -> bool:
        """Whether it can be changed as wished."""
        return self.taken is None and (self.is_overruled or not self.violations)

    def judged(self, violations: Iterable[Violation], overruling: Overruling | None) -> ChangedDate:
        """Return it with the rules that it breaks; overruled, where the actor may and wants to."""
        found = tuple(violations)
        is_overruled = overruling is not None and self.may_decide and bool(found) and may_overrule(found, OF_RESERVING)
        return replace(self, violations=found, is_overruled=is_overruled)


@dataclass(frozen=True, slots=True)
class ChangePlan:
    """All dates that a change is about, in the order of their days; times: of the series from the first of them on.

    terms_of: of the machines that the dates have or are to get, by id.
    """

    terms_of: Mapping[int, MachineTerms]
    times: SeriesTimes
    dates: tuple[ChangedDate, ...]

    @property
    def changed(self) -> tuple[ChangedDate, ...]:
        """The dates that can be changed as wished, and would not be the same."""
        return tuple(one for one in self.dates if one.is_accepted and not one.is_unchanged)

    @property
    def refused(self) -> tuple[ChangedDate, ...]:
        """The dates that cannot."""
        return tuple(one for one in self.dates if not one.is_accepted)

    @property
    def fingerprint(self) -> str:
        """Of what becomes of each date: another plan than was shown must not be carried out unseen.

        Of rules that are overruled, too: the reason was given for those that were shown.
        """
        found = [
            (
                *(one.reservation_id, one.before, one.after, one.is_accepted, one.needs_approval),
                *(one.alternative, one.overruled_rules),
            )
            for one in self.dates
        ]
        return hashlib.sha256(repr(found).encode()).hexdigest()[:16]
