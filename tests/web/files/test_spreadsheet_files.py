"""Files as spreadsheets and old programs write them: read as they were meant, or asked about."""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import date, datetime
from io import BytesIO
from time import process_time
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from flask_babel import force_locale
from openpyxl import Workbook
from sqlalchemy import select

from app.imports import TableError, import_table, preview_table, read, workbooks
from app.imports.encodings import decode
from app.imports.errors import ColumnsUnclear, DayOrderUnclear, EncodingUnclear, SheetUnclear
from app.imports.mapping import Choice
from app.imports.reading import Answers
from booking.kernel.errors import Busy
from booking.kernel.transaction import write_transaction
from booking.models import Machine, Member
from tests.builders import SOMEBODY
from tests.conftest import MONDAY

resource = pytest.importorskip("resource") if sys.platform != "win32" else None
HEADERS = "Nummer;Name;Gewerbe;Telefon"
PLAIN = HEADERS + "\n0042;Hof Müller;Imkerei;08841 1\n"


@pytest.fixture(autouse=True)
def _english(app):
    with app.test_request_context(), force_locale("en"):
        yield


def texts_of(content, answers=None, kind="members"):
    table = read(kind, content if isinstance(content, bytes) else content.encode(), answers or Answers())
    return [dict(row.texts) for row in table.rows]


def stored(session):
    session.rollback()
    return dict(session.execute(select(Member.number, Member.name)).all())


def run(session, content, answers=None, kind="members", do=import_table):
    table = read(kind, content if isinstance(content, bytes) else content.encode(), answers or Answers())
    return do(session, kind, table, by=SOMEBODY, now=MONDAY)


NUMBERED = Answers(choice=Choice(generates=frozenset({"number"})))
WANTED = {"number": "0042", "name": "Hof Müller", "trade": "Imkerei", "phone": "08841 1"}
MEANT_THE_SAME = {
    "a line sep=": "sep=;\n" + PLAIN,
    "a quoted line sep= with padding": '"sep=;"\r\n' + PLAIN,
    "sep= with another separator": "sep=#\n" + PLAIN.replace(";", "#"),
    "blank lines first": "\n;;;\n   \n" + PLAIN,
    "a title above": "Mitgliederliste, Stand 28. November 2026\n\n" + PLAIN,
    "a title with padding": "Mitglieder;;;\n;;;\n" + PLAIN,
    "blank lines between and after": PLAIN.replace("\n0042", "\n\n;;;\n0042") + ";;;\n\n",
    "sep= with line ends of an old Mac": ("sep=;\n" + PLAIN).replace("\n", "\r"),
    "padded columns": PLAIN.replace("\n", ";;;\n"),
    "an empty column between": "Nummer;;Name;Gewerbe;Telefon\n0042;;Hof Müller;Imkerei;08841 1\n",
    "spaces around": PLAIN.replace(";", " ; "),
    "no-break spaces": PLAIN.replace(" ", "\u00a0"),
    "narrow no-break spaces": PLAIN.replace(" ", "\u202f"),
    "zero-width characters": PLAIN.replace("Hof", "Hof\u200b").replace("Nummer", "\u200bNummer\ufeff"),
    "decomposed letters": PLAIN.replace("ü", "u\u0308"),
    "upper-case headers with points": PLAIN.replace("Nummer", "MITGLIEDS-NR.").replace("Telefon", "Tel."),
    "formulas that keep zeros": PLAIN.replace("0042", '="0042"'),
    "a mark of text": PLAIN.replace("0042", "'0042"),
    "commas": PLAIN.replace(";", ","),
    "tabs": PLAIN.replace(";", "\t"),
    "bars": PLAIN.replace(";", "|"),
    "line ends of Windows": PLAIN.replace("\n", "\r\n"),
    "line ends of an old Mac": PLAIN.replace("\n", "\r"),
    "everything quoted": "\n".join(";".join(f'"{cell}"' for cell in line.split(";")) for line in PLAIN.split("\n")[:2]),
    "everything in single quotes": "\n".join(
        ";".join(f"'{cell}'" for cell in line.split(";")) for line in PLAIN.split("\n")[:2]
    ),
    "the header again": f"Liste\n{HEADERS}\n" + PLAIN + f"\ufeff{HEADERS}\n",
    "lines that stand in one cell each": '"Nummer,Name,Gewerbe,Telefon"\n"0042,""Hof Müller"",Imkerei,08841 1"\n',
    "a line that stands in one cell": 'Nummer,Name,Gewerbe,Telefon\n"0042,""Hof Müller"",Imkerei,08841 1"\n',
    "drawn lines": "---|---|---|---\n" + PLAIN.replace(";", "|").replace("\n0", "\n---|:--|---|---\n0") + "======\n",
    "the end of a DOS file": PLAIN + "\x1a\0\0",
    "a line break in a cell": PLAIN.replace("Hof Müller", '"Hof\nMüller"'),
}


