"""Reservations from another program: looked at first, then all of them or none."""

from __future__ import annotations

from io import BytesIO

import pytest
from flask_babel import force_locale
from sqlalchemy import select

from app.auth.models import User
from app.imports.columns import MACHINES, MEMBERS, RESERVATIONS
from app.storage import audits
from booking import queries
from booking.kernel.transaction import write_transaction
from booking.models import Machine, Reservation
from booking.quotas import quotas
from booking.quotas.quotas import QuotaInput
from tests.builders import SOMEBODY, hours, machine, reserve
from tests.conftest import MONDAY

HEAD = "machine;member number;start;end;places;purpose\n"
TUESDAY = "combine;M-Anna;2026-11-24 08:00;2026-11-24 12:00;;Winter wheat\n"
GERMAN = (
    "Maschine;Mitgliedsnummer;Datum;Beginn;Ende;Plätze;Zweck\nCombine;M-Anna;24.11.2026;8:00;12:00 Uhr;1;Grünschnitt\n"
)


@pytest.fixture
def rita(log_in, sample_ring):
    return log_in(sample_ring.rita_login)


def look(client, text, encoding="utf-8", **headers):
    content = text if isinstance(text, bytes) else text.encode(encoding)
    return client.post("/admin/import/reservations", data={"file": (BytesIO(content), "table.csv")}, headers=headers)


def store(client, text):
    return client.post("/admin/import/reservations/store", data={"text": text})


def entered(session, member_id):
    """(start, end, purpose) of what a member has reserved."""
    views = queries.reservations_of_member(session, member_id, upcoming=True, now=MONDAY)
    session.rollback()
    return [(view.starts_at.isoformat(), view.ends_at.isoformat(), view.purpose) for view in views]


def test_a_preview_stores_nothing(rita, session, sample_ring):
    page = look(rita, HEAD + TUESDAY)

    assert page.status_code == 200
    assert "combine, M-Anna, 2026-11-24 08:00" in page.text
    assert entered(session, sample_ring.anna) == []


def test_what_was_looked_at_is_stored(rita, session, sample_ring):
    assert store(rita, HEAD + TUESDAY).status_code == 303
    assert entered(session, sample_ring.anna) == [
        ("2026-11-24T07:00:00+00:00", "2026-11-24T11:00:00+00:00", "Winter wheat"),
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
@pytest.mark.parametrize("separator", [";", ",", "\t"])
def test_german_heads_and_whatever_a_spreadsheet_writes_are_read(rita, encoding, separator):
    page = look(rita, GERMAN.replace(";", separator), encoding)

    assert page.status_code == 200
    assert "Combine, M-Anna, 24.11.2026, 8:00" in page.text


def test_the_same_file_twice_reserves_once_and_shows_a_message(rita, session, sample_ring):
    store(rita, HEAD + TUESDAY)

    page = look(rita, HEAD + TUESDAY)
    assert page.status_code == 200
    assert "already entered" in page.text
    assert store(rita, HEAD + TUESDAY).status_code == 303
    assert len(entered(session, sample_ring.anna)) == 1


def test_one_refused_line_keeps_all_out(rita, session, sample_ring):
    page = store(rita, HEAD + TUESDAY + TUESDAY.replace("combine", "plough"))

    assert page.status_code == 422
    assert "machine: there is no machine “plough”" in page.text
    assert entered(session, sample_ring.anna) == []


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("combine;M-Nobody;2026-11-24 08:00;2026-11-24 12:00;;", "member number: there is no member “M-Nobody”"),
        (";M-Anna;2026-11-24 08:00;2026-11-24 12:00;;", "machine: this must be filled in"),
        ("combine;M-Anna;;2026-11-24 12:00;;", "start: this must be filled in"),
        ("combine;M-Anna;8:00;2026-11-24 12:00;;", "start: “8:00” has no date"),
        ("combine;M-Anna;yesterday;2026-11-24 12:00;;", "start: “yesterday” is not a date and time"),
        ("combine;M-Anna;2026-11-24 25:00;2026-11-24 12:00;;", "start: “2026-11-24 25:00” is not a date and time"),
        ("combine;M-Anna;9999-11-24 25:00;2026-11-24 12:00;;", "is not a date and time"),
        ("combine;M-Anna;2026-11-24 12:00;2026-11-24 08:00;;", "end, End after start: The end must be after"),
        ("combine;M-Anna;2026-11-24 08:00;2026-11-24 12:00;two;", "places: “two” is not a whole number"),
        ("combine;M-Anna;2026-11-24 08:00;2026-11-24 12:00;2;", "places, Places: 2 places were asked for"),
        ("combine;M-Anna;2026-11-24 08:00;2026-11-24 12:00;0;", "At least one place is needed"),
        ("combine;M-Anna;2026-11-20 08:00;2026-11-20 12:00;;", "usage slip"),
        ("laser;M-Bernd;2026-11-24 09:00;2026-11-24 10:00;;", "Enter the induction first"),
        ("laser;M-Anna;2026-11-24 17:00;2026-11-24 19:00;;", "start, Opening hours: Part of the time"),
        ("combine;M-Anna;2027-03-28 02:30;2027-03-28 04:00;;", "The next time is 03:30"),
        ("combine;M-Anna;2027-10-31 02:30;2027-10-31 04:00;;", "2027-10-31 02:30+02:00 for the first time"),
        (f"combine;M-Anna;2026-11-24 08:00;2026-11-24 12:00;;{'x' * 501}", "purpose: at most 500 characters"),
    ],
)
def test_a_refused_line_names_column_rule_and_way_out(rita, session, sample_ring, line, words):
    page = look(rita, HEAD + line + "\n")

    assert page.status_code == 422
    assert words in page.text
    assert entered(session, sample_ring.anna) == []


