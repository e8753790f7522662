"""Who waits is offered what they can still get, and nothing twice: after an answer, a quota, another group."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from booking import replan
from booking.closures import blockings
from booking.errors.schedule_errors import RequestRefused
from booking.kernel.transaction import write_transaction
from booking.machines import machines
from booking.models import Induction, Machine
from booking.quotas import quotas
from booking.quotas.quotas import QuotaInput
from booking.records import groups
from booking.records.groups import GroupInput, RankedMachine
from booking.replan import Outcome
from booking.reservations import reservations
from booking.waiting import answers, entries, serving
from booking.waiting.matching import WaitingWish
from tests.breakdowns import broken_laser, do, three_lasers
from tests.builders import SOMEBODY, hours, member, reserve
from tests.conftest import MONDAY
from tests.integration.schedule.test_offer_verbs import WISHED, cancel, join, newest, newest_id, offers_of, sound


def decline(session):
    with write_transaction(session):
        answers.decline(session, newest_id(session), by=SOMEBODY, now=MONDAY)


def test_what_one_declined_hides_no_later_time_and_is_not_offered_again_in_part(session, sample_ring):
    combine, bernd, anna = sample_ring.combine, sample_ring.bernd, sample_ring.anna
    week = hours(MONDAY + timedelta(days=7), -8, 160)
    parts = [hours(week.start, *part) for part in ((0, 30), (30, 33), (33, 35), (35, 39), (39, 168))]
    taken = [reserve(session, combine, bernd, part, now=MONDAY).id for part in parts]
    join(session, combine, anna, week, length_min=180)
    cancel(session, taken[1])
    assert newest(session).starts_at == parts[1].start

    decline(session)
    cancel(session, taken[2])  # 3 h in a row are free now, but not without a part of what she declined
    assert offers_of(session) == [(anna, "declined")]
    cancel(session, taken[3])
    assert newest(session).starts_at == parts[2].start
    decline(session)
    assert offers_of(session)[-1] == (anna, "declined")
    cancel(session, taken[0])
    assert newest(session).starts_at == parts[0].start + timedelta(hours=6)  # by day, though midnight is free too
    assert sound(session)


def test_a_long_setup_hides_nothing_that_holds_the_machine_before_or_after(session, sample_ring):
    combine = sample_ring.combine
    with write_transaction(session):
        session.execute(update(Machine).where(Machine.id == combine).values(setup_min=5 * 24 * 60))
    span = hours(MONDAY + timedelta(days=30), 0, 72)
    taken = reserve(session, combine, sample_ring.bernd, span, now=MONDAY)
    join(session, combine, sample_ring.anna, hours(span.start, -100, 72), length_min=60)
    cancel(session, taken.id)
    assert len(offers_of(session)) == 1
    assert sound(session)


@pytest.mark.parametrize("blocked", [30, serving.REFUSALS_MAX])
def test_many_who_are_refused_keep_the_next_from_nothing_up_to_a_bound(session, sample_ring, monkeypatch, blocked):
    taken = reserve(session, sample_ring.combine, sample_ring.bernd, WISHED, now=MONDAY)
    join(session, sample_ring.combine, sample_ring.anna)
    with write_transaction(session):
        entry = session.scalars(select(entries.WaitingEntry)).one()
        names = ("member_id", "machine_id", "window_from", "window_until", "created_at")
        same = {name: getattr(entry, name) for name in names}
        session.add_all(entries.WaitingEntry(**same) for _one in range(blocked - 1))
    join(session, sample_ring.combine, sample_ring.bernd)
    refused = sample_ring.anna
    monkeypatch.setattr(serving.wishes, "violations_of", lambda _s, wish, *_r, **_n: wish.member_id == refused)
    cancel(session, taken.id)
    assert offers_of(session) == ([(sample_ring.bernd, "open")] if blocked < serving.REFUSALS_MAX else [])


def test_a_machine_that_is_retired_withdraws_its_offers_and_makes_them_again_when_it_is_back(session, sample_ring):
    combine, anna = sample_ring.combine, sample_ring.anna
    taken = reserve(session, combine, sample_ring.bernd, WISHED, now=MONDAY)
    join(session, combine, anna)
    cancel(session, taken.id)
    with write_transaction(session):
        machines.retire(session, combine, by=SOMEBODY, now=MONDAY)
    assert offers_of(session) == [(anna, "withdrawn")]
    with write_transaction(session):
        machines.bring_back(session, combine, by=SOMEBODY, now=MONDAY)
    assert offers_of(session) == [(anna, "withdrawn"), (anna, "open")]
    assert sound(session)


def test_who_waits_for_a_group_is_offered_the_time_of_a_machine_that_comes_to_it(session, sample_ring):
    first, second = RankedMachine(sample_ring.combine), RankedMachine(sample_ring.splitter)
    with write_transaction(session):
        group_id = groups.make(session, sample_ring.hall, GroupInput("Both", (first,)), by=SOMEBODY, now=MONDAY)
    reserve(session, sample_ring.combine, sample_ring.bernd, WISHED, now=MONDAY)
    with write_transaction(session):
        entries.join(session, WaitingWish(sample_ring.anna, None, group_id, WISHED), by=SOMEBODY, now=MONDAY)
    with write_transaction(session):
        groups.change(session, group_id, machines=(second, first), by=SOMEBODY, now=MONDAY)
    assert offers_of(session) == [(sample_ring.anna, "open")]
    assert newest(session).machine_id == sample_ring.splitter
    assert sound(session)


def test_what_cannot_be_accepted_without_asking_goes_to_the_next(session, sample_ring):
    laser, bernd = sample_ring.laser, sample_ring.bernd
    taken = reserve(session, laser, sample_ring.anna, WISHED, now=MONDAY)
    kind = {"kind_id": sample_ring.laser_induction, "given_on": MONDAY.date()}
    with write_transaction(session):
        session.add(Induction(member_id=bernd, valid_until=(MONDAY + timedelta(days=99)).date(), **kind))
    join(session, laser, bernd, is_automatic=True)
    join(session, laser, sample_ring.anna)
    cancel(session, taken.id)
    with write_transaction(session):
        session.execute(update(Induction).where(Induction.member_id == bernd).values(ended_at=MONDAY))
    (found,) = answers.automatic(session, now=MONDAY)
    with write_transaction(session):
        assert answers.accept_automatically(session, found, by=SOMEBODY, now=MONDAY)
    assert offers_of(session) == [(bernd, "lapsed"), (sample_ring.anna, "open")]
    assert sound(session)


def test_what_has_ended_since_the_offer_fills_no_quota_of_open_reservations(session, sample_ring):
    combine, splitter, anna = sample_ring.combine, sample_ring.splitter, sample_ring.anna
    taken = [reserve(session, one, sample_ring.bernd, WISHED, now=MONDAY).id for one in (combine, splitter)]
    join(session, combine, anna)
    cancel(session, taken[0])
    with write_transaction(session):
        quotas.enter_quota(session, QuotaInput(measure="open", most=1), by=SOMEBODY, now=MONDAY)
    reserve(session, splitter, anna, hours(MONDAY, 1, 2), now=MONDAY)
    for hour, refused in ((1, pytest.raises(RequestRefused)), (3, nullcontext())):
        with write_transaction(session), refused:
            answers.accept(session, newest_id(session), by=SOMEBODY, now=MONDAY + timedelta(hours=hour))
    assert offers_of(session) == [(anna, "accepted")]
    assert sound(session)


def test_who_was_moved_by_a_breakdown_comes_before_who_waits(session, sample_ring):
    lasers = three_lasers(session, sample_ring)
    ids, closure_id = broken_laser(session, sample_ring, lasers)
    plan = replan.make_plan(session, closure_id, now=MONDAY)
    do(session, replan.confirm, closure_id, plan.digest)
    waiting = [(member(session, "Carla"), hours(MONDAY, 5, 7)), (member(session, "Dora"), hours(MONDAY, 30, 32))]
    for one, span in waiting:
        join(session, lasers[1], one, span)
    do(session, blockings.lift, closure_id)

    assert offers_of(session) == [(waiting[1][0], "open")]  # the rest
    do(session, reservations.accept_proposal, ids[Outcome.TWIN])  # it keeps the new time, and gives up the old one
    assert offers_of(session)[1:] == [(waiting[0][0], "open")]
    assert sound(session)


def test_a_long_closure_that_is_lifted_serves_everybody_who_waits_for_one_of_its_days(session, sample_ring):
    combine = sample_ring.combine
    closed = hours(MONDAY + timedelta(days=7), -8, 30 * 24)
    with write_transaction(session):
        closure_id = blockings.close(session, combine, closed, "Belt", by=SOMEBODY, now=MONDAY)
    entry_id = join(session, combine, sample_ring.anna)
    with write_transaction(session):
        first = session.get(entries.WaitingEntry, entry_id)
        names = ("member_id", "machine_id", "created_at")
        same = {name: getattr(first, name) for name in names}
        days = [hours(WISHED.start, 24 * day, 24 * day + 2) for day in range(1, 26)]
        session.add_all(entries.WaitingEntry(**same, window_from=one.start, window_until=one.end) for one in days)
    do(session, blockings.lift, closure_id)
    assert offers_of(session) == [(sample_ring.anna, "open")] * 26
    assert sound(session)