def test_a_file_is_read_as_it_was_meant():
    for case, text in MEANT_THE_SAME.items():
        assert texts_of(text) == [WANTED], case


def test_a_title_and_a_list_of_one_column_are_not_split():
    titled = '"Mitglieder, Stand 2026"\nNummer,Name\n1,Huber\n'
    assert texts_of(titled) == [{"number": "1", "name": "Huber"}]
    assert texts_of('"Name"\n"Huber, Anna"\n', NUMBERED) == [{"name": "Huber, Anna"}]


def test_a_file_of_one_huge_cell_is_refused():
    with pytest.raises(TableError):
        read("members", b"Nummer;Name\n1;" + b"x" * 200_000)


def test_an_encoding_that_is_certain_is_read():
    for encoding in ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"):
        assert texts_of(PLAIN.encode(encoding)) == [WANTED], encoding
    for encoding in ("utf-16-le", "utf-16-be"):
        mark = "\ufeff".encode(encoding)
        assert texts_of(mark + PLAIN.encode(encoding)) == [WANTED], encoding


@pytest.mark.parametrize("encoding", ["mac_roman", "cp850"])
def test_an_old_encoding_is_asked_about_with_samples(encoding):
    content = PLAIN.encode(encoding)

    with pytest.raises(EncodingUnclear) as asked:
        read("members", content)

    assert next(iter(asked.value.samples)) == encoding
    assert asked.value.samples[encoding] == ("Müller",)
    assert asked.value.samples.get("cp1252") != ("Müller",)
    assert texts_of(content, Answers(encoding=encoding)) == [WANTED]


def test_a_file_that_was_saved_in_the_wrong_encoding_is_asked_about():
    broken = PLAIN.encode().decode("cp1252").encode()

    with pytest.raises(EncodingUnclear) as asked:
        read("members", broken)

    assert asked.value.samples["utf-8-twice"] == ("Müller",)
    assert texts_of(broken, Answers(encoding="utf-8-twice")) == [WANTED]
    assert texts_of(broken, Answers(encoding="utf-8"))[0]["name"] == "Hof MÃ¼ller"


def test_good_text_is_not_suspected():
    for text in ("12 € – 3 m²", "Dvořák", "Ærø", "Straße, 5 µm", "naïve Âme", "Garçon"):
        assert decode(text.encode()) == text


def test_dropped_trailing_cells_are_empty():
    assert texts_of("Nummer;Name;Gewerbe;Telefon\n1;Huber\n2;Maier;Holz\n") == [
        {"number": "1", "name": "Huber", "trade": "", "phone": ""},
        {"number": "2", "name": "Maier", "trade": "Holz", "phone": ""},
    ]


def test_all_unknown_columns_are_named_at_once():
    with pytest.raises(ColumnsUnclear) as asked:
        read("members", b"Nummer;Name;Haarfarbe;Schuhe;Hut\n1;Huber;blond;44;\n")

    assert "“Haarfarbe”, “Schuhe”" in str(asked.value)
    assert "Hut" not in str(asked.value)  # nothing in it that could be lost
    left_out = Answers(choice=Choice(leaves_out_unknown=True))
    assert texts_of("Nummer;Name;Haarfarbe;Schuhe\n1;Huber;blond;44\n", left_out) == [{"number": "1", "name": "Huber"}]


def test_a_number_that_lost_its_zeros_is_no_second_member(session, sample_ring):
    run(session, "Nummer;Name\n0042;Hof Müller\n")

    asked = run(session, "Nummer;Name\n42;Gut Müller\n")
    assert [row.outcome for row in asked.rows] == ["refused"]
    assert [(each.written, each.probable) for each in asked.lost_zeros] == [("42", "0042")]
    assert stored(session)["0042"] == "Hof Müller"

    assert run(session, "Nummer;Name\n42;Gut Müller\n", Answers(lost_zeros="restore")).count("changed") == 1
    assert stored(session)["0042"] == "Gut Müller"
    assert "42" not in stored(session)

    assert run(session, "Nummer;Name\n42;Neuhof\n", Answers(lost_zeros="as-written")).count("entered") == 1
    assert stored(session)["42"] == "Neuhof"
    assert run(session, "Nummer;Name\n42;Neuhof\n0042;Gut Müller\n").count("same") == 2  # both exist: no question


@pytest.mark.parametrize("written", ["m-anna", "M Anna", "M\u2011Anna", "MAnna"])
def test_a_number_in_another_spelling_is_asked_about(session, sample_ring, written):
    report = run(session, f"Nummer;Name\n{written};Anna\n", do=preview_table)

    assert [each.probable for each in report.lost_zeros] == ["M-Anna"]