def test_all_errors_of_a_line_are_reported_together(rita):
    page = look(rita, HEAD + "plough;M-Nobody;yesterday;;many;\n")

    for words in ("plough", "M-Nobody", "yesterday", "end: this must be filled in", "many"):
        assert words in page.text


def test_the_repeated_hour_is_imported_by_its_offset(rita, session, sample_ring):
    line = "combine;M-Anna;2027-10-31 02:30{};2027-10-31 04:00;;\n"

    store(rita, HEAD + line.format("+01:00"))

    assert [start for start, _end, _purpose in entered(session, sample_ring.anna)] == ["2027-10-31T01:30:00+00:00"]


def test_two_equal_lines_are_both_shown(rita):
    page = look(rita, HEAD + TUESDAY + TUESDAY)

    assert page.status_code == 422
    assert "Line 2 is the same reservation" in page.text


def test_two_lines_that_want_the_same_time_name_each_other(rita):
    page = look(rita, HEAD + TUESDAY + TUESDAY.replace("M-Anna", "M-Bernd"))

    assert page.status_code == 422
    assert "Line 2 needs it too" in page.text


def test_conflicts_are_reported_with_what_to_do(rita, session, sample_ring):
    reserve(session, sample_ring.combine, sample_ring.bernd, hours(MONDAY, 24, 26), now=MONDAY)

    page = look(rita, HEAD + TUESDAY)

    assert page.status_code == 422
    assert "start, Already taken: Part of this time is already taken" in page.text
    assert "Move or cancel what is here" in page.text


def test_a_machine_of_two_with_one_name_is_named_by_its_short_name(rita, session, sample_ring):
    machine(session, sample_ring.hall, "combine-2", name="Combine")

    page = look(rita, (HEAD + TUESDAY).replace("combine;", "Combine;"))
    assert page.status_code == 200  # a short name wins, whatever its case

    machine(session, sample_ring.hall, "trailer-1", name="Trailer")
    machine(session, sample_ring.hall, "trailer-2", name="Trailer")
    page = look(rita, (HEAD + TUESDAY).replace("combine;", "Trailer;"))
    assert "Write the short name: trailer-1, trailer-2" in page.text


def test_a_purpose_that_looks_like_a_formula_is_only_a_text(rita, session, sample_ring):
    store(rita, HEAD + TUESDAY.replace("Winter wheat", "=1+1<b>"))

    assert [purpose for _start, _end, purpose in entered(session, sample_ring.anna)] == ["=1+1<b>"]


def test_a_passed_quota_is_told_and_refuses_nothing(rita, session, sample_ring):
    with write_transaction(session):
        week = QuotaInput(measure="time", period="week", most=5 * 60)
        quotas.enter_quota(session, week, by=SOMEBODY, now=MONDAY)
    two = HEAD + TUESDAY + TUESDAY.replace("2026-11-24", "2026-11-25")

    page = look(rita, two)

    told = "It is entered all the same: a quota refuses nothing that was confirmed elsewhere."
    assert (page.status_code, page.text.count(told)) == (200, 1)
    assert "Of the 5 h in the week from Mon 23 November, 4 h are used; this would be 4 h more." in page.text
    assert store(rita, two).status_code == 303
    assert len(entered(session, sample_ring.anna)) == 2
    assert audits.run_audit(session, "quotas") == []


def test_the_second_person_is_a_column_and_judged(rita, session, sample_ring):
    with write_transaction(session):
        session.get(Machine, sample_ring.combine).needs_second_person = True
    other_id = machine(session, sample_ring.hall, "baler", needs_second_person=True)
    head, line = HEAD.rstrip() + ";second person\n", TUESDAY.rstrip() + ";{}\n"
    twice = line.format("Max") + line.replace("combine", "baler").format("max")
    assert store(rita, head + twice).status_code == 422  # both in one file
    assert store(rita, head + line.format("Max")).status_code == 303
    session.rollback()
    assert session.scalars(select(Reservation.second_person)).all() == ["Max"]

    other = line.replace("combine", "baler").replace("08:00", "10:00")
    busy = look(rita, head + other.format("max"))
    assert "second person, " in busy.text
    assert store(rita, head + other.format("max")).status_code == 422
    assert store(rita, head + other.format("Eva")).status_code == 303
    session.rollback()
    assert session.scalars(select(Reservation.second_person).where(Reservation.machine_id == other_id)).one() == "Eva"


