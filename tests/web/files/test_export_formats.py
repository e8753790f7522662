"""Every file of the pages, the API and the command: the same bytes, one number format per column, true sums."""

from __future__ import annotations

import csv
import io
from datetime import date, datetime
from decimal import Decimal

import openpyxl
import pytest
from xlsxwriter.utility import xl_range

from app.auth.permissions import access_to
from app.imports import preview_table, read
from billing.charges.charges import charge_for
from billing.pools.costs import CostEntry, enter_cost
from billing.pools.shares import set_shares
from billing.tariffs.tariffs import TariffEntry, enter_tariff
from booking.events.reservation_events import RecordChanged
from booking.kernel.events import record
from booking.kernel.transaction import write_transaction
from booking.use.objections import object_to
from tests.builders import SOMEBODY
from tests.conftest import MONDAY
from tests.integration.money.harvester_pool import do, post, use
from tests.web.costs.test_costs_pages import YEAR, cost, pool
from tests.web.programs import program_of

__all__ = ["cost", "pool"]

DAYS = ("--from", "2026-01-01", "--until", "2026-12-31")
PERIOD = {"period": "2026"}
# Name in the API -> its query, the words of the command, the endpoint of the page.
FILES = {
    "slips": (PERIOD, ("slips", *DAYS), "costs.download_slips"),
    "use-days": (PERIOD, ("use-days", *DAYS), "usage.download_days"),
    "charges": (PERIOD, ("charges", *DAYS), "costs.download_charges"),
    "allocations": (PERIOD, ("allocation-lines", *DAYS), "costs.download_allocation"),
    "allocation": ({"number": 1}, ("allocation", "1"), "costs.download_allocation"),
    "allocation-list": ({}, ("allocations",), "costs.download_allocations"),
    "costs": ({"pool_id": 1}, ("costs", "1"), "costs.download_costs"),
    "shares": ({"pool_id": 1}, ("shares", "1"), "costs.download_shares"),
    "tariffs": ({"on": "2026-11-28"}, ("tariffs", "--on", "2026-11-28"), "costs.download_tariffs"),
    "members": ({}, ("members",), "admin.download_members"),
    "events": (PERIOD, ("events", *DAYS), "admin.download_events"),
    "balances": ({"member": "anna"}, ("balances", "--member", "anna"), "costs.download_balances"),
    "balance": ({"member_id": 1}, ("balance", "1"), "costs.download_balance"),
    "statement": (PERIOD | {"member_id": 1}, ("statement", "1", *DAYS), "costs.download_statement"),
    "dues": ({"number": 1}, ("dues", "1"), "costs.download_dues"),
    "accounts": ({}, ("accounts",), "costs.download_trial_balance"),
    "account": ({"account": "receivables"}, ("account", "receivables"), "costs.download_account"),
}
# Name in the API -> what the file is called in German and in English.
NAMES = {
    "slips": ("Nutzungsnachweise-2026", "Usage-slips-2026"),
    "use-days": ("Nutzung-je-Tag-2026", "Use-by-day-2026"),
    "charges": ("Nutzungsentgelte-2026", "Usage-charges-2026"),
    "allocations": ("Umlagezeilen-2026", "Lines-of-allocations-2026"),
    "allocation": ("Umlage-1", "Allocation-1"),
    "allocation-list": ("Umlagen", "Allocations"),
    "costs": ("Kosten-Combine", "Costs-Combine"),
    "shares": ("Anteile-Combine", "Shares-Combine"),
    "tariffs": ("Tarife-2026-11-28", "Tariffs-2026-11-28"),
    "members": ("Mitglieder", "Members"),
    "events": ("Ereignisprotokoll-2026", "Event-log-2026"),
    "balances": ("Salden-anna", "Balances-anna"),
    "balance": ("Saldo-M-Anna", "Balance-M-Anna"),
    "statement": ("Kontoauszug-M-Anna-2026", "Statement-M-Anna-2026"),
    "dues": ("Was-faellig-ist-1", "What-is-due-1"),
    "accounts": ("Summen-der-Konten", "Sums-of-the-accounts"),
    "account": ("Kontoblatt-1400", "Account-sheet-1400"),
}
# The columns with a sum, and the sums. The slips have two units, so their amounts of use have none.
SUMS = {
    "slips": {"Amount in EUR": "45.38"},
    "charges": {"Amount in EUR": "45.38", "Charged": "3.63", "VAT added to the prices": "0.00"},
    "allocations": {"Amount in EUR": "200.01"},
    "allocation": {"Amount in EUR": "200.01"},
    "allocation-list": {"Amount in EUR": "200.01"},
    "costs": {"Amount in EUR": "200.01"},
    "use-days": {"In use, hours": "8.00", "In use, seconds": "28800.00"},
    "balances": {"Balance in EUR": "180.34"},
    "balance": {"Amount in EUR": "180.34"},
    "statement": {"Amount in EUR": "180.34"},
    "dues": {"Share of costs in EUR": "200.01", "Counted against it in EUR": "0.00", "Due in EUR": "200.01"},
    "accounts": {"Debits in EUR": "245.39", "Credits in EUR": "245.39"},
    "account": {"Amount in EUR": "245.39"},
}
YES_NO = {"Disputed", "Rounding cent", "Held after the membership"}
FORMATS = {
    "de": ("dd.mm.yyyy", "dd.mm.yyyy hh:mm:ss"),
    "en": ("[$-809]d mmm yyyy", "[$-809]d mmm yyyy hh:mm:ss"),
}


