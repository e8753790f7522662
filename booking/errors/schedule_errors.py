"""The errors of the schedule: codes and facts; the texts are in app/wording/errors/booking.py."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from booking.kernel.errors import Busy, DomainError, StaleRevision
from booking.timespan import TimeSpan

__all__ = [
    "Busy",
    "ClosureNotFound",
    "DecisionsRefused",
    "DomainError",
    "GroupNotFound",
    "GroupRefused",
    "GroupTaken",
    "MachineNotFound",
    "MachineRefusal",
    "MemberNotFound",
    "NotFound",
    "RecordRefused",
    "RequestRefused",
    "ReservationNotFound",
    "ReservationsOutside",
    "RulesBroken",
    "SeriesConflicts",
    "SeriesNotFound",
    "SeriesRefused",
    "SlotTaken",
    "StaleRevision",
    "StillReferred",
    "UsageRefused",
    "UseCovered",
    "UseOverlaps",
    "Violation",
    "WrongStatus",
]


ANY = "any"  # as confirmed: whatever a change of rules does, for an import that has no page to ask on


@dataclass(frozen=True, slots=True)
class Violation:
    """One rule of the ring that a wish breaks.

    rule: its code. field: the part of the wish at fault (start, end, places, machine, member).
    limit and actual: the values, each an integer, an instant, a date or a short text; their unit
    belongs to the rule (see rules.py). span: when it is broken, for a rule that is broken at some time only.
    added: how much of actual the wish itself would add, for a rule that counts.
    """

    rule: str
    field: str
    limit: Any = None
    actual: Any = None
    span: TimeSpan | None = None
    added: Any = None


class RulesBroken(DomainError):
    """Something cannot be done as asked, for one reason or several. facts: violations."""

    def __init__(self, violations: list[Violation]) -> None:
        super().__init__(violations=violations)
        self.violations = violations

    @classmethod
    def raise_for(cls, violations: Iterable[Violation]) -> None:
        """Raise with all violations, if there are any."""
        if found := list(violations):
            raise cls(found)


class RequestRefused(RulesBroken):
    """The rules of the ring forbid the wish. Rules: those of rules.py; past and ends_before_start also for closures."""

    code = "request_refused"


class UsageRefused(RulesBroken):
    """A usage slip cannot be stored like this.

    Rules: too_early, all_out, time_before_taken, those of hand_out_conditions.py and use_limits.py, reading_backwards,
    reading_negative, amount_missing, amount_negative, in_future, ends_before_start, objection_empty, objection_late,
    answer_empty.
    """

    code = "usage_refused"


class UseOverlaps(RulesBroken):
    """Other slips leave no place for a use that is entered afterwards. facts: violations, usage_id (of one of them).

    Rule: places_used.
    """

    code = "use_overlaps"

    def __init__(self, violations: list[Violation], usage_id: int) -> None:
        super().__init__(violations)
        self.facts["usage_id"] = usage_id


class UseCovered(UseOverlaps):
    """Slips of the same member cover the whole time of a use that is entered afterwards. Rule: use_covered."""

    code = "use_covered"


class RecordRefused(RulesBroken):
    """A master record (member, machine, workshop, induction, the ring) cannot be stored like this.

    Rules: missing, at_least, at_most, already_used, last_day_before_first, unknown_unit, unknown_zone, places,
    place_held, places_in_use, opening_backwards, openings_overlap, still_reserved, damage_open, colour, class_day,
    day_over, day_too_early, day_too_late, machine_twice, other_workshop, other_group.
    """

    code = "record_refused"


class SeriesRefused(RulesBroken):
    """A series cannot be made or changed like this.

    Rules: those of recurrence.py and series_times.py, series_not_a_date, series_date_held.
    """

    code = "series_refused"


class SeriesConflicts(RulesBroken):
    """Dates of a series cannot be reserved, so none of them was. facts: possible, refused (numbers of dates).

    by_day: what stands against each refused date, by the day of the rule; slot_taken (actual: the start) for one whose
    time is taken. violations: all of them.
    """

    code = "series_conflicts"

    def __init__(self, by_day: Mapping[date, Sequence[Violation]], possible: int) -> None:
        super().__init__([violation for found in by_day.values() for violation in found])
        self.by_day = by_day
        self.facts |= {"possible": possible, "refused": len(by_day)}


class SlotTaken(DomainError):
    """Reservations or closures already hold part of the requested span.

    facts: machine_id, span, places (asked for), machine_places, short (the first part of the span in which too few
    places are free), places_free (the fewest in it). Never a member's name: who holds the slot stays private until
    both sides agree to swap.
    """

    code = "slot_taken"


class MachineRefusal(NamedTuple):
    """Why a machine of a group cannot be had: SlotTaken or RequestRefused."""

    machine_id: int
    machine_name: str
    error: DomainError


class GroupTaken(SlotTaken):
    """No machine of a group can be had: at least one is within the rules, but taken.

    facts: group_id. refusals: why each machine that is lent cannot be had, in the order of ranks.
    """

    def __init__(self, group_id: int, refusals: Sequence[MachineRefusal]) -> None:
        super().__init__(group_id=group_id)
        self.refusals = refusals


class GroupRefused(RequestRefused):
    """The rules of every machine of a group forbid the wish, or the group has no machine that is lent (group_empty).

    facts: violations (each once), group_id. refusals: as of GroupTaken.
    """

    def __init__(self, group_id: int, violations: list[Violation], refusals: Sequence[MachineRefusal]) -> None:
        super().__init__(violations)
        self.facts["group_id"] = group_id
        self.refusals = refusals


class StillReferred(DomainError):
    """Records cannot be deleted, because others refer to them. facts: references (id -> table -> how many rows)."""

    code = "still_referred"


class WrongStatus(DomainError):
    """The status does not allow this, no longer or not yet. facts: status, wanted (list)."""

    code = "wrong_status"


class MachineIsClosed(DomainError):
    """A reservation was to be moved to the machine, and into the time, of the closure because of which it is moved."""

    code = "machine_is_closed"


class DecisionsRefused(DomainError):
    """Some of several decisions cannot be carried out, so none was. facts: refusals (by id of the reservation)."""

    code = "decisions_refused"

    def __init__(self, refusals: Mapping[int, DomainError]) -> None:
        super().__init__(refusals=refusals)
        self.refusals = refusals


class ReservationsOutside(DomainError):
    """New rules have effects that the user has not confirmed yet; nothing is stored.

    Reservations to come lie outside of them, or they would have refused reservations of the last season.

    facts: count (to come), refused (of the last season). broken: the broken rules by id of the reservation to come, in
    order of time. season: a SeasonPreview, or None. fingerprint: of all that is to be confirmed.
    """

    code = "reservations_outside"

    def __init__(self, broken: Mapping[int, Sequence[Violation]], season: Any = None) -> None:
        refused = season.refused if season else 0
        super().__init__(count=len(broken), refused=refused)
        self.broken = broken
        self.season = season
        text = ",".join(map(str, sorted(broken))) + f";{refused}"
        self.fingerprint = hashlib.sha256(text.encode()).hexdigest()[:16]

    @classmethod
    def require_confirmed(cls, broken: Mapping[int, Sequence[Violation]], season: Any, confirmed: str) -> None:
        """Raise unless there is nothing to confirm, or the user has confirmed exactly this, or ANY."""
        found = cls(broken, season)
        if (found.facts["count"] or found.facts["refused"]) and confirmed not in (ANY, found.fingerprint):
            raise found


class NotFound(DomainError):
    """There is no such record. facts: id."""

    code = "not_found"


class MachineNotFound(NotFound):
    """There is no machine with this id, or it was retired."""

    code = "machine_not_found"


class GroupNotFound(NotFound):
    """There is no group of machines with this id, or it was retired."""

    code = "group_not_found"


class MemberNotFound(NotFound):
    """There is no such member."""

    code = "member_not_found"


class ReservationNotFound(NotFound):
    """There is no such reservation."""

    code = "reservation_not_found"


class ClosureNotFound(NotFound):
    """There is no such closure."""

    code = "closure_not_found"


class SeriesNotFound(NotFound):
    """There is no such series."""

    code = "series_not_found"
