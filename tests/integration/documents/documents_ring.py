"""A ring that can issue documents: addresses, a regime, a tax number, VAT codes; and Anna's uses of the combine."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from io import BytesIO

import pytest
from pypdf import PdfWriter
from sqlalchemy import update

from app.documents.composer import TextComposer
from billing.charges.charges import charge_for
from billing.documents import terms
from billing.documents.issuing import cancel, issue
from billing.documents.terms import TermsInput
from billing.fees.posting import FeeInput
from billing.models.party import RING
from billing.parties import party
from billing.parties.party import PartyInput
from billing.tariffs.tariffs import TariffEntry, enter_tariff
from booking import queries
from booking.kernel.transaction import write_transaction
from booking.models import Member, Ring
from tests.builders import SOMEBODY
from tests.conftest import MONDAY
from tests.integration.money.harvester_pool import IN_JUNE, JUNE, use

IBAN = "DE02120300000000202051"
TODAY = MONDAY.date()
ADDRESS = {"address_street": "Hauptstr. 1", "address_postcode": "82418", "address_town": "Murnau"}
PER_HECTARE = TariffEntry(date(2026, 1, 1), prices={"member": Decimal(140), "guest": Decimal(160)})


def able_to_issue(session, *member_ids, regime="regular", **codes):
    """Enter what documents need."""
    with write_transaction(session):
        session.execute(update(Ring).values(**ADDRESS))
        session.execute(update(Member).where(Member.id.in_(member_ids)).values(**ADDRESS))
        ring = PartyInput(
            iban=IBAN,
            tax_number="119/815/08151",
            vat_id="DE136695976",
            contact_name="Karl",
            contact_phone="08841 4711",
            contact_email="kasse@ring.example",
        )
        party.change_party(session, RING, ring, by=SOMEBODY, now=MONDAY)
        party.set_regime(session, RING, regime, date(2025, 1, 1), by=SOMEBODY, now=MONDAY)
        said = {"use_code": "standard", "share_code": "standard", "advance_code": "standard"} | codes
        terms.change_terms(session, TermsInput(**said), by=SOMEBODY, now=MONDAY)


def one_page():
    """Return the bytes of a PDF with one empty page."""
    writer, file = PdfWriter(), BytesIO()
    writer.add_blank_page(100, 100)
    writer.write(file)
    return file.getvalue()


def charge_use(session, machine_id, member_id, *ares):
    """Enter uses of June and charge them at 140.00 a hectare."""
    with write_transaction(session):
        enter_tariff(session, machine_id, PER_HECTARE, by=SOMEBODY, now=MONDAY)
    for amount in ares:
        use(session, machine_id, member_id, amount)
    for one in queries.counted_uses(session, machine_id, *JUNE, steps=1):
        with write_transaction(session):
            charge_for(session, one.usage_id, by=SOMEBODY, now=MONDAY)


def charge_more(session, machine_id, member_id, ares, start=IN_JUNE):
    """Enter one more use of June and charge it by the tariff that is there."""
    usage_id = use(session, machine_id, member_id, ares, start)
    with write_transaction(session):
        charge_for(session, usage_id, by=SOMEBODY, now=MONDAY)


@pytest.fixture
def app_context(app):
    """What texts of documents are looked up in."""
    with app.app_context():
        yield


@pytest.fixture
def charged_ring(session, sample_ring):
    """Anna has two uses to be invoiced, Bernd could have one."""
    able_to_issue(session, sample_ring.anna, sample_ring.bernd)
    charge_use(session, sample_ring.combine, sample_ring.anna, 1250, 333)
    return sample_ring


def invoice(session, member_id, until=TODAY):
    with write_transaction(session):
        return issue(session, member_id, until, TextComposer(session), on=TODAY, by=SOMEBODY, now=MONDAY)


def take_back(session, document_id):
    with write_transaction(session):
        return cancel(session, document_id, TextComposer(session), on=TODAY, by=SOMEBODY, now=MONDAY)


@pytest.fixture
def plywood(sample_ring):
    return FeeInput("material", sample_ring.anna, TODAY, "Plywood", Decimal("2.5"), Decimal("12.99"), "m²")
