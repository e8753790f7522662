"""The same form sent twice at the same moment: one reservation, one bill, and both senders are led to it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from sqlalchemy import func, select

from billing.models import Cost
from billing.pools.pools import enter_pool
from booking.kernel.transaction import write_transaction
from booking.models import Occupancy, Reservation
from tests.builders import SOMEBODY
from tests.conftest import MONDAY

SENDERS = 4
WISH = {
    "machine": "combine",
    "date": "2026-11-24",
    "time": "09:00",
    "until": "length",
    "hours": "2",
    "minutes": "0",
    "places": "1",
    "form_key": "one-form",
}


BILL = {"service_date": "2026-06-20", "supplier": "Huber", "kind": "repair", "net": "100", "form_key": "one-form"}


def test_clicks_at_the_same_moment_make_one_reservation(session, sample_ring, log_in):
    clients = [log_in(sample_ring.anna_login) for _ in range(SENDERS)]
    session.rollback()

    answers = sent_together(clients, "/reservations/new", WISH)

    assert [status for status, _location in answers] == [303]
    assert session.scalar(select(func.count()).select_from(Reservation)) == 1
    assert session.scalar(select(func.count()).select_from(Occupancy)) == 1


def test_clicks_at_the_same_moment_enter_one_bill(session, sample_ring, log_in):
    with write_transaction(session):
        pool = enter_pool(session, sample_ring.combine, "Combine", {"repair": "use"}, by=SOMEBODY, now=MONDAY).id
    clients = [log_in(sample_ring.karl_login) for _ in range(SENDERS)]
    session.rollback()

    answers = sent_together(clients, f"/costs/pools/{pool}/costs/new", BILL)

    assert answers == {(303, f"/costs/pools/{pool}")}
    assert session.scalar(select(func.count()).select_from(Cost)) == 1


def sent_together(clients, address, form):
    """What all of them are answered: status and location."""
    start_together = Barrier(len(clients))

    def click(client):
        start_together.wait()
        answer = client.post(address, data=form)
        return answer.status_code, answer.location

    with ThreadPoolExecutor(len(clients)) as threads:
        return set(threads.map(click, clients))
