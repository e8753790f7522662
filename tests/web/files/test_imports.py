"""Tables from other programs: preview, then all or nothing."""

from __future__ import annotations

from io import BytesIO

import pytest
from openpyxl import Workbook
from sqlalchemy import select

from booking import queries
from booking.models import Member
from booking.queries import machine_card
from tests.web.filled_forms import form_with

MEMBERS = "Nummer;Name;Gewerbe;Eintritt\nM-101;Hof Huber;Landwirtschaft;01.03.2019\nM-102;Schreinerei Groß;Holz;\n"
MACHINES = "slug;name;workshop;places;needs_approval;charge_unit\nbaler;Ballenpresse;hall;1;ja;piece\n"


@pytest.fixture
def rita(log_in, sample_ring):
    return log_in(sample_ring.rita_login)


def look(client, kind, text, encoding="utf-8"):
    return client.post(f"/admin/import/{kind}", data={"file": (BytesIO(text.encode(encoding)), "table.csv")})


def store(client, kind, text):
    return client.post(f"/admin/import/{kind}/store", data={"text": text})


def numbers(session):
    return {member.number for member in queries.member_names(session)}


def test_a_preview_stores_nothing(rita, session):
    before = numbers(session)
    page = look(rita, "members", MEMBERS)

    assert page.status_code == 200
    assert "Hof Huber" in page.text
    assert numbers(session) == before


def test_what_was_looked_at_is_stored(rita, session):
    assert store(rita, "members", MEMBERS).status_code == 303
    assert {"M-101", "M-102"} <= numbers(session)


def test_a_second_import_changes_nothing(rita):
    store(rita, "members", MEMBERS)

    assert "unchanged" in look(rita, "members", MEMBERS).text


def test_columns_that_the_file_lacks_stay_as_they_are(rita, session):
    store(rita, "machines", MACHINES)
    store(rita, "machines", "slug;name;workshop;cleaning_min\nbaler;Presse;hall;30\n")

    card = machine_card(session, "baler")
    assert (card.name, card.charge_unit, card.rules.cleaning_min, card.rules.needs_approval) == (
        "Presse",
        "piece",
        30,
        True,
    )


def test_one_refused_row_keeps_all_out(rita, session):
    before = numbers(session)
    page = store(rita, "members", MEMBERS + "M-103;;;\n")

    assert page.status_code == 422
    assert numbers(session) == before


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "missing"),
        ("Nummer;Name\n", "no rows"),
        ("Nummer;Name;Haarfarbe\n1;Huber;blond\n", "Haarfarbe"),
        ("Name\nHuber\n", "number"),
        ("Nummer;Name\n1;Huber;3\n", "Line 2"),
        ('Nummer;Name\n1;"Huber\n', "cannot be read: a quotation mark is missing"),
        ("Nummer;Name\n1;" + "x" * 140_000, "a cell has more than 130,000 characters"),
        ("Nummer;Name;Eintritt\n1;Huber;gestern\n", "gestern"),
        ("Nummer;Name\n1;Huber\n1;Maier\n", "twice"),
    ],
)
def test_a_file_that_cannot_be_read_is_explained(rita, session, text, words):
    page = look(rita, "members", text)

    assert page.status_code == 422
    assert words in page.text


def test_old_programs_write_another_encoding(rita):
    page = look(rita, "members", MEMBERS, "cp1252")

    assert page.status_code == 200
    assert "Schreinerei Groß" in page.text


def test_commas_serve_as_well(rita, session):
    store(rita, "members", MEMBERS.replace(";", ","))

    assert "M-101" in numbers(session)


def test_a_machine_needs_a_workshop_that_exists(rita):
    page = look(rita, "machines", MACHINES.replace("hall", "barn"))

    assert page.status_code == 422
    assert "barn" in page.text


def test_it_is_for_administrators_alone(log_in, sample_ring, client):
    assert log_in(sample_ring.wanda_login).get("/admin/import/members").status_code == 403
    assert client.get("/admin/import/members").status_code == 303


def test_an_unknown_kind_is_missing(rita):
    assert rita.get("/admin/import/sheep").status_code == 404


def test_the_terminal_imports_too(app, session, tmp_path, sample_ring):
    file = tmp_path / "members.csv"
    file.write_text(MEMBERS, encoding="utf-8")
    runner = app.test_cli_runner()

    tried = runner.invoke(args=["ring", "import", "members", str(file), "--dry-run"])
    assert "2 entered" in tried.output
    assert "M-101" not in numbers(session)
    assert runner.invoke(args=["ring", "import", "members", str(file)]).exit_code == 0
    assert "M-101" in numbers(session)


