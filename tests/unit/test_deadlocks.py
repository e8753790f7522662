"""A deadlock of PostgreSQL is seen, although the program tries again and has success."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Barrier, BrokenBarrierError

import pytest
from sqlalchemy import select, text

from app.extensions import db
from booking.kernel.transaction import in_write_transaction
from booking.models import Member
from tests import deadlocks
from tests.builders import member


@pytest.mark.postgresql
def test_a_deadlock_after_which_everything_is_done_is_seen(app, session):
    """As of two use cases that lock in opposite order. Every test of an application asks for them at its end."""
    first, second = member(session, "Anna"), member(session, "Bernd")
    have_one_each = Barrier(2)

    def lock_both(ids):
        of_session = db.session()
        of_session.execute(text("SET LOCAL deadlock_timeout = '20ms'"))
        for id_ in ids:
            of_session.execute(select(Member.id).where(Member.id == id_).with_for_update())
            with suppress(BrokenBarrierError):
                have_one_each.wait(5)
                have_one_each.abort()  # who tries again waits for nobody
        return True

    def run(ids):
        with app.app_context():
            try:
                return in_write_transaction(db.session(), lambda: lock_both(ids))
            finally:
                db.session.remove()

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(run, [(first, second), (second, first)])) == [True, True]

    assert len(deadlocks.taken()) == 1
