"""What the plain model foretells of induction courses: seats, the machines that are closed for them, the trainer."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from tests.properties.every_verb.holdings import Closure
from tests.properties.every_verb.ring_model import Ring


@dataclass
class Signup:
    member: int
    is_seated: bool
    has_left: bool = False
    was_present: bool | None = None
    induction: int | None = None


@dataclass
class Course:
    """Held by the one trainer, whose induction may have ended. closures: by machine."""

    start: int
    end: int
    seats: int
    closures: dict[int, int] = field(default_factory=dict)
    signups: dict[int, Signup] = field(default_factory=dict)
    state: str = "planned"
    has_lost_trainer: bool = False

    @property
    def seated(self) -> list[int]:
        return [number for number, one in self.signups.items() if one.is_seated]

    @property
    def members(self) -> set[int]:
        """The members of whom somebody is signed up, waiting or not."""
        return {one.member for one in self.signups.values() if not one.has_left}

    def fill(self) -> None:
        """Give free seats to who waits longest."""
        waiting = [number for number in sorted(self.signups) if self.is_waiting(number)]
        for number in waiting[: max(self.seats - len(self.seated), 0)]:
            self.signups[number].is_seated = True

    def is_waiting(self, number: int) -> bool:
        return not self.signups[number].is_seated and not self.signups[number].has_left


@dataclass
class RingOfCourses(Ring):
    """A ring with courses, for which machines are closed."""

    courses: dict[int, Course] = field(default_factory=dict)
    has_trainer: bool = True

    def is_open(self, one: Course) -> bool:
        return one.state == "planned" and one.end > self.now

    def course_of(self, closure: int) -> int | None:
        """Return the course that holds a closure."""
        holding = (number for number, one in self.courses.items() if closure in one.closures.values())
        return next(holding, None)

    def plan_course(self, start: int, end: int, seats: int, machines: Collection[int]) -> str | None:
        """Return the code of the refusal of a course."""
        is_lent = not any(self.machines[one].is_retired for one in machines)
        if seats < 1 or end <= self.now or not self.has_trainer or not is_lent:
            return "record_refused"
        codes = [self.close(one, start, end, is_around=False) for one in sorted(machines)]
        return next((code for code in codes if code), None)

    def change_course(
        self, number: int, start: int, end: int, seats: int, machines: Collection[int]
    ) -> tuple[str | None, bool]:
        """Return the code of the refusal of a change, and whether it changes something."""
        one = self.courses[number]
        if not self.is_open(one):
            return "wrong_status", False
        is_moved = (start, end) != (one.start, one.end)
        judged = set(machines) if is_moved else set(machines) - one.closures.keys()
        is_judged_again = not self.has_trainer and self.day_of(start) != self.day_of(one.start)
        is_lent = not any(self.machines[each].is_retired for each in judged)
        if seats < max(1, len(one.seated)) or end <= self.now or is_judged_again or not is_lent:
            return "record_refused", False
        codes = [
            self.close(each, start, end, is_around=False, instead_of=[one.closures[each]])
            for each in sorted(judged & one.closures.keys())
        ]
        codes += [self.close(each, start, end, is_around=False) for each in sorted(judged - one.closures.keys())]
        is_other = is_moved or seats != one.seats or set(machines) != one.closures.keys()
        return next((code for code in codes if code), None), is_other

    def close_for_course(self, number: int, closures: dict[int, int]) -> None:
        """Note by which closures a course holds its machines now."""
        one = self.courses[number]
        for machine, closure in one.closures.items():
            if machine not in closures:
                self.closures[closure].is_lifted = True
        for machine, closure in closures.items():
            before = self.closures.get(closure)
            if before is None or before.span != (one.start, one.end):
                self.shut(machine, one.start, one.end)
                self.closures[closure] = Closure(machine, one.start, one.end)
        one.closures = closures

    def sign_up(self, number: int, member: int, waits: bool) -> tuple[str | None, int | None]:
        """Return the code of the refusal, and the sign-up that the member has already."""
        one = self.courses[number]
        if not self.is_open(one) or one.start <= self.now:
            return "wrong_status", None
        known = next((id_ for id_, each in one.signups.items() if each.member == member and not each.has_left), None)
        is_full = len(one.seated) >= one.seats
        return "course_full" if known is None and is_full and not waits else None, known

    def enter_attendance(self, number: int, present: dict[int, bool]) -> str | None:
        one = self.courses[number]
        if one.state == "cancelled" or self.now < one.start:
            return "wrong_status"
        given = [
            id_
            for id_, is_there in present.items()
            if not is_there
            and one.signups[id_].induction is not None
            and not self.inductions[one.signups[id_].induction].has_ended
        ]
        is_known = set(present) <= set(one.seated)
        return None if is_known and not given else "record_refused"
