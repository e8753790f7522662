"""A broken machine is closed at once around its reservations; each of them is decided afterwards."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from app import subscriptions
from app.mail.models import Mail
from booking import audits, availability, queries
from booking.closures import blockings, breakdown
from booking.closures.breakdown import Choice, Decision
from booking.errors.schedule_errors import DecisionsRefused, MachineNotFound, SlotTaken, WrongStatus
from booking.kernel import deliveries
from booking.kernel.events import Actor
from booking.kernel.transaction import in_write_transaction, write_transaction
from booking.machines import machines
from booking.machines.machines import MachineInput
from booking.models import Machine, Occupancy, Reservation, Status
from booking.records.overruling import Overruling
from booking.reservations import decisions, reservations
from booking.reservations.wishes import Wish
from booking.rules.lending_rules import MachineRules
from booking.use import usage
from booking.use.usage import Measurement
from tests.builders import SOMEBODY, hours, machine, reserve
from tests.conftest import MONDAY


def do(session, verb, *arguments, by=SOMEBODY, now=MONDAY, **more):
    with write_transaction(session):
        return verb(session, *arguments, by=by, now=now, **more)


def close_around(session, machine_id, span, now=MONDAY):
    return do(session, blockings.close, machine_id, span, "Belt torn", now=now, around_reservations=True)


def is_free(session, sample_ring, machine_id, span, places=1, now=MONDAY):
    """Whether somebody else could reserve; nothing is stored."""
    try:
        with write_transaction(session):
            wish = reservations.Wish(machine_id, sample_ring.bernd, span, places)
            reservations.request_reservation(session, wish, by=SOMEBODY, now=now)
            raise Undone
    except SlotTaken:
        return False
    except Undone:
        return True


class Undone(Exception):
    pass


def is_sound(session):
    return audits.overlapping_pairs(session) == () and audits.contradictions(session) == ()


def cancel(session, reservation_id, now):
    do(session, reservations.cancel, reservation_id, now=now)


def move_away(session, reservation_id, now):
    do(session, reservations.move, reservation_id, hours(MONDAY, 50, 52), now=now, may_decide=True)


def reject(session, reservation_id, now):
    do(session, decisions.reject, reservation_id, "No", now=now)


def expire(session, reservation_id, now):
    assert do(session, decisions.expire, reservation_id, now=now + timedelta(hours=72))


def approve(session, reservation_id, now):
    do(session, decisions.approve, reservation_id, now=now)


def report_no_show(session, reservation_id, now):
    approve(session, reservation_id, now)
    do(session, decisions.report_no_show, reservation_id, now=hours(MONDAY, 11, 12).start)


def bring_back_early(session, reservation_id, now):
    approve(session, reservation_id, now)
    overruling = Overruling("it runs for today")
    do(session, usage.hand_out, reservation_id, Measurement(), now=hours(MONDAY, 10, 12).start, overruling=overruling)
    do(session, usage.hand_back, reservation_id, Measurement(), now=hours(MONDAY, 11, 12).start)


RELEASES = (
    cancel,
    move_away,
    reject,
    expire,
    report_no_show,
    bring_back_early,
)


def test_a_machine_is_closed_around_its_reservations_at_once(session, sample_ring):
    store = sample_ring.cold_store
    hit = reserve(session, store, sample_ring.anna, hours(MONDAY, 10, 20), now=MONDAY, places=7)
    closure_id = close_around(session, store, hours(MONDAY, 5, 30))

    assert not is_free(session, sample_ring, store, hours(MONDAY, 10, 20))
    assert not is_free(session, sample_ring, store, hours(MONDAY, 6, 7))
    assert is_free(session, sample_ring, store, hours(MONDAY, 30, 31), places=24)
    assert is_sound(session)
    (row,) = (row for row in queries.board(session, hours(MONDAY, 0, 48), now=MONDAY).rows if row.machine.id == store)
    shown = {(one.blocking_id, one.places, one.occupied_from, one.occupied_until) for one in row.entries}
    assert shown == {
        (closure_id, 17, *edges(5, 30)),
        (closure_id, 7, *edges(5, 10)),
        (None, 7, *edges(10, 20)),
        (closure_id, 7, *edges(20, 30)),
    }
    assert [one.id for one in queries.hit_by(session, store, hours(MONDAY, 5, 30))] == [hit.id]


def edges(start, end):
    span = hours(MONDAY, start, end)
    return span.start, span.end


@pytest.mark.parametrize("release", RELEASES, ids=lambda verb: verb.__name__)
def test_what_is_released_during_a_breakdown_is_closed_in_the_same_transaction(session, sample_ring, release):
    hit = reserve(session, sample_ring.splitter, sample_ring.anna, hours(MONDAY, 10, 20), now=MONDAY)
    close_around(session, sample_ring.splitter, hours(MONDAY, 5, 30))
    release(session, hit.id, MONDAY)

    at_eleven = hours(MONDAY, 11, 12).start
    assert not is_free(session, sample_ring, sample_ring.splitter, hours(MONDAY, 12, 19), now=at_eleven)
    assert not is_free(session, sample_ring, sample_ring.splitter, hours(MONDAY, 29, 31), now=at_eleven)
    assert is_free(session, sample_ring, sample_ring.splitter, hours(MONDAY, 30, 31), now=at_eleven)
    assert is_sound(session)


def test_what_is_released_joins_the_closure_in_one_row(session, sample_ring):
    hit = reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, 10, 20), now=MONDAY)
    closure_id = close_around(session, sample_ring.combine, hours(MONDAY, 5, 30))
    cancel(session, hit.id, MONDAY)

    rows = select(Occupancy.occupied_from, Occupancy.occupied_until).where(Occupancy.hold_id == closure_id)
    span = hours(MONDAY, 5, 30)
    assert session.execute(rows).all() == [(span.start, span.end)]


def test_a_reservation_that_is_hit_can_keep_less_but_no_more(session, sample_ring):
    hit = reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, 10, 20), now=MONDAY)
    close_around(session, sample_ring.combine, hours(MONDAY, 5, 30))

    with pytest.raises(SlotTaken):
        do(session, reservations.move, hit.id, hours(MONDAY, 10, 21))
    do(session, reservations.move, hit.id, hours(MONDAY, 12, 14))
    with pytest.raises(SlotTaken):
        do(session, reservations.move, hit.id, hours(MONDAY, 10, 14))
    assert is_sound(session)


def test_lifting_a_breakdown_frees_all_but_the_reservations(session, sample_ring):
    reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, 10, 20), now=MONDAY)
    do(session, blockings.lift, close_around(session, sample_ring.combine, hours(MONDAY, 5, 30)))

    assert is_free(session, sample_ring, sample_ring.combine, hours(MONDAY, 5, 10))
    assert is_free(session, sample_ring, sample_ring.combine, hours(MONDAY, 20, 30))
    assert not is_free(session, sample_ring, sample_ring.combine, hours(MONDAY, 19, 21))
    assert is_sound(session)


def test_a_breakdown_that_takes_longer_is_closed_around_the_next_reservations_too(session, sample_ring):
    for start in (10, 40):
        reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, start, start + 5), now=MONDAY)
    closure_id = close_around(session, sample_ring.combine, hours(MONDAY, 5, 30))
    do(session, blockings.change, closure_id, hours(MONDAY, 5, 50), "Spare part is late")

    assert not is_free(session, sample_ring, sample_ring.combine, hours(MONDAY, 46, 47))
    do(session, blockings.change, closure_id, hours(MONDAY, 5, 8), "Found a belt")
    assert is_free(session, sample_ring, sample_ring.combine, hours(MONDAY, 8, 10))
    assert is_sound(session)


def test_a_planned_closure_becomes_one_around_reservations_when_it_grows(session, sample_ring):
    reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, 10, 20), now=MONDAY)
    closure_id = do(session, blockings.close, sample_ring.combine, hours(MONDAY, 5, 10), "Service")
    with pytest.raises(SlotTaken):
        do(session, blockings.change, closure_id, hours(MONDAY, 5, 30), "Worse")
    do(session, blockings.change, closure_id, hours(MONDAY, 5, 30), "Worse", around_reservations=True)

    assert not is_free(session, sample_ring, sample_ring.combine, hours(MONDAY, 20, 21))
    assert is_sound(session)


def test_two_closures_at_once_leave_no_gap_when_one_is_lifted(session, sample_ring):
    planned = do(session, blockings.close, sample_ring.combine, hours(MONDAY, 10, 20), "Service")
    close_around(session, sample_ring.combine, hours(MONDAY, 5, 30))
    do(session, blockings.lift, planned)

    assert not is_free(session, sample_ring, sample_ring.combine, hours(MONDAY, 12, 13))
    assert is_sound(session)


def test_places_added_during_a_breakdown_are_closed_as_well(session, sample_ring):
    shelf = machine(session, sample_ring.hall, "shelf", places=2)
    reserve(session, shelf, sample_ring.anna, hours(MONDAY, 10, 20), now=MONDAY)
    close_around(session, shelf, hours(MONDAY, 5, 30))
    do(session, machines.change_machine, shelf, MachineInput(slug="shelf", name="Shelf"), places=4)

    assert not is_free(session, sample_ring, shelf, hours(MONDAY, 12, 13))
    assert is_sound(session)


def test_decisions_are_carried_out_together_with_one_mail_for_each_member(session, sample_ring):
    wanda = Actor(user_id=sample_ring.wanda_login)
    of_anna = [
        reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, start, start + 2), now=MONDAY).id
        for start in (10, 14, 18)
    ]
    of_bernd = reserve(session, sample_ring.combine, sample_ring.bernd, hours(MONDAY, 22, 24), now=MONDAY).id
    closure_id = close_around(session, sample_ring.combine, hours(MONDAY, 5, 30))
    forget_mails(session)
    do(
        session,
        breakdown.decide,
        closure_id,
        [
            Decision(of_anna[0], Choice.CANCEL, revision=0),
            Decision(of_anna[1], Choice.MOVE, hours(MONDAY, 40, 42)),
            Decision(of_anna[2], Choice.KEEP),
            Decision(of_bernd, Choice.CANCEL),
        ],
        by=wanda,
    )

    stored = {one.id: one for one in session.scalars(select(Reservation))}
    assert [stored[one].status for one in of_anna] == [Status.CANCELLED, Status.CONFIRMED, Status.CONFIRMED]
    assert not stored[of_anna[0]].is_late_cancel
    assert stored[of_anna[0]].reason == "Belt torn"
    mails = forget_mails(session)
    assert [(one.to_address, one.key.split(":")[1]) for one in mails] == [
        ("anna@ring.example", "replanned"),
        ("bernd@ring.example", "replanned"),
    ]
    assert all(text in mails[0].body for text in ("Cancelled: ", "Proposed: ", "Stays as it is: ", "> Belt torn"))
    assert mails[0].calendar.count("BEGIN:VEVENT") == 2
    held, ended = mails[0].calendar.split("END:VCALENDAR\r\n")[:2]  # a METHOD holds for all entries of a calendar
    assert ("METHOD:PUBLISH" in held, "STATUS:CONFIRMED" in held, "CANCEL" in held) == (True, True, False)
    assert ("METHOD:CANCEL" in ended, "STATUS:CANCELLED" in ended, "CONFIRMED" in ended) == (True, True, False)
    assert is_sound(session)


def test_what_is_only_kept_is_decided_without_a_mail(session, sample_ring):
    kept = reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, 10, 12), now=MONDAY).id
    closure_id = close_around(session, sample_ring.combine, hours(MONDAY, 5, 30))
    forget_mails(session)

    do(session, breakdown.decide, closure_id, [Decision(kept, Choice.KEEP)])
    do(session, breakdown.decide, closure_id, [])

    assert session.get(Reservation, kept).accepted_at == MONDAY
    assert forget_mails(session) == []


def test_a_former_time_that_is_hit_is_counted_and_can_be_moved(session, sample_ring):
    moving = reserve(session, sample_ring.splitter, sample_ring.anna, hours(MONDAY, 10, 12), now=MONDAY).id
    do(session, decisions.approve, moving)
    do(session, reservations.move, moving, hours(MONDAY, 50, 52))
    closure_id = close_around(session, sample_ring.splitter, hours(MONDAY, 5, 30))
    closures = queries.closures(session, now=MONDAY)
    assert queries.undecided_counts(session, closures, now=MONDAY) == {closure_id: 1}

    do(session, breakdown.decide, closure_id, [Decision(moving, Choice.MOVE, hours(MONDAY, 60, 62))])

    after = queries.reservation(session, moving)
    assert (after.status, after.span, after.former) == (Status.CONFIRMED, hours(MONDAY, 60, 62), None)
    assert queries.undecided_counts(session, closures, now=MONDAY) == {}
    assert is_sound(session)


def test_all_decisions_fail_together_and_each_reason_is_named(session, sample_ring):
    first, second, third = (
        reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, start, start + 2), now=MONDAY).id
        for start in (10, 14, 18)
    )
    reserve(session, sample_ring.combine, sample_ring.bernd, hours(MONDAY, 40, 42), now=MONDAY)
    elsewhere = reserve(session, sample_ring.cold_store, sample_ring.bernd, hours(MONDAY, 10, 12), now=MONDAY).id
    closure_id = close_around(session, sample_ring.combine, hours(MONDAY, 5, 30))
    with pytest.raises(DecisionsRefused) as refusal:
        do(
            session,
            breakdown.decide,
            closure_id,
            [
                Decision(first, Choice.CANCEL),
                Decision(second, Choice.MOVE, hours(MONDAY, 40, 42)),
                Decision(third, Choice.CANCEL, revision=7),
                Decision(elsewhere, Choice.CANCEL),
            ],
        )

    codes = {one: error.code for one, error in refusal.value.refusals.items()}
    assert codes == {second: "slot_taken", third: "stale_revision", elsewhere: "reservation_not_found"}
    assert {one.status for one in session.scalars(select(Reservation))} == {Status.CONFIRMED}
    assert is_sound(session)


def test_a_move_because_of_a_breakdown_needs_no_notice_but_keeps_the_other_rules(session, sample_ring):
    with write_transaction(session):
        session.get(Machine, sample_ring.laser).rules = MachineRules(notice_hours=2, step_min=30)
    hit = reserve(session, sample_ring.laser, sample_ring.anna, hours(MONDAY, 3, 4), now=MONDAY).id
    at_two = hours(MONDAY, 2, 3).start
    closure_id = close_around(session, sample_ring.laser, hours(MONDAY, 2, 3.5), now=at_two)
    for span in (hours(MONDAY, 3.6, 4.6), hours(MONDAY, 20, 21)):
        with pytest.raises(DecisionsRefused):
            do(session, breakdown.decide, closure_id, [Decision(hit, Choice.MOVE, span)], now=at_two)
    do(session, breakdown.decide, closure_id, [Decision(hit, Choice.MOVE, hours(MONDAY, 3.5, 4.5))], now=at_two)

    assert session.get(Reservation, hit).starts_at == hours(MONDAY, 3.5, 4.5).start


def test_a_lifted_breakdown_takes_no_decisions_and_a_retired_machine_no_closure(session, sample_ring):
    hit = reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, 10, 12), now=MONDAY).id
    closure_id = close_around(session, sample_ring.combine, hours(MONDAY, 5, 30))
    do(session, blockings.lift, closure_id)

    with pytest.raises(WrongStatus):
        do(session, breakdown.decide, closure_id, [Decision(hit, Choice.CANCEL)])
    with pytest.raises(MachineNotFound):
        close_around(session, machine(session, sample_ring.hall, "old", retired_at=MONDAY), hours(MONDAY, 1, 2))


def test_a_gap_in_a_breakdown_is_found_by_the_audit(session, sample_ring):
    reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, 10, 12), now=MONDAY)
    closure_id = close_around(session, sample_ring.combine, hours(MONDAY, 5, 30))
    with write_transaction(session):
        row = select(Occupancy).where(Occupancy.hold_id == closure_id, Occupancy.occupied_from >= edges(12, 30)[0])
        session.delete(session.scalars(row).one())

    assert [(one.code, one.facts) for one in audits.contradictions(session)] == [
        ("places_missing", {"kind": "closure", "id": closure_id})
    ]


def test_later_times_are_possible_together_at_the_same_time_of_the_day(session, sample_ring):
    spans = [hours(MONDAY, start, start + 2) for start in (3, 3, 5, 5)]  # the laser is used from 8 to 18 by the clock
    wishes = [Wish(sample_ring.laser, sample_ring.anna, span) for span in spans]
    after = hours(MONDAY, 50, 51).start
    proposed = availability.later_times(session, sample_ring.laser, wishes, after, now=MONDAY)

    assert [len(spans) for spans in proposed] == [3] * 4
    assert [spans[0] for spans in proposed] == [
        hours(MONDAY, 51, 53),
        hours(MONDAY, 53, 55),
        hours(MONDAY, 55, 57),
        hours(MONDAY, 77, 79),
    ]
    for spans, wish in zip(proposed, wishes, strict=True):
        reserve(session, sample_ring.laser, wish.member_id, spans[0], now=MONDAY)
    assert availability.later_times(session, sample_ring.laser, [], after, now=MONDAY) == []
    with write_transaction(session):  # of asking, which the decision overrules
        session.execute(update(Machine).where(Machine.id == sample_ring.laser).values(notice_hours=400))
    at_night = Wish(sample_ring.laser, sample_ring.anna, hours(MONDAY, 12, 14))  # made before the hours were shorter
    assert availability.later_times(session, sample_ring.laser, [at_night], after, now=MONDAY, count=1) == [
        (hours(MONDAY, 72, 74),)
    ]


def forget_mails(session):
    """What was written since the last look."""
    for subscription in subscriptions.SUBSCRIPTIONS:
        while in_write_transaction(session, lambda s=subscription: deliveries.deliver(session, s, now=MONDAY)):
            pass
    mails = session.scalars(select(Mail).order_by(Mail.id)).all()
    session.expunge_all()
    with write_transaction(session):
        for mail in session.scalars(select(Mail)):
            session.delete(mail)
    return mails
