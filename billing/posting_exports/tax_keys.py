"""The tax key of a row for DATEV (BU-Schlüssel): how much VAT is in its gross amount.

A key stands only beside an income account that does not compute VAT by itself, beside the account of the advances where
the adviser wants it there, and only for the two rates for which one is stated. Source: knowau.de, "Buchungsschlüssel";
lexware.de, "DATEV-Steuerschlüssel": 3 for the standard rate, 2 for the reduced one, in other years others: so they are
terms and no constants.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from billing.document_errors import VatRateUnknown
from billing.documents.line_vat import LineKey, treatments
from billing.documents.vat import STANDARD, Treatment
from billing.exports.datev import computes_vat
from billing.models import LedgerAccount
from billing.parties import vat_rates
from billing.posting_exports.exported_keys import ExportedKeys
from billing.posting_exports.terms import DatevTermsInput
from billing.queries.ledger import LedgerLine

INCOME, ADVANCES = "income", "advances"


class TaxKeys:
    """Finds the keys of rows. Rates and accounts are read once, the treatment of lines batch by batch.

    written: the entries of the file that the rows are for.
    """

    def __init__(
        self, session: Session, stated: DatevTermsInput, numbers: dict[int, str], written: Sequence[int]
    ) -> None:
        self._session = session
        self._keys = {vat_rates.STANDARD: stated.standard_key, vat_rates.REDUCED: stated.reduced_key}
        self._rates = vat_rates.rates(session)
        is_taxed = LedgerAccount.kind == INCOME
        if stated.has_advance_keys:
            is_taxed = or_(is_taxed, LedgerAccount.code == ADVANCES)
        taxed = session.scalars(select(LedgerAccount.id).where(is_taxed))
        self._taxed = {each for each in taxed if not computes_vat(numbers[each])}
        self._of: dict[LineKey, Treatment] = {}
        self._exported = ExportedKeys(session, written)

    def read(self, entry_ids: Sequence[int]) -> None:
        """Read how the lines of some entries are taxed; those of the batch before are forgotten."""
        self._of = treatments(self._session, entry_ids)
        self._exported.read(entry_ids)

    @property
    def are_stated(self) -> bool:
        """Return whether there is any key."""
        return any(self._keys.values())

    def is_unknown(self, line: LedgerLine, contra: LedgerLine) -> bool:
        """Return whether the row of a line against another has no key because a regime, a rate or a code is missing."""
        is_taxed = line.member_id is not None and contra.account_id in self._taxed
        return is_taxed and (line.entry_id, line.number) not in self._of and self._exported.of(line) is None

    def of(self, line: LedgerLine, contra: LedgerLine) -> str:
        """Return the key of the row of a line against another; "" for none."""
        if contra.account_id not in self._taxed:
            return ""
        if (exported := self._exported.of(line)) is not None:
            return exported
        treatment = self._of.get((line.entry_id, line.number))
        return self._key(treatment, line.service_until) if treatment is not None else ""

    def _key(self, treatment: Treatment, day: date) -> str:
        if treatment.category != STANDARD or treatment.reason or not treatment.percent:
            return ""
        codes = (code for code in self._keys if self._rate(code, day) == treatment.percent)
        return self._keys[code] if (code := next(codes, None)) is not None else ""

    def _rate(self, code: str, day: date) -> object:
        try:
            return vat_rates.rate_among(self._rates, code, day)
        except VatRateUnknown:
            return None
