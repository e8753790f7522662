"""Whether the second person of a reservation can be there on another machine or at another time.

A machine that two persons run takes a reservation without asking its member only where the one who was named is
inducted on it and free. What is only proposed is not judged by it: whoever accepts may name somebody else.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from booking.members import second_persons
from booking.members.members import Eligibilities
from booking.members.second_persons import NeededTime
from booking.replan.affected import Affected
from booking.rules import lending_rules
from booking.rules.lending_rules import Policy
from booking.rules.persons import MEMBER_ITSELF, Person
from booking.timespan import TimeSpan


class SecondPersonRoom:
    """When the persons of the planned reservations are needed. Reads once, and only where one was named."""

    def __init__(
        self,
        session: Session,
        planned: Sequence[Affected],
        eligibilities: Eligibilities,
        window: TimeSpan,
        *,
        own_needs: bool,
    ) -> None:
        """own_needs: the machine that is closed needs two persons as well."""
        self._eligibilities, self._own_needs = eligibilities, own_needs
        members = {one.wish.member_id for one in planned if one.wish.second is not None and one.wish.second.name}
        self._needed: list[NeededTime] = second_persons.needed_times(session, members, window) if members else []

    def allows(self, one: Affected, policy: Policy, span: TimeSpan) -> bool:
        """Return whether the second person of a reservation is inducted on a machine, and free."""
        if not policy.needs_second_person:
            return True
        person = one.wish.second or MEMBER_ITSELF
        if not person.name:  # nobody was named so far, and hand-out asks: also on the other machine
            return self._own_needs
        member_id = one.wish.member_id
        eligible = self._eligibilities.of(member_id, policy.induction_kind_id, second=person)
        if any(violation.field == "second_person" for violation in lending_rules.check_member(span, policy, eligible)):
            return False
        return not any(
            time.member_id == member_id and time.needs(person) and time.span.overlaps(span)
            for time in self._needed
            if time.reservation_id != one.id
        )

    def take(self, one: Affected, span: TimeSpan) -> None:
        """Count the second person of a reservation at its planned time."""
        person = one.wish.second
        if person is None or not person.name:
            return
        others = [time for time in self._needed if time.reservation_id != one.id]
        self._needed = [*others, NeededTime(one.id, one.wish.member_id, span, (person, Person()))]
