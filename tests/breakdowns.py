"""A machine that breaks down: three lasers of a group, and reservations of one of them, one for each outcome."""

from __future__ import annotations

from booking.closures import blockings
from booking.kernel.transaction import write_transaction
from booking.records import groups
from booking.records.groups import GroupInput, RankedMachine
from booking.replan import Outcome
from booking.reservations import reservations
from booking.reservations.wishes import Wish
from tests.builders import SOMEBODY, hours, machine
from tests.conftest import MONDAY


def do(session, verb, *arguments, now=MONDAY, **more):
    """Run a verb in a transaction of its own."""
    with write_transaction(session):
        return verb(session, *arguments, by=SOMEBODY, now=now, **more)


def three_lasers(session, sample_ring):
    """Return the ids of three machines of a group in the hall: the twins A and B, and C, which is larger."""
    ids = [machine(session, sample_ring.hall, f"laser-{name}", name=f"Laser {name.upper()}") for name in "abc"]
    ranked = tuple(RankedMachine(one, rank) for one, rank in zip(ids, (1, 1, 2), strict=True))
    do(session, groups.make, sample_ring.hall, GroupInput("Lasers", ranked))
    return ids


def book(session, machine_id, member_id, start, end, tolerance_min=0):
    """Reserve hours from Monday morning on; return the id."""
    wish = Wish(machine_id, member_id, hours(MONDAY, start, end), may_move_min=tolerance_min)
    return do(session, reservations.request_reservation, wish).id


def close(session, machine_id, start=0, end=48):
    """Close a machine around its reservations; return the id of the closure."""
    return do(session, blockings.close, machine_id, hours(MONDAY, start, end), "Tube", around_reservations=True)


def broken_laser(session, sample_ring, lasers):
    """Reserve laser B once for each outcome and close it until Wednesday morning; return the ids and the closure."""
    a, b, _c = lasers
    anna, bernd = sample_ring.anna, sample_ring.bernd
    book(session, a, bernd, 10, 12)
    book(session, a, bernd, 20, 44)
    ids = {
        Outcome.TWIN: book(session, b, anna, 5, 7),
        Outcome.SHIFT: book(session, b, anna, 10, 12, tolerance_min=240),
        Outcome.OFFER: book(session, b, bernd, 21, 23),
        Outcome.AT_RISK: book(session, b, bernd, 60, 62),
    }
    return ids, close(session, b)