@pytest.mark.parametrize("written", ["42.0", "42,0", "4,2E+01", "4.2E+1"])
def test_a_number_that_a_spreadsheet_has_formatted_is_itself(session, sample_ring, written):
    run(session, "Nummer;Name\n42;Hof Müller\n")

    assert [row.outcome for row in run(session, f'Nummer;Name\n"{written}";Hof Müller\n').rows] == ["same"]


@pytest.mark.parametrize("number", ["1.0", "1,00", "1e5", "-5", "3-5", "007", "A-7", "1.234"])
def test_a_number_that_is_stored_is_itself_whatever_it_looks_like(session, sample_ring, number):
    with write_transaction(session):
        session.get_one(Member, sample_ring.anna).number = number

    assert run(session, f'Nummer;Name\n"{number}";Anna\n').count("same") == 1


def test_a_postcode_and_a_phone_without_their_zero_are_asked_about(session, sample_ring):
    run(session, "Nummer;Name;PLZ;Ort;Telefon\n1;Hof;01067;Dresden;0351123456\n")
    changed = "Nummer;Name;PLZ;Ort;Telefon\n1;Hof;1067;Dresden;351123456\n"

    assert not run(session, changed).is_clean()
    assert [row.outcome for row in run(session, changed, Answers(lost_zeros="restore")).rows] == ["same"]


@pytest.mark.parametrize(
    ("column", "text"),
    [
        ("Nummer", "4,91711E+11"),
        ("Telefon", "4,91711E+11"),
        ("Name", "#NAME?"),
        ("Gewerbe", "#####"),
        ("Name", "#WERT!"),
    ],
)
def test_what_a_spreadsheet_has_lost_is_refused(session, sample_ring, column, text):
    cells = {"Nummer": "1", "Name": "Huber", "Gewerbe": "", "Telefon": "", column: text}
    report = run(session, ";".join(cells) + "\n" + ";".join(cells.values()) + "\n")

    assert [row.outcome for row in report.rows] == ["refused"]
    assert text in report.rows[0].reasons[0]


E_MAILS = (
    "mailto:anna@hof.example", "#mailto:anna@hof.example#", "anna@hof.example#mailto:anna@hof.example#",
    "Anna#anna@hof.example#", "'anna@hof.example'", '"Anna Huber" <anna@hof.example>', "Anna <anna@hof.example>",
    "<anna@hof.example>", "anna@hof.example;", "anna@hof.example,", " anna@hof.example. ",
    "mailto:anna@hof.example?subject=Ring",
)  # fmt: skip


def test_an_address_in_a_link_or_behind_a_name_is_read_and_finds_its_member(session, sample_ring):
    run(session, "Nummer;Name;E-Mail\n1;Hof;anna@hof.example\n")
    for written in E_MAILS:
        cell = written.replace('"', '""')
        assert run(session, f'Nummer;Name;E-Mail\n1;Hof;"{cell}"\n').count("same") == 1, written
        assert run(session, f'Name;E-Mail\nHof;"{cell}"\n', NUMBERED).count("same") == 1, written
    use = 'Maschine;E-Mail;Beginn;Ende\ncombine;"Anna <anna@hof.example>";1.12.2026 8:00;1.12.2026 10:00\n'
    assert run(session, use, kind="reservations").count("entered") == 1


def test_what_programs_add_to_numbers_is_no_part_of_them(session, sample_ring):
    run(session, "Nummer;Name;Straße;PLZ;Ort;Telefon\n1;Hof;Weg 12;82418;Murnau;1721234567\n")
    head = "Nummer;Name;Straße;Hausnr.;PLZ;Ort;Telefon\n"
    for row in ("1.0;Hof;Weg;12.0;82418.0;Murnau;1721234567.0", '"1,00";Hof;Weg;12;D-82418;Murnau;tel:1721234567'):
        report = run(session, head + row + "\n", do=preview_table)
        assert [each.outcome for each in report.rows] == ["same"], report


@pytest.mark.parametrize(
    ("column", "text"), [("PLZ;Ort", "A-1010;Wien"), ("PLZ und Ort", "A-1010 Wien"), ("PLZ;Ort;Land", "1010;Wien;AT")]
)
def test_the_country_before_a_postcode_is_read(session, sample_ring, column, text):
    assert run(session, f"Nummer;Name;{column}\n1;Hof;{text}\n").is_clean()

    address = session.scalars(select(Member).where(Member.number == "1")).one().address
    assert (address.country, address.postcode, address.town) == ("AT", "1010", "Wien")


@pytest.mark.parametrize("text", ["2026-03-05", "05. Mrz", "5-Mar", "Mrz 05"])
def test_a_house_number_that_became_a_day_is_refused(session, sample_ring, text):
    report = run(session, f"Nummer;Name;Straße;Hausnr.\n1;Hof;Weg;{text}\n")

    assert f"a spreadsheet has made the date “{text}” of it" in report.rows[0].reasons[0]