def answered(client, kind, text, **answers):
    return client.post(f"/admin/import/{kind}", data={"text": text, **answers})


def test_the_preview_shows_old_and_new_value_of_each_cell_and_the_values_of_new_rows(rita):
    store(rita, "members", MEMBERS)
    page = answered(
        rita, "members", "Nummer;Name;Gewerbe\nM-101;Hof Huber-Maier;\nM-102;Schreinerei Groß;Holz\nM-103;Neu;Imker\n"
    ).text

    assert "<del>Hof Huber</del> → <ins>Hof Huber-Maier</ins>" in page
    assert "trade: Imker" in page.replace("\n", "")
    assert "1 unchanged row is not listed" in page
    assert "1 cell of the file is empty where something is stored. What is stored stays." in page
    assert "would be emptied" not in page


def test_empty_cells_empty_the_field_only_when_that_is_chosen(rita, session):
    store(rita, "members", MEMBERS)
    emptied = "Nummer;Name;Gewerbe;Eintritt\nM-101;Hof Huber;;\n"
    page = answered(rita, "members", emptied, clears_empty="y").text

    assert "2 stored values would be emptied" in page
    assert "<del>Landwirtschaft</del> → <strong" in page
    store(rita, "members", emptied)
    huber = select(Member.trade, Member.joined_on).where(Member.number == "M-101")
    assert session.execute(huber).one().trade == "Landwirtschaft"
    rita.post("/admin/import/members/store", data={"text": emptied, "clears_empty": "y"})
    session.rollback()
    assert session.execute(huber).one() == ("", None)


def test_an_empty_column_of_addresses_in_free_text_leaves_the_parts_of_an_address(rita, session):
    store(rita, "members", "Nummer;Name;Straße;PLZ;Ort;Anschrift\nM-101;Huber;Hauptstr. 5;82418;Murnau;\n")
    store(rita, "members", "Nummer;Name;Straße;PLZ;Ort;Anschrift\nM-101;Hof Huber;;;;\n")

    huber = select(Member.name, Member.address_town, Member.address_text).where(Member.number == "M-101")
    assert session.execute(huber).one() == ("Hof Huber", "Murnau", "")


def test_empty_cells_of_machines_leave_texts_and_switches_as_they_are(rita, session):
    store(rita, "machines", MACHINES)
    file = "slug;name;workshop;kind;needs_approval\nbaler;Presse;hall;Presse;\n"
    page = answered(rita, "machines", file).text

    assert "<del>Ballenpresse</del> → <ins>Presse</ins>" in page
    store(rita, "machines", file)
    assert machine_card(session, "baler").rules.needs_approval
    page = answered(rita, "machines", file.replace(";Presse;\n", ";;\n"), clears_empty="y").text
    assert "<del>yes</del> → <ins>no</ins>" in page
    assert "1 stored value would be emptied" in page


def test_a_long_preview_is_shown_in_pages_and_can_be_filtered(rita):
    store(rita, "members", "Nummer;Name\nM-1;Hof 1\n")
    rows = "".join(f"M-{number};Betrieb {number}\n" for number in range(1, 121))
    first = answered(rita, "members", f"Nummer;Name\n{rows}").text

    assert "Rows 1 to 50 of 120" in first
    assert "Rows 101 to 120 of 120" in answered(rita, "members", f"Nummer;Name\n{rows}", rows=":3").text
    changed = answered(rita, "members", f"Nummer;Name\n{rows}", rows="changed:1").text
    assert "Betrieb 1</ins>" in changed
    assert "Betrieb 2" not in changed.split('id="columns"')[0]


def test_lost_or_misread_letters_are_asked_about_in_texts_and_workbooks(rita, session):
    page = look(rita, "members", "Nummer;Name\nM-1;M\ufffdller\n")
    assert page.status_code == 422
    assert "Letters of this file seem to be lost" in page.text
    page = look(rita, "members", "Nummer;Name\nM-1;M¸ller\n")
    assert "Windows read as Mac Roman" in page.text
    assert "<strong>Müller</strong>" in page.text

    book = Workbook()
    for line in (("Nummer", "Name"), ("M-1", "J√§ger")):
        book.active.append(line)
    file = BytesIO()
    book.save(file)
    page = rita.post("/admin/import/members", data={"file": (BytesIO(file.getvalue()), "members.xlsx")})
    assert "<strong>Jäger</strong>" in page.text
    sent = form_with(page.text, "upload") | {"encoding": "utf-8-as-mac"}
    rita.post("/admin/import/members/store", data=sent)
    assert session.scalar(select(Member.name).where(Member.number == "M-1")) == "Jäger"
