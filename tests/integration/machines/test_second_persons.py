"""Machines that two persons run: plans after a breakdown, the rule switched on, and what happens at the same moment."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from sqlalchemy import select, update

from app.extensions import db
from booking import audits, availability, replan
from booking.closures import breakdown
from booking.closures.breakdown import Choice, Decision
from booking.errors.schedule_errors import RequestRefused, ReservationsOutside
from booking.kernel.errors import DomainError
from booking.kernel.transaction import in_write_transaction, write_transaction
from booking.machines.machines import MachineInput
from booking.members.second_persons import check_busy
from booking.models import Induction, Machine, MachineGroup, Reservation, Unit
from booking.records import catalogue
from booking.replan import Outcome
from booking.reservations.reservations import request_reservation
from booking.reservations.second_person_changes import change_second_person
from booking.reservations.wishes import Wish
from booking.rule_changes import condition_changes, rule_changes
from booking.rules.lending_rules import RULE_NAMES
from booking.rules.persons import Person
from booking.series import series, series_plan
from booking.series.series import OnConflict
from booking.series.series_wishes import SeriesWish
from booking.series_change import carry_out
from booking.series_change.models import Scope, SeriesChange
from booking.times.recurrence import parse
from tests.breakdowns import close, three_lasers
from tests.builders import SOMEBODY, hours, induction_kind
from tests.conftest import MONDAY
from tests.integration.schedule.test_series_verbs import BERLIN

BY = {"by": SOMEBODY, "now": MONDAY}
EVA, MAX, OTTO = Person("Eva"), Person("Max"), Person("Otto")


@pytest.fixture
def saws(session, sample_ring):
    """Three machines of a group, of which the twin A and the larger C need another induction than B."""
    ids = three_lasers(session, sample_ring)
    other = induction_kind(session, "Saw")
    with write_transaction(session):
        session.execute(update(Induction).values(ended_at=MONDAY))
        session.execute(update(Machine).where(Machine.id.in_(ids)).values(needs_second_person=True))
        kinds = dict(zip(ids, (other, sample_ring.laser_induction, other), strict=True))
        for machine_id, kind_id in kinds.items():
            session.execute(update(Machine).where(Machine.id == machine_id).values(induction_kind_id=kind_id))
    for person in (EVA, MAX):
        induct(session, sample_ring.anna, other, person)
    for person in (EVA, MAX, OTTO):
        induct(session, sample_ring.anna, sample_ring.laser_induction, person)
    return ids


def induct(session, member_id, kind_id, person):
    with write_transaction(session):
        given_on = MONDAY.date() - timedelta(days=3)
        return condition_changes.give_induction(session, member_id, kind_id, given_on=given_on, person=person, **BY)


def wish(machine_id, member_id, start, second, **more):
    return Wish(machine_id, member_id, hours(MONDAY, start, start + 2), second=second, **more)


def ask(session, wanted):
    with write_transaction(session):
        return request_reservation(session, wanted, **BY).id


def at_once(app, *verbs: Callable[[], object]) -> list[object]:
    """Run verbs at the same moment; return what each returned, or the code of its refusal."""
    start = Barrier(len(verbs))

    def run(verb):
        with app.app_context():
            start.wait()
            try:
                return in_write_transaction(db.session(), verb)
            except DomainError as refusal:
                return refusal.code
            finally:
                db.session.remove()

    with ThreadPoolExecutor(len(verbs)) as pool:
        return [*pool.map(run, verbs)]


def test_a_plan_moves_to_a_twin_only_where_the_second_person_is_inducted_and_free(session, sample_ring, saws):
    a, b, c = saws
    anna = sample_ring.anna
    kept = ask(session, wish(b, anna, 5, MAX))
    not_inducted = ask(session, wish(b, anna, 8, OTTO))
    busy = ask(session, wish(b, anna, 11, EVA, may_move_min=240))
    for start, end in ((7, 11), (13, 18)):
        ask(session, Wish(c, anna, hours(MONDAY, start, end), second=EVA))
    ask(session, Wish(a, anna, hours(MONDAY, 11, 13.5), second=MAX))
    closure_id = close(session, b)

    plan = replan.make_plan(session, closure_id, now=MONDAY)

    lines = {line.reservation_id: line for line in plan.lines}
    assert (lines[kept].outcome, lines[kept].target.machine_id) == (Outcome.TWIN, a)
    assert lines[not_inducted].outcome == Outcome.OFFER  # whoever accepts may name somebody else
    assert (
        lines[busy].outcome == Outcome.OFFER
    )  # A is taken at that time, and before and after it she is needed elsewhere
    assert a not in [option.machine_id for option in lines[not_inducted].options]
    with write_transaction(session):
        replan.confirm(session, closure_id, digest=plan.digest, **BY)
    moved = session.get(Reservation, kept, populate_existing=True)
    assert (moved.machine_id, moved.second_person) == (a, "Max")


def test_reservations_without_a_second_person_are_listed_when_the_rule_is_switched_on(session, sample_ring, saws):
    combine = sample_ring.combine
    alone = ask(session, Wish(combine, sample_ring.anna, hours(MONDAY, 25, 27)))
    policy = catalogue.lending_terms(session, combine).policy
    kept = {name: getattr(policy, name) for name in RULE_NAMES}
    facts = MachineInput(slug="combine", name="Combine", charge_unit="ha", **{**kept, "needs_second_person": True})
    asked = {"places": 1, **BY}
    with pytest.raises(ReservationsOutside) as shown, write_transaction(session):
        rule_changes.change_machine(session, combine, facts, confirmed="", **asked)
    assert [*shown.value.broken] == [alone]
    with write_transaction(session):
        rule_changes.change_machine(session, combine, facts, confirmed=rule_changes.ANY, **asked)
    assert session.get(Reservation, alone, populate_existing=True).outside_rules_since == MONDAY
    with write_transaction(session):
        change_second_person(session, alone, MAX, **BY)
    assert session.get(Reservation, alone, populate_existing=True).outside_rules_since is None


def test_one_person_is_named_for_one_of_two_machines_at_once(app, session, sample_ring, saws):
    a, b, _c = saws
    session.rollback()

    def verb(machine_id):
        return lambda: request_reservation(db.session(), wish(machine_id, sample_ring.anna, 5, MAX), **BY).id

    answers = at_once(app, verb(a), verb(b))

    assert answers.count(RequestRefused.code) == 1
    session.rollback()
    (stored,) = session.scalars(select(Reservation)).all()
    for own, rules in ((None, ["second_person_busy"]), (stored.id, [])):  # a reservation is not in its own way
        busy = check_busy(session, sample_ring.anna, MAX, hours(MONDAY, 6, 8), reservation_id=own)
        assert [one.rule for one in busy] == rules
    assert audits.overlapping_pairs(session) == ()


def test_an_induction_that_ends_at_that_moment_refuses_the_request_or_lists_the_reservation(
    app, session, sample_ring, saws
):
    """Whichever comes first: nothing is stored unseen of which the second person lost the induction."""
    _a, b, _c = saws
    max_id = session.scalars(
        select(Induction.id).where(Induction.person_name == "Max", Induction.kind_id == sample_ring.laser_induction)
    ).one()
    session.rollback()

    asked, _ended = at_once(
        app,
        lambda: request_reservation(db.session(), wish(b, sample_ring.anna, 5, MAX), **BY).id,
        lambda: condition_changes.end_induction(db.session(), max_id, last_day=None, **BY),
    )

    session.rollback()
    stored = session.scalars(select(Reservation)).all()
    if asked == RequestRefused.code:
        assert stored == []
    else:
        assert [(one.id, one.outside_rules_since) for one in stored] == [(asked, MONDAY)]


def test_deciding_one_by_one_agrees_with_the_plan_about_second_persons(session, sample_ring, saws):
    a, b, _c = saws
    anna = sample_ring.anna
    unnamed, not_inducted = (ask(session, wish(b, anna, *one)) for one in ((5, None), (8, OTTO)))
    closure_id = close(session, b)
    plan = {line.reservation_id: line for line in replan.make_plan(session, closure_id, now=MONDAY).lines}
    assert (plan[unnamed].target.machine_id, plan[not_inducted].outcome) == (a, Outcome.OFFER)

    wishes = [wish(b, anna, 5, Person()), wish(b, anna, 8, OTTO)]
    found = availability.twins_at_their_time(session, b, wishes, now=MONDAY, ignoring=breakdown.NOT_JUDGED)
    assert [a in dict(twins) for twins in found] == [True, False]
    session.rollback()
    with write_transaction(session):
        breakdown.decide(session, closure_id, [Decision(unnamed, Choice.MOVE, machine_id=a)], **BY)
    assert session.get(Reservation, unnamed, populate_existing=True).machine_id == a


def planned(session, sample_ring, machine_id, hours_long, **more):
    """A series on three days with Eva, of which the second day is taken for some hours."""
    start = (MONDAY + timedelta(days=7)).astimezone(BERLIN).replace(tzinfo=None)
    rule, length = parse("FREQ=DAILY;COUNT=3", start, BERLIN), timedelta(hours=hours_long)
    wanted = SeriesWish(machine_id, sample_ring.anna, rule, start, length, second=EVA, **more)
    return series_plan.plan(session, wanted, now=MONDAY).dates[1]


def take_second_day(session, sample_ring, machine_ids, length):
    span = hours(MONDAY + timedelta(days=8), 0, length)
    with write_transaction(session):
        session.execute(update(Machine).values(needs_second_person=False, induction_kind_id=None))
    for one in machine_ids:
        ask(session, Wish(one, sample_ring.bernd, span))


def need_second(session, is_needed=True):
    with write_transaction(session):
        session.execute(update(Machine).values(needs_second_person=is_needed))


def test_another_time_of_a_date_overlaps_no_other_date_that_needs_the_same_person(session, sample_ring, saws):
    """Of a series of 20 hours a day the second is only free on the twin, from five hours later on."""
    take_second_day(session, sample_ring, saws, 5)
    group_id = session.scalar(select(MachineGroup.id))

    found = planned(session, sample_ring, saws[0], 20, group_id=group_id)
    assert found.alternative == hours(MONDAY + timedelta(days=8), 5, 25)
    need_second(session)
    assert planned(session, sample_ring, saws[0], 20, group_id=group_id).alternative is None
    need_second(session, is_needed=False)
    with write_transaction(session):
        session.add(Unit(machine_id=saws[0], number=2))
    ask(session, Wish(saws[0], sample_ring.bernd, hours(MONDAY + timedelta(days=8), 0, 5)))
    assert planned(session, sample_ring, saws[0], 20).alternative == hours(MONDAY + timedelta(days=8), 5, 25)
    need_second(session)
    assert planned(session, sample_ring, saws[0], 20).alternative is None


def test_another_time_of_a_date_is_one_at_which_the_second_person_can_be_there(session, sample_ring, saws):
    a, _b, c = saws
    take_second_day(session, sample_ring, [a], 2)
    need_second(session)
    assert planned(session, sample_ring, a, 2).alternative is not None
    for start in (-2.5, 2.5):  # around both times that are as near
        span = hours(MONDAY + timedelta(days=8), start, start + 2)
        ask(session, Wish(c, sample_ring.anna, span, second=EVA))
    assert planned(session, sample_ring, a, 2).alternative is None


def test_a_person_who_stays_with_one_date_cannot_be_at_the_next_one(session, sample_ring, saws):
    """Of two dates of 20 hours the first cannot begin six hours earlier: Eva is with it when the second would begin."""
    start = (MONDAY + timedelta(days=7)).astimezone(BERLIN).replace(tzinfo=None)
    rule, length = parse("FREQ=DAILY;COUNT=2", start, BERLIN), timedelta(hours=20)
    with write_transaction(session):
        session.execute(update(Machine).values(induction_kind_id=None))
        session.add(Unit(machine_id=saws[0], number=2))
    with write_transaction(session):
        wanted = SeriesWish(saws[0], sample_ring.anna, rule, start, length, second=EVA)
        made = series.create(session, wanted, on_conflict=OnConflict.REFUSE, **BY)
    before = hours(MONDAY + timedelta(days=7), -6, -5)
    with write_transaction(session):
        session.execute(update(Machine).values(needs_second_person=False))
    ask(session, Wish(saws[0], sample_ring.bernd, before, 2))
    need_second(session)
    earlier = SeriesChange(Scope.ALL, starts_at=(start - timedelta(hours=6)).time())

    meant = carry_out.preview(session, made.id, earlier, now=MONDAY)
    assert [[one.rule for one in each.violations] for each in meant.dates] == [[], ["second_person_busy"]]
    session.rollback()
    with write_transaction(session):
        done = carry_out.change_series(session, made.id, earlier, on_conflict=OnConflict.SKIP, **BY)
    assert (done.dates, len(done.unchanged)) == ((), 2)