@pytest.mark.parametrize("text", ["NULL", "(null)", "\\N", "NaN", "nan"])
def test_the_empty_cells_of_databases_are_empty(text):
    assert texts_of(f"Nummer;Name;Telefon\n1;Null;{text}\n") == [{"number": "1", "name": "Null", "phone": ""}]


DAYS = (
    "2019-03-01", "01.03.2019", "1.3.2019", "1. März 2019", "1 Mar 2019", "43525", "43525.0", "01.03.19",
    "20190301", "01-Mar-19", "1-Mrz-2019", "1. Mär 19", "2019-03-01T00:00:00+01:00",
    "2019-03-01 00:00:00", "Freitag, 1. März 2019", "2019/03/01",
    "2019-02-28T23:00:00.000Z", "2019-03-01T14:33:00Z", "2019-03-01 14:33:12", "01.03.2019 14:33",
)  # fmt: skip


def test_days_of_spreadsheets_are_read(session, sample_ring):
    for number, written in enumerate(DAYS):
        assert run(session, f'Nummer;Name;Eintritt\n{number};Hof;"{written}"\n').is_clean(), written
    assert set(session.scalars(select(Member.joined_on).where(Member.name == "Hof"))) == {date(2019, 3, 1)}


def test_a_day_that_can_be_read_in_two_ways_is_decided_by_the_others_of_the_file(session, sample_ring):
    unclear = "Nummer;Name;Eintritt\n1;Hof;12/1/2019\n"
    with pytest.raises(DayOrderUnclear, match="In “12/1/2019” both numbers may be the month"):
        texts_of(unclear)
    read_as = {order: texts_of(unclear, Answers(day_order=order))[0]["joined_on"] for order in ("dmy", "mdy")}
    assert read_as == {"dmy": "2019-01-12", "mdy": "2019-12-01"}
    mixed = "Nummer;Name;Eintritt;Austritt\n1;Hof;12/1/2019;12/31/2026\n2;Gut;31/12/2018;\n"
    assert [row["left_on"] for row in texts_of(mixed, Answers(day_order="dmy"))] == [
        "12/31/2026",
        "",
    ]  # read by parse_day

    run(session, "Nummer;Name;Eintritt\n1;Hof;01/03/2019\n2;Gut;31/12/2018\n")
    run(session, "Nummer;Name;Eintritt\n3;Alm;01/03/2019\n4;Au;12/31/2018\n")
    days = dict(session.execute(select(Member.number, Member.joined_on)).all())
    assert [days[number] for number in "123"] == [date(2019, 3, 1), date(2018, 12, 31), date(2019, 1, 3)]
    short = "Nummer;Name;Eintritt\n5;Hof;3/1/19\n6;Gut;12/31/98\n"
    assert [row["joined_on"] for row in texts_of(short)] == ["2019-03-01", "1998-12-31"]
    with pytest.raises(DayOrderUnclear):
        texts_of(short[:33])


def test_a_reservation_names_its_member_by_mail_or_name_where_that_is_unique(session, sample_ring):
    with write_transaction(session):
        session.get_one(Member, sample_ring.bernd).email = "bernd@farm.example"
    head = "Maschine;Mitglied;Beginn;Ende\n"
    rows = [
        f"combine;{who};2{day}.12.2026 8:00;2{day}.12.2026 9:00\n"
        for day, who in enumerate(("ANNA", "bernd@farm.example"))
    ]
    assert run(session, head + "".join(rows), kind="reservations").count("entered") == 2

    run(session, "Nummer;Name\nX;Anna\n")
    report = run(session, head + rows[0].replace("20.", "22."), kind="reservations")
    assert "several members are called “ANNA”. Write the number: M-Anna, X" in report.rows[0].reasons[0]


def workbook(*sheets):
    book = Workbook()
    book.remove(book.active)
    for name, rows in sheets:
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    content = BytesIO()
    book.save(content)
    return book, content


def saved(book):
    content = BytesIO()
    book.save(content)
    return content.getvalue()


def test_a_workbook_is_read(session, sample_ring):
    headers, member = ["Nr.", "Name", "Eintritt", "Telefon"], [42, "Hof Müller", date(2019, 3, 1), "0171 1"]
    book, _content = workbook(("Mitglieder", [["Mitglieder 2026"], [], headers, member]), ("Leer", []))
    book["Mitglieder"]["A4"].number_format = "0000"
    book["Mitglieder"]["F2000"].number_format = "0.00"  # formatted only

    assert texts_of(saved(book)) == [
        {"number": "0042", "name": "Hof Müller", "joined_on": "2019-03-01", "phone": "0171 1"}
    ]


