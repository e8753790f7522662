"""Treasurers who issue at once: each line in one invoice, numbers without gaps, one correction of an invoice."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from sqlalchemy import select

from app.documents.composer import TextComposer
from app.extensions import db
from billing.documents.audit import broken_documents
from billing.documents.issuing import cancel, issue
from billing.errors.document_errors import AlreadyCancelled
from billing.models import Document
from booking.kernel.transaction import in_write_transaction
from tests.builders import SOMEBODY, member
from tests.conftest import MONDAY
from tests.integration.documents.documents_ring import TODAY, able_to_issue, charge_more, charge_use


def at_once(app, verb, wanted):
    """Run a verb with each of the wanted values in a thread of its own; return the answers."""
    together = Barrier(len(wanted))

    def run(value):
        with app.app_context():
            session = db.session()
            composer = TextComposer(session)
            together.wait()
            try:
                return in_write_transaction(session, lambda: verb(session, value, composer))
            except AlreadyCancelled as refusal:
                return refusal.code

    with ThreadPoolExecutor(len(wanted)) as pool:
        return list(pool.map(run, wanted))


def issuing(session, member_id, composer):
    return issue(session, member_id, TODAY, composer, on=TODAY, by=SOMEBODY, now=MONDAY)


def cancelling(session, document_id, composer):
    return cancel(session, document_id, composer, on=TODAY, by=SOMEBODY, now=MONDAY)


def test_two_treasurers_issue_each_line_once_and_cancel_once(app, session, sample_ring):
    """After a first one, because whoever enters the row of a year waits for the other by that alone."""
    others = [member(session, name) for name in ("Carla", "Dora", "Emil")]
    members = [sample_ring.anna, sample_ring.bernd, *others]
    able_to_issue(session, *members)
    charge_use(session, sample_ring.combine, members[0], 100)
    for one in members[1:]:
        charge_more(session, sample_ring.combine, one, 200)
    at_once(app, issuing, others[-1:])

    issued = at_once(app, issuing, members[:4] * 2)
    assert sorted(map(len, issued)) == [0] * 4 + [1] * 4
    at_once(app, cancelling, [5])
    cancelled = at_once(app, cancelling, [1, 1, 2, 2, 3, 4])
    assert cancelled.count("already_cancelled") == 2

    numbers = session.scalars(select(Document.number).order_by(Document.number)).all()
    assert numbers == [f"{series}-2026-0000{number}" for series in "RS" for number in range(1, 6)]
    assert list(broken_documents(session)) == []
