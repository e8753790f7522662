"""The last import can be taken back as a whole while nothing depends on it."""

from __future__ import annotations

from functools import partial

import pytest
from sqlalchemy import func, select

from app.imports.models import ImportedRecord, LastImport
from booking.kernel.transaction import write_transaction
from booking.members.members import MemberInput, change_member
from booking.models import FormerPriceClass, Machine, Member, Unit
from booking.queries import machine_card, reservations
from tests.builders import SOMEBODY, hours, reserve
from tests.conftest import MONDAY
from tests.web.files.test_imports import store
from tests.web.filled_forms import form_with

FIRST = "Nummer;Name;Gewerbe;Preisklasse\nM-101;Hof Huber;Landwirtschaft;member\n"
SECOND = "Nummer;Name;Gewerbe;Preisklasse\nM-101;Hof Maier;Holz;guest\nM-102;Neu;;\n"
MACHINES = "slug;name;workshop;places\nbaler;Ballenpresse;hall;2\n"


@pytest.fixture
def rita(log_in, sample_ring):
    return log_in(sample_ring.rita_login)


def address(kind):
    return f"/admin/import/{kind}/take-back"


def take_back(client, kind):
    return client.post(address(kind), data=form_with(client.get(address(kind)).text, "stored_at"))


def members(session):
    session.rollback()
    rows = session.execute(select(Member.number, Member.name, Member.trade, Member.price_class))
    return {row.number: tuple(row)[1:] for row in rows}


def member_id(session, number):
    session.rollback()
    return session.scalar(select(Member.id).where(Member.number == number))


def test_new_members_are_deleted_and_changed_ones_get_their_former_values(rita, session):
    store(rita, "members", FIRST)
    before = members(session)
    store(rita, "members", SECOND)
    page = rita.get(address("members")).text

    assert "M-101, Hof Maier" in page
    assert "gets its former values" in page
    assert "is deleted" in page
    assert "1 new, 1 changed" in rita.get("/admin/import/members").text
    assert take_back(rita, "members").status_code == 303
    assert members(session) == before
    assert session.scalar(select(func.count()).select_from(FormerPriceClass)) == 0
    assert session.scalar(select(func.count()).select_from(ImportedRecord)) == 0
    assert "no import of this kind" in rita.get(address("members")).text


def test_a_changed_record_or_a_reservation_keeps_all_of_it_and_is_named(rita, session, sample_ring):
    store(rita, "members", FIRST)
    store(rita, "members", SECOND)
    sent = form_with(rita.get(address("members")).text, "stored_at")
    reserve(session, sample_ring.splitter, member_id(session, "M-102"), hours(MONDAY, 24, 26), now=MONDAY)
    with write_transaction(session):
        changed = MemberInput("M-101", "Hof Maier GbR", price_class="guest")
        change_member(session, member_id(session, "M-101"), changed, by=SOMEBODY, now=MONDAY)
    before = members(session)
    refused = rita.post(address("members"), data=sent)

    assert refused.status_code == 409
    assert "cannot be taken back: 1 reservation" in refused.text
    assert "changed since the import" in refused.text
    assert members(session) == before


def test_only_the_last_import_that_stored_something_is_kept(rita, session):
    store(rita, "members", FIRST)
    store(rita, "members", SECOND)
    store(rita, "members", SECOND)

    assert session.scalar(select(func.count()).select_from(LastImport)) == 1
    assert session.scalar(select(func.count()).select_from(ImportedRecord)) == 2
    assert rita.post(address("members"), data={"stored_at": "gestern"}).status_code == 422
    assert rita.post(address("members"), data={"stored_at": "2020-01-01T00:00:00+00:00"}).status_code == 409


def test_machines_are_deleted_with_their_places_or_get_their_former_values(rita, session):
    store(rita, "machines", MACHINES)
    store(rita, "machines", "slug;name;workshop;places;cleaning_min\nbaler;Presse;hall;4;30\nsaw;Säge;hall;1;0\n")

    assert take_back(rita, "machines").status_code == 303
    session.rollback()
    card = machine_card(session, "baler")
    assert (card.name, card.places, card.rules.cleaning_min) == ("Ballenpresse", 2, 0)
    assert session.scalar(select(Machine.id).where(Machine.slug == "saw")) is None
    orphans = select(func.count()).where(Unit.machine_id.not_in(select(Machine.id)))
    assert session.scalar(orphans) == 0


def test_it_is_for_administrators_alone(log_in, sample_ring):
    assert log_in(sample_ring.wanda_login).get(address("members")).status_code == 403


def test_a_preview_keeps_nothing_to_take_back(rita, session):
    rita.post("/admin/import/machines", data={"text": MACHINES})

    assert session.scalar(select(func.count()).select_from(LastImport)) == 0


def test_reservations_vanish_for_the_member_and_the_terminal_can_do_it_too(rita, log_in, session, sample_ring, app):
    table = "machine;member number;start;end\nsplitter;M-Anna;2026-11-24 08:00;2026-11-24 12:00\n"
    store(rita, "reservations", table)
    reservation_id = reservations(session)[0].id
    session.rollback()
    assert "Splitter, " in rita.get(address("reservations")).text

    undo = partial(app.test_cli_runner().invoke, args=["ring", "import", "undo", "reservations"])
    asked = undo(input="n\n")
    assert asked.exit_code == 1
    assert "is deleted" in asked.output
    assert [one.id for one in reservations(session)] == [reservation_id]
    session.rollback()

    assert take_back(rita, "reservations").status_code == 303
    anna = log_in(sample_ring.anna_login)
    assert "24 Nov" not in anna.get("/reservations?past=y").text
    assert "imported by mistake" in anna.get(f"/reservations/{reservation_id}").text
    nothing = undo()
    assert nothing.exit_code == 1
    assert "no import of this kind" in nothing.output

    store(rita, "reservations", table)
    done = app.test_cli_runner().invoke(args=["ring", "import", "undo", "reservations", "--yes"])
    assert done.output.endswith("The import was undone.\n")
    assert reservations(session) == ()
