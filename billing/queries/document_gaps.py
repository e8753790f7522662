"""What is missing before documents can be issued: of the ring, and of each member."""

from __future__ import annotations

from datetime import date

from sqlalchemy.orm import Session

from billing.models.party import RING
from billing.parties.party import PartyView, party
from booking.addresses import Address
from booking.queries.addressees import Addressee, ring_address

OPTIONAL = frozenset({"iban", "contact", "email"})  # documents can be issued without


def ring_gaps(session: Session, day: date) -> tuple[str, ...]:
    """Return what the ring lacks as the issuer of documents on a day.

    address, unsplit, regime, tax_number; iban (for transfers), contact (for XRechnung) are optional.
    """
    own = party(session, RING)
    gaps = list(_of_address(ring_address(session).address))
    if own.regime_on(day) is None:
        gaps.append("regime")
    if not (own.tax_number or own.vat_id):
        gaps.append("tax_number")
    if not own.iban:
        gaps.append("iban")
    if not (own.contact_name and own.contact_phone and own.contact_email):
        gaps.append("contact")
    return tuple(gaps)


def member_gaps(member: Addressee, details: PartyView) -> tuple[str, ...]:
    """Return what a member lacks as a recipient: address, unsplit; email is optional."""
    gaps = list(_of_address(member.address))
    if not (details.document_email or member.email):
        gaps.append("email")
    return tuple(gaps)


def _of_address(address: Address) -> tuple[str, ...]:
    if address.is_complete:
        return ()
    return ("unsplit",) if address.text else ("address",)
