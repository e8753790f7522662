"""Documents sent by mail with their file, each once unless asked for again; or printed. Refused by the database too."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from pypdf import PdfReader
from sqlalchemy import select, text, update
from sqlalchemy.exc import DatabaseError

from app.documents.printing import printed_together
from app.documents.sendings import failed_sendings, sending_states
from app.extensions import db
from app.mail.attached_files import attached_file
from app.mail.leasing import lease_due
from app.mail.message import build_message
from app.mail.models import Mail
from app.mail.outgoing import Sender
from app.subscriptions import SUBSCRIPTIONS
from billing.documents.sending import PRINT, UnsentSums, ready_ids, send, unsent, unsent_sums
from billing.errors.document_errors import AlreadySent, FileNotMade
from billing.errors.money_errors import MemberWithoutEmail
from billing.models import DocumentFile, DocumentSending
from billing.parties import party
from billing.parties.party import PartyInput
from booking.kernel.deliveries import deliver
from booking.kernel.transaction import in_write_transaction, write_transaction
from booking.models import Member
from tests.builders import SOMEBODY
from tests.conftest import MONDAY
from tests.integration.documents.documents_ring import (
    able_to_issue,
    charge_more,
    charge_use,
    invoice,
    one_page,
    take_back,
)

RING = Sender("Ring", "ring@ring.example")


@pytest.fixture(autouse=True)
def context(app):
    with app.app_context():
        yield


@pytest.fixture
def issued(session, sample_ring):
    """One invoice of Anna and one of Bernd, with files as if they were made."""
    able_to_issue(session, sample_ring.anna, sample_ring.bernd)
    charge_use(session, sample_ring.combine, sample_ring.anna, 100)
    charge_more(session, sample_ring.combine, sample_ring.bernd, 200)
    ids = [*invoice(session, sample_ring.anna), *invoice(session, sample_ring.bernd)]
    with write_transaction(session):
        party.change_party(
            session, sample_ring.anna, PartyInput(document_email="bills@anna.example"), by=SOMEBODY, now=MONDAY
        )
        session.execute(update(Member).where(Member.id == sample_ring.bernd).values(email=""))
        for document_id in ids:
            session.add(DocumentFile(document_id=document_id, pdf=one_page(), xml=b"", sha256="", made_at=MONDAY))
    return ids


def send_it(session, document_id, way="mail", **named):
    return in_write_transaction(session, lambda: send(session, document_id, way, by=SOMEBODY, now=MONDAY, **named))


def delivered(session):
    for subscription in SUBSCRIPTIONS:
        for _batch in range(20):
            with write_transaction(session):
                if not deliver(session, subscription, now=MONDAY, limit=50):
                    break


def test_a_document_is_sent_once_with_its_file_and_again_only_if_asked(session, issued):
    first, second = issued
    assert [(one.id, one.to_address) for one in unsent(session)[0]] == [(first, "bills@anna.example"), (second, "")]
    (by_mail,), has_more = unsent(session, limit=1)
    (to_print,), _more = unsent(session, limit=1, printed_first=True)
    assert (by_mail.id, has_more, to_print.id) == (first, True, second)
    assert unsent(session, limit=1, offset=1) == ((to_print,), False)
    sums = {"mail": UnsentSums(1, 1, by_mail.gross_cents), "print": UnsentSums(1, 1, to_print.gross_cents)}
    assert (unsent_sums(session), ready_ids(session, "mail"), ready_ids(session, PRINT)) == (sums, [first], [second])
    send_it(session, first)
    with pytest.raises(AlreadySent):
        send_it(session, first)
    with pytest.raises(MemberWithoutEmail):
        send_it(session, second)
    assert [one.id for one in unsent(session)[0]] == [second]
    for later in (timedelta(), timedelta(days=2)):  # without a worker, or where its mail failed, it is not sent
        assert [one.state for one in sending_states(session, first, MONDAY + later)] == ["waiting"]
    assert [one.state for one in sending_states(session, first, MONDAY + timedelta(days=181))] == ["sent"]

    delivered(session)
    with write_transaction(session):
        (mail,) = [one for one in lease_due(session, now=MONDAY) if one.document_sending_id]
    assert mail.to_address == "bills@anna.example"
    message = build_message(mail, RING, attached_file(session, mail))
    (attachment,) = message.iter_attachments()
    assert attachment.get_filename() == "R-2026-00001.pdf"
    assert attachment.get_content() == session.get(DocumentFile, first).pdf

    with write_transaction(session):
        given_up = {"given_up_at": MONDAY, "last_error": "550 no such user"}
        session.execute(update(Mail).where(Mail.id == mail.id).values(**given_up))
    assert [(one.number, one.reason) for one in failed_sendings(session)] == [("R-2026-00001", "550 no such user")]
    send_it(session, first, after=1)
    assert failed_sendings(session) == ()
    with pytest.raises(AlreadySent):
        send_it(session, first, after=1)


def test_what_no_mail_reaches_is_one_pdf_and_counts_as_sent_once_printed(session, issued):
    with printed_together(session, issued) as file:
        assert len(PdfReader(file).pages) == 2
    send_it(session, issued[1], PRINT)
    assert [one.id for one in unsent(session)[0]] == issued[:1]
    assert [one.state for one in sending_states(session, issued[1], MONDAY)] == ["sent"]
    unmade = take_back(session, issued[0])  # neither what was never sent nor what takes it back goes out
    assert unsent(session) == ((), False)
    with pytest.raises(FileNotMade):
        send_it(session, unmade)


def test_of_two_clicks_one_sends_and_the_database_refuses_a_second(app, session, issued):
    together = Barrier(2)

    def click(_number):
        with app.app_context():
            own = db.session()
            together.wait()
            try:
                return bool(send_it(own, issued[0]))
            except AlreadySent as refusal:
                return refusal.code

    with ThreadPoolExecutor(2) as threads:
        assert set(threads.map(click, range(2))) == {True, "document_already_sent"}
    row = {"document_id": issued[0], "queued_at": MONDAY, "to_address": "", "way": "print"}
    for turn in (1, 3):
        with pytest.raises(DatabaseError):
            in_write_transaction(session, lambda turn=turn: session.add(DocumentSending(**row, turn=turn)))
    for wrong in ("UPDATE billing_document_sending SET turn = 2", "DELETE FROM billing_document_sending"):
        with pytest.raises(DatabaseError), write_transaction(session):
            session.execute(text(wrong))
    assert session.scalars(select(DocumentSending.turn)).all() == [1]
