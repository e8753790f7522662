"""Billing details of the demo: the ring can issue invoices; some members have an account, one takes XRechnung."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy.orm import Session

from billing.documents import terms
from billing.documents.terms import TermsInput
from billing.models.party import RING
from billing.parties import party, vat_rates
from billing.parties.party import PartyInput
from billing.parties.vat_rates import RateInput
from booking.kernel.events import Actor

# The banks' own examples: nobody's accounts.
RING_IBAN = "DE02120300000000202051"
IBANS = {"M-001": "DE02500105170137075030", "M-005": "DE88100900001234567892", "M-016": "DE02100100100006820101"}


def enter_parties(session: Session, members: Mapping[str, int], since: date, *, by: Actor, now: datetime) -> None:
    """Enter the billing details of the ring and of some members, taxed regularly from a day on."""
    ring = PartyInput(
        tax_number="119/815/08151",
        vat_id="DE136695976",
        iban=RING_IBAN,
        creditor_id="DE98ZZZ09999999999",
        contact_name="Karl Brandl",
        contact_phone="08841 4711",
        contact_email="kasse@demo.example",
    )
    party.change_party(session, RING, ring, by=by, now=now)
    party.set_regime(session, RING, "regular", since, by=by, now=now)
    said = TermsInput(use_code="standard", share_code="standard", advance_code="standard", other_code="standard")
    terms.change_terms(session, said, by=by, now=now)
    year = date(now.year, 1, 1)
    vat_rates.enter_rate(
        session,
        RateInput(vat_rates.FLAT_RATE, Decimal("7.8"), year, date(now.year, 12, 31)),
        by=by,
        now=now,
    )
    for number, iban in IBANS.items():
        if number in members:
            party.change_party(session, members[number], PartyInput(iban=iban), by=by, now=now)
