"""The statement of a member for a period: as page, file, call and mail; advances by calls, with their mails."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import insert, select, update

from app.documents import making
from app.mail.models import Mail
from app.notifications import subscribers
from app.pages.invoices import statements as pages
from billing.allocations.advances import post_advance
from billing.models import DocumentTerms, FailedFile
from billing.queries.balances import balance_of
from billing.queries.statements import statement, statement_lines
from booking.kernel.deliveries import deliver
from booking.kernel.events import RecordedEvent
from booking.kernel.transaction import write_transaction
from booking.models import Member
from tests.conftest import MONDAY
from tests.integration.money.harvester_pool import DUE, JUNE, PER_SHARE, cost, do, post
from tests.web.costs.test_costs_pages import text
from tests.web.filled_forms import form_with

NOVEMBER = date(2026, 11, 1), date(2026, 11, 30)


@pytest.fixture
def karl(sample_ring, log_in):
    return log_in(sample_ring.karl_login)


@pytest.fixture
def stated(session, seven, charged):
    """G1: charges and the allocation of June, an advance called in November."""
    do(session, post_advance, charged, PER_SHARE)
    for kind, cents in (("fixed", 2_431_655), ("variable", 1_148_230), ("basic fee", 10_000)):
        cost(session, charged, kind, cents)
    return post(session, charged)


def mails(session):
    """Deliver everything to the subscribers of mails and return (subject, body) of what they queued."""
    for subscription in subscribers.SUBSCRIPTIONS:
        for _batch in range(9):
            with write_transaction(session):
                deliver(session, subscription, now=MONDAY, limit=50)
    return session.execute(select(Mail.subject, Mail.body).order_by(Mail.id)).all()


def test_a_statement_opens_and_closes_with_what_was_owed(session, seven, stated):
    june, november = (statement(session, seven[0], *days) for days in (JUNE, NOVEMBER))

    assert (june.opening_cents, june.closing_cents) == (0, 856_800 + 918_910 - 956_800)
    assert (november.opening_cents, november.closing_cents) == (june.closing_cents, 918_910)
    assert november.made_of == {"advance": 100_000}
    first, more = statement_lines(session, june, limit=2)
    last, end = statement_lines(session, june, limit=2, offset=2)
    assert (more, end, len(first)) == (True, False, 2)
    # Charges and advances are counted in a line each, because each has its own kind of VAT.
    owed = [856_800, 1_775_710, 1_775_710 - 856_800, june.closing_cents]
    assert [line.balance for line in (*first, *last)] == owed
    assert november.closing_cents == balance_of(session, seven[0]).cents


def test_the_treasurer_shows_and_mails_a_statement(session, karl, seven, stated):
    address = f"/costs/balances/{seven[0]}/statement?from=2026-11-01&until=2026-11-30"
    page = text(karl.get(address))
    assert "€8,189.10" in page
    assert "€9,189.10" in page
    assert "advance" in karl.get(address.replace("statement?", "statement/file.csv?")).text.lower()
    printed = karl.get(address.replace("statement?", "statement.pdf?"))
    assert (printed.mimetype, printed.data[:5]) == ("application/pdf", b"%PDF-")
    assert karl.get(address.replace("statement?", "statement.pdf?")).data == printed.data
    assert karl.get("/costs/balances/99999/statement").status_code == 404
    assert karl.get(f"/costs/balances/{seven[0]}/statement?from=2026-11-30&until=2026-11-01").status_code == 422
    with write_transaction(session):
        session.execute(update(Member).values(email="hof1@example.org").where(Member.id == seven[0]))
    mails(session)

    assert karl.post(address).status_code == 422
    shown = form_with(karl.get(address).text, "after")
    assert karl.post(address, data=shown).status_code == 303
    again = karl.post(address, data=shown)  # a second click
    assert (again.status_code, "sent since you opened this page" in text(again)) == (409, True)

    subject, body = mails(session)[-1]
    assert "9.189,10" in subject.replace("\u202f", "")
    assert "8.189,10" in body
    assert f"/costs/balance/statement?from={NOVEMBER[0]}" in body


def test_a_statement_to_nobody_is_not_said_to_be_sent(session, karl, seven, stated):
    """The first member has no login, and no address in its record."""
    address = f"/costs/balances/{seven[0]}/statement?from=2026-11-01&until=2026-11-30"

    refused = karl.post(address, data={"after": "0"})
    assert (refused.status_code, "has an e-mail address; nothing was sent" in text(refused)) == (409, True)
    call = karl.post("/api/v1/statements", json={"member_id": seven[0], "period": "2026-11"})
    assert (call.status_code, call.json["code"]) == (409, "member_without_email")
    assert karl.post("/api/v1/statements", json={"member_id": 99_999, "period": "2026-11"}).status_code == 404
    assert session.scalar(select(RecordedEvent.id).where(RecordedEvent.type == "statement_sent")) is None


def test_members_see_their_own_statement_alone(sample_ring, log_in, seven, stated):
    anna = log_in(sample_ring.anna_login)
    assert "No line has a posting date" in text(anna.get("/costs/balance/statement"))
    assert anna.get("/costs/balance/statement/file.csv?from=2026-01-01&until=2026-12-31").status_code == 200
    assert anna.get(f"/costs/balances/{seven[0]}/statement").status_code == 403
    assert anna.get(f"/api/v1/statements?member_id={seven[0]}&period=2026").status_code == 404
    own = anna.get(f"/api/v1/statements?member_id={sample_ring.anna}&period=2026").json
    assert (own["opening_cents"], own["closing_cents"], own["items"]) == (0, 0, [])


def test_the_file_of_dues_has_the_due_column(karl, stated):
    lines = karl.get(f"/costs/allocations/{stated}/dues/file.csv?lang=en").text.splitlines()
    found = [line.rsplit(";" if ";" in line else ",", 1)[-1] for line in lines[1:]]
    cents = [int(one.replace(",", "").replace(".", "").replace("€", "").strip('"')) for one in found if one]
    assert cents[:7] == DUE
    assert karl.get("/costs/allocations/99999/dues/file.csv").status_code == 404


def test_an_advance_is_called_by_a_program_and_its_members_hear_of_it(session, karl, seven, charged):
    with write_transaction(session):
        session.execute(update(Member).values(email="hof1@example.org").where(Member.id == seven[0]))
    wanted = {"pool_id": charged, "period": "2026-06", "shares_on": "2026-06-01", "unit_cents": 10_000}

    shown = karl.post("/api/v1/advances", json=wanted)
    assert (shown.status_code, shown.json["total_cents"], len(shown.json["lines"])) == (200, 400_000, 7)
    assert karl.get(f"/api/v1/advances?pool_id={charged}").json["items"] == []
    posted = karl.post("/api/v1/advances", json=wanted | {"preview": False})
    assert posted.status_code == 201
    subject, body = mails(session)[-1]
    assert "1.000,00" in subject
    assert "10 Anteile" in body

    back = karl.post(f"/api/v1/advances/{posted.json['id']}/reverse", json={"reason": "Too early"})
    assert (back.status_code, back.json["total_cents"]) == (201, -400_000)
    assert "zurückgenommen" in mails(session)[-1].subject
    again = karl.post(f"/api/v1/advances/{posted.json['id']}/reverse", json={"reason": "Too early"})
    assert (again.status_code, again.json["code"]) == (409, "already_reversed")


def test_statements_are_issued_after_their_sums_were_seen_and_sent_like_invoices(
    session, karl, seven, stated, monkeypatch
):
    address = "/invoices/statements?from=2026-06-01&until=2026-06-30"
    assert 'value="2025-12-31"' in karl.get("/invoices/statements").text, "the last period that is over"
    to_come = karl.get(address.replace("2026-06-30", "2026-11-24"))
    assert (to_come.status_code, "or an earlier last day" in text(to_come)) == (422, True)
    assert "has been told" not in text(to_come), "nothing is shown of other days"
    page = text(karl.get(address))
    assert "7 statements can be issued" in page
    monkeypatch.setattr(pages, "PER_PAGE", 4)
    assert f"after={seven[3]}" in karl.get(address).text
    second = karl.get(f"{address}&after={seven[3]}").text
    assert [f"/costs/balances/{one}/" in second for one in seven] == [False] * 4 + [True] * 3
    assert ("can be issued" in second, "To the first" in second, "Next" in second) == (False, True, False)
    assert "7 statements can be issued" in text(karl.get(f"{address}&after={seven[6]}")), "beyond the end"
    monkeypatch.setattr(pages, "SUMMED_MAX", 6)
    many = karl.get(address).text
    assert ("can be issued" in many, "sums=1" in many, f"/costs/balances/{seven[0]}/" in many) == (False, True, True)
    assert "7 statements can be issued" in text(karl.get(f"{address}&sums=1")), "of many they are asked for"
    refused = karl.post(address, data={"seen": "0" * 64})
    assert (refused.status_code, "7 statements can be issued" in text(refused)) == (409, True)
    monkeypatch.setattr(pages, "SUMMED_MAX", 7)
    shown = form_with(karl.get(address).text, "seen")
    assert karl.post("/invoices/statements?from=2026-06-30&until=2026-06-01", data=shown).status_code == 422
    assert karl.post(address.replace("2026-06-30", "2026-11-24"), data=shown).status_code == 422
    assert karl.post(address, data=shown).status_code == 303
    assert "has been told" in text(karl.get(address))
    assert karl.post(address, data=shown).status_code == 409, "a second click"
    page = text(karl.get("/invoices?kind=statement"))
    assert "A-2026-00007" in page
    assert "€8,189.10" in page
    page = text(karl.get("/invoices/1"))
    for part in ("Statement A-2026-00001", "Share of costs", "Owed at the end", "A statement is no invoice"):
        assert part in page, "one language, although the document is in that of the ring"
    assert "Kontoauszug" not in page
    assert "Take this invoice back" not in page
    assert karl.post("/invoices/1/cancel", data={"sure": "y"}).status_code == 409
    one = f"/costs/balances/{seven[0]}/statement/issue?from=2026-06-01&until=2026-06-30"
    again = karl.post(one)
    assert (again.status_code, "days are stated by A-2026-00001" in text(again)) == (409, True)
    to_come = karl.post(one.replace("2026-06-30", "2026-12-31"))
    assert (to_come.status_code, "choose an earlier last day" in text(to_come)) == (422, True)
    assert "Issue with a number" not in text(to_come)
    assert karl.post(one.replace("2026-06-01", "2026-05-01")).status_code == 303
    assert "A-2026-00001" in text(karl.get(f"/costs/balances/{seven[0]}/statement?from=2026-06-01&until=2026-06-30"))
    with write_transaction(session):
        session.execute(update(Member).values(email="hof1@example.org").where(Member.id == seven[0]))
        session.execute(update(DocumentTerms).values(mail_text="Bitte zahle in 14 Tagen."))
        failed = {"reason": "no such sign", "attempts": 1, "failed_at": MONDAY, "next_attempt_at": MONDAY}
        session.execute(insert(FailedFile).values(document_id=1, **failed))
    page = text(karl.get("/invoices/1"))
    assert ("issue the statement of these days again" in page, "take the invoice back" in page) == (True, False)
    assert "or the file could not be made" in text(karl.get(address))
    making.make_files(session)
    assert karl.post("/invoices/1/send", data=form_with(karl.get("/invoices/1").text, "after")).status_code == 303
    subject, body = mails(session)[-1]
    assert "A-2026-00001" in subject
    assert "8.189,10" in body.replace("\u202f", "")
    assert "14 Tagen" not in body, "the words of invoices"
    assert "A-2026-00002" in text(karl.get("/invoices/sending"))


def test_programs_issue_statements_and_list_them(sample_ring, log_in, karl, seven, stated):
    api = "/api/v1/statements"
    seen = karl.get(f"{api}/preview?period=2026-06").json
    assert (seen["documents"], seen["opening_cents"], len(seen["items"])) == (7, 0, 7)
    first = karl.get(f"{api}/preview?period=2026-06&limit=4").json
    assert first == seen | {"items": seen["items"][:4], "next": str(seven[3])}
    last = karl.get(f"{api}/preview?period=2026-06&limit=4&cursor={first['next']}").json
    assert (last["items"], last["next"], last["seen"], last["documents"]) == (seen["items"][4:], None, None, None)
    body = {"period": "2026-06", "seen": seen["seen"]}
    assert karl.post(f"{api}/run", json=body | {"seen": "0" * 64}).json["code"] == "invoices_changed"
    made = karl.post(f"{api}/run", json=body)
    assert (made.status_code, made.json) == (201, {"documents": 7, "changed": 0})
    refused = karl.post(f"{api}/issue", json={"member_id": seven[0], "period": "2026-06"})
    assert (refused.status_code, refused.json["code"]) == (409, "statement_issued")
    to_come = karl.post(f"{api}/issue", json={"member_id": seven[0], "period": "2026-11"})
    assert (to_come.status_code, to_come.json["code"]) == (422, "statement_refused")
    (fault,) = to_come.json["violations"]
    assert (fault["rule"], fault["field"], fault["limit"]) == ("days_to_come", "period", "2026-11-23")
    assert karl.get(f"{api}/preview?period=2026").json["code"] == "statement_refused"
    assert karl.post(f"{api}/run", json=body | {"period": "2026-11"}).json["code"] == "statement_refused"
    one = karl.post(f"{api}/issue", json={"member_id": seven[0], "period": "2026-11-01/2026-11-23"})
    assert (one.status_code, one.json["number"], one.json["opening_cents"]) == (201, "A-2026-00008", 818_910)
    listed = karl.get(f"{api}/issued?member_id={seven[0]}").json
    assert [each["number"] for each in listed["items"]] == ["A-2026-00008", "A-2026-00001"]
    assert listed["items"][0]["closing_cents"] == listed["items"][0]["stated_cents"] == 918_910
    anna = log_in(sample_ring.anna_login)
    assert anna.get(f"{api}/issued").json["items"] == []
    assert anna.post(f"{api}/run", json=body).status_code == 403
