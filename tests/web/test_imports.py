"""Tables from other programs: preview, then all or nothing."""

from __future__ import annotations

from io import BytesIO

import pytest

from booking import queries
from booking.queries import machine_card

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
        ('Nummer;Name\n1;"Huber\n', "quotation mark"),
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
