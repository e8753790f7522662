"""Reads kept for one version of the database: a commit of anybody ends what was kept, on both databases."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

from flask import g
from sqlalchemy import update
from sqlalchemy.orm import Session

from app.pages.reservations.day_view import day_view
from booking import availability, queries
from booking.kernel.orm import table_of
from booking.kernel.read_cache import ENTRIES_MAX, cached_read
from booking.kernel.transaction import in_write_transaction, write_transaction
from booking.models import Member, Reservation
from booking.reservations.wishes import Wish
from tests.builders import hours, reserve
from tests.conftest import MONDAY

_member = table_of(Member)


class Reads:
    """The names of members, read through the cache; made: how often they were read."""

    def __init__(self) -> None:
        self.made = 0

    def name_of(self, session, member_id):
        def read():
            self.made += 1
            return session.get(Member, member_id, populate_existing=True).name

        return cached_read(session, ("name", member_id), read)


def rename(session, member_id, name):
    in_write_transaction(
        session, lambda: session.execute(update(_member).where(_member.c.id == member_id).values(name=name))
    )


def test_what_was_read_is_kept_until_anybody_commits(session, sample_ring):
    reads, anna, bernd = Reads(), sample_ring.anna, sample_ring.bernd
    session.rollback()
    for _request in range(3):
        assert reads.name_of(session, anna) == "Anna"
        session.rollback()
    assert (reads.made, reads.name_of(session, bernd), reads.made) == (1, "Bernd", 2)

    session.connection()  # held, so that the other one writes on a connection of its own
    with Session(session.get_bind()) as other:
        rename(other, anna, "Annika")
        session.rollback()
        assert (reads.name_of(session, anna), reads.made) == ("Annika", 3)
        rename(session, bernd, "Bertram")
        assert (reads.name_of(session, bernd), reads.name_of(other, bernd)) == ("Bertram", "Bertram")


def test_a_write_transaction_sees_what_it_wrote_and_leaves_nothing_behind(session, sample_ring):
    reads, anna = Reads(), sample_ring.anna
    assert reads.name_of(session, anna) == "Anna"
    with write_transaction(session):
        session.execute(update(_member).where(_member.c.id == anna).values(name="Annika"))
        assert reads.name_of(session, anna) == "Annika"
        session.rollback()

    assert reads.name_of(session, anna) == "Anna"


def test_a_connection_keeps_a_few_results(session, sample_ring):
    read = [cached_read(session, ("number", number), lambda number=number: number) for number in range(100)]

    assert read == list(range(100))
    (kept,) = [found for found in session.connection().info.values() if hasattr(found, "by_key")]
    assert len(kept.by_key) <= ENTRIES_MAX


def test_what_is_proposed_instead_follows_every_change(session, sample_ring):
    def proposed(member_id):
        wish = Wish(sample_ring.combine, member_id, hours(MONDAY, 2, 4))
        check = availability.check_wish(session, wish, now=MONDAY)
        spans = [one.span for one in availability.alternatives(session, wish, now=MONDAY)]
        session.rollback()
        return check.taken is not None, spans

    reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, 2, 4), now=MONDAY)
    before = proposed(sample_ring.bernd)
    assert before[0]
    assert hours(MONDAY, 4, 6) in before[1]
    assert proposed(sample_ring.anna) == before
    reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, 4, 6), now=MONDAY)
    assert hours(MONDAY, 4, 6) not in proposed(sample_ring.bernd)[1]


def test_a_day_to_tap_fills_up_while_a_machine_is_late_though_nothing_is_stored(app, session, sample_ring):
    one = reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, 1, 2), now=MONDAY)
    with write_transaction(session):
        session.execute(update(Reservation).where(Reservation.id == one.id).values(status="in_use", decide_until=None))
    card = queries.machine_card(session, sample_ring.combine)
    form = SimpleNamespace(date=SimpleNamespace(data=MONDAY.date()), span=hours(MONDAY, 26, 27))

    def load(later):
        g._login_user = SimpleNamespace(member_id=sample_ring.bernd, language=None)
        shown = day_view(session, form, card, now=MONDAY + timedelta(hours=later))
        session.rollback()
        return shown.days[0].load

    with app.test_request_context():
        assert load(2) < load(4) < load(6)
