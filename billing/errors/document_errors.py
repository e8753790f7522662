"""Errors of documents: codes and facts; their messages are in app/wording/errors/billing.py."""

from __future__ import annotations

from booking.errors.schedule_errors import NotFound, RulesBroken
from booking.kernel.errors import DomainError


class NotIssuable(DomainError):
    """Something is missing before a document can be issued to a member. facts: member_id, problems (list of codes)."""

    code = "not_issuable"


class DocumentNotFound(NotFound):
    """There is no such document."""

    code = "document_not_found"


class FileNotMade(DomainError):
    """The file of the document is not made yet, so there is nothing to send. facts: number."""

    code = "document_file_not_made"


class AlreadySent(DomainError):
    """The document was sent or printed before, and that was not asked for again. facts: number."""

    code = "document_already_sent"


class StatementSentMeanwhile(DomainError):
    """The statement of these days was sent since it was looked at. facts: none."""

    code = "statement_sent_meanwhile"


class StatementIssued(DomainError):
    """The same days were stated before, with a file, and nothing was posted in or before them since. facts: number."""

    code = "statement_issued"


class StatementRefused(RulesBroken):
    """The days of a statement are not over, so that what is owed at their end is not known. Rule: days_to_come."""

    code = "statement_refused"


class InvoicesChanged(DomainError):
    """What can be issued has changed since it was looked at. facts: none."""

    code = "invoices_changed"


class NotCancellable(DomainError):
    """Only an invoice is taken back, not what takes one back. facts: number."""

    code = "not_cancellable"


class AlreadyCancelled(DomainError):
    """The invoice was taken back before. facts: number, by (the number of the document that did)."""

    code = "already_cancelled"


class VatUnknown(DomainError):
    """VAT is to be added to prices, and how much is not known. facts: reason (regime, rate), vat_code, day."""

    code = "vat_unknown"


class VatRateUnknown(DomainError):
    """No rate of VAT is entered for a day of service. facts: vat_code, day."""

    code = "vat_rate_unknown"
