"""The address in forms and tables: its parts, the text that is not split yet, and what is wrong at the field."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from app.imports import import_table, read
from booking.addresses import Address
from booking.kernel.transaction import write_transaction
from booking.models import Member, Workshop
from booking.queries import workshop
from booking.records import ring
from booking.records.ring import RingInput
from tests.builders import SOMEBODY
from tests.conftest import MONDAY
from tests.web.filled_forms import form_with

PARTS = {
    "address_name": "Huber GbR",
    "address_street": "Museumstr. 1",
    "address_postcode": "6020",
    "address_town": "Innsbruck",
    "address_country": "AT",
}
INNSBRUCK = Address("Huber GbR", "Museumstr. 1", "6020", "Innsbruck", "AT")
SETTINGS = {
    "name": "R",
    "holidays_region": "DE-BY",
    "objection_days": "14",
    "exchange_hours": "24",
    "colour": "#14532d",
}


@pytest.fixture
def rita(log_in, sample_ring):
    return log_in(sample_ring.rita_login)


def stored_address(session, member_id):
    session.rollback()
    return session.get_one(Member, member_id, populate_existing=True).address


def put(session, member_id, address):
    with write_transaction(session):
        session.get_one(Member, member_id).address = address


def test_every_form_stores_the_parts(rita, log_in, session, sample_ring):
    member = {"number": "M-1", "name": "Huber", "price_class": "member", "revision": "0"}
    place = {"name": "Hall", "slug": "hall", "timezone": "Europe/Berlin", "holidays_region": "", "revision": "0"}

    assert rita.post(f"/admin/members/{sample_ring.bernd}", data=member | PARTS).status_code == 303
    assert log_in(sample_ring.anna_login).post("/account/contact", data=PARTS).status_code == 303
    assert rita.post("/workshop/hall/edit", data=place | PARTS).status_code == 303
    assert rita.post("/admin/settings", data=SETTINGS | PARTS).status_code == 303

    assert stored_address(session, sample_ring.bernd) == stored_address(session, sample_ring.anna) == INNSBRUCK
    assert workshop(session, "hall").address == INNSBRUCK
    assert ring.the_ring(session).address == INNSBRUCK


def test_an_unsplit_text_is_shown_until_it_is_emptied(log_in, session, sample_ring):
    anna = log_in(sample_ring.anna_login)
    assert "address_text" not in anna.get("/account/contact").text

    put(session, sample_ring.anna, Address(text="Am Anger\nbehind the mill"))
    page = anna.get("/account/contact").text
    assert "Am Anger\nbehind the mill</textarea>" in page.replace("\r\n", "\n")
    assert "could not be split" in page

    anna.post("/account/contact", data={"address_text": " Am Anger\r\n\r\nbehind the mill ", "address_town": "Murnau"})
    assert stored_address(session, sample_ring.anna) == Address(town="Murnau", text="Am Anger\nbehind the mill")
    anna.post("/account/contact", data={"address_text": "", "address_town": "Murnau"})
    assert stored_address(session, sample_ring.anna) == Address(town="Murnau")
    assert "address_text" not in anna.get("/account/contact").text


@pytest.mark.parametrize(
    ("field", "wrong", "message"),
    [
        ("address_postcode", "602", "is no postcode of this country"),
        ("address_country", "XX", "Not a valid choice"),
        ("address_town", "x" * 121, "120"),
    ],
)
def test_errors_are_shown_at_their_field_and_input_is_kept(rita, session, sample_ring, field, wrong, message):
    data = {"number": "M-1", "name": "Huber", "price_class": "member", "revision": "0", **PARTS, field: wrong}

    answer = rita.post(f"/admin/members/{sample_ring.anna}", data=data)

    assert answer.status_code == 422
    assert re.search(rf'id="{field}-error">(?:<svg.*?</svg>)?[^<]*{message}', answer.text)
    assert f'<a href="#{field}">' in answer.text
    assert 'value="Museumstr. 1"' in answer.text
    assert stored_address(session, sample_ring.anna) == Address()


def test_a_part_changed_meanwhile_is_merged_and_named(rita, session, sample_ring):
    page = f"/admin/members/{sample_ring.anna}"
    mine = form_with(rita.get(page).text, "address_town")
    theirs = dict(mine, address_street="Ring 5", address_country="CH", name="Hof A")
    assert rita.post(page, data=theirs).status_code == 303

    conflict = rita.post(page, data=dict(mine, address_town="Bern"))

    assert conflict.status_code == 409
    assert "Street and number</a>: the stored value is now “Ring 5”" in conflict.text
    assert "Country</a>: the stored value is now “Switzerland”" in conflict.text
    again = form_with(conflict.text, "address_town")
    assert rita.post(page, data=again).status_code == 303
    assert stored_address(session, sample_ring.anna) == Address(street="Ring 5", town="Bern", country="CH")


@pytest.mark.parametrize(("language", "country"), [("de", "Österreich"), ("en", "Austria")])
def test_countries_have_their_names_in_the_language_of_the_page(rita, sample_ring, language, country):
    rita.post("/language", data={"language": language})

    assert f'<option value="AT">{country}</option>' in rita.get("/admin/members/new").text


IMPORTED = [
    ("Anschrift", "Am Bahnhof 4, 82418 Murnau", Address("", "Am Bahnhof 4", "82418", "Murnau")),
    ("address", "Aidling, hinter der Kirche", Address(text="Aidling, hinter der Kirche")),
    ("Anschrift;Land", "Museumstr. 1, 6020 Innsbruck;Österreich", replace(INNSBRUCK, name="")),
    ("Adresszusatz;Strasse;PLZ;Ort;Land", "Huber GbR;Museumstr. 1;6020;Innsbruck;at", INNSBRUCK),
    ("Straße;PLZ;Ort", "Dorfstr. 3;01067;Dresden", Address("", "Dorfstr. 3", "01067", "Dresden")),
    (
        "street;postcode;town;country",
        "High St;EC1A 1BB;London;United Kingdom",
        Address("", "High St", "EC1A 1BB", "London", "GB"),
    ),
    ("Ort;Anschrift", "Murnau;am Anger", Address(street="known", town="Murnau", text="am Anger")),
    ("Ort;Anschrift", ";Am Bahnhof 4, 82418 Murnau", Address("", "Am Bahnhof 4", "82418", "Murnau")),
    ("Straße;Ort", '"Am  Anger 1\nHaus 2"; Murnau ', Address(street="Am Anger 1 Haus 2", town="Murnau")),
    ("Gewerbe", "Holz", Address(street="known")),
    ("Anschrift", "", Address(street="known")),  # an empty cell leaves what is stored
]


@pytest.mark.parametrize(("head", "cells", "address"), IMPORTED, ids=lambda value: str(value)[:40])
def test_an_imported_address_has_its_parts_or_stays_as_text(session, sample_ring, head, cells, address):
    put(session, sample_ring.anna, Address(street="known"))
    table = read("members", f"Nummer;Name;{head}\nM-Anna;Anna;{cells}\n".encode())

    report = import_table(session, "members", table, by=SOMEBODY, now=MONDAY)

    assert report.is_clean(), report
    assert stored_address(session, sample_ring.anna) == address


def test_a_row_with_a_wrong_country_or_postcode_is_refused_by_the_names_of_its_columns(session, sample_ring):
    text = "Nummer;Name;PLZ;Ort;Land\nM-8;A;8241;Murnau;\nM-9;B;1;Rom;Utopia\n"

    report = import_table(session, "members", read("members", text.encode()), by=SOMEBODY, now=MONDAY)

    (postcode,), (country,) = (row.reasons for row in report.rows)
    assert postcode.startswith("Postleitzahl: ")
    assert country.startswith("Land: ")


def test_the_administrator_sees_which_addresses_are_to_be_split(rita, session, sample_ring):
    todo = "split into"
    assert todo not in rita.get("/admin").text
    assert todo not in rita.get("/workshop").text

    put(session, sample_ring.anna, Address(text="Aidling"))
    with write_transaction(session):
        session.get_one(Workshop, sample_ring.lab).address = Address(text="behind the station")
        ring.enter_or_change_ring(session, RingInput("R", address=Address(text="Murnau")), by=SOMEBODY, now=MONDAY)

    page = rita.get("/admin").text
    assert 'href="/admin/members?todo=address">The address of 1 member is not split' in page
    assert 'href="/workshop">The address of 1 workshop is not split' in page
    assert 'href="/admin/settings">The address of the ring is not split' in page
    assert rita.get("/workshop").text.count("The address of this workshop is not split") == 1
    assert "could not be split" in rita.get("/admin/settings").text


def test_the_list_of_members_can_show_only_those_whose_address_is_to_be_split(rita, session, sample_ring):
    put(session, sample_ring.anna, Address(text="Aidling"))

    page = rita.get("/admin/members?todo=address").text
    assert "M-Anna" in page
    assert "M-Bernd" not in page
    assert "M-Bernd" in rita.get("/admin/members?todo=anything").text

    put(session, sample_ring.anna, Address(town="Aidling"))
    assert "No member matches." in rita.get("/admin/members?todo=address").text
