"""What is free is offered also where nothing is released: after loosened rules, answers to other offers, leavers."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import delete, select, update

from app.worker import offer_jobs
from booking import audits
from booking.kernel.errors import DomainError
from booking.kernel.transaction import write_transaction
from booking.members import inductions
from booking.models import Induction, Machine, MachineHours, Member, Offer, WaitingEntry
from booking.quotas import quotas
from booking.quotas.quotas import QuotaInput
from booking.reservations import reservations
from booking.waiting import answers, entries, offering
from booking.waiting.matching import WaitingWish
from tests.builders import SOMEBODY, hours, induct, member, reserve
from tests.conftest import MONDAY
from tests.integration.schedule.test_offer_races import all_at_once

WISHED = hours(MONDAY + timedelta(days=7), 1, 3)


def join(session, machine_id, member_id, span=WISHED, **wish):
    with write_transaction(session):
        return entries.join(session, WaitingWish(member_id, machine_id, None, span, **wish), by=SOMEBODY, now=MONDAY)


def offers_of(session):
    session.rollback()
    rows = session.execute(select(Offer.member_id, Offer.starts_at, Offer.state).order_by(Offer.id))
    return [tuple(row) for row in rows]


def look_again(session, now=MONDAY):
    for one in offering.awaited_machines(session, now=now):
        session.rollback()
        with write_transaction(session):
            offering.look_again(session, *one.machine_ids, now=now)


def sound(session):
    session.rollback()
    return not (audits.overlapping_pairs(session) or audits.contradictions(session))


def test_what_a_rule_kept_from_who_waits_is_offered_once_the_rule_is_loosened(session, sample_ring):
    combine, anna = sample_ring.combine, sample_ring.anna
    taken = reserve(session, combine, sample_ring.bernd, WISHED, now=MONDAY)
    join(session, combine, anna)

    def set_notice(hours_before):
        with write_transaction(session):
            session.execute(update(Machine).where(Machine.id == combine).values(notice_hours=hours_before))

    set_notice(24 * 30)
    with write_transaction(session):
        reservations.cancel(session, taken.id, by=SOMEBODY, now=MONDAY)
    look_again(session)
    assert offers_of(session) == []

    set_notice(0)
    look_again(session)
    look_again(session)  # the second time finds the offer
    assert offers_of(session) == [(anna, WISHED.start, "open")]
    assert sound(session)


def by_quota(session, sample_ring):
    """Anna may have an hour a week, and waits for two."""
    quota = QuotaInput(measure="time", most=60, period="week", member_id=sample_ring.anna)
    with write_transaction(session):
        quota_id = quotas.enter_quota(session, quota, by=SOMEBODY, now=MONDAY)
    return sample_ring.combine, lambda: quotas.delete_quota(session, quota_id, by=SOMEBODY, now=MONDAY)


def by_hours(session, sample_ring):
    """The machine has hours of its own, which end before the wish; then those of its workshop count again."""
    combine, day = sample_ring.combine, WISHED.start.weekday()
    with write_transaction(session):
        session.add(MachineHours(machine_id=combine, weekday=day, opens_minute=0, closes_minute=60))
    return combine, lambda: session.execute(delete(MachineHours).where(MachineHours.machine_id == combine))


def by_induction(session, sample_ring):
    """Anna has no induction for the laser, and gets one."""
    kind_id, anna = sample_ring.laser_induction, sample_ring.anna
    with write_transaction(session):
        session.execute(delete(Induction).where(Induction.member_id == anna))
    return sample_ring.laser, lambda: inductions.give(
        session, anna, kind_id, given_on=MONDAY.date(), by=SOMEBODY, now=MONDAY
    )


@pytest.mark.parametrize("obstacle", [by_quota, by_hours, by_induction])
def test_a_time_is_offered_once_a_quota_hours_or_a_missing_induction_no_longer_forbid_it(
    session, sample_ring, obstacle
):
    anna, machines = sample_ring.anna, (sample_ring.combine, sample_ring.laser)
    induct(session, sample_ring.bernd, sample_ring.laser_induction, MONDAY.date())
    taken = {one: reserve(session, one, sample_ring.bernd, WISHED, now=MONDAY).id for one in machines}
    for one in machines:
        join(session, one, anna)
    machine_id, loosen = obstacle(session, sample_ring)
    with write_transaction(session):
        reservations.cancel(session, taken[machine_id], by=SOMEBODY, now=MONDAY)
    look_again(session)
    assert offers_of(session) == []

    with write_transaction(session):
        loosen()
    look_again(session)
    assert offers_of(session) == [(anna, WISHED.start, "open")]
    assert sound(session)


def test_an_entry_that_missed_a_time_while_it_had_an_offer_gets_it_after_its_answer(session, sample_ring):
    combine, anna = sample_ring.combine, sample_ring.anna
    window = hours(MONDAY + timedelta(days=7), 1, 9)
    first, second = hours(window.start, 0, 4), hours(window.start, 4, 8)
    taken = [reserve(session, combine, sample_ring.bernd, span, now=MONDAY).id for span in (first, second)]
    join(session, combine, anna, window, length_min=240)
    for one in taken:
        with write_transaction(session):
            reservations.cancel(session, one, by=SOMEBODY, now=MONDAY)
    ((_anna, _start, state),) = offers_of(session)
    assert state == "open"
    with write_transaction(session):
        answers.decline(session, session.scalars(select(Offer.id)).one(), by=SOMEBODY, now=MONDAY)

    look_again(session)

    assert [(start, state) for _who, start, state in offers_of(session)] == [
        (first.start, "declined"),
        (second.start, "open"),
    ]
    assert sound(session)


def test_the_offers_of_who_left_end_with_the_membership(session, sample_ring, clock):
    carla = member(session, "Carla")
    taken = reserve(session, sample_ring.combine, sample_ring.bernd, WISHED, now=MONDAY)
    join(session, sample_ring.combine, sample_ring.anna)
    join(session, sample_ring.combine, carla)
    with write_transaction(session):
        reservations.cancel(session, taken.id, by=SOMEBODY, now=MONDAY)
    with write_transaction(session):
        session.execute(update(Member).where(Member.id == sample_ring.anna).values(left_on=MONDAY.date()))
    clock.instant = MONDAY + timedelta(hours=6)
    offer_jobs.offer_again(session)
    assert [state for *_rest, state in offers_of(session)] == ["open"]  # on the last day
    clock.instant = MONDAY + timedelta(hours=20)
    offer_jobs.offer_again(session)
    assert [(who, state) for who, _start, state in offers_of(session)] == [
        (sample_ring.anna, "withdrawn"),
        (carla, "open"),
    ]
    assert sound(session)


@pytest.mark.parametrize("count", [6])
def test_joins_at_the_same_moment_do_not_pass_the_limit(app, session, sample_ring, monkeypatch, count):
    monkeypatch.setattr(entries, "ENTRIES_MAX", 3)
    spans = [hours(MONDAY + timedelta(days=7 + day), 1, 3) for day in range(count)]
    machines = [sample_ring.combine, sample_ring.cold_store] * (count // 2)
    for machine_id, span in zip(machines, spans, strict=True):
        places = 24 if machine_id == sample_ring.cold_store else 1
        reserve(session, machine_id, sample_ring.bernd, span, now=MONDAY, places=places)

    def joining(machine_id, span):
        wish = WaitingWish(sample_ring.anna, machine_id, None, span)
        return lambda session: entries.join(session, wish, by=SOMEBODY, now=MONDAY)

    results = all_at_once(app, *(joining(*one) for one in zip(machines, spans, strict=True)))

    assert sum(not isinstance(one, DomainError) for one in results) == 3
    assert len(session.scalars(select(WaitingEntry.id)).all()) == 3


def test_an_entry_that_cannot_be_ended_keeps_nobody_from_an_offer(session, monkeypatch):
    def fail(*_arguments, **_facts):
        raise ValueError("broken entry")

    looked = []
    monkeypatch.setattr(offer_jobs.entries, "of_leavers", lambda *_arguments, **_facts: [1])
    monkeypatch.setattr(offer_jobs.entries, "leave", fail)
    monkeypatch.setattr(offer_jobs.offering, "awaited_machines", lambda *_arguments, **_facts: [offering.Awaited((7,))])
    monkeypatch.setattr(offer_jobs.offering, "look_again", lambda _session, one, **_facts: looked.append(one) or 0)

    with pytest.raises(ValueError, match="broken entry"):
        offer_jobs.offer_again(session)
    assert looked == [7]
