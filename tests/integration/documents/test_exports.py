"""Files for the treasurer: exact, harmless to open, and the same bytes each time."""

from __future__ import annotations

import csv
import io
from datetime import date
from decimal import Decimal

import openpyxl
import pytest

from billing.charges.charges import charge_for
from billing.exports.allocations import ALLOCATION_COLUMNS, allocation_table
from billing.exports.csv import STYLES, csv_chunks, escape_formula
from billing.exports.slips import SLIP_COLUMNS, slip_table
from billing.exports.xlsx import DAY_FORMATS, INSTANT_FORMATS, SheetStyle, write_xlsx
from billing.pools.costs import CostEntry, enter_cost
from billing.pools.pools import enter_pool
from billing.tariffs.tariffs import TariffEntry, enter_tariff
from tests.builders import member
from tests.integration.money.harvester_pool import do, post, use

HEADS = {column.code: column.code.upper() for column in (*ALLOCATION_COLUMNS, *SLIP_COLUMNS)}
YEAR = date(2026, 1, 1), date(2026, 12, 31)
STYLE = SheetStyle("Sheet", "SUM", DAY_FORMATS["de"], INSTANT_FORMATS["de"])
EVIL = '=HYPERLINK("http://evil.example","click")'


@pytest.fixture
def posted(session, sample_ring):
    """1,234.50 euro divided by use between a member with a formula for a name and Anna; slips priced."""
    evil = member(session, EVIL, number="-1")
    entry = TariffEntry(date(2026, 1, 1), prices={"member": Decimal("12.5"), "guest": Decimal(13)})
    do(session, enter_tariff, sample_ring.combine, entry)
    for member_id in (evil, sample_ring.anna):
        do(session, charge_for, use(session, sample_ring.combine, member_id, 1_234))
    pool = do(session, enter_pool, sample_ring.combine, "Combine", {"repair": "use"})
    do(session, enter_cost, pool, CostEntry(date(2026, 6, 3), "Huber", "repair", -123_450))
    return post(session, pool, YEAR)


def as_csv(table, language="de"):
    return b"".join(csv_chunks(table, HEADS, STYLES[language]))


def cells(content, delimiter):
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig")), delimiter=delimiter))


def test_german_files_have_semicolons_and_decimal_commas(session, posted):
    content = as_csv(allocation_table(session, posted))

    assert content.startswith(b"\xef\xbb\xbfALLOCATION;REVERSES;POOL;")
    rows = cells(content, ";")
    assert {row["MEMBER"]: row["AMOUNT"] for row in rows} == {"Anna": "-617,25", "'" + EVIL: "-617,25"}
    assert {row["PERIOD_UNTIL"] for row in rows} == {"31.12.2026"}


def test_english_files_have_commas_and_decimal_points(session, posted):
    rows = cells(as_csv(slip_table(session, *YEAR), "en"), ",")

    assert [(row["USED"], row["UNIT_PRICE"], row["AMOUNT"]) for row in rows] == [("12.340", "12.5000", "154.25")] * 2
    assert {row["SERVICE_DATE"] for row in rows} == {"2026-06-15"}
    assert rows[0]["MEMBER_NUMBER"] == "'-1"


def test_a_workbook_holds_numbers_as_numbers_and_formulas_as_text(session, posted):
    file = io.BytesIO()
    write_xlsx(allocation_table(session, posted), HEADS, STYLE, file)

    sheet = openpyxl.load_workbook(file).active
    heads = [cell.value for cell in sheet[1]]
    rows = [dict(zip(heads, row, strict=True)) for row in sheet.iter_rows(min_row=2, max_row=sheet.max_row - 1)]
    evil = next(row for row in rows if row["MEMBER_NUMBER"].value == "-1")
    assert (evil["MEMBER"].value, evil["MEMBER"].data_type) == (EVIL, "s")
    assert sum(Decimal(str(row["AMOUNT"].value)) for row in rows) == Decimal("-1234.50")
    assert evil["PERIOD_FROM"].value.date() == YEAR[0]


def test_repeated_files_are_the_same_to_the_byte(session, posted):
    def both():
        file = io.BytesIO()
        write_xlsx(slip_table(session, *YEAR), HEADS, STYLE, file)
        return as_csv(allocation_table(session, posted)), as_csv(slip_table(session, *YEAR)), file.getvalue()

    assert both() == both()


def test_large_tables_come_in_pieces(session, sample_ring, monkeypatch):
    monkeypatch.setattr("billing.exports.slips.BATCH_SLIPS", 2)
    monkeypatch.setattr("billing.exports.csv.CHUNK_ROWS", 2)
    for number in range(5):
        use(session, sample_ring.combine, sample_ring.anna, 100 + number)

    pieces = list(csv_chunks(slip_table(session, *YEAR), HEADS, STYLES["en"]))

    assert len(pieces) == 4
    assert len(cells(b"".join(pieces), ",")) == 5


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("=1+1", "'=1+1"),
        ("+49 8841 123", "'+49 8841 123"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\tx", "'\tx"),
        ("\rx", "'\rx"),
        ("  =1", "'  =1"),
        ("＝1", "'＝1"),
        ("\x00=1", "'=1"),
        ("Huber-Hof", "Huber-Hof"),
        ("a\x1bb", "ab"),
        ("", ""),
    ],
)
def test_no_cell_begins_like_a_formula(text, shown):
    assert escape_formula(text) == shown
