"""A time that a manager proposes because of a closure: the member accepts or declines it with one button."""

from __future__ import annotations

from datetime import timedelta

import pytest

from booking import queries
from booking.closures import blockings, breakdown
from booking.closures.breakdown import Choice, Decision
from booking.kernel.transaction import write_transaction
from booking.models import Status
from booking.reservations import decisions, reservations
from tests.builders import SOMEBODY, hours, reserve
from tests.conftest import MONDAY

PROPOSED = hours(MONDAY, 72, 74)


@pytest.fixture
def proposed(session, sample_ring):
    return propose(session, sample_ring.combine, sample_ring.anna)


def propose(session, machine_id, member_id):
    """Reserve, close the machine around it, and move it to another time; return its id."""
    held = reserve(session, machine_id, member_id, hours(MONDAY, 25, 27), now=MONDAY).id
    with write_transaction(session):
        closure = blockings.close(
            session, machine_id, hours(MONDAY, 20, 48), "Belt torn", by=SOMEBODY, now=MONDAY, around_reservations=True
        )
        decision = Decision(held, Choice.MOVE, PROPOSED)
        breakdown.decide(session, closure, [decision], by=SOMEBODY, now=MONDAY)
    return held


def found(session, reservation_id):
    session.rollback()
    return queries.reservation(session, reservation_id)


def test_the_member_accepts_with_one_button(log_in, session, sample_ring, proposed):
    anna, path = log_in(sample_ring.anna_login), f"/reservations/{proposed}"
    assert "waits for an answer" in anna.get("/reservations").text
    page = anna.get(path).text
    assert all(f'action="{path}/proposal/{answer}"' in page for answer in ("accept", "decline"))

    assert anna.post(f"{path}/proposal/accept", follow_redirects=True).status_code == 200

    view = found(session, proposed)
    assert (view.status, view.span, view.awaits_answer) == (Status.CONFIRMED, PROPOSED, False)
    assert view.cancel_until < view.starts_at
    assert "/proposal/" not in anna.get(path).text
    again = anna.post(f"{path}/proposal/accept")
    assert again.status_code == 409
    assert anna.post(f"{path}/proposal/decline").status_code == 409
    assert found(session, proposed).status == Status.CONFIRMED


def test_declining_is_not_late_until_the_proposed_time_begins(log_in, session, sample_ring, proposed, clock):
    clock.instant = PROPOSED.start - timedelta(minutes=1)
    anna = log_in(sample_ring.anna_login)

    assert anna.post(f"/reservations/{proposed}/proposal/decline").status_code == 303

    view = found(session, proposed)
    assert (view.status, view.is_late_cancel, view.awaits_answer) == (Status.CANCELLED, False, False)


def test_only_the_member_and_the_managers_answer(log_in, client, session, sample_ring, proposed):
    path = f"/reservations/{proposed}/proposal/accept"
    assert client.post(path).status_code in (302, 303, 401)
    assert log_in(sample_ring.bernd_login).post(path).status_code == 404
    assert log_in(sample_ring.karl_login).post(path).status_code in (403, 404)
    assert found(session, proposed).awaits_answer
    wanda = log_in(sample_ring.wanda_login)
    assert "has not answered yet" in wanda.get(f"/reservations/{proposed}").text
    assert wanda.post(path).status_code == 303


def test_another_time_that_the_member_chooses_answers_as_well(session, sample_ring, proposed):
    with write_transaction(session):
        reservations.move(session, proposed, hours(MONDAY, 96, 98), by=SOMEBODY, now=MONDAY)

    assert not found(session, proposed).awaits_answer


def test_a_declined_wish_for_another_time_leaves_the_proposal(session, sample_ring):
    """On a machine that needs approval, the proposed time stays confirmed beside the wish."""
    splitter = propose(session, sample_ring.splitter, sample_ring.anna)
    with write_transaction(session):
        decisions.approve(session, splitter, by=SOMEBODY, now=MONDAY)
    with write_transaction(session):
        reservations.move(session, splitter, hours(MONDAY, 96, 98), by=SOMEBODY, now=MONDAY)
    assert found(session, splitter).awaits_answer
    with write_transaction(session):
        decisions.reject(session, splitter, "No", by=SOMEBODY, now=MONDAY)

    view = found(session, splitter)
    assert (view.span, view.status, view.awaits_answer) == (PROPOSED, Status.CONFIRMED, True)
