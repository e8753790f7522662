"""A process is killed in the middle of a hand-back, a posting, a run of invoices or a change of a workshop's clock:
nothing is half done, a second run is as a first. Processes that issue at once leave no gap in the numbers.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from billing.documents.audit import broken_documents
from billing.models import Allocation, AllocationLine, Document
from billing.pools.costs import CostEntry, enter_cost
from billing.pools.pools import enter_pool
from booking import audits
from booking.kernel.events import RecordedEvent
from booking.kernel.transaction import write_transaction
from booking.models import Reservation, Status, UsageRecord, ZoneChange
from booking.records import workshops
from booking.records.workshops import WorkshopInput
from booking.rule_changes import zone_changes
from booking.use import usage
from booking.use.usage import Measurement
from tests.builders import ROUND_THE_CLOCK, SOMEBODY, hours, member, reserve
from tests.conftest import MONDAY
from tests.integration.documents.documents_ring import able_to_issue, charge_more, charge_use
from tests.integration.money.harvester_pool import borne, do, post, use
from tests.integration.schedule.test_series_verbs import enter, wish_of

ROOT = Path(__file__).resolve().parents[3]
YEAR = date(2026, 1, 1), date(2026, 12, 31)
NOTHING, HOUR = timedelta(0), timedelta(hours=1)

# A process of its own does each deed and is killed by the first statement that touches the named table, or, with
# "commit", when all is written and nothing committed. A change of the clock dies in its second transaction, that of
# another series than the first. They are copies of one that has loaded the program.
PROGRAM = """
import json, os, signal, sys
from datetime import date, datetime
from sqlalchemy import event, text
from app import create_app
from app.documents.composer import TextComposer
from app.extensions import db
from app.forms.zone_settling import settle_change
from billing.documents.issuing import issue
from billing.allocations.allocations import post_allocation
from billing.allocations.previews import preview_allocation
from booking.rule_changes import zone_changes
from booking.use import usage
from booking.kernel import deadlines
from booking.kernel.transaction import write_transaction
from booking.use.usage import Measurement
from tests.builders import SOMEBODY
from tests.conftest import MONDAY

YEAR = date(2026, 1, 1), date(2026, 12, 31)

def issue_to(session, member_id):
    with deadlines.extended(deadlines.COMMAND), write_transaction(session):
        if session.get_bind().dialect.name == "postgresql":
            # However slow the machine: four that issue at once wait for each other, and none is told to come again.
            session.execute(text("SET LOCAL lock_timeout = '60s'"))
        issue(session, member_id, MONDAY.date(), TextComposer(session), on=MONDAY.date(), by=SOMEBODY, now=MONDAY)

def do(settings, instance, deed, number, moment):
    lives_through = [deed == "zone"]  # transactions

    def die(*_facts):
        os.kill(os.getpid(), signal.SIGKILL)

    def commit(*_facts):
        if moment == "commit" and not lives_through[0]:
            die()
        lives_through[0] = False

    def die_at(_connection, _cursor, statement, *_facts):
        if not lives_through[0] and moment in statement and not statement.startswith("SELECT"):
            die()

    with create_app(settings, instance).app_context():
        session = db.session()
        digest = preview_allocation(session, number, *YEAR).digest if deed == "post" else ""
        if deed == "issue":  # the first is done before the process is to die
            issue_to(session, number.pop(0))
            if not moment:
                return
        event.listen(db.engine, "commit", commit)
        if moment == "commit":
            pass
        elif db.engine.dialect.name == "sqlite":  # the hottest statements go past SQLAlchemy
            driver = session.connection().connection.driver_connection
            driver.set_trace_callback(lambda statement: die_at(None, None, statement))
        else:
            event.listen(db.engine, "before_cursor_execute", die_at)
        if deed == "issue":
            return issue_to(session, number.pop(0))
        if deed == "zone":
            return settle_change(zone_changes.get(session, number), by=SOMEBODY, now=MONDAY)
        with write_transaction(session):
            if deed == "post":
                post_allocation(session, number, *YEAR, digest=digest, by=SOMEBODY, now=MONDAY)
            else:
                usage.hand_back(session, number, Measurement(amount=500), by=SOMEBODY, now=MONDAY)

for line in sys.stdin:
    copies = []
    for wanted in json.loads(line):
        copies.append(os.fork())
        if copies[-1] == 0:
            do(*wanted)
            sys.exit()
    print(*(os.waitstatus_to_exitcode(os.waitpid(copy, 0)[1]) for copy in copies), flush=True)
