"""The pages and calls of invoices: what can be issued, issuing, the list, taking back, the files, the terms."""

from __future__ import annotations

import io
import zipfile
from datetime import timedelta

import pytest
from pypdf import PdfReader
from sqlalchemy import func, select, update

from app.background.models import BackgroundTask
from app.documents import making, runs
from app.mail.outbox import record_unwritten
from app.pages.invoices import routes
from app.worker import background_tasks
from billing.documents.terms import terms
from billing.models import Document, DocumentFile, DocumentSending, DocumentTerms
from booking.kernel.transaction import write_transaction
from booking.models import Member
from tests.conftest import MONDAY
from tests.integration.documents.documents_ring import able_to_issue, charge_more, charge_use, one_page
from tests.integration.money.harvester_pool import IN_JUNE
from tests.web.costs.test_costs_pages import text
from tests.web.filled_forms import form_with, forms_of

UNTIL = {"until": "2026-11-23"}


@pytest.fixture
def charged(session, sample_ring):
    able_to_issue(session, sample_ring.anna, sample_ring.bernd)
    charge_use(session, sample_ring.combine, sample_ring.anna, 1250)
    return sample_ring


def run_of(client):
    """The form of a run as its page shows it."""
    sent = forms_of(client.get("/invoices/run?until=2026-11-23").text)
    return next(one for one in sent if "seen" in one) | UNTIL


def issued(session):
    return session.scalar(select(func.count()).select_from(Document))


def test_the_treasurer_sees_the_sums_before_anything_is_issued(session, charged, log_in):
    karl = log_in(charged.karl_login)
    page = text(karl.get("/invoices/run"))
    assert "1 invoice can be issued" in page
    assert "€1,750.00" in page
    assert "€279.41" in page  # of it VAT
    assert issued(session) == 0
    assert "Everything that members owe until this day is invoiced" in text(karl.get("/invoices/run?until=2026-01-01"))

    shown = run_of(karl)
    assert karl.post("/invoices/run", data=UNTIL).status_code == 422, "nobody has seen the sums"
    assert issued(session) == 0
    assert karl.post("/invoices/run", data=shown).status_code == 303
    assert issued(session) == 1
    page = text(karl.get("/invoices"))
    assert "R-2026-00001" in page
    assert "Making the files: 0 of 1" in page
    assert karl.post("/invoices/run", data=shown).status_code == 409, "a second click"
    assert karl.post("/invoices/run", data=shown | {"until": "soon"}).status_code == 422
    making.make_files(session)
    assert "Making the files" not in text(karl.get("/invoices"))


def test_what_came_since_the_sums_were_shown_is_not_issued_unseen(session, charged, log_in):
    karl = log_in(charged.karl_login)
    sent = run_of(karl)
    charge_more(session, charged.combine, charged.bernd, 200)
    refused = karl.post("/invoices/run", data=sent)
    assert refused.status_code == 409
    assert "has changed since you looked" in text(refused)
    assert issued(session) == 0
    assert karl.post("/invoices/run", data=form_with(refused.text, "seen")).status_code == 303
    assert issued(session) == 2


def test_what_is_missing_is_named_with_the_way_to_mend_it(session, sample_ring, log_in):
    charge_use(session, sample_ring.combine, sample_ring.anna, 100)
    page = log_in(sample_ring.karl_login).get("/invoices/run").text
    assert "The address of the ring is not complete" in page
    assert f'href="/costs/parties/{sample_ring.anna}"' in page
    assert "Issue 0" not in page
    assert "In no invoice yet, until " in page, "Today counts without a day"


def test_a_large_run_goes_to_the_background_and_goes_on_after_a_crash(session, charged, log_in, monkeypatch):
    charge_more(session, charged.combine, charged.bernd, 200)
    karl = log_in(charged.karl_login)
    monkeypatch.setattr(runs, "AT_ONCE", 1)
    assert "/tasks/" in karl.post("/invoices/run", data=run_of(karl)).headers["Location"]
    assert issued(session) == 0
    assert "Issuing invoices begins in a moment" in text(karl.get("/invoices"))

    real, calls = runs._invoice, []

    def die_at_the_second(*arguments):
        calls.append(arguments)
        if len(calls) == 2:
            raise SystemExit("killed")
        return real(*arguments)

    monkeypatch.setattr(runs, "_invoice", die_at_the_second)
    with pytest.raises(SystemExit):
        background_tasks.run_next(session)
    assert issued(session) == 1
    monkeypatch.setattr(runs, "_invoice", real)
    assert background_tasks.run_next(session) == 1
    assert session.scalars(select(Document.number).order_by(Document.id)).all() == ["R-2026-00001", "R-2026-00002"]
    (task,) = session.scalars(select(BackgroundTask)).all()
    assert "2 invoices were issued" in str(task.messages), "the part before the crash counts"
    assert "Issuing invoices begins" not in text(karl.get("/invoices"))


