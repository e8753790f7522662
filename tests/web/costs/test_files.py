"""Files of members, shares, allocations and events: who gets them, what stands in them, twice the same bytes."""

from __future__ import annotations

import csv
import io
import json
from datetime import date, datetime, timedelta

import openpyxl
import pytest
from sqlalchemy import select

from booking import queries
from booking.addresses import Address
from booking.events.reservation_events import RecordChanged, ReservationCancelled
from booking.kernel.events import Actor, record
from booking.kernel.transaction import write_transaction
from booking.members.members import MemberInput, enter_member
from booking.models import Member
from tests import builders
from tests.conftest import MONDAY
from tests.web.costs.test_costs_pages import cost, pool, posted

__all__ = ["cost", "pool", "posted"]

EVIL = '=HYPERLINK("http://evil.example","click")'
NOVEMBER = "from=2026-11-01&until=2026-11-30"
FILES = (
    "/admin/members/file",
    "/costs/pools/{pool}/shares/file",
    "/costs/allocations/file",
    "/admin/events/file",
)


@pytest.fixture
def rita(sample_ring, log_in):
    return log_in(sample_ring.rita_login)


@pytest.fixture
def karl(sample_ring, log_in):
    return log_in(sample_ring.karl_login)


DORF = Address("Huber GbR", "Dorf 1", "01067", "Dresden", "DE", "by the church")


@pytest.fixture
def huber(session):
    """A member with all that can be entered, some of it like formulas."""
    facts = MemberInput(
        "M-900", EVIL, "Metzgerei", "huber@example.org", "+49 8841 123", DORF, "guest", date(2019, 3, 1)
    )
    with write_transaction(session):
        return enter_member(session, facts, by=builders.SOMEBODY, now=MONDAY)


def rows_of(client, address):
    answer = client.get(address)
    assert answer.status_code == 200
    return list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))


def address_of(file, pool, kind="csv"):
    return f"{file.format(pool=pool)}.{kind}?{NOVEMBER}"


@pytest.mark.parametrize("file", FILES)
def test_each_file_is_twice_the_same_in_both_languages(rita, pool, posted, huber, file):
    for language in ("de", "en"):
        rita.post("/language", data={"language": language})
        for kind in ("csv", "xlsx"):
            first = rita.get(address_of(file, pool, kind))
            assert first.status_code == 200
            assert len(first.data) > 100
            assert first.data == rita.get(address_of(file, pool, kind)).data


@pytest.mark.parametrize("file", FILES)
def test_each_file_is_for_treasurer_and_administrator_alone(rita, karl, log_in, client, sample_ring, pool, file):
    for clerk in (rita, karl):
        assert clerk.get(address_of(file, pool)).status_code == 200
    for login in (sample_ring.anna_login, sample_ring.wanda_login):
        assert log_in(login).get(address_of(file, pool)).status_code == 403
    assert client.get(address_of(file, pool)).status_code in (302, 303)


@pytest.mark.parametrize(
    ("page", "file"),
    [
        ("/admin/members", FILES[0]),
        ("/costs/pools/{pool}/shares", FILES[1]),
        ("/costs/allocations", FILES[2]),
        ("/admin/events", FILES[3]),
    ],
)
def test_the_page_leads_to_its_file(karl, pool, posted, page, file):
    shown = karl.get(page.format(pool=pool)).text

    assert f'"{file.format(pool=pool)}.csv"' in shown
    assert f'"{file.format(pool=pool)}.xlsx"' in shown


def test_the_administrator_gets_all_of_the_members(rita, huber):
    (row,) = [row for row in rows_of(rita, "/admin/members/file.csv") if row["Member number"] == "M-900"]

    assert row == {
        "Member number": "M-900",
        "Name": f"'{EVIL}",
        "Trade": "Metzgerei",
        "E-mail address": "huber@example.org",
        "Phone": "'+49 8841 123",
        "Addressee": "Huber GbR",
        "Street and number": "Dorf 1",
        "Postcode": "01067",
        "Town": "Dresden",
        "Country": "DE",
        "Address, not split": "by the church",
        "Price class": "guest",
        "Member since": "2019-03-01",
        "Left on": "",
    }


