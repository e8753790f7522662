"""The VAT of a tariff on a day: by its code, and by the regime of the ring. The same as documents use."""

from __future__ import annotations

from datetime import date

from sqlalchemy.orm import Session

from billing.documents.treatment import VAT_CODES, Taxation
from billing.errors.document_errors import VatUnknown
from billing.errors.money_errors import WrongText
from billing.limits import TAX_CODE_LENGTH_MAX
from billing.models.party import RING
from billing.parties.party import party
from billing.prices.price_vat import VatTerms


def ring_taxation(session: Session) -> Taxation:
    """Return how the ring is taxed; it reads each rate once."""
    return Taxation(session, party(session, RING))


def vat_terms(taxation: Taxation, code: str | None, day: date, *, is_included: bool) -> VatTerms | None:
    """Return the VAT of prices on a day of service; None where there is none, or nothing is said of it.

    Raises VatUnknown where it is to be added, and the regime or the rate of the day is not entered.
    """
    if code is None:
        return None
    found = taxation.of(code, day, day)
    if isinstance(found, str):
        if is_included:
            return None
        raise VatUnknown(reason=found, vat_code=code, day=day)
    return VatTerms(found.percent, is_included) if found.percent else None


def adds_vat(taxation: Taxation, code: str | None, day: date) -> bool:
    """Return whether VAT is added on a day to prices that do not include it; also where how much is not known."""
    try:
        return vat_terms(taxation, code, day, is_included=False) is not None
    except VatUnknown:
        return True


def require_vat(code: str | None, *, is_included: bool) -> None:
    """Raise WrongText for what is no code of VAT, and for none where VAT is to be added."""
    if code not in VAT_CODES and not (code is None and is_included):
        raise WrongText(field="vat_code", limit=TAX_CODE_LENGTH_MAX, actual=len(code or ""))