"""


@pytest.fixture(scope="module")
def ready():
    """A process that has loaded the program and does each deed in a copy of itself."""
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield process
        process.stdin.close()


@pytest.fixture
def at_once(ready, session, database_url, tmp_path):
    """at_once([(deed, number, moment), ...]): each is done by a process of its own; returns how they ended."""
    settings = {"DATABASE_URL": database_url, "SECRET_KEY": "tests-and-nothing-but-tests-use-this-key"}

    def run(wanted):
        session.rollback()
        ready.stdin.write(json.dumps([[settings, str(tmp_path / "instance"), *one] for one in wanted]) + "\n")
        ready.stdin.flush()
        return [int(code) for code in ready.stdout.readline().split()]

    return run


@pytest.fixture
def killed(at_once):
    """killed(deed, number, moment): the deed is begun by a process that does not outlive the moment."""

    def run(deed, number, moment):
        assert at_once([(deed, number, moment)]) == [-signal.SIGKILL]

    return run


@pytest.mark.parametrize("moment", ["billing_allocation_line", "commit"])
def test_a_posting_that_is_killed_leaves_nothing_and_the_second_gives_the_totals(session, sample_ring, killed, moment):
    for member_id, ares in ((sample_ring.anna, 200), (sample_ring.bernd, 100)):
        use(session, sample_ring.combine, member_id, ares)
    pool = do(session, enter_pool, sample_ring.combine, "Combine", {"repair": "use"})
    do(session, enter_cost, pool, CostEntry(date(2026, 6, 3), "Huber", "repair", 10_000))

    killed("post", pool, moment)

    assert session.scalar(select(func.count()).select_from(Allocation)) == 0
    assert session.scalar(select(func.count()).select_from(AllocationLine)) == 0
    assert borne(session, post(session, pool, YEAR)) == [6_667, 3_333]


@pytest.mark.parametrize("moment", ["booking_event", "commit"])
def test_a_hand_back_that_is_killed_leaves_the_machine_out_and_can_be_done_again(session, sample_ring, killed, moment):
    reservation = reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, 0.5, 4), now=MONDAY).id
    do(session, usage.hand_out, reservation, Measurement())
    before = session.scalar(select(func.count()).select_from(RecordedEvent))

    killed("hand-back", reservation, moment)

    assert session.get(Reservation, reservation, populate_existing=True).status == Status.IN_USE
    assert session.scalar(select(func.count()).select_from(RecordedEvent)) == before
    do(session, usage.hand_back, reservation, Measurement(amount=500))
    assert session.scalars(select(UsageRecord.used_amount)).all() == [500]
    assert not audits.contradictions(session)


@pytest.mark.parametrize("moment", ["booking_event", "commit"])
def test_a_change_of_the_clock_that_is_killed_between_two_series_is_finished_by_the_second(
    session, sample_ring, killed, at_once, moment
):
    machines = sample_ring.combine, sample_ring.cold_store
    made = [
        enter(session, wish_of(sample_ring, "FREQ=WEEKLY;COUNT=2", machine_id=machine_id)) for machine_id in machines
    ]
    with write_transaction(session):
        facts = WorkshopInput("hall", "Hall", timezone="Europe/London")
        openings = [(day, *ROUND_THE_CLOCK) for day in range(7)]
        workshops.change_workshop(session, sample_ring.hall, facts, openings, by=SOMEBODY, now=MONDAY)
    starts = {one.id: one.starts_at for series in made for one in series.dates}
    change = session.scalars(select(ZoneChange.id)).one()

    killed("zone", change, moment)

    assert moved(session, starts) == [HOUR, HOUR, NOTHING, NOTHING]
    assert zone_changes.get(session, change).moved == 2
    assert zone_changes.get(session, change).settled_at is None
    assert not audits.contradictions(session)
    assert [at_once([("zone", change, "nothing of this name")]) for _again in range(2)] == [[0], [0]]
    assert moved(session, starts) == [HOUR] * 4
    assert zone_changes.get(session, change).moved == 4
    assert zone_changes.get(session, change).settled_at is not None
    moves = select(func.count()).select_from(RecordedEvent).where(RecordedEvent.type == "reservation_moved")
    assert session.scalar(moves) == 4
    assert not audits.contradictions(session)


def moved(session, starts):
    """Return by how much reservations were moved, in the order of ids."""
    session.rollback()
    now_at = dict(session.execute(select(Reservation.id, Reservation.starts_at)).all())
    return [now_at[id_] - start for id_, start in sorted(starts.items())]


def test_invoices_of_four_processes_and_of_a_killed_one_are_numbered_without_a_gap(
    session, sample_ring, killed, at_once
):
    members = [member(session, f"Hof {number}", number=f"M-{number}") for number in range(1, 6)]
    able_to_issue(session, *members)
    charge_use(session, sample_ring.combine, members[0], 100)
    for member_id in members[1:]:
        charge_more(session, sample_ring.combine, member_id, 200)

    killed("issue", [members[0], members[1]], "billing_document_vat")  # between two invoices of a run
    assert session.scalars(select(Document.number)).all() == ["R-2026-00001"]
    assert at_once([("issue", [member_id], "") for member_id in members[1:]]) == [0, 0, 0, 0]

    numbers = session.scalars(select(Document.number).order_by(Document.number)).all()
    assert numbers == [f"R-2026-{number:05}" for number in range(1, 6)]
    assert set(session.scalars(select(Document.member_id))) == set(members)
    assert list(broken_documents(session)) == []
