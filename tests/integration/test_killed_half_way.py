"""A process is killed in the middle of a hand-back or a posting: nothing of it is left, a second run is as a first."""

from __future__ import annotations

import os
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

# A process of its own does the deed and is killed by the first statement that touches the named table, or, with
# "commit", when all is written and nothing committed.
PROGRAM = """
import os, signal, sys
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

deed, number, moment = sys.argv[1], int(sys.argv[2]), sys.argv[3]
YEAR = date(2026, 1, 1), date(2026, 12, 31)

def die(*_facts):
    os.kill(os.getpid(), signal.SIGKILL)

def die_at(_connection, _cursor, statement, *_facts):
    if moment in statement and not statement.startswith("SELECT"):
        die()

with create_app().app_context():
    session = db.session()
    digest = preview_allocation(session, number, *YEAR).digest if deed == "post" else ""
    event.listen(db.engine, "commit", die) if moment == "commit" else event.listen(
        db.engine, "after_cursor_execute", die_at
    )
    with write_transaction(session):
        if deed == "post":
            post_allocation(session, number, *YEAR, digest=digest, by=SOMEBODY, now=MONDAY)
        else:
            usage.hand_back(session, number, Measurement(amount=500), by=SOMEBODY, now=MONDAY)
"""


@pytest.fixture
def killed(session, database_url, tmp_path):
    """killed(deed, number, moment): the deed is begun by a process that does not outlive the moment."""

    def run(deed, number, moment):
        session.rollback()
        settings = {
            "RINGBUCH_DATABASE_URL": database_url,
            "RINGBUCH_INSTANCE": str(tmp_path / "instance"),
            "RINGBUCH_SECRET_KEY": "tests-and-nothing-but-tests-use-this-key",
        }
        command = [sys.executable, "-c", PROGRAM, deed, str(number), moment]
        ended = subprocess.run(command, cwd=ROOT, env=os.environ | settings, check=False)
        assert ended.returncode == -signal.SIGKILL

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