def test_a_large_run_issues_what_was_confirmed_and_leaves_what_came_later(session, charged, log_in, monkeypatch):
    charge_more(session, charged.combine, charged.bernd, 200)
    karl = log_in(charged.karl_login)
    monkeypatch.setattr(runs, "AT_ONCE", 1)
    assert karl.post("/invoices/run", data=run_of(karl)).status_code == 303
    charge_more(session, charged.combine, charged.bernd, 300, IN_JUNE + timedelta(days=1))  # while the run waits

    assert background_tasks.run_next(session) == 1
    assert [(one.member_id, one.gross_cents) for one in session.scalars(select(Document))] == [(charged.anna, 175_000)]
    (task,) = session.scalars(select(BackgroundTask)).all()
    assert "1 invoice was issued" in str(task.messages)
    assert "Of 1 member something has changed meanwhile" in str(task.messages)
    karl.post("/invoices/run", data=run_of(karl))
    assert issued(session) == 2, "it is in the next run, seen"


def test_a_preview_of_very_many_lines_is_the_work_of_the_worker(session, charged, log_in, monkeypatch):
    karl = log_in(charged.karl_login)
    shown = run_of(karl)
    monkeypatch.setattr(runs, "LINES_AT_ONCE", 0)
    assert "/tasks/" in karl.get("/invoices/run?until=2026-11-23").headers["Location"]
    assert karl.post("/invoices/run", data=shown | {"seen": "0" * 64}).status_code == 303
    assert background_tasks.run_next(session) == 1
    assert issued(session) == 0, "what was seen is compared before anything is issued, whoever does it"
    preview = "/api/v1/invoices/preview?service_until=2026-11-23"
    prepared = karl.get(preview)
    assert prepared.status_code == 202
    assert karl.get(preview).json["id"] == prepared.json["id"], "asked for again while it is open"
    assert background_tasks.run_next(session) == 1
    assert karl.get(f"{prepared.json['status_url']}/result").json["seen"] == shown["seen"]
    call = {"service_until": "2026-11-23", "seen": "0" * 64}
    task = karl.post("/api/v1/invoices/run", json=call)
    assert (task.status_code, background_tasks.run_next(session), issued(session)) == (202, 1, 0)
    assert karl.get(f"{task.json['status_url']}/result").json["code"] == "invoices_changed"
    assert "/tasks/" in karl.post("/invoices/run", data=shown).headers["Location"]
    assert background_tasks.run_next(session) == 1
    assert issued(session) == 1


def test_a_file_that_cannot_be_made_is_told_with_the_way_out(session, charged, log_in, monkeypatch):
    karl = log_in(charged.karl_login)
    karl.post("/invoices/run", data=run_of(karl))
    whole = making.content_of
    monkeypatch.setattr(making, "content_of", lambda *found: whole(*found) | {"page": {}})
    assert making.make_files(session) == 0
    page = text(karl.get("/invoices"))
    assert "Files that could not be made" in page
    assert "Making the files" not in page
    page = text(karl.get("/invoices/1"))
    assert "TypstError" in page
    assert "take the invoice back, correct it, and issue it again" in page
    assert "TypstError" not in text(log_in(charged.anna_login).get("/invoices/1"))
    monkeypatch.setattr(making, "content_of", whole)
    assert karl.post("/invoices/1/file").status_code == 303
    assert making.make_files(session) == 1
    assert "could not be made" not in text(karl.get("/invoices"))


