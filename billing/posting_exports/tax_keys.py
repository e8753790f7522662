"""The tax key of a row for DATEV (BU-Schlüssel): how much VAT is in its gross amount.

A key stands only beside an income account that does not compute VAT by itself, beside the account of the advances where
the adviser wants it there, and only for the two rates for which one is stated. Source: knowau.de, "Buchungsschlüssel";
lexware.de, "DATEV-Steuerschlüssel": 3 for the standard rate, 2 for the reduced one, in other years others: so they are
terms and no constants.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from billing.documents.codes import LineKey
from billing.documents.line_vat import treatments
from billing.documents.vat import STANDARD, Treatment
from billing.errors.document_errors import VatRateUnknown
from billing.exports.datev import computes_vat
from billing.ledger.counted import CountedSource
from billing.models import LedgerAccount
from billing.parties import vat_rates
from billing.posting_exports.exported_keys import ExportedKeys, Written
from billing.posting_exports.selection import batches
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
        self._automatic = {each for each, number in numbers.items() if computes_vat(number)}
        taxed = session.execute(select(LedgerAccount.id, LedgerAccount.code).where(is_taxed)).all()
        self._taxed = {row.id for row in taxed} - self._automatic
        self._taxed_codes = {row.code for row in taxed if row.id in self._taxed}
        self._of: dict[LineKey, Treatment] = {}
        of_file, files = frozenset(written), dict[int, Written]()
        self._exported, self._counted = (ExportedKeys(session, of_file, files) for _each in range(2))

    def read(self, lines: Collection[LedgerLine]) -> None:
        """Read how some lines are taxed; those that were read before are forgotten."""
        self._of = treatments(self._session, sorted({line.entry_id for line in lines}))
        self._exported.read({line.reverses_id for line in lines if line.reverses_id is not None})

    def of_sources(self, sources: Sequence[CountedSource]) -> list[str | None]:
        """Return the key with which each source stands in a file, or would; None where its VAT is not known.

        What was read before stays.
        """
        taxed: dict[LineKey, Treatment] = {}
        entry_ids = sorted({one.entry_id for one in sources})
        self._counted.read(entry_ids)
        for ids in batches(entry_ids):
            taxed |= treatments(self._session, ids)
        return [self._of_source(one, taxed.get((one.entry_id, one.number))) for one in sources]

    def _of_source(self, one: CountedSource, treatment: Treatment | None) -> str | None:
        exported = self._counted.of(one.entry_id, one.number, one.part.cents)
        if exported is not None:
            return exported
        if one.part.account not in self._taxed_codes:
            return ""
        return None if treatment is None else self._key(treatment, one.service_until)

    @property
    def are_stated(self) -> bool:
        """Return whether there is any key."""
        return any(self._keys.values())

    def of(self, line: LedgerLine, contra: LedgerLine, counted: str | None = None) -> str | None:
        """Return the key of the row of a line against another; "" for none; None where its VAT is not known.

        counted: the key of what the line counts against a share.
        """
        if line.member_id is None or contra.account_id in self._automatic:
            return ""
        if line.reverses_id is not None:
            exported = self._exported.of(line.reverses_id, line.number, -line.cents)
            if exported is not None:
                return exported
        if counted is not None:
            return counted
        if contra.account_id not in self._taxed:
            return ""
        treatment = self._of.get((line.entry_id, line.number))
        return None if treatment is None else self._key(treatment, line.service_until)

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
