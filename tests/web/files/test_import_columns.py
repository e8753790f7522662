"""Tables of other programs: questions about a file, the columns assigned on a page and remembered, the same typed."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pytest
from sqlalchemy import select

from app.auth.models import User
from app.imports import preview_table, read
from booking import queries
from booking.addresses import Address
from booking.kernel.transaction import write_transaction
from booking.models import Machine, Member, Workshop
from tests.builders import SOMEBODY, machine
from tests.conftest import MONDAY
from tests.web.filled_forms import form_with

TABLES = Path(__file__).parent / "tables"


@pytest.fixture
def rita(log_in, sample_ring):
    return log_in(sample_ring.rita_login)


def look(client, kind, content):
    content = content if isinstance(content, bytes) else content.encode()
    return client.post(f"/admin/import/{kind}", data={"file": (BytesIO(content), "table.csv")})


def answer(client, kind, page, field, **answers):
    """Send the form of a page that asks for a field."""
    return client.post(f"/admin/import/{kind}", data=form_with(page.text, field) | answers)


def store(client, kind, page):
    assert page.status_code == 200, page.text
    return client.post(f"/admin/import/{kind}/store", data=form_with(page.text, "upload"))


def members(session):
    session.rollback()
    return {member.number: member for member in session.scalars(select(Member))}


def test_unknown_columns_are_left_out_by_one_tick_and_remembered(rita, session):
    text = "Mitglieds-Nr.;Vorname;Nachname;Haarfarbe;Schuhe\nM-7;Eva;Moser;blond;44\n"
    asked = look(rita, "members", text)

    assert asked.status_code == 422
    assert "“Haarfarbe”, “Schuhe”" in asked.text
    assert "blond" in asked.text  # a sample beside the select
    previewed = answer(rita, "members", asked, "column-0", leaves_out_unknown="y")
    assert store(rita, "members", previewed).status_code == 303
    assert members(session)["M-7"].name == "Eva Moser"

    again = look(rita, "members", text.replace("M-7;Eva", "M-8;Ida"))
    assert again.status_code == 200
    assert "as for the last file with these headers" in again.text
    other_order = "Schuhe;Nachname;Mitglieds-Nr.;Haarfarbe;Vorname\n44;Moser;M-9;rot;Uta\n"
    assert look(rita, "members", other_order).status_code == 200


def test_a_column_that_was_empty_is_asked_about_when_it_is_filled(rita):
    asked = look(rita, "members", "Nummer;Name;Farbe;Titel\nM-7;Eva;blau;\n")
    store(rita, "members", answer(rita, "members", asked, "column-0", leaves_out_unknown="y"))

    again = look(rita, "members", "Nummer;Name;Farbe;Titel\nM-8;Ida;rot;Dr.\n")
    assert again.status_code == 422
    assert "unknown: “Titel”." in again.text


def test_a_column_is_assigned_to_a_field(rita, session):
    asked = look(rita, "members", "Kennung;Wer;Ruf\nM-7;Eva Moser;08841 1\n")
    chosen = {"column-0": "number", "column-1": "name", "column-2": "phone"}
    previewed = answer(rita, "members", asked, "column-0", **chosen)

    assert store(rita, "members", previewed).status_code == 303
    assert (members(session)["M-7"].name, members(session)["M-7"].phone) == ("Eva Moser", "08841 1")
    assert look(rita, "members", "Kennung;Wer;Ruf\nM-8;Ida;08841 2\n").status_code == 200
    twice = answer(rita, "members", asked, "column-0", **chosen | {"column-2": "name"})
    assert twice.status_code == 422
    assert "Only one column can be “name”, not “Wer”, “Ruf”" in twice.text


def test_a_file_in_an_old_encoding_is_asked_about_and_not_lost(rita, session):
    asked = look(rita, "members", "Nummer;Name\nM-7;Jörg Groß\n".encode("mac_roman"))

    assert asked.status_code == 422
    assert "Macintosh (Mac Roman): <strong>Jörg, Groß</strong>" in asked.text
    previewed = answer(rita, "members", asked, "encoding")  # the likeliest is chosen already
    assert store(rita, "members", previewed).status_code == 303
    assert members(session)["M-7"].name == "Jörg Groß"


def test_lost_zeros_are_asked_about(rita, session):
    store(rita, "members", look(rita, "members", "Nummer;Name\n0042;Hof\n"))

    asked = look(rita, "members", "Nummer;Name\n42;Gut\n")
    assert asked.status_code == 422
    assert "“42” in the file, probably “0042”" in asked.text
    sent = form_with(asked.text, "upload")
    as_written = rita.post("/admin/import/members", data=sent | {"lost_zeros": "as-written"})
    assert "New" in as_written.text
    restored = rita.post("/admin/import/members", data=sent | {"lost_zeros": "restore"})
    assert store(rita, "members", restored).status_code == 303
    assert (members(session)["0042"].name, "42" in members(session)) == ("Gut", False)


def test_a_large_pasted_table_comes_back(rita, session):
    trade, street, name = "x" * 90, "y" * 90, "z" * 30
    rows = (f"X-{number}\tHof {number} {name}\t{trade}\t{street}\n" for number in range(2_900))  # more are a task
    text = "Nummer\tName\tGewerbe\tStraße\n" + "".join(rows)
    previewed = rita.post("/admin/import/members", data={"text": text})

    assert len(text) > 600_000
    assert store(rita, "members", previewed).status_code == 303
    assert "X-2899" in members(session)


def test_a_damaged_upload_is_no_fault(rita):
    for upload in ("???", "AAAA", "eJw="):
        assert rita.post("/admin/import/members/store", data={"upload": upload}).status_code == 422


def test_a_text_for_all_rows_is_cleaned_and_belongs_to_a_known_field(rita, session):
    sent = {"value-foo": "bar", "value-trade": " Im\0kerei ", "text": "Nummer\tName\n1\tHuber\n"}

    assert store(rita, "members", rita.post("/admin/import/members", data=sent)).status_code == 303
    assert members(session)["1"].trade == "Imkerei"


def import_sample(client, kind, name, **answers):
    asked = look(client, kind, (TABLES / name).read_bytes())
    assert asked.status_code == 422, asked.text
    previewed = answer(client, kind, asked, "column-0", leaves_out_unknown="y", **answers)
    assert store(client, kind, previewed).status_code == 303
    again = look(client, kind, (TABLES / name).read_bytes())
    assert again.status_code == 200, "the second file of the same shape needs no answers"
    assert client.post(f"/admin/import/{kind}/store", data=form_with(again.text, "upload")).status_code == 303


def test_members_of_jverein(rita, session):
    import_sample(rita, "members", "jverein-members.csv")

    person, company = members(session)["22"], members(session)["23"]
    assert (person.name, person.phone, person.email) == (
        "Hans Meier", "08841 5550 / 0170 5550", "hans.meier@hof.example",
    )  # fmt: skip
    assert (person.address.street, person.address.postcode, person.address.town) == ("Ackerstr. 1", "82418", "Murnau")
    assert (company.name, company.joined_on.isoformat()) == ("Schreinerei Groß", "2019-03-01")


def test_members_of_fab_manager(rita, session):
    import_sample(rita, "members", "fab-manager-members.csv")

    person, company = members(session)["7"], members(session)["8"]
    assert (person.name, person.trade) == ("Eva Moser", "Carpenter")
    assert (person.address.street, person.address.town, person.address.country) == ("Werkgasse 3", "Innsbruck", "AT")
    assert company.name == "Huber Metallbau GbR"


def test_answers_of_a_google_form_are_found_by_mail_or_get_a_number(rita, session, sample_ring):
    with write_transaction(session):
        session.get_one(Member, sample_ring.anna).email = "anna@farm.example"
    import_sample(rita, "members", "google-forms-members.csv", **{"makes-number": "y"})

    found = members(session)
    assert found["M-Anna"].phone == "0151 5551"
    assert [member.number for member in found.values() if member.name == "Lena Berg"] != []
    assert len(found) == 3


def test_assets_of_snipe_it(rita, session, sample_ring):
    with write_transaction(session):
        session.get_one(Workshop, sample_ring.hall).name = "Halle Süd"
    import_sample(rita, "machines", "snipe-it-assets.csv", **{"value-workshop": "hall", "makes-slug": "y"})

    press = session.scalars(select(Machine).where(Machine.slug == "inv-0017")).one()
    assert (press.name, press.kind, press.description) == ("Ballenpresse", "Presse", "Netzbindung")


@pytest.mark.parametrize(("name", "count"), [("mrbs-report.csv", 2), ("librebooking-report.csv", 2)])
def test_reservations_of_room_booking_programs(rita, session, sample_ring, name, count):
    import_sample(rita, "reservations", name)

    views = [
        view
        for member_id in (sample_ring.anna, sample_ring.bernd)
        for view in queries.reservations_of_member(session, member_id, upcoming=True, now=MONDAY)
    ]
    assert len(views) == count


def test_the_terminal_assigns_columns_and_remembers_them(app, session, sample_ring, tmp_path):
    file = tmp_path / "members.csv"
    file.write_text("Kennung;Wer;Haarfarbe\nM-7;Eva Moser;blond\n", encoding="utf-8")

    def run(*options):
        return app.test_cli_runner().invoke(args=["ring", "import", "members", str(file), *options])

    unclear = run()
    assert unclear.exit_code == 1
    assert "“Kennung”, “Wer”, “Haarfarbe”" in unclear.output
    assert "--leave-out-unknown" in unclear.output
    assert "There is no field" in run("--column", "Kennung=Zopf").output
    assert "needs a name" in run("--column", "Kennung").output
    given = run("--column", "Kennung=number", "--column", "Wer=Name", "--column", "Haarfarbe=")
    assert given.exit_code == 0, given.output
    assert "1 same" in run().output
    file.write_text("Nummer;Name\nm-7;Eva Moser\n", encoding="utf-8")
    assert "--lost-zeros restore" in run().output
    assert run("--lost-zeros", "restore").exit_code == 0
    file.write_bytes("Nummer;Name\nM-8;Jörg\n".encode("mac_roman"))
    assert "--encoding mac_roman (Jörg)" in run().output
    assert run("--encoding", "mac_roman").exit_code == 0
    assert members(session)["M-8"].name == "Jörg"


def test_a_machine_file_may_lack_a_workshop_that_is_the_same_for_all(rita, session, sample_ring):
    machine(session, sample_ring.hall, "press", name="Presse")
    asked = look(rita, "machines", "Bezeichnung;Einheit\nPresse;Stk\n")
    assert asked.status_code == 422
    assert "“short name” is missing" in asked.text

    previewed = answer(rita, "machines", asked, "column-0", **{"makes-slug": "y", "value-workshop": "hall"})
    assert store(rita, "machines", previewed).status_code == 303
    session.rollback()
    assert session.scalars(select(Machine.charge_unit).where(Machine.slug == "press")).one() == "piece"


@pytest.mark.parametrize("language", ["de", "en"])
@pytest.mark.parametrize("file_format", ["csv", "xlsx"])
def test_the_file_of_the_members_survives_and_changes_nothing(rita, session, sample_ring, language, file_format):
    with write_transaction(session):
        session.get_one(User, sample_ring.rita_login).language = language
        anna = session.get_one(Member, sample_ring.anna)
        anna.number, anna.price_class, anna.trade, anna.phone = "0042", "guest", "=1+1", "+49 171 5550"
        anna.joined_on, anna.left_on = MONDAY.date().replace(2019), MONDAY.date().replace(2030)
        anna.address = Address("Hof Müller", "Bergweg 9", "01067", "Dresden", "DE")
    file = rita.get(f"/admin/members/file.{file_format}").data

    page = look(rita, "members", file)

    assert page.status_code == 200
    report = preview_table(session, "members", read("members", file), by=SOMEBODY, now=MONDAY)
    assert {row.outcome for row in report.rows} == {"same"}
