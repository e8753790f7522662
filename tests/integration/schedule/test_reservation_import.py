"""A ring moves in with reservations that another program has confirmed: all of them, each once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from sqlalchemy import event, func, select

from app.extensions import db
from app.imports import import_table, preview_table, read
from app.mail.models import Mail
from app.worker.scheduler import work_once
from booking import audits
from booking.errors.schedule_errors import SlotTaken
from booking.kernel.transaction import in_write_transaction, write_transaction
from booking.members.members import MemberInput, change_member
from booking.models import Machine, Member, Occupancy, Reservation
from booking.reservation_import import ImportedReservation, import_reservations, validate
from booking.reservations import reservations
from booking.reservations.wishes import Wish
from booking.timespan import TimeSpan
from tests.builders import SOMEBODY, hours, machine, reserve
from tests.conftest import MONDAY


def imported(machine_id, member_id, span, places=1):
    return ImportedReservation.of(Wish(machine_id, member_id, span, places))


def enter(session, batch, now=MONDAY):
    with write_transaction(session):
        return import_reservations(session, batch, by=SOMEBODY, now=now)


def stored(session):
    """(machine, start, status) of every reservation, in order of time."""
    rows = session.execute(
        select(Reservation.machine_id, Reservation.starts_at, Reservation.status).order_by(Reservation.starts_at)
    ).all()
    session.rollback()
    return [tuple(row) for row in rows]


def refused_by(result):
    """The codes of what stands against an imported reservation."""
    violations = getattr(result.refusal, "violations", None)
    return [violation.rule for violation in violations] if violations else [result.refusal.code]


def change(session, machine_id, **values):
    with write_transaction(session):
        row = session.get(Machine, machine_id)
        for name, value in values.items():
            setattr(row, name, value)


def test_what_was_confirmed_elsewhere_is_confirmed_here_whatever_the_notice(session, sample_ring):
    change(session, sample_ring.splitter, notice_hours=48, horizon_days=10)
    soon, late = hours(MONDAY, 1, 3), hours(MONDAY + timedelta(days=200), 1, 3)

    enter(
        session,
        [
            imported(sample_ring.splitter, sample_ring.anna, soon),
            imported(sample_ring.splitter, sample_ring.bernd, late),
        ],
    )

    assert stored(session) == [
        (sample_ring.splitter, soon.start, "confirmed"),
        (sample_ring.splitter, late.start, "confirmed"),
    ]


def test_what_was_imported_holds_the_machine_for_everybody(session, sample_ring):
    enter(session, [imported(sample_ring.combine, sample_ring.anna, hours(MONDAY, 24, 28))])

    with pytest.raises(SlotTaken):
        reserve(session, sample_ring.combine, sample_ring.bernd, hours(MONDAY, 26, 30), now=MONDAY)


def test_what_is_here_already_cannot_be_imported_for_another(session, sample_ring):
    reserve(session, sample_ring.combine, sample_ring.bernd, hours(MONDAY, 26, 30), now=MONDAY)

    results = enter(
        session,
        [
            imported(sample_ring.combine, sample_ring.anna, hours(MONDAY, 24, 28)),
            imported(sample_ring.combine, sample_ring.anna, hours(MONDAY, 50, 52)),
        ],
    )

    assert [result.refusal and result.refusal.code for result in results] == ["slot_taken", None]
    assert len(stored(session)) == 1


def test_set_up_and_cleaning_count(session, sample_ring):
    change(session, sample_ring.combine, cleaning_min=60)
    batch = [
        imported(sample_ring.combine, sample_ring.anna, hours(MONDAY, 24, 28)),
        imported(sample_ring.combine, sample_ring.bernd, hours(MONDAY, 28, 30)),
    ]

    results = validate(session, batch, now=MONDAY)

    assert refused_by(results[1]) == ["slot_taken"]
    assert results[1].conflicts_with == (0,)


@pytest.mark.parametrize(
    ("wanted", "rule"),
    [
        (("combine", "anna", (-5, -1), 1), "past"),
        (("combine", "anna", (24, 24.25), 1), "shortest"),
        (("combine", "anna", (24, 24 + 24 * 40), 1), "longest"),
        (("combine", "anna", (24.05, 25.05), 1), "step"),
        (("laser", "anna", (24 + 11, 24 + 13), 1), "opening_hours"),
        (("laser", "bernd", (25, 26), 1), "induction"),
        (("combine", "anna", (24, 26), 2), "places"),
    ],
)
def test_how_the_machine_is_used_binds_an_import_too(session, sample_ring, wanted, rule):
    slug, who, span, places = wanted
    kept = imported(getattr(sample_ring, slug), getattr(sample_ring, who), hours(MONDAY, *span), places)

    results = enter(session, [kept])

    assert refused_by(results[0]) == [rule]
    assert stored(session) == []


def test_what_is_under_way_is_imported(session, sample_ring):
    enter(session, [imported(sample_ring.cold_store, sample_ring.anna, hours(MONDAY, -48, 48), 3)])

    assert [status for _machine, _start, status in stored(session)] == ["confirmed"]


def test_a_member_who_left_has_no_reservation_after_that_day(session, sample_ring):
    with write_transaction(session):
        facts = MemberInput(number="M-Anna", name="Anna", left_on=MONDAY.date())
        change_member(session, sample_ring.anna, facts, by=SOMEBODY, now=MONDAY)

    assert refused_by(enter(session, [imported(sample_ring.combine, sample_ring.anna, hours(MONDAY, 48, 50))])[0]) == [
        "member_left"
    ]


def test_the_same_reservation_is_entered_once(session, sample_ring):
    batch = [imported(sample_ring.combine, sample_ring.anna, hours(MONDAY, 24, 28))]
    enter(session, batch)

    results = enter(session, batch)

    assert results[0].existing.status == "confirmed"
    assert len(stored(session)) == 1


def test_what_was_moved_or_cancelled_here_does_not_come_back(session, sample_ring):
    moved = imported(sample_ring.combine, sample_ring.anna, hours(MONDAY, 24, 28))
    cancelled = imported(sample_ring.combine, sample_ring.bernd, hours(MONDAY, 30, 32))
    enter(session, [moved, cancelled])
    with write_transaction(session):
        ids = {row.uid: row.id for row in session.execute(select(Reservation.uid, Reservation.id))}
        reservations.move(session, ids[moved.uid], hours(MONDAY, 50, 52), by=SOMEBODY, now=MONDAY)
        reservations.cancel(session, ids[cancelled.uid], by=SOMEBODY, now=MONDAY)

    results = enter(session, [moved, cancelled])

    assert [str(result.existing.status) for result in results] == ["confirmed", "cancelled"]
    assert results[0].existing.span == hours(MONDAY, 50, 52)
    assert len(stored(session)) == 2


def test_what_somebody_entered_by_hand_is_found(session, sample_ring):
    mine = reserve(session, sample_ring.splitter, sample_ring.anna, hours(MONDAY, 24, 28), now=MONDAY)

    results = enter(session, [imported(sample_ring.splitter, sample_ring.anna, hours(MONDAY, 24, 28))])

    assert (results[0].existing.id, str(results[0].existing.status)) == (mine.id, "requested")


def test_many_places_are_filled_to_the_last_and_no_further(session, sample_ring):
    full = [imported(sample_ring.cold_store, sample_ring.anna, hours(MONDAY, 24, 48), 20)]
    full += [imported(sample_ring.cold_store, sample_ring.bernd, hours(MONDAY, 24, 48), 4)]
    too_much = imported(sample_ring.cold_store, sample_ring.bernd, hours(MONDAY, 40, 60), 1)

    assert [result.refusal for result in enter(session, full)] == [None, None]
    result = enter(session, [too_much])[0]
    assert (result.refusal.facts["places_free"], result.conflicts_with) == (0, ())
    assert session.scalar(select(func.count()).select_from(Occupancy)) == 24


def test_a_deleted_machine_is_reported(session, sample_ring):
    assert refused_by(validate(session, [imported(999, sample_ring.anna, hours(MONDAY, 24, 28))], now=MONDAY)[0]) == [
        "machine_not_found"
    ]


def test_no_mail_is_sent_and_every_calendar_is_updated(app, session, sample_ring):
    version = select(Member.schedule_version).where(Member.id == sample_ring.anna)
    seen = session.scalar(version)
    enter(session, [imported(sample_ring.combine, sample_ring.anna, hours(MONDAY, 24, 28))])

    work_once(app)

    assert session.scalar(select(func.count()).select_from(Mail)) == 0
    assert session.scalar(version) > seen


def test_two_imports_of_the_same_at_once_enter_it_once(app, session, sample_ring):
    batch = [
        imported(which, sample_ring.anna, hours(MONDAY, 24 * day, 24 * day + 2))
        for day in range(1, 20)
        for which in (sample_ring.combine, sample_ring.splitter, sample_ring.cold_store)
    ]
    start_together = Barrier(2)

    def run(_who):
        with app.app_context():
            start_together.wait()
            mine = db.session()
            results = in_write_transaction(mine, lambda: import_reservations(mine, batch, by=SOMEBODY, now=MONDAY))
            db.session.remove()
            return sum(result.placement is not None for result in results)

    with ThreadPoolExecutor() as pool:
        counts = sorted(pool.map(run, range(2)))

    assert counts == [0, len(batch)]
    assert len(stored(session)) == len(batch)


def test_importing_and_reserving_at_once_never_overlap(app, session, sample_ring):
    spans = [hours(MONDAY, 24 * day, 24 * day + 4) for day in range(1, 11)]
    batch = [imported(sample_ring.combine, sample_ring.anna, span) for span in spans]
    start_together = Barrier(2)

    def later(span):
        return TimeSpan(span.start + timedelta(hours=2), span.end + timedelta(hours=2))

    def move_in():
        with app.app_context():
            start_together.wait()
            mine = db.session()
            in_write_transaction(mine, lambda: import_reservations(mine, batch, by=SOMEBODY, now=MONDAY))
            db.session.remove()

    def ask():
        with app.app_context():
            start_together.wait()
            for span in reversed(spans):
                try:
                    reserve(
                        db.session(),
                        sample_ring.combine,
                        sample_ring.bernd,
                        TimeSpan(span.start + timedelta(hours=2), span.end + timedelta(hours=2)),
                        now=MONDAY,
                    )
                except SlotTaken:
                    db.session.rollback()
            db.session.remove()

    with ThreadPoolExecutor() as pool:
        for future in [pool.submit(move_in), pool.submit(ask)]:
            future.result()

    assert not audits.overlapping_pairs(session)
    mine = [row for row in stored(session) if row[1] in {span.start for span in spans}]
    assert len(mine) in (0, len(spans))  # all or nothing, whoever came first


def test_many_lines_need_no_more_statements_than_few(app, session, sample_ring):
    def statements_for(day, count):
        batch = [
            imported(sample_ring.combine, sample_ring.anna, TimeSpan(start, start + timedelta(hours=1)))
            for start in (MONDAY + timedelta(days=day, hours=hour) for hour in range(count))
        ]
        made: list[str] = []

        def note(_connection, _cursor, statement, *_more):
            made.append(statement)

        event.listen(db.engine, "before_cursor_execute", note)
        try:
            enter(session, batch)
        finally:
            event.remove(db.engine, "before_cursor_execute", note)
        return len(made)

    statements_for(0, 2)  # what is only asked for once in a while is asked for now
    assert statements_for(1, 4) == statements_for(5, 60)


def test_a_file_of_five_thousand_lines_comes_in_whole(app, session, sample_ring):
    printers = machine(session, sample_ring.hall, "printers", places=4)
    head = "machine;member number;start;end;places;purpose\n"
    lines = [
        f"printers;M-{'Anna' if hour % 2 else 'Bernd'};{MONDAY + timedelta(hours=hour // 4):%Y-%m-%dT%H:00Z};"
        f"{MONDAY + timedelta(hours=hour // 4 + 1):%Y-%m-%dT%H:00Z};{1 + hour % 2};job {hour}\n"
        for hour in range(4, 10_004)
        if hour % 4 < 2
    ]
    assert len(lines) == 5_000
    table = read("reservations", (head + "".join(lines)).encode())

    assert preview_table(session, "reservations", table, by=SOMEBODY, now=MONDAY).count("entered") == 5_000
    assert import_table(session, "reservations", table, by=SOMEBODY, now=MONDAY).is_clean()
    again = import_table(session, "reservations", table, by=SOMEBODY, now=MONDAY)

    assert (again.count("entered"), again.count("same")) == (0, 5_000)
    held = session.scalar(select(func.count()).select_from(Reservation).where(Reservation.machine_id == printers))
    assert held == 5_000
    assert not audits.overlapping_pairs(session)
