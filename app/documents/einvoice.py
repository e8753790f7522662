"""The e-invoice of a document: EN 16931 in the syntax CII, as ZUGFeRD or XRechnung. Imported by the renderer only."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from drafthorse.models.accounting import ApplicableTradeTax
from drafthorse.models.document import Document
from drafthorse.models.note import IncludedNote
from drafthorse.models.party import TaxRegistration
from drafthorse.models.payment import PaymentMeans, PaymentTerms
from drafthorse.models.tradelines import LineItem

EN_16931 = "urn:cen.eu:en16931:2017"
XRECHNUNG = f"{EN_16931}#compliant#urn:xeinkauf.de:kosit:xrechnung_3.0"
PROCESS = "urn:fdc:peppol.eu:2017:poacc:billing:01:1.0"
SCHEMA = "FACTUR-X_EN16931"
CURRENCY = "EUR"
INVOICE, CORRECTION = "380", "384"
SEPA_TRANSFER, NOT_DEFINED = "58", "1"
OUTSIDE = "O"
LEITWEG_SCHEME = "0204"
# So many that the price times the quantity is the amount also of some millions of a unit.
PRICE_DECIMALS = Decimal("0.0000000001")


def invoice_xml(content: dict[str, Any]) -> bytes:
    """Return the XML of a document, checked against its schema. content: of app/documents/content.py."""
    document = Document()
    is_xrechnung = bool(content["buyer"]["leitweg_id"])
    document.context.guideline_parameter.id = XRECHNUNG if is_xrechnung else EN_16931
    if is_xrechnung:
        document.context.business_parameter.id = PROCESS
    document.header.id = content["number"]
    document.header.type_code = CORRECTION if content["preceding"] else INVOICE
    document.header.issue_date_time = _instant(content["issued_on"])
    for text in content["notes"]:
        note = IncludedNote()
        note.content = text
        document.header.notes.add(note)
    _add_parties(document, content)
    for number, line in enumerate(content["lines"], start=1):
        document.trade.items.add(_line(number, line))
    _add_settlement(document, content)
    return bytes(document.serialize(schema=SCHEMA))


def _add_parties(document: Any, content: dict[str, Any]) -> None:
    agreement, seller, buyer = document.trade.agreement, content["seller"], content["buyer"]
    agreement.buyer_reference = buyer["leitweg_id"] or buyer["number"]
    has_outside = any(group["category"] == OUTSIDE for group in content["vat"])
    _fill(agreement.seller, seller, has_vat_id=not has_outside)
    # A seller outside VAT may not state its VAT id as such (BR-O-2), and has to have an identifier (BR-CO-26).
    agreement.seller.id = seller["creditor_id"] or seller["tax_number"] or seller["vat_id"]
    if seller["tax_number"]:
        agreement.seller.tax_registrations.add(TaxRegistration(id=("FC", seller["tax_number"])))
    if seller["contact_name"]:
        agreement.seller.contact.person_name = seller["contact_name"]
        agreement.seller.contact.telephone.number = seller["contact_phone"]
        agreement.seller.contact.email.address = seller["contact_email"]
    _fill(agreement.buyer, buyer, has_vat_id=not has_outside)
    agreement.buyer.id = buyer["number"]
    if buyer["leitweg_id"]:  # a public body is reached by it, whether it has an e-mail address or not
        agreement.buyer.electronic_address.uri_ID = (LEITWEG_SCHEME, buyer["leitweg_id"])


def _fill(party: Any, facts: dict[str, Any], *, has_vat_id: bool) -> None:
    party.name = facts["name"]
    party.address.postcode = facts["postcode"]
    party.address.line_one = facts["street"]
    if facts["addressee"]:
        party.address.line_two = facts["addressee"]
    party.address.city_name = facts["town"]
    party.address.country_id = facts["country"]
    if facts["email"]:
        party.electronic_address.uri_ID = ("EM", facts["email"])
    if facts["vat_id"] and has_vat_id:
        party.tax_registrations.add(TaxRegistration(id=("VA", facts["vat_id"])))


def _line(number: int, line: dict[str, Any]) -> Any:
    item = LineItem()
    item.document.line_id = str(number)
    item.product.name = line["text"]
    if line["detail"]:
        item.product.description = line["detail"]
    net, quantity = _euro(line["net_cents"]), Decimal(line["quantity"])
    # A price cannot be negative, so the quantity is where the amount is.
    if (net < 0) != (quantity < 0):
        quantity = -quantity
    item.agreement.net.amount = (net / quantity).quantize(PRICE_DECIMALS) if quantity else Decimal(0)
    item.delivery.billed_quantity = (quantity, line["unit_code"])
    tax = item.settlement.trade_tax
    tax.type_code, tax.category_code = "VAT", line["category"]
    if line["category"] != OUTSIDE:
        tax.rate_applicable_percent = Decimal(line["percent"])
    item.settlement.period.start = _instant(line["service_from"])
    item.settlement.period.end = _instant(line["service_until"])
    item.settlement.monetary_summation.total_amount = net
    return item


def _add_settlement(document: Any, content: dict[str, Any]) -> None:
    settlement = document.trade.settlement
    settlement.currency_code = CURRENCY
    settlement.payment_reference = content["number"]
    settlement.period.start = _instant(content["service_from"])
    settlement.period.end = _instant(content["service_until"])
    means = PaymentMeans()
    means.type_code = SEPA_TRANSFER if content["seller"]["iban"] else NOT_DEFINED
    if content["seller"]["iban"]:
        means.payee_account.iban = content["seller"]["iban"]
        means.payee_account.account_name = content["seller"]["name"]
    settlement.payment_means.add(means)
    for group in content["vat"]:
        settlement.trade_tax.add(_vat_group(group))
    terms = PaymentTerms()
    terms.description = content["terms"]
    terms.due = _instant(content["due_on"])
    settlement.terms.add(terms)
    if content["preceding"]:
        settlement.invoice_referenced_document.issuer_assigned_id = content["preceding"]["number"]
        settlement.invoice_referenced_document.issue_date_time = _instant(content["preceding"]["issued_on"])
    sums = settlement.monetary_summation
    net, vat = _euro(content["net_cents"]), _euro(content["vat_cents"])
    sums.line_total, sums.charge_total, sums.allowance_total = net, Decimal("0.00"), Decimal("0.00")
    sums.tax_basis_total, sums.tax_total = net, (vat, CURRENCY)
    sums.grand_total, sums.due_amount = net + vat, net + vat


def _vat_group(group: dict[str, Any]) -> Any:
    tax = ApplicableTradeTax()
    tax.type_code, tax.category_code = "VAT", group["category"]
    tax.basis_amount, tax.calculated_amount = _euro(group["net_cents"]), _euro(group["vat_cents"])
    if group["category"] != OUTSIDE:
        tax.rate_applicable_percent = Decimal(group["percent"])
    if group["reason"]:
        tax.exemption_reason = group["reason"]
    return tax


def _euro(cents: int) -> Decimal:
    return Decimal(cents).scaleb(-2).quantize(Decimal("0.01"))


def _instant(text: str) -> datetime:
    day = date.fromisoformat(text)
    return datetime(day.year, day.month, day.day)  # noqa: DTZ001 - the XML has days only
