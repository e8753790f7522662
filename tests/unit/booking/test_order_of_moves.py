"""The order in which dates of a changed series are moved."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from types import SimpleNamespace

import pytest

from booking.models import Reservation
from booking.reservations.wishes import Wish
from booking.rules.persons import Person
from booking.series_change.order import in_order
from tests.builders import hours
from tests.conftest import MONDAY

TODAY = date(2026, 11, 23)
FIRST, SECOND, THIRD = (TODAY + timedelta(days=day) for day in range(3))
A, B = 1, 2


def held(machine_id, start, end, former=None):
    span = hours(MONDAY, start, end)
    columns = {"starts_at": span.start, "ends_at": span.end, "places": 1}
    columns |= {"occupied_from": span.start, "occupied_until": span.end}
    if former is not None:
        times = {"starts_at": former.start, "ends_at": former.end, "places": 1}
        times |= {"occupied_from": former.start, "occupied_until": former.end}
        columns |= {f"former_{name}": value for name, value in times.items()}
    return Reservation(machine_id=machine_id, **columns)


def wish(machine_id, start, end):
    return Wish(machine_id, 1, hours(MONDAY, start, end), 1, second=Person("Paul"))


def terms(needs_second_person):
    policy = SimpleNamespace(needs_second_person=needs_second_person, occupied_by=lambda span: span)
    return {one: SimpleNamespace(policy=policy) for one in (A, B)}


@pytest.mark.parametrize("needs", [False, True])
def test_other_machines_are_in_the_way_only_of_who_needs_the_person_who_is_there(needs):
    """The first goes to where the third is; the third, on another machine, to when the first is."""
    found = {FIRST: held(A, 0, 2), THIRD: held(B, 10, 12)}
    chosen = {FIRST: wish(B, 10, 12), THIRD: wish(B, 1, 3)}
    assert [*in_order(terms(needs), chosen, found)] == ([FIRST, THIRD] if needs else [THIRD, FIRST])
    nobody = {day: replace(one, second=Person()) for day, one in chosen.items()}
    assert [*in_order(terms(needs), nobody, found)] == [THIRD, FIRST]


def test_a_time_that_is_kept_while_another_one_waits_is_in_the_way_too():
    found = {FIRST: held(A, 0, 2), SECOND: held(A, 30, 32, former=hours(MONDAY, 10, 12))}
    chosen = {FIRST: wish(A, 10, 12), SECOND: wish(A, 40, 42)}
    assert [*in_order(terms(False), chosen, found)] == [SECOND, FIRST]


def test_what_a_date_takes_is_reckoned_once_however_many_others_there_are():
    """The order is found under the locks of the machines: reckoned for each pair, 1,000 dates held them for seconds."""
    reckoned = []
    policy = SimpleNamespace(needs_second_person=False, occupied_by=lambda span: reckoned.append(span) or span)
    days = [TODAY + timedelta(days=at) for at in range(30)]
    found = {day: held(A, 24 * at, 24 * at + 2) for at, day in enumerate(days)}
    chosen = {day: wish(A, 24 * at + 1, 24 * at + 3) for at, day in enumerate(days)}

    assert [*in_order({A: SimpleNamespace(policy=policy)}, chosen, found)] == days
    assert len(reckoned) == len(days)
