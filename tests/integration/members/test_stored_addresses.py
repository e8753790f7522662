"""Addresses in the database: one value of six columns, one line as a column, and those that wait to be split."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from booking import queries
from booking.addresses import Address
from booking.errors.schedule_errors import RecordRefused
from booking.events.reservation_events import RecordChanged
from booking.kernel.events import RecordedEvent
from booking.kernel.orm import table_of
from booking.kernel.transaction import write_transaction
from booking.members import members
from booking.members.members import Contact, MemberInput
from booking.models import Member, Workshop
from booking.queries.addresses import address_line
from booking.records import ring, workshops
from booking.records.ring import RingInput
from booking.records.workshops import WorkshopInput
from tests import builders
from tests.builders import SOMEBODY
from tests.conftest import MONDAY

HUBER = Address("Huber GbR", "Dorfstr. 3", "82418", "Murnau", "DE", "")
LINES = [
    Address(),
    Address(town="Murnau"),
    Address(postcode="82418"),
    Address(street="Dorfstr. 3"),
    Address(street="Dorfstr. 3", town="Murnau"),
    Address(street="Dorfstr. 3", postcode="82418"),
    Address(postcode="82418", town="Murnau"),
    HUBER,
    Address(name="Huber GbR", country="AT"),
    Address(street="Dorfstr. 3", text="old\nbarn"),
    Address(text="Am Anger\nMurnau"),
    Address(text="Aidling, by the church"),
]


@pytest.mark.parametrize("address", LINES, ids=repr)
def test_the_line_in_the_database_is_that_of_the_value(session, address):
    workshop_id = builders.workshop(session, address=address)
    table = table_of(Workshop)

    assert session.scalar(select(address_line(table)).where(table.c.id == workshop_id)) == address.one_line


def test_an_address_comes_back_as_the_value_that_was_entered(session, sample_ring):
    with write_transaction(session):
        data = MemberInput(number="M-9", name="Huber", address=HUBER)
        member_id = members.enter_member(session, data, by=SOMEBODY, now=MONDAY)

    session.expire_all()
    assert session.get_one(Member, member_id).address == HUBER
    assert data in queries.member_records(session)


def test_who_enters_no_address_has_one_with_a_country_alone(session):
    member_id = builders.member(session)

    assert session.get_one(Member, member_id).address == Address(country="DE")


def test_an_address_is_one_field_of_the_event_and_no_event_if_it_stays_the_same(session, sample_ring):
    def change(address):
        with write_transaction(session):
            contact = Contact(email="", phone="", address=address)
            members.change_contact(session, sample_ring.anna, contact, by=SOMEBODY, now=MONDAY)

    change(HUBER)
    change(Address(**{field: getattr(HUBER, field) for field in HUBER.__slots__}))

    noted = session.scalars(select(RecordedEvent.facts).where(RecordedEvent.type == RecordChanged.type)).all()
    assert [facts["what"] for facts in noted] == ["address"]


def test_a_wrong_address_is_refused_everywhere(session, sample_ring):
    wrong = Address(postcode="8241", country="DE")

    def refused(use_case):
        with pytest.raises(RecordRefused) as refusal, write_transaction(session):
            use_case()
        return [(violation.rule, violation.field) for violation in refusal.value.violations]

    for use_case in (
        lambda: members.enter_member(session, MemberInput("1", "A", address=wrong), by=SOMEBODY, now=MONDAY),
        lambda: workshops.enter_workshop(session, WorkshopInput("w", "W", wrong), [], by=SOMEBODY, now=MONDAY),
        lambda: ring.enter_or_change_ring(session, RingInput("R", address=wrong), by=SOMEBODY, now=MONDAY),
    ):
        assert refused(use_case) == [("postcode_form", "address_postcode")]


def test_a_machine_and_a_reservation_carry_the_line_of_their_workshop(session, sample_ring):
    with write_transaction(session):
        session.get_one(Workshop, sample_ring.hall).address = HUBER
    entered = builders.reserve(
        session, sample_ring.combine, sample_ring.anna, builders.hours(MONDAY, 24, 26), now=MONDAY
    )

    line = "Dorfstr. 3, 82418 Murnau"
    assert queries.machine_card(session, "combine").workshop_address == line
    assert queries.reservation(session, entered.id).workshop_address == line
    (row,) = queries.feed_reservations(session, member_id=sample_ring.anna, since=MONDAY)
    assert row.workshop_address == line


def test_what_waits_to_be_split_is_counted(session, sample_ring):
    before = queries.unsplit_addresses(session)
    with write_transaction(session):
        session.get_one(Member, sample_ring.anna).address = Address(text="Aidling")
        session.get_one(Member, sample_ring.bernd).address = Address(street="Dorfstr. 3", text="Aidling")
        session.get_one(Workshop, sample_ring.lab).address = Address(text="behind the station")

    assert before == queries.UnsplitAddresses(members=0, workshops=0, is_rings=False)
    assert queries.unsplit_addresses(session) == queries.UnsplitAddresses(members=2, workshops=1, is_rings=False)
