"""Texts of exported postings: what is exported, what is missing before, and the texts in a DATEV file."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from app.wording.ledger import account_label
from billing.posting_exports.selection import ExportProblem

# What can be made: kind of the export, format of its file.
CHOICES: dict[str, tuple[str, str]] = {
    "datev": ("datev", "csv"),
    "journal_csv": ("journal", "csv"),
    "journal_xlsx": ("journal", "xlsx"),
}
CHOICE_LABELS: dict[str, Any] = {
    "datev": _l("DATEV, batch of postings"),
    "journal_csv": _l("Journal as CSV"),
    "journal_xlsx": _l("Journal as XLSX"),
}
KIND_LABELS: dict[str, Any] = {"datev": CHOICE_LABELS["datev"], "journal": _l("Journal")}
SUBJECT_LABELS: dict[str, Any] = {"member": _l("Member"), "machine": _l("Machine"), "pool": _l("Cost pool")}


def problem_sentence(problem: ExportProblem) -> str:
    """Return what keeps a file from being made, with the way out."""
    names = ", ".join(problem.names)
    match problem.code:
        case "adviser":
            return _("The number of the tax adviser at DATEV is not entered.")
        case "client":
            return _("The number of the ring as a client of the tax adviser is not entered.")
        case "lengths":
            accounts = ", ".join(map(account_label, problem.names))
            return _(
                "DATEV wants account numbers of one length; these differ: %(names)s. Give them numbers with equally "
                "many digits.",
                names=accounts,
            )
        case "member_account":
            return _(
                "These members would get no debtor account: %(names)s. Post them on the account of the "
                "receivables instead.",
                names=names,
            )
    return _("The file would have more lines than it may. Choose a month instead of the year.")


def unknown_vat_sentence(count: int) -> str:
    """Return how many rows have no tax key because their VAT is not known yet, and why that matters."""
    return ngettext(
        "%(num)s row has no tax key, because it is not entered yet how it is taxed: the taxation of the ring, the "
        "rate, or the VAT of such amounts. Enter it first: none goes into a second file unasked.",
        "%(num)s rows have no tax key, because it is not entered yet how they are taxed: the taxation of the ring, the "
        "rate, or the VAT of such amounts. Enter it first: none goes into a second file unasked.",
        count,
    )