def test_the_treasurer_gets_what_a_bill_needs_of_the_members(karl, huber):
    (row,) = [row for row in rows_of(karl, "/admin/members/file.csv") if row["Member number"] == "M-900"]

    assert row["Street and number"] == "Dorf 1"
    assert "Phone" not in row


@pytest.mark.parametrize("language", ["de", "en"])
def test_a_file_of_members_brings_them_back_as_they_were(rita, session, sample_ring, huber, language):
    with write_transaction(session):
        session.get_one(Member, sample_ring.anna).address = Address(country="AT", text="Am Anger\nbehind the mill")
        session.get_one(Member, sample_ring.bernd).address = Address("", "Museumstr. 1", "6020", "Innsbruck", "AT")
    before = queries.member_records(session)
    rita.post("/language", data={"language": language})
    file = rita.get("/admin/members/file.csv").data.decode("utf-8-sig")
    with write_transaction(session):
        for member in session.scalars(select(Member)):
            member.name, member.email, member.phone, member.joined_on = "?", "?", "", None
            member.address = Address("?", "?", "", "?", "CH", "?")

    sent = {"text": file, "clears_empty": "y"}
    assert rita.post("/admin/import/members/store", data=sent).status_code == 303
    assert queries.member_records(session) == before


def test_shares_are_listed_with_their_first_day(karl, pool, sample_ring):
    rows = rows_of(karl, f"/costs/pools/{pool}/shares/file.csv")

    assert [(row["Cost pool"], row["Member"], row["Valid from"], row["Shares"]) for row in rows] == [
        ("Combine", "Anna", "2026-01-01", "3"),
        ("Combine", "Bernd", "2026-01-01", "3"),
    ]
    assert karl.get("/costs/pools/999/shares/file.csv").status_code == 404


def test_the_list_of_allocations_shows_reversals(karl, pool, posted):
    karl.post(f"/costs/allocations/{posted}/reverse", data={"reason": "=wrong"})
    first, second = rows_of(karl, "/costs/allocations/file.csv")

    assert (first["Allocation"], first["Reversed by"], first["Amount in EUR"]) == (
        str(posted),
        second["Allocation"],
        "100.01",
    )
    assert (second["Reverses"], second["Amount in EUR"], second["Note"]) == (str(posted), "-100.01", "'=wrong")


def test_a_workbook_of_events_holds_names_as_text(rita, session, huber):
    file = rita.get(f"/admin/events/file.xlsx?{NOVEMBER}").data
    sheet = openpyxl.load_workbook(io.BytesIO(file)).active

    cells = [cell for row in sheet.iter_rows() for cell in row if cell.value == EVIL]
    assert [cell.data_type for cell in cells] == ["s"]


def cancelled(session, sample_ring, at):
    facts = {"reservation_id": 41, "machine_id": sample_ring.combine, "member_id": sample_ring.anna, "revision": 3}
    span = {"starts_at": 1_804_575_600, "ends_at": 1_804_590_000}  # 9 March 2027, 8:00 to 12:00 in Berlin
    with write_transaction(session):
        record(session, ReservationCancelled(**facts, **span, is_late=True), by=builders.SOMEBODY, at=at)
    return facts | span | {"is_late": True, "blocking_id": None}