@pytest.fixture
def books(session, sample_ring, pool, cost):
    """Slips of two machines, one disputed; charges, one of them reversed; an allocation by use and by shares."""
    prices = {"member": Decimal("12.5"), "guest": Decimal("13.1255")}
    do(
        session,
        enter_tariff,
        sample_ring.combine,
        TariffEntry(date(2026, 1, 1), prices=prices),
    )
    slip = use(session, sample_ring.combine, sample_ring.anna, 63)
    use(session, sample_ring.splitter, sample_ring.bernd, 45 * 60)
    do(session, object_to, slip, "Too much")
    do(session, enter_cost, pool, CostEntry(date(2026, 6, 9), "Allianz", "insurance", 10_000))
    do(session, set_shares, pool, sample_ring.bernd, 1, date(2026, 2, 1), outlasts_membership=True)
    for each in (1, 2, slip):
        do(session, charge_for, each)
    return post(session, pool, YEAR)


@pytest.fixture
def rita(app, session, sample_ring):
    return program_of(app, session, sample_ring.rita_login, now=MONDAY)


def sheet_of(content):
    return openpyxl.load_workbook(io.BytesIO(content)).active


@pytest.mark.parametrize("name", FILES)
def test_api_and_command_write_the_same_file_in_both_languages(app, rita, books, name):
    query, words, _page = FILES[name]
    for at, language in enumerate(("de", "en")):
        for form in ("csv", "xlsx"):
            sent = rita.get(f"/exports/{name}", **query, format=form, language=language)
            options = ["--format", form, "--language", language]
            written = app.test_cli_runner().invoke(args=["ring", "export", *words, *options])

            assert sent.status_code == 200, sent.text
            assert sent.data == written.stdout_bytes
            assert sent.headers["Content-Disposition"] == f"attachment; filename={NAMES[name][at]}.{form}"


@pytest.mark.parametrize("language", ["de", "en"])
@pytest.mark.parametrize("name", FILES)
def test_each_column_has_one_format_and_the_sum_is_outside_of_the_filter(rita, books, name, language):
    sheet = sheet_of(rita.get(f"/exports/{name}", **FILES[name][0], format="xlsx", language=language).data)
    english = sheet_of(rita.get(f"/exports/{name}", **FILES[name][0], format="xlsx", language="en").data)
    heads = [cell.value for cell in english[1]]
    last = int(sheet.auto_filter.ref.rpartition(":")[2].strip("ABCDEFGHIJKLMNOPQRSTUVWXYZ"))

    assert sheet.freeze_panes == "A2"
    assert last > 1
    assert sheet.max_row == last + (name in SUMS)
    for head, column in zip(heads, sheet.iter_cols(min_row=2, max_row=last), strict=True):
        filled = [cell for cell in column if cell.value is not None]
        assert len({cell.number_format for cell in filled}) <= 1, head
        assert len({type(cell.value) for cell in filled} - {float}) <= 1, head  # a float that is whole is read as int
        for cell in filled:
            if isinstance(cell.value, (date, datetime)):
                assert cell.number_format in FORMATS[language]
            if head in YES_NO:
                assert cell.value in (("ja", "nein") if language == "de" else ("yes", "no"))


@pytest.mark.parametrize("name", SUMS)
def test_a_sum_is_the_sum_of_its_column(rita, books, name):
    content = rita.get(f"/exports/{name}", **FILES[name][0], format="xlsx", language="en").data
    formulas, values = sheet_of(content), openpyxl.load_workbook(io.BytesIO(content), data_only=True).active
    heads = [cell.value for cell in formulas[1]]
    found = {}
    for head, formula, value in zip(heads, formulas[formulas.max_row], values[values.max_row], strict=True):
        if formula.data_type == "f":
            last = formula.row - 1
            rows = xl_range(1, formula.column - 1, last - 1, formula.column - 1)
            assert formula.value == f"=SUBTOTAL(109,{rows})"
            column = [row[formula.column - 1].value or 0 for row in values.iter_rows(min_row=2, max_row=last)]
            assert value.value == pytest.approx(sum(column))
            found[head] = f"{value.value:.2f}"

    assert formulas.cell(formulas.max_row, 1).value == "Sum"
    assert found == SUMS[name]