def test_a_workbook_of_reservations_and_machines_is_read(session, sample_ring):
    press = ["press", "Presse", "Hall", "m³", True]
    machines, _content = workbook(("M", [["Kurzname", "Name", "Standort", "Einheit", "Freigabe"], press]))
    start = datetime(2026, 12, 1, 8)  # noqa: DTZ001 - a spreadsheet knows no zone
    use = ["press", "M-Anna", start, start.replace(hour=10)]
    reservations, _content = workbook(("R", [["Maschine", "Mitglied", "Beginn", "Ende"], use]))

    assert run(session, saved(machines), kind="machines").count("entered") == 1
    stored_press = session.scalars(select(Machine).where(Machine.slug == "press")).one()
    assert (stored_press.charge_unit, stored_press.rules.needs_approval) == ("m3", True)
    with write_transaction(session):
        session.get_one(Machine, stored_press.id).needs_approval = False
    report = run(session, saved(reservations), kind="reservations")
    assert report.count("entered") == 1, report


SHOWN = {
    "0000": "0042", "[$-407]0000": "0042", "0000;-0000": "0042", '"M-"000': "M-042", "\\M\\-000_ ": "M-042",
    "0": "42", "#,##0": "42", "0.00": "42", "0%": "42", '0" Stück"': "42", "General": "42",
}  # fmt: skip


def test_a_number_of_a_workbook_is_read_as_it_is_shown():
    book, _content = workbook(("M", [["Nr.", "Name"], *[[42, "Hof"]] * len(SHOWN)]))
    for row, number_format in enumerate(SHOWN, start=2):
        book["M"].cell(row, 1).number_format = number_format

    assert [row["number"] for row in texts_of(saved(book))] == list(SHOWN.values())


def test_a_formula_without_a_result_is_refused_and_an_empty_result_is_read():
    _book, content = workbook(("M", [["Nr.", "Name", "Telefon"], [42, "Hof", '=A2&""']]))
    with pytest.raises(TableError, match="Cell C2 holds a formula without a result"):
        read("members", content.getvalue())

    with ZipFile(content) as book:
        text = book.read(SHEET).replace(b'<c r="C2">', b'<c r="C2" t="str">').replace(b"<v />", b"<v></v>")
    assert texts_of(changed(content.getvalue(), SHEET, text)) == [{"number": "42", "name": "Hof", "phone": ""}]


def changed(content, name, text):
    """A workbook in which one of its files has another text, or is added: the texts that its cells share."""
    made = BytesIO()
    with ZipFile(BytesIO(content)) as before, ZipFile(made, "w", ZIP_DEFLATED) as after:
        is_new = name not in before.namelist()
        for each in before.namelist():
            same = before.read(each)
            same = same.replace(b"</Types>", SHARED_TYPE) if is_new else same
            after.writestr(each, text if each == name else same)
        if is_new:
            after.writestr(name, text)
    return made.getvalue()


SHEET, STYLES, SHARED = "xl/worksheets/sheet1.xml", "xl/styles.xml", "xl/sharedStrings.xml"
SHARED_TYPE = (
    b'<Override PartName="/xl/sharedStrings.xml" ContentType="application/vnd.openxmlformats-officedocument'
    b'.spreadsheetml.sharedStrings+xml"/></Types>'
)
ROWS = (
    '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{}</sheetData></worksheet>'
)
CELLS = "".join(f'<row r="{row}"><c r="A{row}" s="1"><v>{row}</v></c></row>' for row in range(1, 30))
FORMAT = '<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">{}</styleSheet>'
ENTITIES = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">{}]>'.format(
    "".join(f'<!ENTITY {chr(98 + depth)} "{f"&{chr(97 + depth)};" * 10}">' for depth in range(9))
)
# Of two to sixty kilobytes: some took half a minute and more of the process that read it, or gigabytes of its memory.
BOMBS = {
    "attributes without end": {SHEET: ROWS.format('<row r="1"><c ' + ' r="A1"' * 30_000)},
    "cells without an end": {SHEET: "<c " * 500_000},
    "formulas without an end": {SHEET: '<c r="A1"><f>' * 100_000},
    "entities": {SHEET: ENTITIES + ROWS.format("&j;")},
    "a number format without end": {
        SHEET: ROWS.format(CELLS),
        STYLES: FORMAT.format(
            f'<numFmts><numFmt numFmtId="170" formatCode="{"[" * 30_000}"/></numFmts>'
            '<cellXfs><xf numFmtId="0"/><xf numFmtId="170"/></cellXfs>'
        ),
    },
    "styles": {STYLES: FORMAT.format("<cellXfs>" + "<xf/>" * 7_000_000 + "</cellXfs>")},
    "a row far away": {SHEET: ROWS.format('<row r="1000000000"><c r="A1000000000"><v>1</v></c></row>')},
    "a long text in many cells": {
        SHEET: ROWS.format(("<row>" + '<c t="s"><v>0</v></c>' * 290 + "</row>") * 90),
        SHARED: FORMAT.format(f"<si><t>{'x' * 10_000}</t></si>"),
    },
}


