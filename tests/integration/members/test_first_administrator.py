"""Two browsers finish the set-up at once: one administrator, whoever was first."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from sqlalchemy import delete, func, select

from app.auth.accounts import NewLogin, Roles
from app.auth.errors import AlreadySetUp
from app.auth.models import User
from app.extensions import db
from app.pages.setup import steps
from booking.addresses import Address
from booking.kernel.transaction import in_write_transaction, write_transaction
from booking.models import Ring
from tests import builders
from tests.conftest import MONDAY

BROWSERS = 6


def together(app, step):
    """Run step(number) in several threads at once; "done" or the code of the refusal, each."""
    start = Barrier(BROWSERS)

    def one(number):
        with app.app_context():
            start.wait()
            try:
                in_write_transaction(db.session(), lambda: step(db.session(), number))
            except AlreadySetUp as refusal:
                return refusal.code
            return "done"

    with ThreadPoolExecutor(BROWSERS) as pool:
        return list(pool.map(one, range(BROWSERS)))


def test_of_several_who_finish_at_once_one_administers_the_ring(app, session):
    builders.workshop(session)

    def become_administrator(session, number):
        wanted = NewLogin(f"admin{number}@ring.example", f"Admin {number}", Roles(is_admin=True))
        steps.enter_administrator(session, wanted, "a hash", now=MONDAY)

    results = together(app, become_administrator)

    assert sorted(results) == ["already_set_up"] * (BROWSERS - 1) + ["done"]
    session.rollback()
    assert session.scalar(select(func.count()).select_from(User)) == 1


def test_of_several_who_begin_at_once_the_ring_exists_once(app, session):
    with write_transaction(session):
        session.execute(delete(Ring))

    def begin(session, number):
        words = {"address": Address(), "email": "", "timezone": "Europe/Berlin", "colour": "#1f6e4a", "logo": None}
        steps.enter_ring(session, name=f"Ring {number}", **words, now=MONDAY)

    results = together(app, begin)

    assert "done" in results
    session.rollback()
    assert session.scalar(select(func.count()).select_from(Ring)) == 1
