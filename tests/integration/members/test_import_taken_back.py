"""Taking back the last import, and deleting and inviting members, on both databases."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, insert, select
from sqlalchemy.exc import IntegrityError

from app.auth.bulk_invitations import candidates, invite_members
from app.imports import import_table, read
from app.imports.taking_back import ImportInUse, take_back, taking_back
from booking import queries
from booking.audits import contradictions
from booking.kernel.transaction import write_transaction
from booking.members.members import MemberInput, enter_member
from booking.models import Machine, Member, Unit
from booking.reservations.reservations import cancel, move
from booking.timespan import TimeSpan
from booking.use.usage import Measurement, hand_out
from tests.builders import SOMEBODY, hours, reserve
from tests.conftest import MONDAY

FIRST = "Nummer;Name;E-Mail;Preisklasse\nM-1;Huber;huber@hof.example;member\n"
SECOND = "Nummer;Name;E-Mail;Preisklasse\nM-1;Maier;huber@hof.example;guest\nM-2;Neu;;member\n"


def run(session, kind, text):
    assert import_table(session, kind, read(kind, text.encode()), by=SOMEBODY, now=MONDAY).is_clean()


def back(session, kind):
    found = taking_back(session, kind)
    with write_transaction(session):
        take_back(session, kind, found.last.stored_at, by=SOMEBODY, now=MONDAY)


def members(session):
    session.rollback()
    return session.execute(select(Member.number, Member.name, Member.price_class).order_by(Member.number)).all()


def test_an_import_of_members_is_taken_back_as_a_whole_or_not_at_all(session, sample_ring):
    run(session, "members", FIRST)
    before = members(session)
    run(session, "members", SECOND)
    back(session, "members")
    assert members(session) == before

    run(session, "members", SECOND)
    stored = members(session)
    new = session.scalar(select(Member.id).where(Member.number == "M-2"))
    reserve(session, sample_ring.splitter, new, hours(MONDAY, 24, 26), now=MONDAY)
    with pytest.raises(ImportInUse):
        back(session, "members")
    assert members(session) == stored


def test_an_import_of_machines_is_taken_back(session, sample_ring):
    places = select(func.count()).select_from(Unit)
    before = session.scalar(places)
    run(session, "machines", "slug;name;workshop;places\nbaler;Presse;hall;3\n")
    back(session, "machines")
    session.rollback()
    assert session.scalar(select(Machine.id).where(Machine.slug == "baler")) is None
    assert session.scalar(places) == before


def test_a_member_is_invited_once(session, sample_ring):
    run(session, "members", FIRST)
    day = MONDAY.date()
    ids = [one.id for one in candidates(session, day) if not one.obstacle]
    for invited in (1, 0):
        with write_transaction(session):
            wanted = {"language": "de", "days": 7, "by": SOMEBODY, "now": MONDAY, "day": day}
            assert invite_members(session, ids, **wanted) == invited


RESERVATIONS = "machine;member number;start;end;places;purpose\n"
TUESDAY = "splitter;M-Anna;2026-11-24 08:00;2026-11-24 12:00;1;Logs\n"
WEDNESDAY = "splitter;M-Anna;2026-11-25 08:00;2026-11-25 12:00;1;Logs\n"


def of_anna(session, sample_ring):
    session.rollback()
    shown = {"member_id": sample_ring.anna, "now": MONDAY}
    views = [view for up in (True, False) for view in queries.reservations_of_member(session, upcoming=up, **shown)]
    assert {view.id for view in queries.reservations(session)} == {view.id for view in views}
    return [(view.starts_at.day, view.purpose) for view in views]


def test_an_import_of_reservations_is_as_if_it_had_never_been_and_can_come_again_corrected(session, sample_ring):
    run(session, "reservations", RESERVATIONS + TUESDAY + WEDNESDAY)
    back(session, "reservations")

    assert of_anna(session, sample_ring) == []
    of_anna_in_feeds = queries.feed_reservations(session, member_id=sample_ring.anna, since=MONDAY)
    assert {row.status for row in of_anna_in_feeds} == {"cancelled"}
    assert taking_back(session, "reservations") is None

    run(session, "reservations", RESERVATIONS + TUESDAY.replace("Logs", "Beech"))
    assert of_anna(session, sample_ring) == [(24, "Beech")]
    back(session, "reservations")
    reserve(session, sample_ring.splitter, sample_ring.bernd, hours(MONDAY, 24, 26), now=MONDAY)
    assert contradictions(session) == ()


@pytest.mark.parametrize("hindrance", ["moved", "fetched"])
def test_a_reservation_that_something_depends_on_keeps_the_whole_import(session, sample_ring, hindrance):
    run(session, "reservations", RESERVATIONS + TUESDAY + WEDNESDAY)
    first = queries.reservations(session)[0]
    session.rollback()
    with write_transaction(session):
        if hindrance == "moved":
            move(
                session,
                first.id,
                TimeSpan(first.starts_at, first.ends_at - timedelta(hours=1)),
                by=SOMEBODY,
                now=MONDAY,
            )
        else:
            hand_out(session, first.id, Measurement(), by=SOMEBODY, now=first.starts_at)
    with pytest.raises(ImportInUse):
        back(session, "reservations")
    found = taking_back(session, "reservations")
    assert [one.obstacle for one in found.obstacles] == [
        "seit dem Import geändert" if hindrance == "moved" else "1 Nutzungsnachweis"
    ]
    assert [day for day, _purpose in of_anna(session, sample_ring)] == [24, 25]


def test_what_a_member_has_cancelled_since_is_left_as_it_is(session, sample_ring):
    run(session, "reservations", RESERVATIONS + TUESDAY + WEDNESDAY)
    first = queries.reservations(session)[0]
    session.rollback()
    with write_transaction(session):
        cancel(session, first.id, by=SOMEBODY, now=MONDAY)
    back(session, "reservations")
    assert [day for day, _purpose in of_anna(session, sample_ring)] == [24]


def test_a_whole_move_by_mistake_is_undone_down_to_the_member(session, sample_ring):
    run(session, "members", FIRST)
    run(session, "reservations", RESERVATIONS + TUESDAY.replace("M-Anna", "M-1"))
    back(session, "reservations")
    back(session, "members")
    assert "M-1" not in [row.number for row in members(session)]


def test_no_member_or_machine_gets_the_id_of_a_deleted_one(session, sample_ring):
    run(session, "members", FIRST)
    run(session, "machines", "slug;name;workshop;places\nbaler;Presse;hall;3\n")
    deleted = session.scalar(select(func.max(Member.id))), session.scalar(select(func.max(Machine.id)))
    session.rollback()
    back(session, "members")
    back(session, "machines")
    with write_transaction(session):
        typed = enter_member(session, MemberInput("M-9", "Neu"), by=SOMEBODY, now=MONDAY)
    run(session, "members", FIRST.replace("M-1;", "M-7;") + "M-8;Gut;;member\n")
    run(session, "machines", "slug;name;workshop;places\nmill;Mühle;hall;1\n")
    session.rollback()
    imported = session.scalars(select(Member.id).where(Member.number.in_(["M-7", "M-8"]))).all()
    assert min(typed, *imported) > deleted[0]
    assert len({typed, *imported}) == 3
    assert session.scalar(select(func.max(Machine.id))) > deleted[1]
    session.rollback()
    with pytest.raises(IntegrityError, match="booking_member_id_given_once"), write_transaction(session):
        session.execute(insert(Member).values(id=deleted[0], number="M-0", name="Falsch", price_class="member"))
