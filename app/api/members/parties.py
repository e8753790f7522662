"""Endpoints of billing details and rates of VAT."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field, StrictBool, StringConstraints

from app.api import revisions
from app.api.endpoints import Endpoint, reply
from app.api.fields import TEXT_PATTERN, Day, RequestModel, ResponseModel
from app.api.idempotency import run_idempotent
from app.api.problems import Reply
from app.auth import contact_mails
from app.auth.current_login import current_actor
from app.auth.permissions import ALL, Access
from app.clock import now
from app.extensions import db
from app.web.url_converters import ID_MAX
from billing.charges import rate_entry
from billing.charges.charges import charge_waiting_for_vat
from billing.models.party import RING
from billing.parties import party, vat_rates
from billing.parties.kept_vat import Kept
from billing.parties.party import LENGTHS_MAX, PartyInput
from billing.parties.vat_rates import RateInput

TREASURERS = Access(treasurer=ALL)
PERCENT_PATTERN = r"^[0-9]{1,2}(\.[0-9]{1,2})?$"
Regime = Literal["regular", "small", "flat_rate", "outside"]
RateCode = Literal["standard", "reduced", "flat_rate"]
# Spaces may stand between the characters that count; the use case knows how many each detail may have.
Detail = Annotated[str, StringConstraints(strict=True, max_length=300, pattern=TEXT_PATTERN)]


class PartyChange(RequestModel):
    """Billing details; what is left out becomes empty. The check digits of identifiers are checked."""

    vat_id: Detail = ""
    tax_number: Detail = ""
    iban: Detail = ""
    creditor_id: Detail = ""
    document_email: Detail = ""
    leitweg_id: Detail = ""
    contact_name: Detail = ""
    contact_phone: Detail = ""
    contact_email: Detail = ""


class VatRegime(ResponseModel):
    """How a party is taxed from a day on, until the next one begins."""

    valid_from: date
    regime: str


class NewVatRegime(RequestModel):
    """How a party is taxed from a day on; one for the same day replaces the former one."""

    valid_from: Day
    regime: Regime


class RegimeDay(RequestModel):
    """The first day of a statement that is taken back."""

    valid_from: Day


class BillingDetails(ResponseModel):
    """Billing details of the ring or of a member. creditor_id, contact_*: of the ring; leitweg_id: of a member."""

    vat_id: str
    tax_number: str
    iban: str
    creditor_id: str
    document_email: str
    leitweg_id: str
    contact_name: str
    contact_phone: str
    contact_email: str
    vat_regimes: list[VatRegime]


class VatRate(ResponseModel):
    """A rate of VAT in percent. known_until: the last day for which it is known to hold; null: until the next one."""

    code: str
    percent: str
    valid_from: date
    known_until: date | None


class VatRateList(ResponseModel):
    """All rates by code, the latest first."""

    items: list[VatRate]


class NewVatRate(RequestModel):
    """A rate of VAT from a day on; one for the same code and day is corrected. percent: as text, such as "7.8".

    posted_stays: what is posted for days of the rate keeps its VAT; needed where there is some (posted_keeps_vat).
    posted_sums, posted_lines: how many it named (limit, actual); where given, it counts for just so many.
    """

    code: RateCode
    percent: Annotated[str, Field(pattern=PERCENT_PATTERN)]
    valid_from: Day
    known_until: Day | None = None
    posted_stays: StrictBool = False
    posted_sums: int | None = Field(None, strict=True, ge=0, le=ID_MAX)
    posted_lines: int | None = Field(None, strict=True, ge=0, le=ID_MAX)

    def confirms(self, kept: Kept) -> bool:
        """Return whether it is known that so much keeps its VAT."""
        is_sums, is_lines = self.posted_sums in (None, kept.sums), self.posted_lines in (None, kept.lines)
        return self.posted_stays and is_sums and is_lines


@Endpoint("GET", "/ring/billing-details", access=TREASURERS, response=BillingDetails, conditional=True)
def get_ring_billing_details() -> Reply:
    """Get the billing details of the ring."""
    return _reply(RING)


@Endpoint(
    "PUT",
    "/ring/billing-details",
    access=TREASURERS,
    body=PartyChange,
    response=BillingDetails,
    errors=(412,),
    conditional=True,
    needs_confirmation=True,
)
def change_ring_billing_details(body: PartyChange) -> Reply:
    """Change the billing details of the ring, all at once."""
    return _change(RING, body)


@Endpoint("POST", "/ring/vat-regimes", access=TREASURERS, body=NewVatRegime, response=BillingDetails)
def set_ring_vat_regime(body: NewVatRegime) -> Reply:
    """State how the ring is taxed from a day on."""
    return _set_regime(RING, body)


@Endpoint(
    "GET",
    "/members/<id:member_id>/billing-details",
    access=TREASURERS,
    response=BillingDetails,
    errors=(404,),
    conditional=True,
)
def get_billing_details(member_id: int) -> Reply:
    """Get the billing details of a member."""
    return _reply(member_id)


@Endpoint(
    "PUT",
    "/members/<id:member_id>/billing-details",
    access=TREASURERS,
    body=PartyChange,
    response=BillingDetails,
    errors=(404, 412),
    conditional=True,
    needs_confirmation=True,
)
def change_billing_details(member_id: int, body: PartyChange) -> Reply:
    """Change the billing details of a member, all at once."""
    return _change(member_id, body)


@Endpoint(
    "POST",
    "/members/<id:member_id>/vat-regimes",
    access=TREASURERS,
    body=NewVatRegime,
    response=BillingDetails,
    errors=(404,),
)
def set_vat_regime(member_id: int, body: NewVatRegime) -> Reply:
    """State how a member is taxed from a day on."""
    return _set_regime(member_id, body)


@Endpoint("POST", "/ring/vat-regimes/take-back", access=TREASURERS, body=RegimeDay, response=BillingDetails)
def take_back_ring_vat_regime(body: RegimeDay) -> Reply:
    """Take back how the ring was said to be taxed from a day on; what was said before it holds on."""
    return _take_back_regime(RING, body)


@Endpoint(
    "POST",
    "/members/<id:member_id>/vat-regimes/take-back",
    access=TREASURERS,
    body=RegimeDay,
    response=BillingDetails,
    errors=(404,),
)
def take_back_vat_regime(member_id: int, body: RegimeDay) -> Reply:
    """Take back how a member was said to be taxed from a day on; what was said before it holds on."""
    return _take_back_regime(member_id, body)


@Endpoint("GET", "/vat-rates", access=Access(treasurer=ALL, admin=ALL), response=VatRateList)
def list_vat_rates() -> VatRateList:
    """List the rates of VAT."""
    return _rates()


@Endpoint("POST", "/vat-rates", access=TREASURERS, body=NewVatRate, response=VatRateList)
def enter_vat_rate(body: NewVatRate) -> Reply:
    """Enter a rate of VAT, or correct one."""
    by, instant = current_actor(), now()
    entry = RateInput(body.code, Decimal(body.percent), body.valid_from, body.known_until)

    def enter() -> Reply:
        rate_entry.enter_rate(db.session(), entry, confirms=body.confirms, by=by, now=instant)
        return reply(_rates())

    return run_idempotent(body, enter)


def _change(party_id: int, body: PartyChange) -> Reply:
    revision = revisions.expected(party.party(db.session(), party_id).revision)
    by, instant, entry = current_actor(), now(), PartyInput(**body.model_dump())

    def change() -> Reply:
        with contact_mails.of_documents(db.session(), party_id, now=instant):
            party.change_party(db.session(), party_id, entry, by=by, now=instant, revision=revision)
        return _reply(party_id)

    return run_idempotent(body, change)


def _set_regime(party_id: int, body: NewVatRegime) -> Reply:
    by, instant = current_actor(), now()

    def state() -> Reply:
        party.set_regime(db.session(), party_id, body.regime, body.valid_from, by=by, now=instant)
        if party_id == RING:
            charge_waiting_for_vat(db.session(), by=by, now=instant)
        return _reply(party_id)

    return run_idempotent(body, state)


def _take_back_regime(party_id: int, body: RegimeDay) -> Reply:
    by, instant = current_actor(), now()

    def take_back() -> Reply:
        party.remove_regime(db.session(), party_id, body.valid_from, by=by, now=instant)
        if party_id == RING:
            charge_waiting_for_vat(db.session(), by=by, now=instant)
        return _reply(party_id)

    return run_idempotent(body, take_back)


def _reply(party_id: int) -> Reply:
    view = party.party(db.session(), party_id)
    regimes = [VatRegime(valid_from=since, regime=regime) for since, regime in view.regimes]
    details = {name: getattr(view, name) for name in LENGTHS_MAX}
    return reply(BillingDetails(**details, vat_regimes=regimes), headers=revisions.etag(view.revision))


def _rates() -> VatRateList:
    found = vat_rates.rates(db.session())
    return VatRateList(
        items=[
            VatRate(code=one.code, percent=str(one.percent), valid_from=one.valid_from, known_until=one.known_until)
            for one in found
        ]
    )
