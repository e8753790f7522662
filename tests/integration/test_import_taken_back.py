"""Taking back the last import, and deleting and inviting members, on both databases."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from app.auth.bulk_invitations import candidates, invite_members
from app.imports import import_table, read
from app.imports.taking_back import ImportInUse, take_back, taking_back
from booking.kernel.transaction import write_transaction
from booking.models import Machine, Member, Unit
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
