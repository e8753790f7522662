"""The starts of the shortest reservation of a machine, given what holds its places: for the plan board. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from booking.availability import starts
from booking.availability.accepted import SlotQuery
from booking.availability.starts import Interval, ceil_timestamp, floor_timestamp, from_timestamp
from booking.rules.eligibility import MemberEligibility
from booking.rules.lending_rules import Policy
from booking.timespan import TimeSpan


@dataclass(frozen=True, slots=True)
class AcceptedStarts:
    """The starts at which a reservation would be accepted."""

    policy: Policy
    intervals: tuple[Interval, ...]

    def first(self, since: datetime, until: datetime) -> datetime | None:
        """Return the first of them from an instant on and before another; None without one."""
        start = starts.next_start(self.intervals, ceil_timestamp(since), self.policy)
        return None if start is None or start >= until.timestamp() else from_timestamp(start)


def accepted_starts(
    policy: Policy,
    held_places: Sequence[Sequence[TimeSpan]],
    window: TimeSpan,
    *,
    now: datetime,
    eligibility: MemberEligibility | None = None,
) -> AcceptedStarts:
    """Return the starts of the shortest reservation of one place whose occupied time lies inside a window.

    held_places: for each place what holds it in the window, in order. eligibility: of the member; None leaves the
    rules about members out.
    """
    held = {
        place: [(floor_timestamp(span.start), ceil_timestamp(span.end)) for span in spans]
        for place, spans in enumerate(held_places)
    }
    query = SlotQuery(policy, tuple(held), policy.shortest_allowed_min, 1, eligibility, now)
    within = (ceil_timestamp(window.start) + policy.setup_min * 60, floor_timestamp(window.end) - 1)
    ends_by = floor_timestamp(window.end) - policy.cleaning_min * 60
    if within[0] > within[1]:
        return AcceptedStarts(policy, ())
    return AcceptedStarts(policy, tuple(query.accepted(held, within, ends_by)))
