"""The statement of today: not numbered and not stored, a look at the ledger to print."""

from __future__ import annotations

from datetime import date

from sqlalchemy.orm import Session

from app.documents.composer import entry_text
from app.documents.making import preview_pdf
from app.documents.statement_page import Stated, statement_page
from app.wording.ledger import topic_label
from billing.documents.drafts import issuer
from billing.documents.issuing import sides
from billing.parties.party import party
from billing.queries.equity import equity_moves_by_ids
from billing.queries.pools import pool_names
from billing.queries.statements import Statement, statement_lines
from billing.statements.issued_statements import LINES_MAX, stated_row
from booking.queries import machine_names
from booking.queries.addressees import addressees


def statement_pdf(session: Session, of: Statement, *, on: date) -> bytes:
    """Return the PDF/A of a statement of today in the language of the page; the same one of a day has the same bytes.

    on: the day that it bears. Of more than LINES_MAX lines, it has the first ones and says so.
    """
    lines, _is_cut = statement_lines(session, of, limit=LINES_MAX)
    pools, machines = pool_names(session), machine_names(session)
    moves = equity_moves_by_ids(session, [line.equity_id for line in lines if line.equity_id])
    rows = [stated_row(line, entry_text(line, pools, machines, moves)) for line in lines]
    made_of = [[topic_label(topic), cents] for topic, cents in sorted(of.made_of.items())]
    stated = Stated(of.first_day, of.last_day, of.opening_cents, of.closing_cents, made_of, rows, of.lines)
    member = addressees(session, [of.member_id])[of.member_id]
    seller, buyer = sides(issuer(session), member, party(session, of.member_id))
    content = {
        "number": f"{of.member_id}-{of.first_day}-{of.last_day}",
        "has_xml": False,
        "code": "",
        "page": statement_page(stated, on, seller, buyer),
    }
    return preview_pdf([content])[0]