@pytest.mark.skipif(sys.platform == "win32", reason="no bounds there but the time")
@pytest.mark.parametrize("texts", BOMBS.values(), ids=BOMBS.keys())
def test_a_small_workbook_that_unpacks_to_much_ends_alone(texts, monkeypatch):
    bounded = replace(workbooks.READER, processor_seconds_max=4, memory_bytes_max=200 * 1024 * 1024)
    monkeypatch.setattr(workbooks, "READER", bounded)
    _book, content = workbook(("M", [["Nr.", "Name"], [42, "Hof"]]))
    bomb = content.getvalue()
    for name, text in texts.items():
        bomb = changed(bomb, name, text)
    before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, process_time()

    with pytest.raises(TableError):
        read("members", bomb)

    assert process_time() - began < 1
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 60_000


def test_a_workbook_holds_as_much_text_as_a_csv_whose_letters_are_written_with_one_byte_or_two():
    """The web process holds all that the reader writes twice, and then its letters."""
    head, row = '<row r="1"><c t="s"><v>0</v></c></row>', '<row><c t="s"><v>1</v></c></row>'
    texts = "".join(f"<si><t>{text}</t></si>" for text in ("Nr.", "ä" * 30_000))
    _book, content = workbook(("M", [["Nr.", "Name"], [42, "Hof"]]))
    full = changed(content.getvalue(), SHARED, FORMAT.format(texts))

    written = workbooks.READER.output(changed(full, SHEET, ROWS.format(head + row * 150)), "", "yes", "no")
    assert 9_000_000 < len(written) < 9_100_000
    with pytest.raises(TableError, match="too large when unpacked"):
        read("members", changed(full, SHEET, ROWS.format(head + row * 200)))


def test_one_workbook_is_read_at_a_time_and_one_that_stands_still_is_not_called_damaged(monkeypatch, tmp_path):
    still = tmp_path / "reader.py"
    still.write_text("import time; time.sleep(600)")
    monkeypatch.setattr(workbooks, "WAIT_SECONDS", 0.01)
    monkeypatch.setattr(workbooks, "READER", replace(workbooks.READER, path=still, seconds_max=0.1))
    _book, content = workbook(("M", [["Nr.", "Name"], [42, "Hof"]]))

    with pytest.raises(Busy):
        read("members", content.getvalue())
    with workbooks._one_at_a_time, pytest.raises(Busy):
        read("members", content.getvalue())


TIMES = (
    ("46357.3333", "46357,4167"), ("20261201 0800", "20261201T100000"), ("20261201T070000Z", "20261201T090000Z"),
    ("1. Dez. 2026 um 8:00", "1 December 2026 at 10:00"), ("01-Dec-26 08:00", "01-Dec-26 10:00"),
)  # fmt: skip
TIMES_BESIDE_A_DAY = (
    ("0,3333333", "0.416666667"), ("1899-12-30 08:00:00", "30.12.1899 10:00:00"),
    ("12/30/1899 8:00", "12/30/1899 10:00"),
)  # fmt: skip


def test_times_of_spreadsheets_and_databases_are_read(session, sample_ring):
    files = [f'Maschine;Mitglied;Beginn;Ende\ncombine;M-Anna;"{start}";"{end}"\n' for start, end in TIMES]
    head = "Maschine;Mitglied;Datum;Von;Bis\n"
    files += [f'{head}combine;M-Anna;1.12.2026;"{start}";"{end}"\n' for start, end in TIMES_BESIDE_A_DAY]
    meant = run(
        session, "Maschine;Mitglied;Beginn;Ende\ncombine;M-Anna;1.12.2026 8:00;1.12.2026 10:00\n", kind="reservations"
    )
    assert meant.count("entered") == 1

    for content in files:
        report = run(session, content, kind="reservations", do=preview_table)
        assert [row.outcome for row in report.rows] == ["same"], (content, report)
    unclear = run(session, head + "combine;M-Anna;1.12.2026;0.25;0.45\n", kind="reservations", do=preview_table)
    assert "“0.25” is not a date and time" in unclear.rows[0].reasons[0]


def test_a_large_workbook_with_a_cell_in_its_last_row_is_read():
    rows = [[number, f"Hof {number}", "Landwirtschaft"] for number in range(1, 2_001)]
    book, _content = workbook(("Mitglieder", [["Nr.", "Name", "Gewerbe"], *rows]))
    book["Mitglieder"]["C1048576"].number_format = "0.00"

    assert len(texts_of(saved(book))) == 2_000


def test_the_words_of_a_row_are_not_taken_for_headers():
    with pytest.raises(ColumnsUnclear) as asked:
        read("machines", b"Kennung;Bez;Wo\npress;Name;Standort\nsaw;Raum;Ort\n")

    assert [column.header for column in asked.value.columns] == ["Kennung", "Bez", "Wo"]