def test_members_see_their_own_invoices_and_files_alone(app, session, charged, log_in):
    karl, anna = log_in(charged.karl_login), log_in(charged.anna_login)
    karl.post("/invoices/run", data=run_of(karl))
    assert "The file is being made" in text(anna.get("/invoices/1"))
    assert anna.get("/invoices/1/file.pdf").status_code == 303
    assert anna.get("/api/v1/invoices/1/pdf").status_code == 404

    with app.app_context():
        making.make_files(session)
    assert anna.get("/invoices/1/file.pdf").data.startswith(b"%PDF")
    assert "R-2026-00001.pdf" in anna.get("/invoices/1/file.pdf").headers["Content-Disposition"]
    assert b"urn:cen.eu:en16931:2017" in anna.get("/api/v1/invoices/1/xml").data
    assert "R-2026-00001" in text(anna.get("/invoices"))

    bernd = log_in(charged.bernd_login)
    assert "R-2026-00001" not in text(bernd.get("/invoices"))
    for address in (
        "/invoices/1",
        "/invoices/1/file.pdf",
        "/invoices/1/file.xml",
        "/api/v1/invoices/1",
        "/invoices/99",
    ):
        assert bernd.get(address).status_code == 404
    assert bernd.get("/invoices/run").status_code == 403
    assert bernd.get("/api/v1/invoices").json["items"] == []


def test_an_invoice_is_taken_back_once(session, charged, log_in):
    karl = log_in(charged.karl_login)
    karl.post("/invoices/run", data=run_of(karl))
    assert karl.post("/invoices/1/cancel", data={}).status_code == 422
    assert karl.post("/invoices/1/cancel", data={"sure": "y"}).headers["Location"] == "/invoices/2"
    page = text(karl.get("/invoices/2"))
    assert "Correction of an invoice S-2026-00001" in page
    assert "Takes R-2026-00001 back" in page

    again = karl.post("/invoices/1/cancel", data={"sure": "y"})
    assert again.status_code == 409
    assert "taken back by S-2026-00001" in text(again)
    assert karl.post("/invoices/2/cancel", data={"sure": "y"}).status_code == 409
    assert log_in(charged.anna_login).post("/invoices/1/cancel", data={"sure": "y"}).status_code == 403


def test_terms_are_said_once_for_all_invoices(session, charged, log_in):
    karl = log_in(charged.karl_login)
    sent = form_with(karl.get("/invoices/terms").text, "pay_days") | {"pay_days": "30", "use_code": "reduced"}
    assert karl.post("/invoices/terms", data=sent).status_code == 303
    assert (terms(session)[0].pay_days, terms(session)[0].use_code) == (30, "reduced")
    assert karl.post("/invoices/terms", data=sent).status_code == 409  # opened before the change
    assert karl.post("/invoices/terms", data=sent | {"pay_days": "-1"}).status_code == 422

    sentence = {"reason": "small", "valid_from": "2027-01-01", "text": "Steuerfrei nach neuem Recht."}
    assert karl.post("/invoices/terms/vat-texts", data=sentence).status_code == 303
    assert "Steuerfrei nach neuem Recht." in text(karl.get("/invoices/terms"))
    assert karl.post("/invoices/terms/vat-texts", data=sentence | {"text": " "}).status_code == 422


def test_programs_issue_and_take_back(charged, log_in):
    karl = log_in(charged.karl_login)
    body = {"member_id": charged.anna, "service_until": "2026-11-23"}
    made = karl.post("/api/v1/invoices", json=body)
    assert (made.status_code, made.json["items"][0]["number"]) == (201, "R-2026-00001")
    assert karl.post("/api/v1/invoices", json=body).json["items"] == []
    assert karl.post("/api/v1/invoices", json=body | {"member_id": 99_999}).status_code == 404

    (line,) = karl.get("/api/v1/invoices/1").json["lines"]
    assert (line["quantity"], line["charge_unit"], line["net_cents"]) == ("12.50", "ha", 147_059)
    assert karl.post("/api/v1/invoices/1/cancel").json["gross_cents"] == -175_000
    assert karl.post("/api/v1/invoices/1/cancel").status_code == 409
    assert log_in(charged.anna_login).post("/api/v1/invoices", json=body).status_code == 403


