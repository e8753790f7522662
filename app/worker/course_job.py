"""The job that looks after courses to come: seats of members who leave before, and trainers who may not hold them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from sqlalchemy.orm import Session

from app.clock import now
from booking.courses import losses, seats
from booking.errors.schedule_errors import WrongStatus
from booking.kernel.events import Actor
from booking.kernel.transaction import in_own_transactions

LOOK = Actor(job="look_after_courses")


def look_after_courses(session: Session) -> int:
    """Sign members off who leave before a course, and note courses without a valid trainer, each once."""
    moment = now()
    leavers, untrained = losses.leavers(session, now=moment), losses.untrained(session, now=moment)
    session.rollback()

    def sign_off(course_id: int, signup_id: int) -> int:
        try:
            seats.sign_off(session, course_id, signup_id, by=LOOK, now=moment)
        except WrongStatus:  # held or cancelled meanwhile
            return 0
        return 1

    steps: list[Callable[[], int]] = [partial(sign_off, course_id, signup_id) for course_id, signup_id in leavers]
    steps += [partial(losses.note_trainer_lost, session, one, by=LOOK, now=moment) for one in untrained]
    return in_own_transactions(session, steps)