def test_a_workbook_with_several_filled_sheets_is_asked_about():
    book, content = workbook(("2025", [["Nr.", "Name"], [1, "Alt"]]), ("2026", [["Nr.", "Name"], [1, "Neu"]]))

    with pytest.raises(SheetUnclear) as asked:
        read("members", content.getvalue())

    assert asked.value.sheets == ("2025", "2026")
    assert texts_of(content.getvalue(), Answers(sheet="2026")) == [{"number": "1", "name": "Neu"}]
    with pytest.raises(SheetUnclear, match="no sheet “2027” with rows"):
        texts_of(content.getvalue(), Answers(sheet="2027"))
    book["2025"].sheet_state = "hidden"
    for name, rows in (("Zettel", [[" "], [None, "\u00a0"]]), ("Linie", [["----", ":---:", None]])):
        for row in rows:
            (book[name] if name in book.sheetnames else book.create_sheet(name)).append(row)
    with pytest.raises(SheetUnclear) as asked:
        texts_of(saved(book), Answers(sheet="2025"))
    assert asked.value.sheets == ("2026",)
    assert texts_of(saved(book)) == [{"number": "1", "name": "Neu"}]


def bomb():
    content = BytesIO()
    with ZipFile(content, "w", ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"0" * (41 * 1024 * 1024))
    return content.getvalue()


def test_files_that_are_no_tables_are_explained():
    with ZipFile(archive := BytesIO(), "w") as other:
        other.writestr("letter.txt", "Hello")
    _book, good = workbook(("M", [["Nr.", "Name"], [1, "Huber"]]))

    for content, reason in (
        (b"\xd0\xcf\x11\xe0" + b"\0" * 100, "old Excel file"),
        (b"PK\x03\x04nonsense", "not an Excel workbook"),
        (archive.getvalue(), "not an Excel workbook"),
        (good.getvalue()[:-200], "not an Excel workbook"),
        (bomb(), "too large when unpacked"),
        (b"%PDF-1.7\n\0\0\0\1", "not a text file"),
        (b"<html><table><tr><td>Nummer</td></tr></table>", "web page"),
        (b"", "empty"),
        (b"\n\n;;;\n", "empty"),
        (b"Nummer;Name\n", "no rows"),
        (b"Nummer;Name\n1;Huber;3\n", "Line 2 has 3 columns"),
    ):
        with pytest.raises(TableError, match=reason):
            read("members", content)


def test_a_machine_whose_short_name_lost_its_zeros_is_asked_about(session, sample_ring):
    run(session, "Kurzname;Name;Standort\n0042;Presse;hall\n", kind="machines")
    changed = "Kurzname;Name;Standort\n42;Ballenpresse;Hall\n"

    asked = run(session, changed, kind="machines")
    assert [(each.written, each.probable) for each in asked.lost_zeros] == [("42", "0042")]
    assert run(session, changed, Answers(lost_zeros="restore"), kind="machines").count("changed") == 1
    assert "42" not in session.scalars(select(Machine.slug)).all()
    use = "Maschine;Mitglied;Beginn;Ende\n42;M-Anna;01.12.2026 8:00;01.12.2026 10:00\n"
    assert run(session, use, kind="reservations").count("entered") == 1  # the only one it can be


@pytest.mark.parametrize(
    ("column", "text"),
    [
        ("email", "siehe Akte"),
        ("number", "x" * 41),
        ("phone", "1" * 61),
        ("price class", "Adel"),
        ("country", "Utopia"),
        ("left on", "2001-01-01"),
    ],
)
def test_what_the_form_of_a_member_refuses_the_import_refuses(session, sample_ring, column, text):
    cells = {"number": "1", "name": "Huber", "joined on": "2019-03-01", column: text}
    report = run(session, ";".join(cells) + "\n" + ";".join(cells.values()) + "\n")

    assert [row.outcome for row in report.rows] == ["refused"]
    assert report.rows[0].reasons[0].startswith(f"{column}: ")
    assert "1" not in stored(session)


@pytest.mark.parametrize(
    ("column", "text"),
    [
        ("short name", "Große Presse"),
        ("name", "n" * 121),
        ("kind", "k" * 61),
        ("charge unit", "Fuhre"),
        ("workshop", "barn"),
        ("induction", "Zauberei"),
        ("places", "501"),
        ("notice (hours)", "600001"),
        ("step (minutes)", "0"),
        ("needs approval", "vielleicht"),
    ],
)
def test_what_the_form_of_a_machine_refuses_the_import_refuses(session, sample_ring, column, text):
    cells = {"short name": "press", "name": "Presse", "workshop": "hall", column: text}
    report = run(session, ";".join(cells) + "\n" + ";".join(cells.values()) + "\n", kind="machines")

    assert [row.outcome for row in report.rows] == ["refused"]
    assert report.rows[0].reasons[0].startswith(f"{column}: ")
    assert session.scalar(select(Machine.id).where(Machine.slug == "press")) is None


