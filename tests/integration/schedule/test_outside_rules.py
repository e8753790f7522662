"""Reservations outside new rules, in races: each member is told once, and what was read is what is accepted."""

from __future__ import annotations

from sqlalchemy import func, select

from booking import queries
from booking.kernel.events import RecordedEvent
from booking.kernel.transaction import write_transaction
from booking.models import Reservation
from booking.rule_changes import rule_changes
from tests.builders import SOMEBODY, hours, reserve
from tests.conftest import MONDAY
from tests.integration.schedule.test_offer_races import all_at_once


def test_two_who_tell_the_members_at_once_write_one_mail_and_what_is_read_is_locked(app, session, sample_ring):
    spans = (hours(MONDAY, start, start + 2) for start in (40, 30))
    ids = [reserve(session, sample_ring.combine, sample_ring.anna, span, now=MONDAY).id for span in spans]
    with write_transaction(session):
        for one in ids:
            session.get_one(Reservation, one).outside_rules_since = MONDAY

    def tell(session):
        marks = queries.outside_marks(session, [sample_ring.hall], now=MONDAY)
        return rule_changes.tell_members(session, [one.id for one in marks], by=SOMEBODY, now=MONDAY)

    assert sorted(all_at_once(app, tell, tell)) == [0, 1]
    told = select(func.count()).where(RecordedEvent.type == "member_outside_rules")
    assert session.scalar(told) == 1
    with write_transaction(session):
        marks = queries.outside_marks(session, None, now=MONDAY, locks=True)
        assert [one.id for one in marks] == [ids[1], ids[0]]
        shown = rule_changes.digest_of(reversed(marks))
        rule_changes.accept_all(session, marks, by=SOMEBODY, now=MONDAY, shown=shown)
    assert queries.outside_count(session, None, now=MONDAY) == 0
