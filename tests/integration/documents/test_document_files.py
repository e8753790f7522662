"""The files of documents: made after the commit by a child process, the same bytes each time, whatever dies."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from contextlib import contextmanager
from io import BytesIO

import pytest
import zxingcpp
from lxml import etree
from PIL import Image
from pypdf import PdfReader
from sqlalchemy import update

from app.documents import making, renderer
from app.documents.content import content_of
from app.documents.making import FileNotMade, RendererDied, has_unmade, make_files, preview_pdf
from app.documents.renderer import Renderer
from billing.queries.documents import document, failed_files, files_progress, pdf_of, xml_of
from booking.kernel.transaction import write_transaction
from booking.models import Member
from tests.integration.documents.documents_ring import invoice, take_back

pytestmark = [
    pytest.mark.of_sqlite,  # what is stored is proved on both databases by test_issued_documents.py
    pytest.mark.usefixtures("app_context"),
]
ODD_NAME = 'Hof #1 "Łukasz" $x$ <b>@a</b> \\ 🐄 Ωé'


def test_the_worker_makes_the_file_of_each_document(session, charged_ring):
    (first,) = invoice(session, charged_ring.anna)
    back = take_back(session, first)
    assert has_unmade(session)
    assert pdf_of(session, first) is None

    assert make_files(session) == 2

    assert not has_unmade(session)
    reader = PdfReader(BytesIO(pdf_of(session, first)))
    assert list(reader.attachments) == ["factur-x.xml"]
    assert reader.attachments["factur-x.xml"] == [xml_of(session, first)]
    page = reader.pages[0].extract_text()
    assert "Rechnung R-2026-00001" in page
    assert "2.216,20" in page
    assert "Berechnung zu R-2026-00001" in reader.pages[1].extract_text()
    assert "nimmt die Rechnung R-2026-00001" in PdfReader(BytesIO(pdf_of(session, back))).pages[0].extract_text()
    metadata = reader.trailer["/Root"]["/Metadata"].get_object().get_data().decode()
    assert "<pdfaid:part>3</pdfaid:part>" in metadata
    assert "<pdfaid:conformance>B</pdfaid:conformance>" in metadata
    assert "<fx:ConformanceLevel>EN 16931</fx:ConformanceLevel>" in metadata
    # Another process, another hour: the same bytes.
    assert preview_pdf([content_of(document(session, first))]) == [pdf_of(session, first)]


def test_a_line_has_its_quantity_unit_and_day_on_the_page_and_in_the_e_invoice(session, charged_ring):
    (first,) = invoice(session, charged_ring.anna)
    pdf, xml = Renderer().files(content_of(document(session, first)))

    tree = etree.fromstring(xml)
    quantities = [(one.text, one.get("unitCode")) for one in tree.iterfind(".//{*}BilledQuantity")]
    assert quantities == [("12.50", "H18"), ("3.33", "H18")]
    days = [
        [day.text for day in line.iterfind(".//{*}BillingSpecifiedPeriod//{*}DateTimeString")]
        for line in tree.iterfind(".//{*}IncludedSupplyChainTradeLineItem")
    ]
    assert days == [["20260615", "20260615"]] * 2
    page, working = (one.extract_text() for one in PdfReader(BytesIO(pdf)).pages)
    assert ("12,5 ha" in page, "3,33 ha" in page, page.count("15.06.2026") >= 2) == (True, True, True)
    assert ("Berechnung" in page, "12,50 ha" in working, "1.750,00" in working) == (False, True, True)


@pytest.mark.parametrize(
    ("broken", "named"),
    [
        ("#set document(date: none)", "missing document date"),
        ("\N{GREEK CAPITAL LETTER OMEGA}", "could not be displayed"),
    ],
)
def test_pages_that_are_no_pdf_a_are_refused(session, charged_ring, monkeypatch, tmp_path, broken, named):
    """Typst checks what it writes against PDF/A-3b: a template that breaks it makes no file at all."""
    template = tmp_path / "template.typ"
    template.write_text(f"{renderer.TEMPLATE.read_text('utf-8')}\n{broken}\n", "utf-8")
    monkeypatch.setattr(renderer, "TEMPLATE", template)
    (first,) = invoice(session, charged_ring.anna)

    (answer,) = renderer.answers([json.dumps(content_of(document(session, first)))])

    assert "PDF/A-3b error" in answer["error"]
    assert named in answer["error"]


def test_the_giro_code_on_the_page_says_what_is_owed(session, charged_ring):
    (first,) = invoice(session, charged_ring.anna)
    png = Renderer().pdf(content_of(document(session, first)), format="png", ppi=150)
    pages = png if isinstance(png, list) else [png]
    (code,) = zxingcpp.read_barcodes(Image.open(BytesIO(pages[0])))
    assert code.text.split("\n") == [
        *("BCD", "002", "1", "SCT", "", "Ring Oberland", "DE02120300000000202051", "EUR2216.20", "", ""),
        "R-2026-00001",
    ]


def test_names_are_data_whatever_characters_they_have(session, charged_ring):
    with write_transaction(session):
        session.execute(update(Member).where(Member.id == charged_ring.anna).values(name=ODD_NAME))
    (first,) = invoice(session, charged_ring.anna)
    assert make_files(session) == 1

    # The font of the page lacks the cow and the Omega; the e-invoice has them all.
    assert 'Hof #1 "Łukasz" $x$ <b>@a</b> \\ ? ?é' in PdfReader(BytesIO(pdf_of(session, first))).pages[0].extract_text()
    assert "🐄 Ωé" in xml_of(session, first).decode()


def test_a_child_that_is_killed_loses_nothing(session, charged_ring, monkeypatch):
    (first,) = invoice(session, charged_ring.anna)
    second = take_back(session, first)
    store, start = making._store, subprocess.Popen
    children = []

    def started(*arguments, **options):
        children.append(start(*arguments, **options))
        return children[-1]

    def store_and_kill(*arguments):
        store(*arguments)
        children[-1].kill()
        children[-1].wait()

    monkeypatch.setattr(making.subprocess, "Popen", started)
    monkeypatch.setattr(making, "_store", store_and_kill)
    with pytest.raises(RendererDied):
        make_files(session)
    assert (pdf_of(session, first) is None, pdf_of(session, second) is None) == (False, True)

    monkeypatch.setattr(making, "_store", store)
    assert make_files(session) == 1
    assert pdf_of(session, second) is not None
    assert all(child.poll() is not None for child in children)


def test_a_child_outlives_the_signals_that_end_a_server(session, charged_ring, monkeypatch):
    (first,) = invoice(session, charged_ring.anna)
    take_back(session, first)
    store, start = making._store, subprocess.Popen
    children = []

    def store_and_signal(*arguments):
        store(*arguments)
        for number in (signal.SIGINT, signal.SIGTERM):
            children[0].send_signal(number)

    monkeypatch.setattr(making.subprocess, "Popen", lambda *a, **k: children.append(start(*a, **k)) or children[-1])
    monkeypatch.setattr(making, "_store", store_and_signal)

    assert make_files(session) == 2
    assert [child.returncode for child in children] == [0]
    assert not failed_files(session, limit=9)


def test_a_document_that_cannot_be_made_stops_no_other(session, charged_ring, monkeypatch, caplog):
    (first,) = invoice(session, charged_ring.anna)
    back = take_back(session, first)
    whole = making.content_of

    def without_town(found, preceding=None):
        content = whole(found, preceding)
        return content | {"page": {}} if found.row.id == first else content

    monkeypatch.setattr(making, "content_of", without_town)
    assert make_files(session) == 1
    assert "R-2026-00001 cannot be made" in caplog.text
    assert files_progress(session) == (0, 0)  # what cannot be made is no work under way
    (failed,) = failed_files(session, limit=9)
    assert (failed.number, failed.attempts, "TypstError" in failed.reason) == ("R-2026-00001", 1, True)
    assert pdf_of(session, back) is not None
    assert not has_unmade(session)  # an idle worker starts no child for it again and again

    monkeypatch.setattr(making, "content_of", whole)
    assert make_files(session) == 0
    with write_transaction(session):
        making.try_again(session, first)
    monkeypatch.setattr(making, "AT_ONCE", 1)
    assert has_unmade(session)  # though as many newer ones as a run makes have their files
    assert make_files(session) == 1
    assert failed_files(session, limit=9) == ()
    assert not has_unmade(session)


def test_a_document_that_kills_the_child_stops_no_other(session, charged_ring, monkeypatch):
    (first,) = invoice(session, charged_ring.anna)
    back = take_back(session, first)
    start = making.renderer

    @contextmanager
    def dying():
        with start() as ask:

            def ask_or_die(content):
                if content["id"] == first:
                    raise RendererDied(content["number"])
                return ask(content)

            yield ask_or_die

    monkeypatch.setattr(making, "renderer", dying)
    with pytest.raises(RendererDied, match="R-2026-00001"):
        make_files(session)
    assert (pdf_of(session, first) is None, pdf_of(session, back) is None) == (True, False)
    assert has_unmade(session)  # it may have been chance
    with pytest.raises(RendererDied, match="R-2026-00001"):
        make_files(session)
    assert not has_unmade(session)  # twice is none
    assert failed_files(session, limit=9)[0].attempts == 2


STANDS_STILL = "import time; time.sleep(600)"


PROGRAMS = {"stands still": STANDS_STILL, "dies": "import os; os.abort()"}


@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS.keys())
def test_a_page_gives_a_child_up_that_does_not_answer_and_says_so(session, log_in, charged_ring, monkeypatch, program):
    monkeypatch.setattr(making, "LOADER", program)
    monkeypatch.setattr(making, "PREVIEW_SECONDS_MAX", 0.3)
    children, start = [], subprocess.Popen
    monkeypatch.setattr(making.subprocess, "Popen", lambda *a, **k: children.append(start(*a, **k)) or children[-1])

    address = "/costs/balance/statement.pdf?from=2026-06-01&until=2026-06-30"
    page = log_in(charged_ring.anna_login).get(address, headers={"Accept-Language": "en"})

    assert (page.status_code, page.headers["Retry-After"]) == (503, "30")
    assert "The file could not be made at the moment." in page.text
    assert [child.poll() is not None for child in children] == [True]


def test_the_worker_gives_a_child_up_that_stands_still_and_puts_the_document_off(session, charged_ring, monkeypatch):
    invoice(session, charged_ring.anna)
    monkeypatch.setattr(making, "SECONDS_MAX", 0.3)
    with monkeypatch.context() as patched:
        patched.setattr(making, "LOADER", STANDS_STILL)
        with pytest.raises(RendererDied, match="R-2026-00001"):
            make_files(session)
    assert failed_files(session, limit=9)[0].reason == making.DIED

    monkeypatch.setattr(making, "SECONDS_MAX", 60)
    assert make_files(session) == 1


def test_one_page_waits_for_a_file_at_a_time_and_not_for_ever(app, monkeypatch):
    monkeypatch.setattr(making, "PREVIEW_WAIT_SECONDS", 0.01)
    with making._one_preview, pytest.raises(FileNotMade):
        preview_pdf([])


@pytest.mark.skipif(sys.platform == "win32", reason="has no such limit")
def test_the_memory_of_the_child_is_bounded_before_it_reads_a_document(app, monkeypatch, caplog):
    monkeypatch.delenv("MALLOC_ARENA_MAX", raising=False)
    found = "[resource.getrlimit(resource.RLIMIT_AS)[0], os.environ['MALLOC_ARENA_MAX']]"
    told = f"renderer.answers = lambda _lines: [{{'error': str({found})}}]"
    start = "from app.documents.renderer import main; main()"
    changed = f"import os, resource; from app.documents import renderer; {told}; renderer.main()"
    monkeypatch.setattr(making, "LOADER", making.LOADER.replace(start, changed))

    with pytest.raises(FileNotMade):
        preview_pdf([{"number": "R-1"}])
    assert f"cannot be made: {[renderer.MEMORY_BYTES_MAX, '2']}" in caplog.text