def test_programs_issue_what_they_have_seen_and_send_it(session, charged, log_in):
    charge_more(session, charged.combine, charged.bernd, 200)
    karl, api = log_in(charged.karl_login), "/api/v1/invoices"
    seen = karl.get(f"{api}/preview?service_until=2026-11-23").json
    assert (seen["documents"], seen["gross_cents"], seen["waiting"]) == (2, 203_000, [])
    body = {"service_until": "2026-11-23", "seen": seen["seen"]}
    assert karl.post(f"{api}/run", json={"service_until": "2026-11-23"}).status_code == 422
    assert karl.post(f"{api}/run", json=body | {"seen": "0" * 64}).json["code"] == "invoices_changed"
    charge_more(session, charged.combine, charged.bernd, 100)
    assert karl.post(f"{api}/run", json=body).json["code"] == "invoices_changed"
    assert issued(session) == 0
    body["seen"] = karl.get(f"{api}/preview?service_until=2026-11-23").json["seen"]
    made = karl.post(f"{api}/run", json=body)
    assert (made.status_code, made.json) == (201, {"documents": 2, "changed": 0})
    assert karl.post(f"{api}/run", json=body).status_code == 409

    with write_transaction(session):
        session.execute(update(Member).where(Member.id == charged.bernd).values(email=""))
        session.execute(update(Member).where(Member.id == charged.anna).values(email="anna@example.org"))
        session.add(DocumentFile(document_id=1, pdf=one_page(), xml=b"", sha256="", made_at=MONDAY))
    found = karl.get(f"{api}/unsent?limit=1").json
    assert ([one["has_file"] for one in found["items"]], found["next"]) == ([True], "1")
    sent = karl.post(f"{api}/send", json={"invoice_ids": [1, 2, 7, 1]})
    assert (sent.status_code, sent.json["sent"]) == (201, [1])
    refused = [(one["id"], one["code"]) for one in sent.json["refused"]]
    assert refused == [(2, "document_file_not_made"), (7, "document_not_found")]
    (again,) = karl.post(f"{api}/send", json={"invoice_ids": [1]}).json["refused"]
    assert again["code"] == "document_already_sent"
    assert [one["id"] for one in karl.get(f"{api}/unsent").json["items"]] == [2]
    anna = log_in(charged.anna_login)
    for answer in (
        anna.get(f"{api}/preview?service_until=2026-11-23"),
        anna.post(f"{api}/run", json=body),
        anna.get(f"{api}/unsent"),
        anna.post(f"{api}/send", json={"invoice_ids": [1]}),
    ):
        assert answer.status_code == 403


def test_what_was_issued_before_sending_was_recorded_is_neither_sent_nor_unsent(session, charged, log_in):
    karl = log_in(charged.karl_login)
    karl.post("/invoices/run", data=run_of(karl))
    with write_transaction(session):
        session.execute(update(DocumentTerms).values(sending_unknown_until=1))
    page = text(karl.get("/invoices/1"))
    assert "Issued before sending was recorded" in page
    assert "Not sent yet" not in page
    page = text(karl.get("/invoices/sending"))
    assert "1 document was issued before sending was recorded" in page
    assert "Everything that was issued is sent or printed" in page
    assert karl.get("/api/v1/invoices/unsent").json["items"] == []
    assert karl.get("/api/v1/invoices/1").json["is_sending_unknown"]
    making.make_files(session)
    printed = form_with(karl.get("/invoices/1").text, "after")
    assert karl.post("/invoices/1/printed", data=printed).status_code == 303
    assert karl.post("/invoices/1/printed", data=printed).status_code == 409, "a second click"
    assert "Issued before" not in text(karl.get("/invoices/1"))


def test_a_mail_that_did_not_reach_a_member_is_told_at_the_invoice_with_the_way_out(session, charged, log_in):
    karl = log_in(charged.karl_login)
    karl.post("/invoices/run", data=run_of(karl))
    making.make_files(session)
    with write_transaction(session):
        session.execute(update(Member).where(Member.id == charged.anna).values(email="gone@example.org"))
    karl.post("/invoices/1/send", data={"after": "0"})
    with write_transaction(session):
        sending_id = session.scalar(select(DocumentSending.id))
        to = {"key": "sending", "to_address": "gone@example.org", "to_name": "Anna"}
        error = ValueError("no template")
        record_unwritten(session, **to, subject="Invoice", error=error, document_sending_id=sending_id, now=MONDAY)
    page = text(karl.get("/invoices/1"))
    assert "Could not be delivered to gone@example.org: could not be written: ValueError: no template" in page
    assert "print the PDF and send it by post" in page
    assert "1 invoice did not reach its member" in text(karl.get("/today"))
    assert karl.post("/invoices/1/printed", data={"after": "1"}).status_code == 303
    assert "did not reach" not in text(karl.get("/today"))