def test_weights_are_in_the_unit_of_the_page_with_the_same_decimals_in_all_rows(rita, books):
    file = rita.get("/exports/allocation", number=1, language="de").data.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(file), delimiter=";"))

    assert [(row["Mitglied"], row["Gewicht"], row["Summe der Gewichte"], row["Gewicht in"]) for row in rows] == [
        ("Anna", "2,63", "3,63", "ha"),
        ("Bernd", "1,00", "3,63", "ha"),
        ("Anna", "3,00", "4,00", "Anteile"),
        ("Bernd", "1,00", "4,00", "Anteile"),
    ]
    assert {row["Rundungscent"] for row in rows} == {"ja", "nein"}
    assert rows[0]["Zeitraum bis"] == "31.12.2026"


@pytest.mark.parametrize("name", FILES)
def test_a_file_has_the_rights_of_its_page(app, name):
    rule = next(each for each in app.url_map.iter_rules() if each.rule == f"/api/v1/exports/{name}")

    assert access_to(rule.endpoint) == access_to(FILES[name][2])


def test_the_name_of_a_filtered_file_tells_its_filter(rita, books, sample_ring):
    wanted = {"period": "2026-06-01/2026-06-15", "machine_id": sample_ring.combine, "member": "Anna"}
    for name, title in (("slips", "Nutzungsnachweise"), ("charges", "Nutzungsentgelte")):
        sent = rita.get(f"/exports/{name}", **wanted, language="de")

        assert sent.headers["Content-Disposition"].endswith(f"={title}-Combine-Anna-2026-06-01-bis-2026-06-15.csv")
    assert sent.text.count("\n") == 1, "nothing was posted on these days"


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_the_members_file_of_one_language_is_read_on_a_page_of_the_other(app, rita, session, books, form, tmp_path):
    for language, other in (("de", "en"), ("en", "de")):
        file = tmp_path / f"{language}.{form}"
        file.write_bytes(rita.get("/exports/members", format=form, language=language).data)
        with app.test_request_context(headers={"Accept-Language": other}):
            report = preview_table(session, "members", read("members", file.read_bytes()), by=SOMEBODY, now=MONDAY)

        assert {row.outcome for row in report.rows} == {"same"}
        assert len(report.rows) == 2  # no row of sums


def test_both_passages_of_the_doubled_hour_can_be_distinguished(rita, session, books):
    for at in ("2026-10-25T00:30Z", "2026-10-25T01:30Z"):
        with write_transaction(session):
            changed = RecordChanged(table="member", record_id=1, what="name")
            record(session, changed, by=SOMEBODY, at=datetime.fromisoformat(at))
    day = {"period": "2026-10-25/2026-10-25"}
    rows = csv.DictReader(io.StringIO(rita.get("/exports/events", **day, language="de").text), delimiter=";")
    sheet = sheet_of(rita.get("/exports/events", **day, format="xlsx", language="de").data)

    assert [row["Wann"] for row in rows] == ["25.10.2026 02:30:00+02:00", "25.10.2026 02:30:00+01:00"]
    assert [row[13].value for row in sheet.iter_rows(min_row=2)] == [
        "2026-10-25T00:30:00+00:00",
        "2026-10-25T01:30:00+00:00",
    ]


def test_a_treasurer_gets_by_the_api_what_the_page_shows(app, session, sample_ring, books):
    karl = program_of(app, session, sample_ring.karl_login, now=MONDAY)
    kinds = {row["Kind, exactly"] for row in csv.DictReader(io.StringIO(karl.get("/exports/events", **PERIOD).text))}

    assert "Phone" not in karl.get("/exports/members").text
    assert "allocation_posted" in kinds
    assert "usage_recorded" not in kinds


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("allocation", 422),
        ("allocation?number=7", 404),
        ("costs?pool_id=7", 404),
        ("shares?pool_id=7", 404),
        ("events", 422),
        ("tariffs?on=2026-02-30", 422),
        ("slips?period=2026&machine_id=999", 404),
        ("charges?period=2026&machine_id=999", 404),
        ("slips?period=2026-12-31/2026-01-01", 422),
        ("members?language=fr", 422),
        ("members?period=2026", 422),
    ],
)
def test_a_file_that_there_is_not_is_refused(rita, books, path, status):
    assert rita.get(f"/exports/{path}").status_code == status
