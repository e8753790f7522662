"""A member entered by mistake can be deleted, while nothing refers to it."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from app.wording.references import REFERENCES
from booking.errors.schedule_errors import StillReferred
from booking.kernel.events import RecordedEvent
from booking.kernel.transaction import write_transaction
from booking.machines.machines import MachineInput, enter_machine
from booking.members.members import MemberInput, change_member, enter_member
from booking.models import Machine, Member
from booking.records import deletions
from tests.builders import SOMEBODY, hours, reserve
from tests.conftest import MONDAY
from tests.web.filled_forms import form_with


@pytest.fixture
def rita(log_in, sample_ring):
    return log_in(sample_ring.rita_login)


def entered(session, number="M-99"):
    with write_transaction(session):
        return enter_member(session, MemberInput(number, "Tipp Fehler"), by=SOMEBODY, now=MONDAY)


def numbers(session):
    session.rollback()
    return set(session.scalars(select(Member.number)))


def test_a_member_entered_by_mistake_is_deleted_after_a_look(rita, session):
    address = f"/admin/members/{entered(session)}/delete"
    page = rita.get(address)

    assert "Delete M-99 Tipp Fehler" in page.text
    assert "M-99" in numbers(session)
    assert rita.post(address, data=form_with(page.text, "revision")).status_code == 303
    assert "M-99" not in numbers(session)
    assert rita.get(address).status_code == 404
    latest = select(RecordedEvent.facts).order_by(RecordedEvent.id.desc()).limit(1)
    assert session.scalar(latest) | {"record_id": 0} == {
        "table": "member",
        "record_id": 0,
        "what": "deleted",
        "key": "M-99",
    }
    assert "number M-99" in rita.get("/admin/events").text


def test_what_refers_to_a_member_is_named_and_nothing_is_deleted(rita, session, sample_ring):
    reserve(session, sample_ring.splitter, sample_ring.bernd, hours(MONDAY, 24, 26), now=MONDAY)
    address = f"/admin/members/{sample_ring.bernd}/delete"
    page = rita.get(address)

    assert "1 reservation<" in page.text
    assert "1 login<" in page.text
    sent = rita.post(address, data={"revision": "0"})
    assert sent.status_code == 409
    assert "1 reservation<" in sent.text
    assert "M-Bernd" in numbers(session)


def test_a_member_changed_since_the_look_is_not_deleted(rita, session):
    member_id = entered(session)
    page = rita.get(f"/admin/members/{member_id}/delete").text
    with write_transaction(session):
        change_member(session, member_id, MemberInput("M-99", "Richtig"), by=SOMEBODY, now=MONDAY)

    assert rita.post(f"/admin/members/{member_id}/delete", data=form_with(page, "revision")).status_code == 409
    assert "M-99" in numbers(session)


def test_a_former_price_class_goes_with_its_member(session, sample_ring):
    member_id = entered(session)
    with write_transaction(session):
        guest = MemberInput("M-99", "Tipp Fehler", price_class="guest")
        change_member(session, member_id, guest, by=SOMEBODY, now=MONDAY)
    with write_transaction(session):
        deletions.delete_members(session, [member_id], by=SOMEBODY, now=MONDAY)
    assert "M-99" not in numbers(session)


def test_a_machine_goes_with_its_places_unless_it_was_reserved(session, sample_ring):
    with write_transaction(session):
        wanted = MachineInput(slug="presse", name="Presse")
        machine_id = enter_machine(session, sample_ring.hall, wanted, places=3, by=SOMEBODY, now=MONDAY)
    with write_transaction(session):
        deletions.delete_machines(session, [machine_id], by=SOMEBODY, now=MONDAY)
    assert session.get(Machine, machine_id) is None

    reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, 24, 26), now=MONDAY)
    with pytest.raises(StillReferred) as refused, write_transaction(session):
        deletions.delete_machines(session, [sample_ring.combine], by=SOMEBODY, now=MONDAY)
    assert refused.value.facts["references"][sample_ring.combine]["booking_reservation"] == 1


def test_whatever_can_refer_to_a_record_that_can_be_taken_back_has_its_words():
    tables = ("booking_member", "booking_machine", "booking_unit", "booking_reservation")
    referring = {column.table.name for table in tables for column in deletions.referring_columns(table)}

    assert referring == set(REFERENCES)