def test_a_file_made_since_the_page_was_shown_does_not_count_as_printed(session, charged, log_in):
    charge_more(session, charged.combine, charged.bernd, 200)
    karl = log_in(charged.karl_login)
    karl.post("/invoices/run", data=run_of(karl))
    with write_transaction(session):
        session.execute(update(Member).values(email=""))
        first, second = session.scalars(select(Document.id).order_by(Document.id))
        session.add(DocumentFile(document_id=first, pdf=one_page(), xml=b"", sha256="", made_at=MONDAY))
    shown = form_with(karl.get("/invoices/sending").text, "ids")
    assert len(PdfReader(io.BytesIO(karl.get("/invoices/sending/file.pdf").data)).pages) == 1
    with write_transaction(session):
        session.add(DocumentFile(document_id=second, pdf=one_page(), xml=b"", sha256="", made_at=MONDAY))
    assert karl.post("/invoices/sending/printed", data=shown).status_code == 303
    assert form_with(karl.get("/invoices/sending").text, "ids")["ids"] == str(second)


def test_the_lines_of_a_long_invoice_are_read_page_by_page(session, charged, log_in, monkeypatch):
    charge_more(session, charged.combine, charged.anna, 300)
    karl = log_in(charged.karl_login)
    karl.post("/invoices/run", data=run_of(karl))
    monkeypatch.setattr(routes, "LINES", 1)
    first, second = text(karl.get("/invoices/1")), text(karl.get("/invoices/1?page=2"))
    for net, pages in (("€1,470.59", (True, False)), ("€352.94", (False, True)), ("€2,170.00", (True, True))):
        assert (net in first, net in second) == pages


def test_the_treasurer_sends_what_an_e_mail_reaches_and_prints_the_rest(session, charged, log_in):
    charge_more(session, charged.combine, charged.bernd, 200)
    karl = log_in(charged.karl_login)
    assert "Everything that was issued is sent or printed." in text(karl.get("/invoices/sending"))
    karl.post("/invoices/run", data=run_of(karl))
    with write_transaction(session):
        session.execute(update(Member).where(Member.id == charged.bernd).values(email=""))
        session.execute(update(Member).where(Member.id == charged.anna).values(email="anna@example.org"))
    page = karl.get("/invoices/sending")
    assert text(page).count("is being made") == 2
    assert not [one for one in forms_of(page.text) if "ids" in one]  # nothing can be sent or printed yet
    making.make_files(session)

    page = karl.get("/invoices/sending")
    assert "1 by e-mail" in text(page)
    assert "1 to print" in text(page)
    mail, printed = (one for one in forms_of(page.text) if "ids" in one)
    assert karl.post("/invoices/sending/mail", data=mail | {"ids": "1,7"}).status_code == 409
    for wrong in ("", "1,", "x", "9" * 30):
        assert karl.post("/invoices/sending/mail", data=mail | {"ids": wrong}).status_code == 422
    assert karl.post("/invoices/sending/printed", data=mail).status_code == 409  # an e-mail reaches it
    assert karl.post("/invoices/sending/mail", data=mail).status_code == 303
    assert karl.post("/invoices/sending/mail", data=mail).status_code == 409  # a second click
    assert karl.get("/invoices/sending/file.pdf").data.startswith(b"%PDF-")
    assert karl.post("/invoices/sending/printed", data=printed).status_code == 303
    assert "Everything that was issued is sent or printed." in text(karl.get("/invoices/sending"))
    assert karl.get("/invoices/sending/file.pdf").status_code == 303

    page = karl.get("/invoices/1")
    assert "Waits to be sent to anna@example.org" in text(page)
    shown = form_with(page.text, "after")
    assert karl.post("/invoices/1/send", data={"after": "0"}).status_code == 409
    assert karl.post("/invoices/1/send", data=shown).status_code == 303
    assert karl.post("/invoices/1/send", data=shown).status_code == 409
    assert karl.post("/api/v1/invoices/1/send", json={}).json["code"] == "document_already_sent"
    assert karl.post("/api/v1/invoices/1/send", json={"again": True}).json["sent_at"]
    anna = log_in(charged.anna_login)
    assert anna.get("/invoices/sending").status_code == 403
    assert anna.post("/invoices/1/send", data={"after": "3"}).status_code == 403
    assert "Send once more" not in text(anna.get("/invoices/1"))
    with zipfile.ZipFile(io.BytesIO(anna.post("/account/my-data/file.zip").data)) as archive:
        assert [name for name in archive.namelist() if name.startswith("R-")] == ["R-2026-00001.pdf"]
        assert archive.read("R-2026-00001.pdf") == karl.get("/invoices/1/file.pdf").data
