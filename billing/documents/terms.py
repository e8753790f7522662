"""What the treasurer says once for all documents: days to pay, texts, and the VAT of lines without a tax code."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from billing.documents.treatment import VAT_CODES
from billing.models import DocumentTerms, VatText
from booking.errors.schedule_errors import Violation
from booking.kernel import revisions
from booking.kernel.claims import insert_if_absent
from booking.kernel.events import Actor
from booking.records import records

THE_ONE = 1
PAY_DAYS_MAX = 365
LENGTHS_MAX = {"intro": 600, "mail_text": 2_000}
TEXT_LENGTH_MAX = 300
REASONS = ("small", "flat_rate", "exempt", "outside")
USE, SHARE, ADVANCE, COUNTED = "use", "share", "advance", "counted"  # topics of the ledger


@dataclass(frozen=True, slots=True)
class TermsInput:
    """What is entered; see the model. None as a code: not said yet."""

    pay_days: int = 14
    intro: str = ""
    mail_text: str = ""
    use_code: str | None = None
    share_code: str | None = None
    advance_code: str | None = None
    other_code: str | None = None

    def code_of(self, topic: str) -> str | None:
        """Return the VAT code of a line of the ledger without a tax code."""
        by_topic = {USE: self.use_code, SHARE: self.share_code, ADVANCE: self.advance_code}
        return by_topic.get(topic, self.other_code)


def terms(session: Session) -> tuple[TermsInput, int]:
    """Return the terms and their revision."""
    row = session.get_one(DocumentTerms, THE_ONE)
    return TermsInput(**{one.name: getattr(row, one.name) for one in fields(TermsInput)}), row.revision


def lock_documents(session: Session) -> DocumentTerms:
    """Lock the documents until the transaction ends, and return their terms: they are issued one after another."""
    return session.get_one(DocumentTerms, THE_ONE, with_for_update=True, populate_existing=True)


def change_terms(session: Session, data: TermsInput, *, by: Actor, now: datetime, revision: int | None = None) -> None:
    """Change the terms. Documents keep those they were issued with. Raises StaleRevision, RecordRefused."""
    violations = records.check_lengths(data, LENGTHS_MAX)
    if not 0 <= data.pay_days <= PAY_DAYS_MAX:
        violations.append(Violation("days_range", "pay_days", limit=PAY_DAYS_MAX, actual=data.pay_days))
    for name in ("use_code", "share_code", "advance_code", "other_code"):
        if getattr(data, name) not in (None, *VAT_CODES):
            violations.append(Violation("missing", name))
    records.refuse(violations)
    row = lock_documents(session)
    revisions.require_revision(revision, row.revision)
    changed = records.write(row, records.values_of(data))
    if changed:
        row.revision += 1
        session.flush()
        records.note(session, "document_terms", THE_ONE, ",".join(changed), by, now)


def vat_texts(session: Session) -> tuple[tuple[str, date, str], ...]:
    """Return (reason, first day, text) of all sentences about VAT, the latest first."""
    order = select(VatText).order_by(VatText.reason, VatText.valid_from.desc())
    return tuple((row.reason, row.valid_from, row.text) for row in session.scalars(order))


def vat_text_on(session: Session, reason: str, day: date) -> str:
    """Return the sentence that a document of a day needs for a reason; "" where none is entered."""
    statement = select(VatText.text).where(VatText.reason == reason, VatText.valid_from <= day)
    return session.scalar(statement.order_by(VatText.valid_from.desc()).limit(1)) or ""


def enter_vat_text(session: Session, reason: str, valid_from: date, text: str, *, by: Actor, now: datetime) -> None:
    """Enter the sentence about VAT that holds from a day on, or correct that of the same day. Raises RecordRefused."""
    violations = records.check_day("valid_from", valid_from)
    if reason not in REASONS:
        violations.append(Violation("missing", "reason"))
    if not text.strip():
        violations.append(Violation("missing", "text"))
    if len(text) > TEXT_LENGTH_MAX:
        violations.append(Violation("at_most", "text", limit=TEXT_LENGTH_MAX, actual=len(text)))
    records.refuse(violations)
    is_new = insert_if_absent(session, VatText, reason=reason, valid_from=valid_from, text=text.strip())
    row = session.get_one(VatText, (reason, valid_from), with_for_update=True, populate_existing=True)
    if records.write(row, {"text": text.strip()}) or is_new:
        session.flush()
        records.note(session, "vat_text", int(valid_from.isoformat().replace("-", "")), reason, by, now)