def test_refusals_are_in_the_language_of_the_page(log_in, session, sample_ring):
    with write_transaction(session):
        session.get(User, sample_ring.rita_login).language = "de"
    rita = log_in(sample_ring.rita_login)

    assert (
        "Mitgliedsnummer: Ein Mitglied „M-Nobody“ gibt es nicht"
        in look(rita, HEAD + TUESDAY.replace("M-Anna", "M-Nobody")).text
    )
    members = rita.post(
        "/admin/import/members", data={"file": (BytesIO(b"number;name;joined_on\n1;Huber;gestern\n"), "t.csv")}
    )
    assert "Eintritt: „gestern“" in members.text
    machines = rita.post(
        "/admin/import/machines", data={"file": (BytesIO(b"slug;name;workshop\nbaler;Presse;barn\n"), "t.csv")}
    )
    assert "Standort: „barn“" in machines.text
    assert "Die Spalte „Mitgliedsnummer“" in look(rita, "machine;start;end\nx;y;z\n").text


@pytest.mark.parametrize("columns", [MEMBERS, MACHINES, RESERVATIONS], ids=["members", "machines", "reservations"])
@pytest.mark.parametrize("language", ["en", "de"])
def test_every_head_that_a_page_names_is_read(app, columns, language):
    with app.test_request_context(), force_locale(language):
        assert {column: columns.column_of(columns.header(column)) for column in columns.headers} == {
            column: column for column in columns.headers
        }
        assert all(columns.column_of(column) == column for column in columns.headers)


def test_it_is_for_administrators_alone(log_in, sample_ring, client):
    assert log_in(sample_ring.wanda_login).get("/admin/import/reservations").status_code == 403
    assert log_in(sample_ring.anna_login).post("/admin/import/reservations/store").status_code == 403
    assert client.get("/admin/import/reservations").status_code == 303


def test_the_terminal_takes_reservations_over_too(app, session, tmp_path, sample_ring):
    file = tmp_path / "reservations.csv"
    file.write_text(HEAD + TUESDAY, encoding="utf-8")
    runner = app.test_cli_runner()

    tried = runner.invoke(args=["ring", "import", "reservations", str(file), "--dry-run"])
    assert "1 entered" in tried.output
    assert entered(session, sample_ring.anna) == []
    assert runner.invoke(args=["ring", "import", "reservations", str(file)]).exit_code == 0
    assert len(entered(session, sample_ring.anna)) == 1
    again = runner.invoke(args=["ring", "import", "reservations", str(file)])
    assert "already entered" in again.output
    assert "0 entered, 0 changed, 1 same, 0 refused" in again.output


def test_the_terminal_ends_with_a_fault_when_a_line_is_refused(app, session, tmp_path, sample_ring):
    file = tmp_path / "reservations.csv"
    file.write_text(HEAD + TUESDAY + TUESDAY.replace("combine", "plough"), encoding="utf-8")

    result = app.test_cli_runner().invoke(args=["ring", "import", "reservations", str(file)])

    assert result.exit_code == 1
    assert "line 3, plough, M-Anna, 2026-11-24 08:00: machine: there is no machine “plough”" in result.output
    assert entered(session, sample_ring.anna) == []


@pytest.mark.parametrize(
    ("header", "length", "minutes"),
    [
        ("Dauer", "1:30", 90),
        ("Dauer", "2 Stunden", 120),
        ("Dauer (h)", "1,5", 90),
        ("Dauer in Stunden", "2", 120),
        ("Duration (minutes)", "90", 90),
    ],
)
def test_a_start_and_a_length_are_a_reservation(rita, session, sample_ring, header, length, minutes):
    table = f"Maschine;Mitgliedsnummer;Beginn;{header}\ncombine;M-Anna;24.11.2026 8:00;{length}\n"
    assert store(rita, table).status_code == 303
    (view,) = queries.reservations(session)
    assert view.span.seconds == minutes * 60


@pytest.mark.parametrize("length", ["90", "0 h", "-1 h", "bald", "99999 h"])
def test_a_length_that_is_none_is_refused(rita, session, sample_ring, length):
    table = f"Maschine;Mitgliedsnummer;Beginn;Dauer\ncombine;M-Anna;24.11.2026 8:00;{length}\n"
    refused = store(rita, table)
    assert refused.status_code == 422
    assert "at most 366 days" in refused.text if length == "99999 h" else "Write 2 h, 90 min or 1:30." in refused.text
    assert queries.reservations(session) == ()


def test_a_day_that_may_be_two_is_asked_about_with_a_button_for_each(rita, session, sample_ring):
    table = "machine;member number;start;end\ncombine;M-Anna;12/1/2026 8:00;12/1/2026 12:00\n"
    asked = look(rita, table)
    assert asked.status_code == 422
    assert 'name="day_order" value="mdy">1 Dec' in asked.text
    stored = rita.post("/admin/import/reservations/store", data={"text": table, "day_order": "mdy"})
    assert stored.status_code == 303
    assert [view.starts_at.isoformat() for view in queries.reservations(session)] == ["2026-12-01T07:00:00+00:00"]
