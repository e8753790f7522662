"""Whatever is reserved, moved, cancelled and handed back around a breakdown: nobody can reserve the broken machine."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from booking import audits
from booking.closures import blockings
from booking.errors.schedule_errors import DomainError
from booking.kernel.transaction import write_transaction
from booking.places import held_spans, occupancies
from booking.places.closure_gaps import gaps
from booking.reservations import decisions, reservations
from booking.reservations.wishes import Wish
from booking.use import usage
from booking.use.usage import Measurement
from tests.builders import SOMEBODY, hours, machine
from tests.conftest import MONDAY

spans = st.tuples(st.integers(1, 40), st.integers(1, 8))
steps = st.lists(
    st.tuples(st.integers(0, 5), st.sampled_from(["cancel", "move", "no_show", "use", "lift"]), spans), max_size=12
)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(
    wished=st.lists(st.tuples(spans, st.integers(1, 3)), min_size=1, max_size=6),
    closed=st.lists(spans, min_size=1, max_size=3),
    steps=steps,
)
def test_a_breakdown_leaves_no_gap_whatever_becomes_of_the_reservations(session, sample_ring, wished, closed, steps):
    shelf = machine(session, sample_ring.hall, f"shelf-{machine_number(session)}", places=3, cleaning_min=15)
    held = []
    for (start, length), places in wished:
        wish = Wish(shelf, sample_ring.anna, hours(MONDAY, start, start + length), places)
        made = tried(lambda w=wish: in_transaction(session, reservations.request_reservation, w, now=MONDAY))
        held += [made.id] if made is not None else []
    closures = {}
    for start, length in closed:
        span = hours(MONDAY, start, start + length)
        with write_transaction(session):
            closure_id = blockings.close(session, shelf, span, "", by=SOMEBODY, now=MONDAY, around_reservations=True)
        closures[closure_id] = span
    for which, step, (start, length) in steps:
        if step == "lift":
            closure_id = next(iter(closures)) if len(closures) > 1 else None
            if closure_id is not None:
                closures.pop(closure_id)
                tried(lambda c=closure_id: in_transaction(session, blockings.lift, c, now=MONDAY))
        elif which < len(held):
            change(session, held[which], step, hours(MONDAY, start, start + length))

    places = occupancies.places_of(session, shelf)
    for span in closures.values():
        by_place = held_spans.by_place(session, [shelf], span)
        assert not any(list(gaps(by_place.get(place, ()), span)) for place in places)
    assert audits.overlapping_pairs(session) == ()
    assert audits.contradictions(session) == ()


def change(session, reservation_id, step, span):
    """Try one step with a reservation; the rules may refuse it."""
    stored = session.get(reservations.Reservation, reservation_id, populate_existing=True)
    start = stored.starts_at
    session.rollback()
    if step == "cancel":
        tried(lambda: in_transaction(session, reservations.cancel, reservation_id, now=MONDAY))
    elif step == "move":
        tried(lambda: in_transaction(session, reservations.move, reservation_id, span, now=MONDAY))
    elif step == "no_show":
        tried(lambda: in_transaction(session, decisions.report_no_show, reservation_id, now=start))
    else:
        tried(lambda: in_transaction(session, usage.hand_out, reservation_id, Measurement(), now=start))
        back = start + timedelta(minutes=20)
        tried(lambda: in_transaction(session, usage.hand_back, reservation_id, Measurement(), now=back))


def in_transaction(session, verb, *arguments, now):
    with write_transaction(session):
        return verb(session, *arguments, by=SOMEBODY, now=now)


def tried(act):
    """Return the result, or None where it was refused."""
    try:
        return act()
    except DomainError:
        return None


def machine_number(session):
    return len(session.connection().exec_driver_sql("SELECT id FROM booking_machine").all())
