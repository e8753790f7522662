"""A process is killed in the middle of a hand-back or a posting: nothing of it is left, a second run is as a first."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import func, select

from billing.models import Allocation, AllocationLine
from billing.pools import CostEntry, enter_cost, enter_pool
from booking import audits, usage
from booking.kernel.events import RecordedEvent
from booking.models import Reservation, Status, UsageRecord
from booking.usage import Measurement
from tests.builders import hours, reserve
from tests.conftest import MONDAY
from tests.integration.test_allocations import borne, do, post, use

ROOT = Path(__file__).resolve().parents[2]
YEAR = date(2026, 1, 1), date(2026, 12, 31)

# A process of its own does each deed and is killed by the first statement that touches the named table, or, with
# "commit", when all is written and nothing committed. They are copies of one that has loaded the program.
PROGRAM = """
import json, os, signal, sys
from datetime import date, datetime
from sqlalchemy import event
from app import create_app
from app.extensions import db
from billing.allocations import post_allocation
from billing.previews import preview_allocation
from booking import usage
from booking.kernel.transaction import write_transaction
from booking.usage import Measurement
from tests.builders import SOMEBODY
from tests.conftest import MONDAY

YEAR = date(2026, 1, 1), date(2026, 12, 31)

def do(settings, instance, deed, number, moment):
    def die(*_facts):
        os.kill(os.getpid(), signal.SIGKILL)

    def die_at(_connection, _cursor, statement, *_facts):
        if moment in statement and not statement.startswith("SELECT"):
            die()

    with create_app(settings, instance).app_context():
        session = db.session()
        digest = preview_allocation(session, number, *YEAR).digest if deed == "post" else ""
        if moment == "commit":
            event.listen(db.engine, "commit", die)
        elif db.engine.dialect.name == "sqlite":  # the hottest statements go past SQLAlchemy
            driver = session.connection().connection.driver_connection
            driver.set_trace_callback(lambda statement: die_at(None, None, statement))
        else:
            event.listen(db.engine, "before_cursor_execute", die_at)
        with write_transaction(session):
            if deed == "post":
                post_allocation(session, number, *YEAR, digest=digest, by=SOMEBODY, now=MONDAY)
            else:
                usage.hand_back(session, number, Measurement(amount=500), by=SOMEBODY, now=MONDAY)

for line in sys.stdin:
    copy = os.fork()
    if copy == 0:
        do(*json.loads(line))
        sys.exit()
    print(os.waitstatus_to_exitcode(os.waitpid(copy, 0)[1]), flush=True)
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
def killed(ready, session, database_url, tmp_path):
    """killed(deed, number, moment): the deed is begun by a process that does not outlive the moment."""
    settings = {"DATABASE_URL": database_url, "SECRET_KEY": "tests-and-nothing-but-tests-use-this-key"}

    def run(deed, number, moment):
        session.rollback()
        ready.stdin.write(json.dumps([settings, str(tmp_path / "instance"), deed, number, moment]) + "\n")
        ready.stdin.flush()
        assert int(ready.stdout.readline()) == -signal.SIGKILL

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
