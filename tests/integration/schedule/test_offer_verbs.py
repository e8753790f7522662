"""What becomes free is offered to the first in line: to whom, for how long, and what becomes of it."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import delete, event, insert, select, update

from app.extensions import db
from billing.prices.tariff_parts import AdjustmentEntry, TariffParts
from billing.tariffs.asked_amounts import LackingVariants
from billing.tariffs.tariffs import TariffEntry, enter_tariff
from booking import audits
from booking.closures import blockings
from booking.errors.schedule_errors import RequestRefused, SlotTaken
from booking.errors.waiting_errors import OfferClosed, OfferNotFound
from booking.kernel.transaction import write_transaction
from booking.machines import machines
from booking.models import (
    DayPart,
    Hold,
    Induction,
    Machine,
    Occupancy,
    Offer,
    OfferStatus,
    Reservation,
    Unit,
    WaitingEntry,
)
from booking.offers import offers
from booking.queries.waiting import waiting_entry
from booking.records import groups
from booking.records.groups import GroupInput, RankedMachine
from booking.reservations import decisions, reservations
from booking.timespan import TimeSpan
from booking.use import usage
from booking.waiting import answers, entries, offering
from booking.waiting.matching import WaitingWish
from tests.builders import SOMEBODY, hours, machine, member, reserve, schedule_version
from tests.conftest import MONDAY

WISHED = hours(MONDAY + timedelta(days=7), 1, 3)  # Monday in a week, 9 to 11 by the clock


def join(session, machine_id, member_id, span=WISHED, *, now=MONDAY, **wish):
    with write_transaction(session):
        return entries.join(session, WaitingWish(member_id, machine_id, None, span, **wish), by=SOMEBODY, now=now)


def cancel(session, reservation_id, now=MONDAY):
    with write_transaction(session):
        reservations.cancel(session, reservation_id, by=SOMEBODY, now=now)


def offers_of(session):
    """Each offer as (member, status), in the order in which they were made."""
    session.rollback()
    rows = session.execute(select(Offer.member_id, Offer.state).order_by(Offer.id))
    return [(row.member_id, row.state) for row in rows]


def newest(session):
    session.rollback()
    return session.scalars(select(Offer).order_by(Offer.id.desc()).limit(1)).one()


def sound(session):
    session.rollback()
    return not (audits.overlapping_pairs(session) or audits.contradictions(session) or audits.quota_use(session))


def held_by(session, machine_id):
    """What holds a machine, as (id, kind, row)."""
    session.rollback()
    rows = select(Hold.id, Hold.kind, Occupancy.id).join(Occupancy, Occupancy.hold_id == Hold.id)
    return session.execute(rows.join(Unit, Unit.id == Occupancy.unit_id).where(Unit.machine_id == machine_id)).all()


def interrupt(*_arguments, **_more):
    raise InterruptedError


def test_what_is_cancelled_is_offered_and_the_answers_pass_it_on(session, sample_ring, monkeypatch):
    anna, bernd, combine = sample_ring.anna, sample_ring.bernd, sample_ring.combine
    carla, dora = member(session, "Carla"), member(session, "Dora")
    taken = reserve(session, combine, dora, WISHED, now=MONDAY)
    ids = [join(session, combine, one) for one in (anna, bernd, carla)]
    before = schedule_version(session, member_id=anna), schedule_version(session, machine_id=combine)

    cancel(session, taken.id)

    assert offers_of(session) == [(anna, "open")]
    first = newest(session)
    assert (first.starts_at, first.lapses_at) == (WISHED.start, MONDAY + timedelta(hours=24))
    assert schedule_version(session, member_id=anna) == before[0]  # nothing changed in Anna's calendar
    assert schedule_version(session, machine_id=combine) > before[1]
    with pytest.raises(SlotTaken):
        reserve(session, combine, dora, WISHED, now=MONDAY)
    assert waiting_entry(session, ids[0], now=MONDAY).offer_id == first.id

    with write_transaction(session):
        answers.decline(session, first.id, by=SOMEBODY, now=MONDAY)
        answers.decline(session, first.id, by=SOMEBODY, now=MONDAY)  # a second click
    assert offers_of(session) == [(anna, "declined"), (bernd, "open")]
    assert waiting_entry(session, ids[0], now=MONDAY).position is None

    lapsed_at = MONDAY + timedelta(hours=24)
    with write_transaction(session):
        assert not answers.lapse(session, newest_id(session), by=SOMEBODY, now=lapsed_at - timedelta(seconds=1))
    (overdue,) = answers.overdue(session, now=lapsed_at)
    with write_transaction(session), pytest.raises(OfferClosed) as refusal:
        answers.accept(session, overdue, by=SOMEBODY, now=lapsed_at)
    assert refusal.value.facts["status"] == "lapsed"
    for _again in range(2):
        with write_transaction(session):
            answers.lapse(session, overdue, by=SOMEBODY, now=lapsed_at)
    assert offers_of(session)[1:] == [(bernd, "lapsed"), (carla, "open")]

    ((held_for, kind, row),) = held_by(session, combine)
    assert (held_for, kind) == (newest_id(session), "offer")
    with monkeypatch.context() as last_statement:  # one transaction: all of it, or nothing
        last_statement.setattr(answers, "publish", interrupt)
        with pytest.raises(InterruptedError), write_transaction(session):
            answers.accept(session, held_for, by=SOMEBODY, now=lapsed_at)
    assert held_by(session, combine) == [(held_for, "offer", row)]
    assert (newest(session).state, session.scalar(select(Reservation.id).where(Reservation.member_id == carla))) == (
        "open",
        None,
    )
    with write_transaction(session):
        reservation_id = answers.accept(session, held_for, by=SOMEBODY, now=lapsed_at)
    assert held_by(session, combine) == [(reservation_id, "reservation", row)]  # the same row, free at no moment
    assert session.get(Reservation, reservation_id).status == "confirmed"
    assert offers_of(session)[2] == (carla, "accepted")
    assert waiting_entry(session, ids[2], now=lapsed_at).position is None
    with write_transaction(session), pytest.raises(OfferClosed) as refusal:
        answers.accept(session, newest_id(session), by=SOMEBODY, now=lapsed_at)
    assert refusal.value.facts == {"status": "accepted", "reservation_id": reservation_id}
    assert sound(session)


def newest_id(session):
    return session.scalar(select(Offer.id).order_by(Offer.id.desc()).limit(1))


def test_nobody_left_in_line_leaves_the_time_free(session, sample_ring):
    taken = reserve(session, sample_ring.combine, sample_ring.bernd, WISHED, now=MONDAY)
    entry_id = join(session, sample_ring.combine, sample_ring.anna)
    cancel(session, taken.id)
    with write_transaction(session):
        entries.leave(session, entry_id, by=SOMEBODY, now=MONDAY)
    assert offers_of(session) == [(sample_ring.anna, "withdrawn")]
    assert reserve(session, sample_ring.combine, sample_ring.bernd, WISHED, now=MONDAY)
    with write_transaction(session), pytest.raises(OfferNotFound):
        answers.accept(session, 10**9, by=SOMEBODY, now=MONDAY)
    assert sound(session)


@pytest.mark.parametrize("way", ["moved", "shortened", "moved to another machine", "back early", "not fetched"])
def test_each_way_of_becoming_free_is_offered(session, sample_ring, way):
    combine, anna, bernd = sample_ring.combine, sample_ring.anna, sample_ring.bernd
    span = hours(MONDAY, 0, 8)
    taken = reserve(session, combine, bernd, span, now=MONDAY)
    join(session, combine, anna, hours(MONDAY, 5, 7))
    later = MONDAY + timedelta(hours=2)
    with write_transaction(session):
        if way == "moved":
            reservations.move(session, taken.id, hours(MONDAY, 24, 32), by=SOMEBODY, now=MONDAY)
        elif way == "shortened":
            reservations.move(session, taken.id, hours(MONDAY, 0, 4), by=SOMEBODY, now=MONDAY)
        elif way == "moved to another machine":
            reservations.move(
                session, taken.id, None, machine_id=sample_ring.splitter, may_decide=True, by=SOMEBODY, now=MONDAY
            )
        elif way == "not fetched":
            decisions.report_no_show(session, taken.id, by=SOMEBODY, now=later)
        else:
            usage.hand_out(session, taken.id, usage.Measurement(reading=1), by=SOMEBODY, now=MONDAY)
    if way == "back early":
        with write_transaction(session):
            usage.hand_back(session, taken.id, usage.Measurement(reading=2), by=SOMEBODY, now=later)
    assert offers_of(session) == [(anna, "open")]
    assert newest(session).lapses_at == min(
        MONDAY + timedelta(hours=5), newest(session).offered_at + timedelta(hours=24)
    )
    assert sound(session)


def test_what_expires_or_is_declined_is_offered(session, sample_ring):
    splitter, anna = sample_ring.splitter, sample_ring.anna
    for week, end in enumerate((decisions.expire, decisions.reject)):
        span = hours(WISHED.start, 168 * week, 168 * week + 2)
        taken = reserve(session, splitter, sample_ring.bernd, span, now=MONDAY).id
        join(session, splitter, anna, span)
        due = session.get(Reservation, taken).decide_until
        (more, now) = ((), due) if end is decisions.expire else (("Too wet",), MONDAY)
        with write_transaction(session):
            end(session, taken, *more, by=SOMEBODY, now=now)
        assert (newest(session).starts_at, offers_of(session)) == (span.start, [(anna, "open")] * (week + 1))
    assert sound(session)


def test_a_closure_withdraws_offers_and_its_end_makes_them_again(session, sample_ring):
    combine, anna = sample_ring.combine, sample_ring.anna
    taken = reserve(session, combine, sample_ring.bernd, WISHED, now=MONDAY)
    join(session, combine, anna)
    cancel(session, taken.id)
    day = hours(WISHED.start, -4, 12)
    with write_transaction(session):
        closure_id = blockings.close(session, combine, day, "Belt", by=SOMEBODY, now=MONDAY)
    assert offers_of(session) == [(anna, "withdrawn")]
    with write_transaction(session):
        blockings.lift(session, closure_id, by=SOMEBODY, now=MONDAY)
    assert offers_of(session) == [(anna, "withdrawn"), (anna, "open")]
    with write_transaction(session):
        closure_id = blockings.close(session, combine, day, "Belt", by=SOMEBODY, now=MONDAY, around_reservations=True)
    assert offers_of(session)[1:] == [(anna, "withdrawn")]
    with write_transaction(session):  # done earlier
        blockings.change(session, closure_id, hours(day.start, 0, 4), "Belt", by=SOMEBODY, now=MONDAY)
    assert offers_of(session)[1:] == [(anna, "withdrawn"), (anna, "open")]
    assert sound(session)


def test_a_place_that_is_added_is_offered_and_offers_give_way_on_places(session, sample_ring):
    rack = sample_ring.cold_store
    with write_transaction(session):
        session.execute(delete(Unit).where(Unit.machine_id == rack, Unit.number > 2))
    first, second = WISHED, hours(WISHED.start, 2, 4)
    reserve(session, rack, sample_ring.bernd, first, now=MONDAY)
    reserve(session, rack, sample_ring.bernd, first, now=MONDAY)
    join(session, rack, sample_ring.anna)
    view = session.get(Machine, rack, populate_existing=True)
    with write_transaction(session):
        data = machines.MachineInput(slug=view.slug, name=view.name, charge_unit="place_day")
        machines.change_machine(session, rack, data, places=3, by=SOMEBODY, now=MONDAY)
    assert offers_of(session) == [(sample_ring.anna, "open")]
    for _number in range(3):
        reserve(session, rack, sample_ring.bernd, second, now=MONDAY)
    with write_transaction(session):
        machines.change_machine(session, rack, data, places=3, by=SOMEBODY, now=MONDAY)
    assert sound(session)


def test_a_freed_day_serves_patterns_one_after_the_other_within_the_morning(session, sample_ring):
    """Anna waits for any 4 h of next week, mornings; what becomes free of it is an afternoon, then a day."""
    combine, bernd = sample_ring.combine, sample_ring.bernd
    week = hours(MONDAY + timedelta(days=7), -8, 160)  # by the clock from midnight to midnight
    day = hours(week.start, 24, 48)
    parts = [hours(week.start, *part) for part in ((0, 24), (24, 48), (48, 60), (60, 72), (72, 168))]
    taken = [reserve(session, combine, bernd, part, now=MONDAY).id for part in parts]
    join(session, combine, sample_ring.anna, week, length_min=240, part=DayPart.MORNING)
    join(session, combine, bernd, day, length_min=120, part=DayPart.MORNING)
    carla = member(session, "Carla")
    join(session, combine, carla, day, length_min=60, part=DayPart.MORNING)

    cancel(session, taken[3])
    assert offers_of(session) == []
    cancel(session, taken[1])

    session.rollback()
    spans = {one.member_id: TimeSpan(one.starts_at, one.ends_at) for one in session.scalars(select(Offer))}
    assert spans == {
        sample_ring.anna: hours(day.start, 6, 10),
        sample_ring.bernd: hours(day.start, 10, 12),
    }
    first = session.scalars(select(Offer.id).order_by(Offer.id)).first()
    with write_transaction(session):
        answers.decline(session, first, by=SOMEBODY, now=MONDAY)
    assert offers_of(session)[-1] == (carla, "open")  # Anna waits on, but not for what she declined
    assert waiting_entry(session, 1, now=MONDAY).position == 1
    assert sound(session)


def test_the_rules_of_the_moment_decide_who_is_next(session, sample_ring):
    laser, anna = sample_ring.laser, sample_ring.anna
    carla = member(session, "Carla")
    with write_transaction(session):
        for one in (sample_ring.bernd, carla):
            kind = {"kind_id": sample_ring.laser_induction, "given_on": MONDAY.date()}
            session.add(Induction(member_id=one, valid_until=(MONDAY + timedelta(days=99)).date(), **kind))
    taken = reserve(session, laser, carla, WISHED, now=MONDAY)
    entry_id = join(session, laser, anna)
    join(session, laser, sample_ring.bernd)
    with write_transaction(session):
        session.execute(update(Induction).where(Induction.member_id == anna).values(ended_at=MONDAY))

    cancel(session, taken.id)
    assert offers_of(session) == [(sample_ring.bernd, "open")]
    assert waiting_entry(session, entry_id, now=MONDAY).position == 1

    # What has changed since it was offered counts when it is accepted, and refuses it calmly.
    with write_transaction(session):
        session.execute(update(Induction).where(Induction.member_id == sample_ring.bernd).values(ended_at=MONDAY))
    with write_transaction(session), pytest.raises(RequestRefused):
        answers.accept(session, newest_id(session), by=SOMEBODY, now=MONDAY)
    assert offers_of(session) == [(sample_ring.bernd, "open")]
    assert sound(session)


def test_an_offer_leaves_time_to_answer_and_ends_before_the_notice(session, sample_ring):
    combine = sample_ring.combine
    with write_transaction(session):
        session.execute(update(Machine).where(Machine.id == combine).values(notice_hours=2, offer_hours=3))
    taken = reserve(session, combine, sample_ring.bernd, hours(MONDAY, 5, 8), now=MONDAY)
    join(session, combine, sample_ring.anna, hours(MONDAY, 5, 8))
    late = MONDAY + timedelta(hours=3, minutes=-10)
    cancel(session, taken.id, now=late)
    assert offers_of(session) == []  # ten minutes would be left

    taken = reserve(session, combine, sample_ring.bernd, hours(MONDAY, 10, 12), now=MONDAY)
    join(session, combine, sample_ring.anna, hours(MONDAY, 10, 12))
    cancel(session, taken.id, now=MONDAY + timedelta(hours=6))
    assert newest(session).lapses_at == MONDAY + timedelta(hours=8)


def test_a_group_is_served_by_whichever_machine_becomes_free_and_needs_approval_where_that_does(session, sample_ring):
    with write_transaction(session):
        entered = GroupInput("Both", (RankedMachine(sample_ring.combine), RankedMachine(sample_ring.splitter)))
        group_id = groups.make(session, sample_ring.hall, entered, by=SOMEBODY, now=MONDAY)
    taken = [
        reserve(session, one, sample_ring.bernd, WISHED, now=MONDAY)
        for one in (sample_ring.combine, sample_ring.splitter)
    ]
    with write_transaction(session):
        wish = WaitingWish(sample_ring.anna, None, group_id, WISHED)
        entries.join(session, wish, by=SOMEBODY, now=MONDAY)
    with write_transaction(session):
        for one in taken:  # both at once: one offer
            reservations.cancel(session, one.id, by=SOMEBODY, now=MONDAY)
    assert offers_of(session) == [(sample_ring.anna, "open")]
    with write_transaction(session):
        groups.change(session, group_id, machines=(RankedMachine(sample_ring.splitter),), by=SOMEBODY, now=MONDAY)
        answers.accept(session, newest_id(session), by=SOMEBODY, now=MONDAY)
    assert session.scalar(select(Reservation.status).where(Reservation.member_id == sample_ring.anna)) == "confirmed"
    assert sound(session)


def test_several_machines_freed_at_once_serve_as_many_as_they_can(session, sample_ring, group, lasers, monkeypatch):
    """In the order of the line: the one with the chosen variant, one for which nobody waits alone, and what is left."""
    a, b, c = lasers
    variant = AdjustmentEntry("With operator", "per_unit", Decimal(5), "chosen")
    entry = TariffEntry(MONDAY.date(), {"member": Decimal(10)}, parts=TariffParts(adjustments=(variant,)))
    taken = [reserve(session, one, sample_ring.anna, WISHED, now=MONDAY).id for one in lasers]
    third = member(session, "Carla")
    with write_transaction(session):
        enter_tariff(session, c, entry, by=SOMEBODY, now=MONDAY)
        for wish in (
            WaitingWish(sample_ring.anna, None, group, WISHED, choices=("With operator",)),
            WaitingWish(sample_ring.bernd, None, group, WISHED),
            WaitingWish(third, a, None, WISHED),
        ):
            entries.join(session, wish, by=SOMEBODY, now=MONDAY)
    with write_transaction(session):
        for one in taken:
            reservations.cancel(session, one, by=SOMEBODY, now=MONDAY)
    session.rollback()
    made = select(Offer.member_id, Offer.machine_id).order_by(Offer.id)
    served = [(sample_ring.anna, c), (sample_ring.bernd, b), (third, a)]
    assert session.execute(made).all() == served
    assert sound(session)

    for machines_max in (10, 2):
        with write_transaction(session):  # as if nobody had been offered anything
            session.execute(update(WaitingEntry).values(offer_id=None))
            session.execute(delete(Offer))
            session.execute(delete(Occupancy))
        monkeypatch.setattr(offering, "TOGETHER_MAX", machines_max)
        for ids, lacks_max in offering.awaited_machines(session, now=MONDAY):
            session.rollback()
            with write_transaction(session):
                lacking = LackingVariants(session)
                offering.look_again(session, *ids, now=MONDAY, lacking=lacking, lacks_max=lacks_max)
        assert session.execute(made).all() == served, "also where the worker looks again, in parts of the group too"


@pytest.mark.of_sqlite
def test_the_day_that_a_machine_would_offer_says_which_variants_it_lacks(session, sample_ring):
    """The first day of the wish is too soon for both: 48 hours of notice."""
    first, second = (machine(session, sample_ring.hall, name, notice_hours=48) for name in ("saw-a", "saw-b"))
    ranked = tuple(RankedMachine(machine_id) for machine_id in (first, second))
    tuesday = MONDAY + timedelta(days=1)

    def lacking(machine_id, starts_at, names):
        return names if (starts_at < tuesday) == (machine_id == second) else ()

    with write_transaction(session):
        group_id = groups.make(session, sample_ring.hall, GroupInput("Saws", ranked), by=SOMEBODY, now=MONDAY)
        row = {"member_id": sample_ring.anna, "group_id": group_id, "length_min": 120, "choices": ("With operator",)}
        row |= {"window_from": MONDAY, "window_until": MONDAY + timedelta(days=7), "created_at": MONDAY, "part": "any"}
        row |= {"places": 1, "purpose": "", "revision": 0, "is_automatic": False}
        session.execute(insert(WaitingEntry), [row])
    with write_transaction(session):
        assert offering.look_again(session, first, second, now=MONDAY, lacking=lacking) == 1
    assert session.scalar(select(Offer.machine_id)) == second


def test_who_wishes_so_accepts_without_being_asked(session, sample_ring):
    taken = reserve(session, sample_ring.splitter, sample_ring.bernd, WISHED, now=MONDAY)
    join(session, sample_ring.splitter, sample_ring.anna, is_automatic=True)
    cancel(session, taken.id)
    (found,) = answers.automatic(session, now=MONDAY)
    with write_transaction(session):
        assert answers.accept_automatically(session, found, by=SOMEBODY, now=MONDAY)
    assert offers_of(session) == [(sample_ring.anna, "accepted")]
    assert session.scalar(select(Reservation.status).where(Reservation.member_id == sample_ring.anna)) == "requested"
    assert answers.automatic(session, now=MONDAY) == []
    assert sound(session)


def test_ten_thousand_who_wait_cost_no_more_statements_than_one(session, sample_ring):
    combine, counts = sample_ring.combine, []
    row = {"machine_id": combine, "created_at": MONDAY, "window_from": WISHED.start, "window_until": WISHED.end}
    row |= {"part": "any", "places": 1, "purpose": "", "revision": 0, "is_automatic": False}
    for waiting in (2, 10_000):
        taken = reserve(session, combine, sample_ring.bernd, WISHED, now=MONDAY)
        with write_transaction(session):
            rows = [row | {"member_id": sample_ring.anna} for _one in range(waiting)]
            session.execute(insert(WaitingEntry), rows)
        seen = []

        def note(_connection, _cursor, statement, *_rest, seen=seen):
            seen.append(statement)

        event.listen(db.engine, "before_cursor_execute", note)
        cancel(session, taken.id)
        event.remove(db.engine, "before_cursor_execute", note)
        counts.append(len(seen))
        with write_transaction(session):
            session.execute(update(WaitingEntry).values(left_at=MONDAY))
            offer, entry = offers.lock(session, newest_id(session))
            offers.close(session, offer, entry, OfferStatus.WITHDRAWN, by=SOMEBODY, now=MONDAY)
    assert counts[0] == counts[1]
