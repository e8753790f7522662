"""Step 4 of the set-up with examples: the demo ring beside what was entered, its well-known passwords taken away."""

from __future__ import annotations

from sqlalchemy import delete, func, select

from app.auth.models import User
from app.demo import loading
from booking.kernel.transaction import write_transaction
from booking.models import Machine, Member, Ring
from booking.records import ring
from tests.web.members.test_setup import RING, take_all_steps

A_QUIET_SEASON = 0.1  # the examples themselves are the demo's own affair


def test_a_ring_filled_with_examples_lets_nobody_in_by_a_known_password(app, client, session, monkeypatch):
    a_whole_season = loading.Season.processes
    monkeypatch.setattr(loading.Season, "processes", lambda season, _scale: a_whole_season(season, A_QUIET_SEASON))
    with write_transaction(session):
        session.execute(delete(Ring))
    take_all_steps(client)

    assert client.post("/setup/sample", data={"answer": "yes"}).status_code == 303

    session.rollback()
    assert session.scalar(select(func.count()).select_from(Member)) >= 30
    assert session.scalar(select(func.count()).select_from(Machine)) >= 14
    assert ring.the_ring(session).name == RING["name"]
    assert session.scalars(select(User.email).where(User.password_hash.is_not(None))).all() == ["rita@ring.example"]
    stranger = app.test_client()
    answer = stranger.post("/login", data={"email": "rita@demo.example", "password": "ringbuch-demo"})
    assert answer.status_code == 422
    assert client.post("/setup/sample", data={"answer": "yes"}).status_code == 404
