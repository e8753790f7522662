"""Re-planning after a breakdown: how reservations are sorted, what a confirmation does, and what it refuses."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import event, func, select

from booking import audits, queries, replan
from booking.closures import blockings, breakdown
from booking.closures.breakdown import Choice, Decision
from booking.errors.schedule_errors import (
    DecisionsRefused,
    SlotTaken,
    WrongStatus,
)
from booking.kernel.events import RecordedEvent
from booking.kernel.transaction import write_transaction
from booking.machines import machines
from booking.models import Blocking, LateMove, Machine, Member, Occupancy, Replanned, Reservation, Status, Unit
from booking.queries.late_moves import late_moves
from booking.queries.replanned import replanned
from booking.quotas import quotas
from booking.quotas.quotas import QuotaInput
from booking.records import groups
from booking.replan import Outcome
from booking.replan.errors import OldTimeGone, PlanChanged
from booking.reservations import reservations
from booking.reservations.wishes import Wish
from tests.breakdowns import book, broken_laser, close, do, three_lasers
from tests.builders import hours
from tests.conftest import MONDAY


@pytest.fixture
def lasers(session, sample_ring):
    return three_lasers(session, sample_ring)


@pytest.fixture
def hit(session, sample_ring, lasers):
    return broken_laser(session, sample_ring, lasers)


def outcomes(plan):
    return {line.reservation_id: line.outcome for line in plan.lines}


def is_sound(session):
    session.expire_all()
    return audits.overlapping_pairs(session) == () and audits.contradictions(session) == ()


def test_reservations_are_sorted_by_what_becomes_of_them(session, hit, lasers):
    ids, closure_id = hit
    plan = replan.make_plan(session, closure_id, now=MONDAY)
    lines = {line.outcome: line for line in plan.lines}

    assert {outcome: line.reservation_id for outcome, line in lines.items()} == ids
    a, _b, c = lasers
    targets = {outcome: (line.target.machine_id, line.target.span) for outcome, line in lines.items() if line.target}
    assert targets == {
        Outcome.TWIN: (a, hours(MONDAY, 5, 7)),
        Outcome.SHIFT: (a, hours(MONDAY, 12, 14)),
        Outcome.OFFER: (c, hours(MONDAY, 21, 23)),
    }
    assert plan.digest == replan.make_plan(session, closure_id, now=MONDAY + timedelta(minutes=3)).digest


def test_a_plan_is_carried_out_in_one_go_and_can_be_answered(session, hit, lasers):
    ids, closure_id = hit
    a, b, c = lasers
    plan = replan.make_plan(session, closure_id, now=MONDAY)
    do(session, replan.confirm, closure_id, plan.digest)

    stored = {one.id: one for one in session.scalars(select(Reservation))}
    assert {outcome: (stored[one].machine_id, stored[one].revision) for outcome, one in ids.items()} == {
        Outcome.TWIN: (a, 1),
        Outcome.SHIFT: (a, 1),
        Outcome.OFFER: (b, 1),
        Outcome.AT_RISK: (b, 0),
    }
    assert is_sound(session)
    again = replan.make_plan(session, closure_id, now=MONDAY)
    assert outcomes(again) == {ids[Outcome.OFFER]: Outcome.OFFERED, ids[Outcome.AT_RISK]: Outcome.AT_RISK}
    with pytest.raises(PlanChanged):  # the second click
        do(session, replan.confirm, closure_id, plan.digest)

    mails = session.scalar(select(func.count()).where(RecordedEvent.type == "reservations_replanned"))
    do(session, replan.confirm, closure_id, again.digest)  # nothing is left to do, and nobody hears of it again
    assert session.scalar(select(func.count()).where(RecordedEvent.type == "reservations_replanned")) == mails == 2

    do(session, replan.take_offer, ids[Outcome.OFFER])
    with pytest.raises(SlotTaken):  # still closed
        do(session, replan.go_back, ids[Outcome.TWIN])
    do(session, blockings.lift, closure_id)
    do(session, replan.go_back, ids[Outcome.TWIN])
    for answer in (replan.go_back, replan.take_offer):
        with pytest.raises(OldTimeGone):
            do(session, answer, ids[Outcome.TWIN])
    stored = {one.id: one for one in session.scalars(select(Reservation).execution_options(populate_existing=True))}
    assert [stored[ids[one]].machine_id for one in (Outcome.TWIN, Outcome.SHIFT, Outcome.OFFER)] == [b, a, c]
    assert stored[ids[Outcome.TWIN]].proposed_at is None
    assert is_sound(session)


def test_the_manager_overrules_line_by_line(session, hit, lasers):
    ids, closure_id = hit
    _a, b, c = lasers
    plan = replan.make_plan(session, closure_id, now=MONDAY)
    decisions = [
        Decision(ids[Outcome.TWIN], Choice.MOVE, machine_id=c),
        Decision(ids[Outcome.SHIFT], Choice.CANCEL),
        Decision(ids[Outcome.OFFER], Choice.KEEP),
    ]
    do(session, replan.confirm, closure_id, plan.digest, decisions)

    stored = {one.id: one for one in session.scalars(select(Reservation))}
    found = [(stored[ids[one]].machine_id, stored[ids[one]].status) for one in ids]
    assert found == [(c, Status.CONFIRMED), (b, Status.CANCELLED), (b, Status.CONFIRMED), (b, Status.CONFIRMED)]
    assert is_sound(session)


def test_what_changed_since_the_preview_is_refused_and_nothing_is_written(session, sample_ring, hit, lasers):
    ids, closure_id = hit
    digest = replan.make_plan(session, closure_id, now=MONDAY).digest
    at_six = hours(MONDAY, 6, 7).start

    def written():
        session.expire_all()
        counts = [
            session.scalar(select(func.count()).select_from(one)) for one in (RecordedEvent, Occupancy, Replanned)
        ]
        return counts, session.execute(select(Reservation.id, Reservation.revision).order_by(Reservation.id)).all()

    def refused(error=PlanChanged, decisions=(), now=MONDAY):
        before = written()
        with pytest.raises(error) as caught:
            do(session, replan.confirm, closure_id, digest, decisions, now=now)
        assert written() == before
        return caught.value

    refused(now=at_six)  # one has begun
    refused(DecisionsRefused, [Decision(ids[Outcome.AT_RISK], Choice.CANCEL)])
    taken = refused(DecisionsRefused, [Decision(ids[Outcome.OFFER], Choice.MOVE, machine_id=lasers[0])])
    assert [error.code for error in taken.refusals.values()] == ["slot_taken"]
    book(session, lasers[0], sample_ring.bernd, 5, 6)  # the twin is reserved at that second
    error = refused()
    plan = replan.make_plan(session, closure_id, now=MONDAY)
    assert error.facts["digest"] == plan.digest
    assert outcomes(plan)[ids[Outcome.TWIN]] is Outcome.OFFER
    do(session, blockings.lift, closure_id)
    refused(WrongStatus)


def test_a_later_repair_plans_only_what_is_newly_hit(session, hit):
    ids, closure_id = hit
    do(session, replan.confirm, closure_id, replan.make_plan(session, closure_id, now=MONDAY).digest)
    do(session, blockings.change, closure_id, hours(MONDAY, 0, 61), "Tube is late")

    plan = replan.make_plan(session, closure_id, now=MONDAY)
    assert outcomes(plan) == {ids[Outcome.OFFER]: Outcome.OFFERED, ids[Outcome.AT_RISK]: Outcome.TWIN}


def confirmed(session, closure_id, **more):
    """Confirm the plan of a closure as it is."""
    do(session, replan.confirm, closure_id, replan.make_plan(session, closure_id, now=MONDAY).digest, **more)


@pytest.mark.of_sqlite
def test_what_was_moved_at_short_notice_before_costs_nothing_after_a_plan(session, hit, lasers):
    """Declining what is proposed is to cancel: what a move gave up too late before the breakdown counts no more."""
    ids, closure_id = hit
    span = hours(MONDAY, 1, 2)
    with write_transaction(session):
        for one in ids.values():
            session.add(
                LateMove(
                    reservation_id=one,
                    moved_at=MONDAY,
                    machine_id=lasers[1],
                    starts_at=span.start,
                    ends_at=span.end,
                    places=1,
                )
            )
    plan = replan.make_plan(session, closure_id, now=MONDAY)
    chosen = [Decision(ids[Outcome.TWIN], Choice.MOVE, machine_id=lasers[2])]
    do(session, replan.confirm, closure_id, plan.digest, chosen)
    assert list(late_moves(session, ids.values())) == [ids[Outcome.AT_RISK]], "that one keeps its time"


def test_a_proposal_is_held_until_it_is_taken(session, sample_ring, hit, lasers):
    ids, closure_id = hit
    confirmed(session, closure_id)
    with pytest.raises(SlotTaken):
        book(session, lasers[2], sample_ring.anna, 21, 22)

    (line,) = replan.make_plan(session, closure_id, now=MONDAY).of(Outcome.OFFER, Outcome.OFFERED)
    assert (line.reservation_id, line.outcome, line.target.machine_id) == (
        ids[Outcome.OFFER],
        Outcome.OFFERED,
        lasers[2],
    )
    assert is_sound(session)
    lapses_at = session.get(Replanned, ids[Outcome.OFFER]).lapses_at
    assert lapses_at == min(MONDAY + timedelta(hours=24), hours(MONDAY, 21, 23).start)
    with pytest.raises(OldTimeGone):  # the worker is late
        do(session, replan.take_offer, ids[Outcome.OFFER], now=lapses_at)
    assert do(session, replan.take_offer, ids[Outcome.OFFER]).machine_id == lasers[2]
    assert is_sound(session)


def told(session, kind):
    """Return the reservations of the events of a kind."""
    return [one.facts["reservation_id"] for one in session.scalars(select(RecordedEvent).filter_by(type=kind))]


@pytest.mark.parametrize("is_lapse", [True, False], ids=["lapsed", "declined"])
def test_a_proposal_that_nobody_takes_frees_its_machine_and_cancels_its_reservation(
    session, sample_ring, hit, lasers, is_lapse
):
    ids, closure_id = hit
    confirmed(session, closure_id)
    offered, later = ids[Outcome.OFFER], hours(MONDAY, 21, 23).start
    assert replan.overdue(session, now=MONDAY) == []
    assert not do(session, replan.lapse, offered)
    if is_lapse:
        assert replan.overdue(session, now=later) == [offered]
        assert [do(session, replan.lapse, offered, now=later) for _once in range(2)] == [True, False]
    else:
        do(session, replan.decline, offered)
        with pytest.raises(OldTimeGone):
            do(session, replan.decline, offered)
    ended = queries.reservation(session, offered)
    assert (ended.status, ended.is_late_cancel, ended.reason) == (Status.CANCELLED, False, "Tube")
    assert told(session, f"proposal_{'lapsed' if is_lapse else 'declined'}") == [offered]
    assert is_sound(session)
    book(session, lasers[2], sample_ring.anna, 27, 28)
    assert replan.overdue(session, now=later) == []


def test_a_proposal_ends_with_what_it_was_made_for(session, sample_ring, lasers):
    """Its member cancels or moves the reservation, a manager decides, or the proposed machine is closed or retires."""
    a, b, c = lasers
    book(session, a, sample_ring.bernd, 20, 44)
    offered, second, third = (book(session, b, sample_ring.anna, start, start + 2) for start in (21, 30, 36))
    closure_id = close(session, b)
    confirmed(session, closure_id)
    close(session, c, 22, 23)
    assert told(session, "proposal_withdrawn") == [offered]
    assert queries.reservation(session, offered).status == Status.CONFIRMED
    (line,) = replan.make_plan(session, closure_id, now=MONDAY).of(Outcome.OFFER)
    assert line.target.machine_id == b  # after the repair
    confirmed(session, closure_id)
    do(session, breakdown.decide, closure_id, [Decision(offered, Choice.KEEP)])
    assert told(session, "proposal_withdrawn") == [offered, offered]
    assert session.get(Replanned, offered) is None

    session.expire_all()
    assert session.get(Replanned, second).to_machine_id == c
    do(session, machines.retire, c)
    assert sorted(told(session, "proposal_withdrawn")) == [offered, offered, second, third]

    confirmed(session, closure_id)
    ends = {second: reservations.cancel, third: partial(reservations.move, span=hours(MONDAY, 70, 72))}
    for one, leave in ends.items():
        assert replanned(session, queries.reservation(session, one), now=MONDAY).is_possible
        held = session.get(Replanned, one).hold_id
        do(session, leave, one)
        assert replan.overdue(session, now=MONDAY) == []  # free at once, not when a job runs
        assert session.scalars(select(Occupancy.id).where(Occupancy.hold_id == held)).all() == []
        assert told(session, "proposal_withdrawn")[-1] == one
    assert is_sound(session)


def test_a_second_click_makes_no_second_closure(session, lasers):
    first, second = (close(session, lasers[1]) for _click in range(2))
    assert first == second


def test_nobody_pays_more_without_being_asked_and_who_left_gets_nothing(session, sample_ring, hit, lasers):
    ids, closure_id = hit
    with write_transaction(session):
        session.get(Member, sample_ring.bernd).left_on = MONDAY.date() - timedelta(days=1)
    plan = replan.make_plan(
        session, closure_id, now=MONDAY, is_dearer=lambda _wish, instead: instead.machine_id == lasers[0]
    )

    found = {line.reservation_id: line for line in plan.lines}
    assert found[ids[Outcome.TWIN]].outcome is Outcome.OFFER
    assert found[ids[Outcome.TWIN]].target.is_dearer
    assert (found[ids[Outcome.OFFER]].outcome, found[ids[Outcome.OFFER]].reasons) == (Outcome.NONE, ("member_left",))


@pytest.mark.parametrize(("measure", "period", "most"), [("time", "week", 120), ("open", None, 1)])
def test_a_plan_passes_no_quota_of_the_twin_counting_what_it_moves_itself(
    session, sample_ring, lasers, measure, period, most
):
    a, b, c = lasers
    anna, bernd = sample_ring.anna, sample_ring.bernd
    ids = [book(session, b, who, start, start + 2) for who, start in ((anna, 5), (anna, 8), (bernd, 11))]
    entered = QuotaInput(measure=measure, period=period, most=most, workshop_id=sample_ring.hall, machine_id=a)
    do(session, quotas.enter_quota, entered)
    closure_id = close(session, b)

    plan = replan.make_plan(session, closure_id, now=MONDAY)
    found = {line.reservation_id: (line.outcome, line.target.machine_id) for line in plan.lines}
    assert found == dict(zip(ids, [(Outcome.TWIN, a), (Outcome.OFFER, c), (Outcome.TWIN, a)], strict=True))
    do(session, replan.confirm, closure_id, plan.digest)
    assert is_sound(session)


def test_a_plan_gives_no_machine_that_has_fewer_places_than_are_reserved(session, sample_ring, lasers):
    a, b, c = lasers
    with write_transaction(session):
        session.add_all(Unit(machine_id=one, number=2) for one in (b, c))
    one, two = (
        do(session, reservations.request_reservation, Wish(b, sample_ring.anna, hours(MONDAY, at, at + 2), places)).id
        for at, places in ((5, 1), (8, 2))
    )
    plan = replan.make_plan(session, close(session, b), now=MONDAY)

    targets = {line.reservation_id: (line.outcome, line.target.machine_id) for line in plan.lines}
    assert targets == {one: (Outcome.TWIN, a), two: (Outcome.OFFER, c)}


def test_a_retired_twin_and_a_retired_group_take_nothing(session, hit, lasers):
    _ids, closure_id = hit
    with write_transaction(session):
        session.get(Machine, lasers[0]).retired_at = MONDAY
    plan = replan.make_plan(session, closure_id, now=MONDAY)
    assert {line.target.machine_id for line in plan.lines if line.target} <= set(lasers[1:])
    do(session, groups.retire, groups.group_of(session, lasers[0]))
    plan = replan.make_plan(session, closure_id, now=MONDAY)
    assert {line.target.machine_id for line in plan.lines if line.target} == {lasers[1]}
    do(session, replan.confirm, closure_id, plan.digest)
    assert is_sound(session)


def test_who_was_moved_as_the_manager_chose_may_go_back_too(session, hit, lasers):
    ids, closure_id = hit
    chosen = [Decision(ids[Outcome.TWIN], Choice.MOVE, machine_id=lasers[2])]
    do(session, replan.confirm, closure_id, replan.make_plan(session, closure_id, now=MONDAY).digest, chosen)
    later = hours(MONDAY, 66, 68)
    do(session, breakdown.decide, closure_id, [Decision(ids[Outcome.OFFER], Choice.MOVE, later)])
    do(session, blockings.lift, closure_id)
    for one, span in ((Outcome.TWIN, hours(MONDAY, 5, 7)), (Outcome.OFFER, hours(MONDAY, 21, 23))):
        back = do(session, replan.go_back, ids[one])
        assert (back.machine_id, back.starts_at, back.ends_at) == (lasers[1], span.start, span.end)


def test_a_proposal_ends_with_the_closure(session, hit):
    ids, closure_id = hit
    do(session, replan.confirm, closure_id, replan.make_plan(session, closure_id, now=MONDAY).digest)
    with write_transaction(session):
        session.get_one(Reservation, ids[Outcome.OFFER]).choices = ("With operator",)
    offered = queries.reservation(session, ids[Outcome.OFFER])
    assert replanned(session, offered, now=MONDAY).wish.choices == ("With operator",)
    do(session, blockings.change, closure_id, hours(MONDAY, 0, 20), "Repaired")
    assert replanned(session, offered, now=MONDAY) is None
    with pytest.raises(OldTimeGone):
        do(session, replan.take_offer, ids[Outcome.OFFER])


def test_a_proposal_that_overlaps_its_own_reservation_is_made_once(session, sample_ring, lasers):
    a, b, c = lasers
    for other in (a, c):
        book(session, other, sample_ring.bernd, 40, 60)
    straddling = book(session, b, sample_ring.anna, 46, 49)
    closure_id = close(session, b)
    plan = replan.make_plan(session, closure_id, now=MONDAY)
    assert outcomes(plan) == {straddling: Outcome.OFFER}
    do(session, replan.confirm, closure_id, plan.digest)
    assert outcomes(replan.make_plan(session, closure_id, now=MONDAY)) == {straddling: Outcome.OFFERED}
    assert do(session, replan.take_offer, straddling).starts_at == hours(MONDAY, 48, 51).start


def test_what_the_manager_chooses_needs_no_notice_either(session, hit, lasers):
    ids, closure_id = hit
    with write_transaction(session):
        session.get(Machine, lasers[2]).notice_hours = 24
        session.get(Blocking, closure_id).reason = ""  # as a program may send it
    chosen = [Decision(ids[Outcome.TWIN], Choice.MOVE, machine_id=lasers[2])]
    do(session, replan.confirm, closure_id, replan.make_plan(session, closure_id, now=MONDAY).digest, chosen)
    assert session.get(Reservation, ids[Outcome.TWIN]).machine_id == lasers[2]


def test_nothing_is_moved_to_the_machine_and_time_that_are_closed(session, hit, lasers):
    ids, closure_id = hit
    for decision in (
        Decision(ids[Outcome.TWIN], Choice.MOVE, machine_id=lasers[1]),
        Decision(ids[Outcome.TWIN], Choice.MOVE, hours(MONDAY, 46, 49)),
    ):
        with pytest.raises(DecisionsRefused) as refused:
            do(session, breakdown.decide, closure_id, [decision])
        assert [one.code for one in refused.value.refusals.values()] == ["machine_is_closed"]


def test_nobody_goes_back_from_a_time_that_has_begun(session, sample_ring, lasers):
    a, b, _c = lasers
    book(session, a, sample_ring.bernd, 10, 20)
    earlier = book(session, b, sample_ring.anna, 10, 12, tolerance_min=240)
    closure_id = close(session, b)
    do(session, replan.confirm, closure_id, replan.make_plan(session, closure_id, now=MONDAY).digest)
    do(session, blockings.lift, closure_id)
    moved = queries.reservation(session, earlier)
    assert moved.span == hours(MONDAY, 8, 10)
    assert replanned(session, moved, now=MONDAY).is_possible
    for now in (moved.starts_at, moved.ends_at):
        assert replanned(session, moved, now=now) is None
        with pytest.raises(OldTimeGone):
            do(session, replan.go_back, earlier, now=now)


@pytest.mark.postgresql
def test_what_a_plan_notes_and_the_machine_of_a_closure_are_locked_before_it_is_written(
    session, sample_ring, hit, lasers
):
    """Another order is a deadlock with who cancels what is at risk, and loses what is released as a closure ends."""
    if session.get_bind().name == "sqlite":
        return  # one writer at a time
    ids, closure_id = hit
    digest = replan.make_plan(session, closure_id, now=MONDAY).digest
    full = close(session, lasers[0], 20, 44)  # holds nothing
    locked = []

    def note(_connection, _cursor, statement, parameters, *_rest):
        if "FOR UPDATE" in statement and "booking_reservation" in statement:
            locked.append(set(parameters.values()))
        elif "pg_advisory_xact_lock(" in statement:
            locked.append(parameters["machine_id"])

    event.listen(session.get_bind(), "before_cursor_execute", note)
    do(session, replan.confirm, closure_id, digest)
    assert locked[0] >= set(ids.values())
    locked.clear()
    do(session, blockings.lift, full)
    event.remove(session.get_bind(), "before_cursor_execute", note)
    assert locked[0] == lasers[0]
