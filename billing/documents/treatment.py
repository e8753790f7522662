"""How a line of a document is taxed: by the regime of the issuer and the VAT code of the line, by day of service."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from billing.documents.vat import EXEMPT, OUTSIDE, STANDARD, Treatment
from billing.errors.document_errors import VatRateUnknown
from billing.parties import vat_rates
from billing.parties.party import FLAT_RATE_FARMER, SMALL, PartyView
from billing.parties.party import OUTSIDE as OUTSIDE_REGIME

VAT_EXEMPT, VAT_OUTSIDE = "exempt", "outside"
VAT_CODES = (vat_rates.STANDARD, vat_rates.REDUCED, VAT_EXEMPT, VAT_OUTSIDE)
# Why a line cannot be taxed, and so not be invoiced.
NO_REGIME, REGIME_CHANGES, NO_CODE, NO_RATE = "regime", "regime_changes", "vat_code", "rate"
MIXED_CODES = "mixed_codes"  # in place of a code, too: a line whose parts have different ones
MIXED_VAT = "mixed_vat"  # what a line counts was invoiced with different VAT


@dataclass(slots=True)
class Taxation:
    """Finds treatments; reads all rates once, when the first is needed."""

    session: Session
    issuer: PartyView
    _rates: tuple[vat_rates.RateInput, ...] | None = None

    def of(self, code: str | None, first: date, last: date) -> Treatment | str:
        """Return the treatment of what was supplied between two days, or why there is none: its code.

        The last day decides, when the supply was complete. A regime that changes in between is asked for: the
        treasurer divides what belongs to each.
        """
        regime = self.issuer.regime_on(last)
        if regime is None:
            return NO_REGIME
        if self.issuer.regime_on(first) != regime:
            return REGIME_CHANGES
        if regime == OUTSIDE_REGIME:
            return Treatment(OUTSIDE, reason=VAT_OUTSIDE)
        if regime == SMALL:
            return Treatment(EXEMPT, reason=SMALL)
        if regime == FLAT_RATE_FARMER:
            return self._rated(vat_rates.FLAT_RATE, last, FLAT_RATE_FARMER)
        return self._regular(code, last)

    def _regular(self, code: str | None, day: date) -> Treatment | str:
        if code not in VAT_CODES:
            return MIXED_CODES if code == MIXED_CODES else NO_CODE
        if code == VAT_OUTSIDE:
            return Treatment(OUTSIDE, reason=VAT_OUTSIDE)
        if code == VAT_EXEMPT:
            return Treatment(EXEMPT, reason=VAT_EXEMPT)
        return self._rated(code, day, "")

    def _rated(self, code: str, day: date, reason: str) -> Treatment | str:
        if self._rates is None:
            self._rates = vat_rates.rates(self.session)
        try:
            return Treatment(STANDARD, vat_rates.rate_among(self._rates, code, day), reason)
        except VatRateUnknown:
            return NO_RATE