def test_the_words_of_the_form_of_a_machine_are_read(session, sample_ring):
    head = "Kurzname;Name;Standort;Berechnet nach;Freigabe;Kürzeste Dauer;Vorlauf;Nötige Einweisung;Plätze\n"
    report = run(session, head + "press;Presse;HALL;Platztage;Ja;2 Std.;2 Tage;LASER;2,0\n", kind="machines")

    assert report.is_clean(), report
    press = session.scalars(select(Machine).where(Machine.slug == "press")).one()
    assert (press.charge_unit, press.induction_kind_id) == ("place_day", sample_ring.laser_induction)
    assert (press.rules.needs_approval, press.rules.shortest_min, press.rules.notice_hours) == (True, 120, 48)


def test_lengths_and_words_are_read_as_programs_and_our_own_answers_write_them(session, sample_ring):
    head = "Kurzname;Name;Standort;Kürzeste Dauer;Vorlauf;Freigabe;Einweisung;Anzahl Plätze\n"
    for number, (length, notice) in enumerate(
        (("1:30", "36:00"), ("01:30:00", "1,5 Tage"), ("1h30", "36 h"), ("1 h 30", "1 Tag 12 h"), ("1,5 Std.", "36.0"))
    ):
        row = f"m{number};M;Maschinenhalle (hall);{length};{notice};1.0;nicht nötig;2\n"
        assert run(session, head + row, kind="machines").is_clean(), (length, notice)
        entered = session.scalars(select(Machine).where(Machine.slug == f"m{number}")).one()
        rules = entered.rules
        assert (rules.shortest_min, rules.notice_hours, rules.needs_approval) == (90, 36, True), (length, notice)
    refused = run(session, head + "m;M;hall;1:30;1:30;ja;;1\n", kind="machines")
    assert refused.rows[0].reasons == ("notice (hours): “1:30” is not a whole number.",)


def test_a_machine_is_not_moved_by_a_file(session, sample_ring):
    report = run(session, "Kurzname;Name;Standort\ncombine;Combine;Lab\n", kind="machines")

    assert "An import moves nothing" in report.rows[0].reasons[0]
    assert run(session, "Kurzname;Name;Standort\ncombine;Combine;\n", kind="machines").count("same") == 1


def test_parts_of_names_and_addresses_are_put_together(session, sample_ring):
    text = (
        "Nr.;Vorname;Name;Firma;Strasse;Hausnr.;PLZ Ort;Telefon;Mobil\n"
        "1;Eva;Moser;;Bergweg;9 a;82418 Murnau;08841 1;0171 1\n"
        "2;Toni;Huber;Huber GbR;Dorfstr. 2;;D-82418 Murnau;;\n"
    )
    assert run(session, text).count("entered") == 2

    eva, toni = (session.scalars(select(Member).where(Member.number == number)).one() for number in "12")
    assert (eva.name, eva.phone, eva.address.one_line) == ("Eva Moser", "08841 1 / 0171 1", "Bergweg 9 a, 82418 Murnau")
    assert (toni.name, toni.address.name, toni.address.postcode) == ("Huber GbR", "Toni Huber", "82418")


def test_a_member_without_number_is_found_where_mail_or_name_is_unique(session, sample_ring):
    run(session, "Nummer;Name;E-Mail\nA;Hof Berg;a@x.example\nB;Hof Tal;b@x.example\nC;Hof Tal;\n")
    number = Answers(choice=Choice(generates=frozenset({"number"})))

    rows = "Hof Berg neu;A@X.example;1\nBerg, Hof;;2\nHof Tal;b@x.example;3\nHof Tal;;4\nNeu;;5\nneu;;6\n"
    report = run(session, f"Name;E-Mail;Telefon\n{rows}", number, do=preview_table)
    assert [(row.key.partition(",")[0], row.outcome) for row in report.rows] == [
        ("A", "changed"), ("A", "refused"), ("B", "changed"), ("Hof Tal", "refused"), ("1", "entered"),
        ("neu", "refused"),
    ]  # fmt: skip


def test_links_to_mail_are_read_and_texts_that_are_too_long_name_their_length(session, sample_ring):
    head = "Nummer;Name;E-Mail;Land\n"
    long = "n" * 201
    report = run(session, f"{head}1;A;mailto:a@x.example;AUT\n2;B;<b@x.example>;osterreich\n3;{long};;Utopia\n")

    assert [row.outcome for row in report.rows] == ["entered", "entered", "refused"]
    assert report.rows[2].reasons == (
        "name: This can have at most 200 characters; it has 201.",
        "country: The country “Utopia” is not known. Enter its code or its name.",
    )