def test_an_event_is_exported_as_text_and_as_facts(rita, session, sample_ring):
    facts = cancelled(session, sample_ring, MONDAY)
    row = rows_of(rita, f"/admin/events/file.csv?{NOVEMBER}")[-1]

    assert row["When"] == "2026-11-23 08:00:00+01:00"
    assert (row["What"], row["Concerns"], row["Details"]) == ("Reservation cancelled", "Combine, Anna", "late")
    assert (row["Begins"], row["Ends"]) == ("2027-03-09 08:00:00+01:00", "2027-03-09 12:00:00+01:00")
    assert (row["Reservation"], row["Usage slip"]) == ("41", "")
    assert row["Kind, exactly"] == "reservation_cancelled"
    assert json.loads(row["Facts, exactly"]) == facts | dict.fromkeys(
        ("blocking_id", "series_id", "promised_starts_at", "promised_ends_at", "promised_places")
    )


def test_the_file_of_events_is_the_same_in_the_next_year(rita, session, sample_ring, clock):
    cancelled(session, sample_ring, MONDAY)
    file = rita.get(f"/admin/events/file.csv?{NOVEMBER}").data
    clock.instant += timedelta(days=60)

    assert log_in_again(rita, session, sample_ring, clock).get(f"/admin/events/file.csv?{NOVEMBER}").data == file


def log_in_again(client, session, sample_ring, clock):
    with client.session_transaction() as cookie:
        cookie["_user_id"] = builders.open_session(session, sample_ring.rita_login, now=clock())
    return client


def test_both_days_of_the_file_of_events_are_days_of_the_ring(rita, session, sample_ring):
    # In Berlin the 24th of November lasts from 23:00 UTC of the day before until 23:00 UTC.
    first, last = (datetime.fromisoformat(text) for text in ("2026-11-23T23:00Z", "2026-11-24T22:59:59Z"))
    for at in (first - timedelta(seconds=1), first, last, last + timedelta(seconds=1)):
        cancelled(session, sample_ring, at)

    rows = rows_of(rita, "/admin/events/file.csv?from=2026-11-24&until=2026-11-24")
    assert [row["When"][:19] for row in rows] == ["2026-11-24 00:00:00", "2026-11-24 23:59:59"]


def test_the_treasurers_file_of_events_has_money_events_only(karl, session, sample_ring, pool, posted):
    cancelled(session, sample_ring, MONDAY)
    kinds = {row["Kind, exactly"] for row in rows_of(karl, f"/admin/events/file.csv?{NOVEMBER}")}

    assert "allocation_posted" in kinds
    assert "reservation_cancelled" not in kinds


def test_a_long_log_is_read_in_batches(rita, session, sample_ring, monkeypatch):
    monkeypatch.setattr("app.exports.event_log.EVENTS_AT_ONCE", 3)
    with write_transaction(session):
        for _number in range(10):
            record(
                session,
                RecordChanged(table="member", record_id=sample_ring.anna, what="name"),
                by=Actor(job="demo"),
                at=MONDAY,
            )
    rows = rows_of(rita, f"/admin/events/file.csv?{NOVEMBER}")

    assert [int(row["No."]) for row in rows] == list(range(int(rows[0]["No."]), int(rows[0]["No."]) + len(rows)))
    assert len(rows) >= 10


@pytest.mark.parametrize("days", ["", "from=2026-11-01", "from=x&until=y", "from=2026-11-30&until=2026-11-01"])
def test_events_without_a_span_of_days_are_refused(rita, days):
    answer = rita.get(f"/admin/events/file.csv?{days}")

    assert answer.status_code == 422
    assert "Choose the first and the last day." in answer.text


def test_a_span_of_a_century_is_refused(rita):
    assert rita.get("/admin/events/file.csv?from=1990-01-01&until=2090-01-01").status_code == 422


def test_a_table_too_long_for_a_workbook_is_refused_and_never_cut(rita, huber, monkeypatch):
    monkeypatch.setattr("billing.exports.xlsx.ROWS_MAX", 2)
    answer = rita.get("/admin/members/file.xlsx")

    assert answer.status_code == 422
    assert "Use CSV instead" in answer.text
    assert rita.get("/admin/members/file.csv").status_code == 200
