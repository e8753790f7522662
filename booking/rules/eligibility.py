"""What a member may run, and on which days: membership and inductions. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from booking.errors.schedule_errors import Violation

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class SecondPerson:
    """Who is there beside the person who runs a machine. name: "" for nobody named.

    inducted: the days on which this person has all inductions of the machine; others: those on which somebody else of
    the member has them.
    """

    name: str
    inducted: tuple[tuple[date, date], ...] = ()
    others: tuple[tuple[date, date], ...] = ()


@dataclass(frozen=True, slots=True)
class MemberEligibility:
    """What the rules need to know of a member.

    inducted: the days (given_on, valid_until), both included, of the machine's induction. left_on: the last day.
    required: the same for each induction that this one requires, by its name. together: the days on which one person
    has all of them; None where the persons make no difference. second: None where nobody asks who is there as well, as
    for free time.
    """

    inducted: tuple[tuple[date, date], ...] = ()
    left_on: date | None = None
    required: tuple[tuple[str, tuple[tuple[date, date], ...]], ...] = ()
    together: tuple[tuple[date, date], ...] | None = None
    second: SecondPerson | None = None

    def lacking_on(self, day: date) -> str | None:
        """Return which induction is not valid on a day: a name of required, "" for the machine's own, None for none."""
        named = (("", self.inducted), *self.required, ("", self.inducted if self.together is None else self.together))
        return next((name for name, days in named if not any(first <= day <= last for first, last in days)), None)

    def is_apart_on(self, day: date) -> bool:
        """Return whether each induction is valid on a day, but no person has all of them."""
        has_own = any(first <= day <= last for first, last in self.inducted)
        return has_own and self.lacking_on(day) == ""

    def valid_until(self, day: date) -> date | None:
        """Return until when the member may run the machine from a day on; None if it may not on that day."""
        ends = [max((last for first, last in days if first <= day <= last), default=None) for days in self.conditions]
        return None if None in ends else min(end for end in ends if end is not None)

    @property
    def conditions(self) -> tuple[tuple[tuple[date, date], ...], ...]:
        """Each of the lists of days on which something necessary holds."""
        together = () if self.together is None else (self.together,)
        return self.inducted, *(days for _name, days in self.required), *together


def check_inductions(days: tuple[date, date], eligibility: MemberEligibility) -> Iterator[Violation]:
    """Yield which inductions are not valid on each day from the first to the last. actual: the first day without.

    induction (limit: the last day on which it was valid, None without one), prerequisite (limit: the name of an
    induction that is required as well), persons_apart: each is valid, but no person has all of them.
    """
    is_complete = True
    if (uncovered := _first_uncovered(days, eligibility.inducted)) is not None:
        is_complete = False
        last_valid = max((valid_until for _, valid_until in eligibility.inducted), default=None)
        yield Violation("induction", "member", limit=last_valid, actual=uncovered)
    for name, inducted in eligibility.required:
        if (uncovered := _first_uncovered(days, inducted)) is not None:
            is_complete = False
            yield Violation("prerequisite", "member", limit=name, actual=uncovered)
    if not is_complete or eligibility.together is None:
        return
    if (uncovered := _first_uncovered(days, eligibility.together)) is not None:
        yield Violation("persons_apart", "member", actual=uncovered)


def check_second(days: tuple[date, date], second: SecondPerson) -> Iterator[Violation]:
    """Yield what is wrong with the second person. limit: the name, actual: the first day on which it is.

    second_person_missing (neither), second_person_not_inducted, second_person_alone: nobody else could run it.
    """
    if not second.name:
        yield Violation("second_person_missing", "second_person")
    elif (uncovered := _first_uncovered(days, second.inducted)) is not None:
        yield Violation("second_person_not_inducted", "second_person", limit=second.name, actual=uncovered)
    elif (uncovered := _first_uncovered(days, second.others)) is not None:
        yield Violation("second_person_alone", "second_person", limit=second.name, actual=uncovered)


def _first_uncovered(days: tuple[date, date], inducted: Iterable[tuple[date, date]]) -> date | None:
    """Return the first of some days on which no induction is valid; None if one is on each of them."""
    first = days[0]
    for given_on, valid_until in sorted(inducted):
        if given_on <= first <= valid_until:
            first = min(valid_until, days[1]) + DAY  # there is no day after 31 December 9999
    return first if first <= days[1] else None
