"""Reserving, moving and searching on a machine of 24 places take as many steps with a long past as with a short one."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import select

from bench import steps
from bench.goals import GOALS
from booking.kernel.transaction import write_transaction
from booking.models import Ring

SHORT, LONG = 100, 10_000


class Undone(Exception):
    """Ends a transaction of which nothing is to be stored."""


def steps_of_operations(session):
    found = {}
    with suppress(Undone), write_transaction(session):
        for name, operation in steps.operations(session).items():
            with steps.counted(session) as count:
                operation()
            found[name] = count[0]
        raise Undone
    return found


@pytest.mark.of_sqlite
def test_a_hundred_times_as_long_a_past_takes_no_more_steps(app, session, database_url):
    """The goal of row 12h, which `python -m bench.steps` measures with 10^6 against 10^4 reservations."""
    (goal,) = (one for one in GOALS if one.row == "12h")
    database = Path(database_url.removeprefix("sqlite:///"))
    with write_transaction(session):
        session.delete(session.scalars(select(Ring)).one())
        session.flush()
        steps.enter_ring(session)
    steps.fill(database, SHORT)
    few = steps_of_operations(session)
    steps.fill(database, LONG - SHORT, before=SHORT)
    many = steps_of_operations(session)

    assert few.keys() == many.keys()
    assert min(few.values()) > 500, few
    assert {name: (few[name], many[name]) for name in few if not goal.is_met(many[name] / few[name])} == {}
