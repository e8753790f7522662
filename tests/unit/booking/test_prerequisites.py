"""Kinds of inductions that build on others: the chain, the circle, and what the rules make of it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from booking.members.prerequisites import (
    REQUIRED_MAX,
    RequiredKind,
    check,
    circle_through,
    closure,
    eligibility,
    requiring,
)
from booking.rules.lending_rules import MachineRules, Policy, check_member
from booking.rules.persons import Inducted, Person, days_together, merged, named
from booking.times.opening_hours import ALWAYS, WeeklyHours
from booking.timespan import TimeSpan

BASICS, WOOD, MILL, LASER = (
    RequiredKind(number, name) for number, name in enumerate(("basics", "wood", "mill", "laser"))
)
DIRECT = {MILL.id: (WOOD, BASICS), WOOD.id: (BASICS,), LASER.id: (BASICS,)}
YEAR = (Inducted(date(2026, 1, 1), date(2026, 12, 31)),)
POLICY = Policy.of(MachineRules(), hours=WeeklyHours(ZoneInfo("UTC"), ALWAYS), induction_kind_id=MILL.id, places=1)


def test_more_required_kinds_than_allowed_are_refused_before_anything_is_read():
    names = {number: f"Kind {number}" for number in range(1, REQUIRED_MAX + 3)}
    too_many = [*names][1:]
    session = None  # nothing is read

    (violation,) = check(session, 1, [*too_many, too_many[0]], names)

    assert (violation.rule, violation.field) == ("at_most", "requires")
    assert (violation.limit, violation.actual) == (REQUIRED_MAX, REQUIRED_MAX + 1)


def test_a_kind_requires_whatever_those_require_on_which_it_builds():
    found = closure({MILL.id: (WOOD,), WOOD.id: (BASICS,)})

    assert found == {MILL.id: (WOOD, BASICS), WOOD.id: (BASICS,)}
    assert requiring(found, BASICS.id) == {BASICS.id, WOOD.id, MILL.id}
    assert requiring(found, MILL.id) == {MILL.id}


@pytest.mark.parametrize(
    ("direct", "chain"),
    [
        ({0: [1], 1: [2], 2: [0]}, [0, 1, 2, 0]),
        ({0: [0]}, [0, 0]),
        ({0: [1, 2], 1: [3], 3: [0], 2: [0]}, [0, 2, 0]),  # the shortest of two
        ({0: [1, 2], 1: [3], 2: [3]}, []),  # two ways to the same kind are no circle
        ({0: [1], 1: [2], 2: [1]}, []),  # a circle elsewhere does not lead back
    ],
)
def test_a_circle_is_named_by_its_shortest_chain(direct, chain):
    assert circle_through(0, direct) == chain


def broken(inducted, first, last):
    span = TimeSpan(datetime(*first, 9, tzinfo=UTC), datetime(*last, 11, tzinfo=UTC))
    member = eligibility(MILL.id, inducted, closure(DIRECT), None)
    return [(one.rule, one.limit, one.actual) for one in check_member(span, POLICY, member)]


def test_all_inductions_have_to_be_valid_on_every_day_and_each_that_is_missing_is_named():
    day, complete = (2026, 12, 30), {MILL.id: YEAR, WOOD.id: YEAR, BASICS.id: YEAR}

    assert broken(complete, day, day) == []
    assert broken(complete | {BASICS.id: ()}, day, day) == [("prerequisite", "basics", date(2026, 12, 30))]
    assert broken(complete | {MILL.id: ()}, day, day) == [("induction", None, date(2026, 12, 30))]
    assert broken(complete, day, (2027, 1, 1)) == [
        ("induction", date(2026, 12, 31), date(2027, 1, 1)),
        ("prerequisite", "wood", date(2027, 1, 1)),
        ("prerequisite", "basics", date(2027, 1, 1)),
    ]


def test_a_member_may_run_the_machine_until_the_first_of_its_inductions_ends():
    until_june = (Inducted(date(2026, 1, 1), date(2026, 6, 30)),)
    member = eligibility(MILL.id, {MILL.id: YEAR, WOOD.id: until_june, BASICS.id: YEAR}, closure(DIRECT), None)

    assert member.valid_until(date(2026, 3, 1)) == date(2026, 6, 30)
    assert member.valid_until(date(2026, 7, 1)) is None
    assert member.lacking_on(date(2026, 3, 1)) is None
    assert member.lacking_on(date(2026, 7, 1)) == "wood"
    assert member.lacking_on(date(2025, 7, 1)) == ""


def of(name, *, user_id=None):
    return (Inducted(date(2026, 1, 1), date(2026, 12, 31), name, user_id),)


def test_one_and_the_same_person_needs_all_inductions():
    day, mill = (2026, 3, 1), {MILL.id: of("Max"), WOOD.id: of("Max")}

    assert broken(mill | {BASICS.id: of("  MAX ")}, day, day) == []
    assert broken(mill | {BASICS.id: YEAR}, day, day) == []  # of the member itself: whoever runs it
    assert broken(mill | {BASICS.id: of("Eva")}, day, day) == [("persons_apart", None, date(2026, 3, 1))]
    apart = eligibility(MILL.id, mill | {BASICS.id: of("Eva")}, closure(DIRECT), None)
    assert (apart.together, apart.lacking_on(date(2026, 3, 1)), apart.valid_until(date(2026, 3, 1))) == ((), "", None)


def test_persons_are_the_same_by_their_login_or_by_their_name():
    (login,), (typed,) = of("Max Maier", user_id=7), of("max  maier")

    assert named([typed, login]) == (Person("Max Maier", 7),)
    assert login.holds_for(Person("Max M. Maier", 7))
    assert login.holds_for(Person("MAX MAIER"))
    assert not login.holds_for(Person("Eva", 8))
    assert YEAR[0].holds_for(Person("Eva", 8))
    assert days_together([(login,), (typed,)]) == (typed.days,)


def test_days_that_follow_each_other_are_one_span():
    first, second = (date(2026, 1, 1), date(2026, 1, 31)), (date(2026, 2, 1), date(9999, 12, 31))

    assert merged([second, first]) == ((date(2026, 1, 1), date(9999, 12, 31)),)
    assert merged([first, (date(2026, 2, 2), date(2026, 2, 3))]) == (first, (date(2026, 2, 2), date(2026, 2, 3)))
