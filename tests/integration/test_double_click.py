"""The same form sent twice at the same moment: one reservation, and both senders are led to it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from sqlalchemy import func, select

from booking.models import Occupancy, Reservation

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


def test_clicks_at_the_same_moment_make_one_reservation(session, village, log_in):
    clients = [log_in(village.anna_login) for _ in range(SENDERS)]
    session.rollback()
    start_together = Barrier(SENDERS)

    def click(client):
        start_together.wait()
        answer = client.post("/reservations/new", data=WISH)
        return answer.status_code, answer.location

    with ThreadPoolExecutor(SENDERS) as pool:
        answers = set(pool.map(click, clients))

    assert len(answers) == 1
    assert answers.pop()[0] == 303
    assert session.scalar(select(func.count()).select_from(Reservation)) == 1
    assert session.scalar(select(func.count()).select_from(Occupancy)) == 1
