"""Quotas: two requests at once never pass one, and what is given back is given back exactly."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from app.extensions import db
from booking import audits, availability
from booking.errors.schedule_errors import ANY, GroupRefused, RecordRefused, RequestRefused
from booking.kernel.transaction import write_transaction
from booking.models import Quota as StoredQuota
from booking.models import QuotaUse
from booking.places import occupancies
from booking.quotas import quota_use, quotas
from booking.quotas.quotas import QuotaInput
from booking.records import groups, ring
from booking.records.groups import GroupInput, RankedMachine
from booking.records.overruling import Overruling
from booking.records.ring import RingInput
from booking.records.workshops import WorkshopInput
from booking.reservations import decisions, reservations
from booking.reservations.group_choice import GroupWish
from booking.reservations.group_requests import request_in_group
from booking.reservations.wishes import Wish
from booking.rule_changes import quota_preview, rule_changes
from booking.timespan import TimeSpan
from booking.use import usage
from tests import builders
from tests.builders import SOMEBODY, SampleRing, hours
from tests.conftest import MONDAY
from tests.integration.schedule.test_offer_races import all_at_once
from tests.ring_check import ring_check

WEEK = QuotaInput(measure="time", period="week", most=8 * 60)
BY = {"by": SOMEBODY, "now": MONDAY}
# Whether somebody waits for this connection. Not of pg_stat_activity, which a transaction sees as it was at first.
WAITS = "SELECT EXISTS (SELECT 1 FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid)))"


def enter(session: Session, data: QuotaInput) -> int:
    with write_transaction(session):
        return quotas.enter_quota(session, data, **BY)


def used(session: Session) -> int:
    """Return the minutes that are counted, after the audit found them right."""
    session.rollback()
    assert audits.quota_use(session) == ()
    return sum(session.scalars(select(QuotaUse.seconds))) // 60


def test_a_quota_refuses_with_its_figures_and_everything_given_back_counts_no_more(
    session: Session, sample_ring: SampleRing
) -> None:
    early = builders.reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, 24, 30), now=MONDAY)
    enter(session, WEEK)
    assert used(session) == 6 * 60, "what was reserved before counts"

    with pytest.raises(RequestRefused) as refused:
        builders.reserve(session, sample_ring.cold_store, sample_ring.anna, hours(MONDAY, 30, 33), now=MONDAY)
    (broken,) = refused.value.violations
    assert (broken.rule, broken.limit, broken.actual, broken.added) == ("quota_time", 480, 540, 180)
    with pytest.raises(RequestRefused):
        builders.reserve(session, sample_ring.cold_store, sample_ring.anna, hours(MONDAY, 30, 31), now=MONDAY, places=3)
    builders.reserve(session, sample_ring.cold_store, sample_ring.bernd, hours(MONDAY, 30, 33), now=MONDAY)
    asked = builders.reserve(session, sample_ring.splitter, sample_ring.anna, hours(MONDAY, 30, 32), now=MONDAY)
    assert used(session) == (6 + 3 + 2) * 60, "each member has an own quota, and a request counts"

    with write_transaction(session):
        decisions.reject(session, asked.id, "no", **BY)
        reservations.move(session, early.id, hours(MONDAY, 24, 28), **BY)
    assert used(session) == (4 + 3) * 60
    with write_transaction(session), pytest.raises(RequestRefused):
        reservations.move(session, early.id, hours(MONDAY, 24, 33), **BY)
    with write_transaction(session):
        reservations.move(session, early.id, hours(MONDAY, 24, 33), overruling=Overruling("harvest"), **BY)
        reservations.move(session, early.id, hours(MONDAY, 24, 32.5), **BY)
    assert used(session) == int((8.5 + 3) * 60), "keeping less is never refused, even above the quota"
    with write_transaction(session):
        reservations.cancel(session, early.id, **BY)
    again = builders.reserve(session, sample_ring.splitter, sample_ring.anna, hours(MONDAY, 30, 32), now=MONDAY)
    with write_transaction(session):
        assert decisions.expire(session, again.id, by=SOMEBODY, now=MONDAY + timedelta(hours=30))
    assert used(session) == 3 * 60


def test_a_use_that_ends_early_counts_what_it_took_and_a_no_show_all_of_it(
    session: Session, sample_ring: SampleRing
) -> None:
    enter(session, WEEK)
    fetched = builders.reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, 1, 5), now=MONDAY)
    missed = builders.reserve(session, sample_ring.cold_store, sample_ring.anna, hours(MONDAY, 2, 3), now=MONDAY)
    measured = usage.Measurement(amount=1)
    with write_transaction(session):
        usage.hand_out(session, fetched.id, measured, by=SOMEBODY, now=MONDAY + timedelta(hours=1))
        usage.hand_back(session, fetched.id, measured, by=SOMEBODY, now=MONDAY + timedelta(hours=2))
        decisions.report_no_show(session, missed.id, by=SOMEBODY, now=MONDAY + timedelta(hours=3))
    assert used(session) == 2 * 60


def test_a_move_that_waits_counts_the_greater_of_its_two_times(session: Session, sample_ring: SampleRing) -> None:
    enter(session, WEEK)
    asked = builders.reserve(session, sample_ring.splitter, sample_ring.anna, hours(MONDAY, 24, 28), now=MONDAY)
    with write_transaction(session):
        decisions.approve(session, asked.id, **BY)
        reservations.move(session, asked.id, hours(MONDAY, 48, 54), **BY)
    assert used(session) == 6 * 60
    with write_transaction(session):
        reservations.withdraw_move(session, asked.id, **BY)
    assert used(session) == 4 * 60


def test_the_quota_for_the_narrowest_group_holds_and_prime_time_and_open_ones_count_by_themselves(
    session: Session, sample_ring: SampleRing
) -> None:
    everybody = enter(session, QuotaInput(measure="open", most=1, workshop_id=sample_ring.hall))
    enter(session, QuotaInput(measure="open", most=2, workshop_id=sample_ring.hall, member_id=sample_ring.bernd))
    prime = {"weekdays": 0b11111, "from_minute": 17 * 60, "until_minute": 20 * 60}
    enter(session, QuotaInput(measure="prime_time", period="month", most=60, machine_id=sample_ring.combine,
                              workshop_id=sample_ring.hall, **prime))  # fmt: skip
    wanted = [(sample_ring.combine, 9, 11), (sample_ring.cold_store, 1, 2), (sample_ring.cold_store, 2, 3)]
    rules: dict[str, list[str]] = {}
    for name, member_id in (("anna", sample_ring.anna), ("bernd", sample_ring.bernd)):
        for machine_id, start, end in wanted:
            # 9 to 11 hours after Monday, 8:00 is 17:00 to 19:00.
            try:
                builders.reserve(session, machine_id, member_id, hours(MONDAY, start, end), now=MONDAY)
            except RequestRefused as refusal:
                rules.setdefault(name, []).extend(one.rule for one in refusal.violations)
    assert rules == {"anna": ["quota_prime_time", "quota_open"], "bernd": ["quota_prime_time"]}

    with write_transaction(session):
        quotas.delete_quota(session, everybody, **BY)
    builders.reserve(session, sample_ring.cold_store, sample_ring.anna, hours(MONDAY, 2, 3), now=MONDAY)
    assert used(session) == 0


def test_a_reservation_over_the_end_of_a_week_counts_in_both_and_the_audit_finds_what_was_tampered_with(
    session: Session, sample_ring: SampleRing
) -> None:
    enter(session, WEEK)
    # Sunday 20:00 to Monday 4:00 in Berlin.
    builders.reserve(
        session, sample_ring.combine, sample_ring.anna, hours(MONDAY, 6 * 24 + 12, 6 * 24 + 20), now=MONDAY
    )
    rows = session.execute(select(QuotaUse.first_day, QuotaUse.seconds).order_by(QuotaUse.first_day)).all()
    assert [(day.day, seconds // 3_600) for day, seconds in rows] == [(23, 4), (30, 4)]
    session.rollback()
    with write_transaction(session):
        session.execute(update(QuotaUse).where(QuotaUse.first_day == rows[0][0]).values(seconds=60))
    first_week = quota_use.used_seconds(session, sample_ring.anna, quotas.all_quotas(session), hours(MONDAY, 1, 2))
    assert {first.day for _id, first in first_week} == {23}, "other weeks are not read"
    (found,) = audits.quota_use(session)
    assert (found.facts["seconds"], found.facts["stored"]) == (4 * 3_600, 60)


def test_a_quota_that_cannot_be_meant_is_refused_by_field(session: Session, sample_ring: SampleRing) -> None:
    wrong = {
        ("quota_zero", "most"): QuotaInput(measure="open", most=0),
        ("missing", "period"): QuotaInput(measure="time", most=5),
        ("not_here", "period"): QuotaInput(measure="open", most=5, period="week"),
        ("missing", "weekdays"): QuotaInput(measure="prime_time", most=5, period="week", from_minute=1, until_minute=2),
        ("one_group", "member_id"): QuotaInput(measure="open", most=5, member_id=sample_ring.anna, price_class="guest"),
        ("missing", "machine_id"): QuotaInput(
            measure="open", most=5, machine_id=sample_ring.laser, workshop_id=sample_ring.hall
        ),
    }
    for (rule, field), data in wrong.items():
        with write_transaction(session), pytest.raises(RecordRefused) as refused:
            quotas.enter_quota(session, data, **BY)
        assert (rule, field) in {(one.rule, one.field) for one in refused.value.violations}
    assert quotas.all_quotas(session) == ()


def test_two_requests_at_once_never_pass_a_quota_together(
    app: Flask, session: Session, sample_ring: SampleRing
) -> None:
    enter(session, QuotaInput(measure="time", period="week", most=4 * 60))
    enter(session, QuotaInput(measure="open", most=6))
    session.rollback()
    machines = [sample_ring.combine, sample_ring.cold_store]

    def asking(number: int) -> Callable[[Session], int]:
        wish = Wish(machines[number % 2], sample_ring.anna, hours(MONDAY, 24 + number, 25 + number))
        return lambda of_session: reservations.request_reservation(of_session, wish, **BY).id

    results = all_at_once(app, *(asking(number) for number in range(8)))
    served = [one for one in results if isinstance(one, int)]
    assert [one.code for one in results if one not in served] == ["request_refused"] * 4
    assert len(served) == 4
    assert used(session) == 4 * 60
    assert ring_check(session) == {}


def test_a_request_waits_for_one_of_its_member_on_another_machine(
    app: Flask, session: Session, sample_ring: SampleRing, database_kind: str
) -> None:
    """What all at once meets only by chance: a second request begins while the first has not ended yet."""
    enter(session, QuotaInput(measure="time", period="week", most=4 * 60))
    first, second = (
        Wish(machine_id, sample_ring.anna, span)
        for machine_id, span in (
            (sample_ring.combine, hours(MONDAY, 24, 27)),
            (sample_ring.cold_store, hours(MONDAY, 30, 32)),
        )
    )

    def ask() -> str | None:
        with app.app_context():
            try:
                with write_transaction(db.session()):
                    reservations.request_reservation(db.session(), second, **BY)
            except RequestRefused as refused:
                return refused.violations[0].rule
            finally:
                db.session.remove()
        return None

    with ThreadPoolExecutor(1) as pool:
        with write_transaction(session):
            reservations.request_reservation(session, first, **BY)
            asked = pool.submit(ask)
            while database_kind == "postgresql" and not session.scalar(text(WAITS)):
                assert not asked.done()
        assert asked.result() == "quota_time"
    assert used(session) == 3 * 60
    assert ring_check(session) == {}


def test_of_two_equal_quotas_entered_at_once_one_is_stored(
    app: Flask, session: Session, sample_ring: SampleRing
) -> None:
    week = QuotaInput(measure="time", period="week", most=300, workshop_id=sample_ring.hall)
    results = all_at_once(app, *[lambda of_session: quotas.enter_quota(of_session, week, **BY)] * 4)
    refused = [one for one in results if isinstance(one, RecordRefused)]
    assert [one.violations[0].rule for one in refused] == ["quota_twice"] * 3
    session.rollback()
    assert len(quotas.all_quotas(session)) == 1
    assert ring_check(session) == {}


def test_a_quota_of_a_group_counts_its_machines_as_they_are_now(session: Session, sample_ring: SampleRing) -> None:
    machines = (RankedMachine(sample_ring.combine), RankedMachine(sample_ring.cold_store))
    with write_transaction(session):
        group_id = groups.make(session, sample_ring.hall, GroupInput("Any", machines), **BY)
    enter(session, replace(WEEK, most=3 * 60, workshop_id=sample_ring.hall, group_id=group_id))
    kept = builders.reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, 1, 3), now=MONDAY)
    wish = GroupWish(group_id, sample_ring.anna, hours(MONDAY, 3, 5))
    with write_transaction(session), pytest.raises(GroupRefused) as refused:
        request_in_group(session, wish, **BY)
    assert {one.rule for one in refused.value.violations} == {"quota_time"}
    with write_transaction(session):
        reservations.move(session, kept.id, hours(MONDAY, 1, 2), **BY)
        request_in_group(session, wish, **BY)
    with write_transaction(session):
        groups.change(session, group_id, machines=machines[1:], **BY)
    assert used(session) == 0


def test_the_preview_leaves_out_whom_a_narrower_quota_is_for(session: Session, sample_ring: SampleRing) -> None:
    for member_id, start in ((sample_ring.anna, 1), (sample_ring.bernd, 7)):
        builders.reserve(session, sample_ring.combine, member_id, hours(MONDAY, start, start + 5), now=MONDAY)
    enter(session, replace(WEEK, member_id=sample_ring.anna))
    season, to_come = quota_preview.preview(session, replace(WEEK, most=60), now=MONDAY)
    assert (season.asked, season.refused, len(to_come)) == (1, 1, 1), "anna keeps the quota that is for her"


def test_another_time_zone_counts_again(session: Session, sample_ring: SampleRing) -> None:
    prime = QuotaInput(
        measure="prime_time", period="week", most=600, weekdays=0b11111, from_minute=17 * 60, until_minute=20 * 60
    )
    enter(session, prime)
    enter(session, replace(prime, workshop_id=sample_ring.hall))
    # 17:00 to 19:00 in Berlin, from 16:00 in London.
    builders.reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, 9, 11), now=MONDAY)
    assert used(session) == 2 * 120
    with write_transaction(session):
        hall = WorkshopInput(slug="hall", name="Maschinenhalle", timezone="Europe/London")
        always = [(day, 0, 1440) for day in range(7)]
        rule_changes.change_workshop(session, sample_ring.hall, hall, always, confirmed=ANY, **BY)
    assert used(session) == 120 + 60
    builders.reserve(session, sample_ring.cold_store, sample_ring.anna, hours(MONDAY, 9, 11), now=MONDAY)
    assert used(session) == 2 * (120 + 60)
    with write_transaction(session):
        record = ring.the_ring(session) or RingInput(name="Ring")
        rule_changes.change_ring(session, replace(record, timezone="Europe/London"), **BY)
    assert used(session) == 4 * 60


def test_a_change_of_a_quota_waits_for_its_machines_before_it_locks_its_row(
    app: Flask, session: Session, sample_ring: SampleRing, database_kind: str
) -> None:
    quota_id = enter(session, replace(WEEK, workshop_id=sample_ring.hall))
    session.rollback()

    def change(most: int) -> None:
        with app.app_context(), write_transaction(db.session()):
            quotas.change_quota(db.session(), quota_id, replace(WEEK, workshop_id=sample_ring.hall, most=most), **BY)

    with ThreadPoolExecutor(1) as pool:
        with write_transaction(session):
            occupancies.lock_machines(session, [sample_ring.combine])
            changed = pool.submit(change, 60)
            while database_kind == "postgresql" and not session.scalar(text(WAITS)):
                assert not changed.done()
            # As a reservation does whose use refers to the quota.
            row = select(StoredQuota.id).where(StoredQuota.id == quota_id)
            assert session.scalar(row.with_for_update(key_share=True, read=True, nowait=True)) == quota_id
        changed.result()
    assert [one.most for one in quotas.all_quotas(session)] == [60]


def test_approving_counts_what_is_open_now_not_when_it_was_asked_for(session: Session, sample_ring: SampleRing) -> None:
    enter(session, QuotaInput(measure="open", most=2))
    anna, combine, later = sample_ring.anna, sample_ring.combine, MONDAY + timedelta(hours=3)
    builders.reserve(session, combine, anna, hours(MONDAY, 1, 2), now=MONDAY)
    asked = builders.reserve(session, sample_ring.splitter, anna, hours(MONDAY, 30, 33), now=MONDAY)
    builders.reserve(session, combine, anna, hours(MONDAY, 5, 6), now=later)
    with write_transaction(session):
        assert decisions.approve(session, asked.id, by=SOMEBODY, now=later).status == "confirmed"


@pytest.mark.of_sqlite
def test_where_a_quota_is_in_the_way_as_much_as_fits_and_a_later_week_are_proposed(
    session: Session, sample_ring: SampleRing
) -> None:
    """Of prime time only what lies in it counts; and any machine of a group will do."""
    anna, combine = sample_ring.anna, sample_ring.combine
    enter(session, replace(WEEK, measure="prime_time", most=60, weekdays=0b11111, from_minute=17 * 60,
                           until_minute=20 * 60))  # fmt: skip
    twin = builders.machine(session, sample_ring.hall, "twin")
    with write_transaction(session):
        ranked = tuple(RankedMachine(one) for one in (combine, twin))
        group_id = groups.make(session, sample_ring.hall, GroupInput("Combines", ranked), **BY)
    wished, fits = hours(MONDAY, 31, 36), hours(MONDAY, 31, 34)  # Tuesday from 15:00

    alone = availability.alternatives(session, Wish(combine, anna, wished), now=MONDAY)
    of_any = availability.group_alternatives(session, GroupWish(group_id, anna, wished), now=MONDAY)

    for found in (alone, of_any):
        assert (found[0].machine_id, found[0].span, len(found)) == (combine, fits, 3)
        asked = [Wish(one.machine_id, anna, one.span) for one in found]
        assert all(availability.check_wish(session, one, now=MONDAY).is_accepted for one in asked)
    builders.reserve(session, combine, anna, fits, now=MONDAY)  # the quota of this week is used up
    enter(session, replace(WEEK, most=3 * 60))
    later = availability.group_alternatives(session, GroupWish(group_id, anna, fits), now=MONDAY)
    assert later[0].span == TimeSpan(fits.start + timedelta(days=7), fits.end + timedelta(days=7))
