"""Maintenance by the meter on both databases: what is used, one reminder for each base, and what is refused."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from app.extensions import db
from app.mail.models import Mail
from app.worker import jobs
from app.worker.maintenance_job import remind_of_maintenance
from booking.errors.schedule_errors import MachineNotFound, NotFound, RecordRefused
from booking.kernel.errors import StaleRevision
from booking.kernel.events import RecordedEvent
from booking.kernel.transaction import write_transaction
from booking.machines import machines, maintenance
from booking.machines.maintenance import Done, MaintenanceInput
from booking.models import Maintenance, MaintenanceDone, MaintenanceReminder
from booking.queries import maintenance as queries
from booking.timespan import TimeSpan
from booking.use import usage
from booking.use.usage import Measurement, UnreservedUse
from tests.builders import SOMEBODY, hours, machine, reserve
from tests.conftest import MONDAY

TODAY = MONDAY.date()
H = 3_600


@pytest.fixture
def loader(session, sample_ring):
    """A machine with a meter of engine hours and two places."""
    return machine(session, sample_ring.hall, "loader", charge_unit="engine_hour", places=2)


def set_interval(session, machine_id, amount=250 * H, name="Oil change", **last):
    with write_transaction(session):
        data = MaintenanceInput(name=name, interval_amount=amount, last=Done(done_on=TODAY, **last))
        return maintenance.set_interval(session, machine_id, data, by=SOMEBODY, now=MONDAY)


def note_done(session, interval, now, **done):
    with write_transaction(session):
        maintenance.note_done(session, interval, Done(**done), by=SOMEBODY, now=now)


def use(session, sample_ring, machine_id, start, **measured):
    """Enter a use of an hour, `start` hours after MONDAY."""
    end = MONDAY + timedelta(hours=start + 1)
    before = measured.pop("before", None)
    with write_transaction(session):
        span = TimeSpan(end - timedelta(hours=1), end)
        entered = UnreservedUse(
            machine_id, sample_ring.anna, span, Measurement(**measured), allow_overlap=True, reading_before=before
        )
        usage.record_usage(session, entered, by=SOMEBODY, now=end)


def mails(session, clock):
    """Deliver all events; return the keys of the reminders, without the recipients."""
    while jobs.deliver_events(session):
        pass
    session.rollback()
    return [key for key in session.scalars(select(Mail.key).order_by(Mail.id)) if "maintenance_due" in key]


def rules(refused):
    return [(one.field, one.rule) for one in refused.value.violations]


def test_two_hand_backs_that_reach_ninety_percent_at_once_and_two_workers_remind_once(
    app, session, sample_ring, loader, clock
):
    interval = set_interval(session, loader, reading=1_000 * H)
    span, both = hours(MONDAY, 1, 4), (sample_ring.anna, sample_ring.bernd)
    ids = [reserve(session, loader, member, span, now=MONDAY).id for member in both]
    clock.instant = MONDAY + timedelta(hours=1)
    for one in ids:
        with write_transaction(session):
            usage.hand_out(session, one, Measurement(reading=1_224 * H), by=SOMEBODY, now=clock())
    assert remind_of_maintenance(session) == 0
    clock.instant = MONDAY + timedelta(hours=3)
    session.rollback()
    start = Barrier(2)

    def hand_back_and_work(number):
        with app.app_context():
            try:
                start.wait()
                with write_transaction(db.session()):
                    measured = Measurement(reading=(1_225 + number) * H)
                    usage.hand_back(db.session(), ids[number], measured, by=SOMEBODY, now=clock())
                start.wait()
                return remind_of_maintenance(db.session())
            finally:
                db.session.remove()

    with ThreadPoolExecutor(2) as pool:
        assert sum(pool.map(hand_back_and_work, range(2))) == 1
    assert remind_of_maintenance(session) == 0
    assert len(mails(session, clock)) == 1  # Wanda manages the hall, alone
    assert session.scalars(select(MaintenanceReminder.done_count)).all() == [0]

    note_done(session, interval, clock(), done_on=TODAY, note="filter too")
    view = queries.maintenance(session, interval, now=clock())
    assert (view.used, view.last_reading) == (0, view.reading)
    assert remind_of_maintenance(session) == 0
    use(session, sample_ring, loader, 4, before=view.reading, reading=view.reading + 225 * H, amount=H)
    clock.instant = MONDAY + timedelta(hours=5)
    assert [remind_of_maintenance(session) for _run in range(2)] == [1, 0]
    assert len(mails(session, clock)) == 2
    (done,) = session.scalars(select(MaintenanceDone))
    assert (done.number, done.done_on, done.reading, done.note) == (1, TODAY, view.last_reading, "filter too")


def test_without_a_meter_the_amounts_of_the_slips_count_since_it_was_done(session, sample_ring, clock):
    interval = set_interval(session, sample_ring.splitter, 10 * H)
    use(session, sample_ring, sample_ring.splitter, 1)
    use(session, sample_ring, sample_ring.splitter, 2)
    view = queries.maintenance(session, interval, now=MONDAY + timedelta(hours=3))
    assert (view.used, view.last_reading, view.reading) == (2 * H, None, None)
    assert view.due_on == TODAY + timedelta(days=28)  # 8 h left; 2 h in the 7 days that count at least

    note_done(session, interval, MONDAY + timedelta(hours=3), done_on=TODAY)
    use(session, sample_ring, sample_ring.splitter, 4)
    assert queries.maintenance(session, interval, now=MONDAY + timedelta(hours=5)).used == H


def test_a_longer_interval_reminds_again_and_a_retired_machine_or_an_ended_interval_never(
    session, sample_ring, loader, clock
):
    interval = set_interval(session, loader, reading=0)
    use(session, sample_ring, loader, 0, before=0, reading=240 * H, amount=H)
    clock.instant = MONDAY + timedelta(hours=2)
    assert remind_of_maintenance(session) == 1
    for amount in (255 * H, 500 * H, 250 * H):  # still due; not due any more; due again
        with write_transaction(session):
            maintenance.change_interval(session, interval, "Oil", amount, by=SOMEBODY, now=clock())
        session.rollback()
        assert remind_of_maintenance(session) == ((amount == 250 * H and 1) or 0)
    note_done(session, interval, clock(), done_on=TODAY, reading=240 * H)
    use(session, sample_ring, loader, 2, before=240 * H, reading=500 * H, amount=H)
    clock.instant = MONDAY + timedelta(hours=4)
    with write_transaction(session):
        machines.retire(session, loader, by=SOMEBODY, now=clock())
    assert remind_of_maintenance(session) == 0
    with write_transaction(session):
        machines.bring_back(session, loader, by=SOMEBODY, now=clock())
    with write_transaction(session):
        maintenance.end_interval(session, interval, by=SOMEBODY, now=clock())
    assert remind_of_maintenance(session) == 0
    with pytest.raises(NotFound):
        note_done(session, interval, clock(), done_on=TODAY)
    session.rollback()
    types = session.scalars(select(RecordedEvent.type).where(RecordedEvent.type.like("maintenance%"))).all()
    counts = {"set": 1, "changed": 3, "due": 2, "done": 1, "ended": 1}
    assert Counter(types) == {f"maintenance_{name}": count for name, count in counts.items()}


def test_what_cannot_be_meant_is_refused_by_field_and_by_the_database(session, sample_ring, loader):
    for amount in (0, -5):
        with pytest.raises(RecordRefused) as refused:
            set_interval(session, loader, amount)
        assert rules(refused) == [("interval", "interval_not_positive")]
    interval = set_interval(session, loader, reading=500)
    with pytest.raises(RecordRefused) as refused:
        set_interval(session, loader, reading=500)
    assert rules(refused) == [("name", "already_used")]
    for done, expected in (
        ({"done_on": TODAY + timedelta(days=1)}, ("done_on", "done_in_future")),
        ({"done_on": TODAY - timedelta(days=1)}, ("done_on", "done_before_last")),
        ({"done_on": TODAY, "reading": 499}, ("reading", "reading_backwards")),
        ({"done_on": TODAY, "reading": -1}, ("reading", "reading_negative")),
    ):
        with pytest.raises(RecordRefused) as refused:
            note_done(session, interval, MONDAY, **done)
        assert expected in rules(refused)
    with pytest.raises(StaleRevision), write_transaction(session):
        maintenance.end_interval(session, interval, by=SOMEBODY, now=MONDAY, revision=7)
    with write_transaction(session):
        machines.retire(session, sample_ring.splitter, by=SOMEBODY, now=MONDAY)
    with pytest.raises(MachineNotFound):
        set_interval(session, sample_ring.splitter)

    columns = [column for column in Maintenance.__table__.columns if column.name != "id"]
    same = insert(Maintenance).from_select([column.name for column in columns], select(*columns))
    forbidden = (update(Maintenance).values(interval_amount=0), same)
    for statement in forbidden:
        with pytest.raises(IntegrityError), write_transaction(session):
            session.execute(statement)
