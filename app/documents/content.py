"""What the renderer gets of a document: values for the e-invoice, and the texts of its pages, already formatted."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from flask_babel import force_locale
from flask_babel import gettext as _

from app.documents.giro_code import giro_code_text
from app.documents.sheet import footer, recipient, sender
from app.documents.statement_page import issued_statement_page
from app.wording.formats import format_bare_price, format_money, format_number, format_short_day
from app.wording.parties import format_percent
from app.wording.units import UNIT_NAMES
from billing.documents.vat import OUTSIDE
from billing.models import Document, DocumentLine
from billing.parties.bank_details import spaced_iban
from billing.queries.documents import CANCELLATION, INVOICE, IssuedDocument

# UN/ECE recommendation 20. Hectare is H18: EN 16931 does not know HAR.
UNIT_CODES = {
    "hour": "HUR",
    "engine_hour": "HUR",
    "minute": "MIN",
    "place_day": "DAY",
    "day": "DAY",
    "ha": "H18",
    "m3": "MTQ",
    "t": "TNE",
    "kg": "KGM",
    "g": "GRM",
    "km": "KMT",
    "kwh": "KWH",
    "piece": "H87",
    "animal": "HEA",
}
NO_UNIT = "C62"
Json = dict[str, Any]


def content_of(document: IssuedDocument, preceding: Json | None = None) -> Json:
    """Return the content of a document. preceding: number and day of issue of what a cancellation takes back."""
    record = document.record
    with force_locale(record.texts["language"]):
        return {
            "id": record.id,
            "number": record.number,
            "has_xml": record.kind in (INVOICE, CANCELLATION),
            "issued_on": record.issued_on.isoformat(),
            "due_on": record.due_on.isoformat(),
            "service_from": record.service_from.isoformat(),
            "service_until": record.service_until.isoformat(),
            "seller": record.seller,
            "buyer": record.buyer,
            "terms": record.texts["terms"],
            "notes": [note for note in (record.texts["intro"], *record.texts["notes"]) if note],
            "preceding": preceding,
            "lines": [_line(line) for line in document.lines],
            "vat": _groups(document),
            "net_cents": record.net_cents,
            "vat_cents": record.vat_cents,
            "code": _code(record),
            "page": _page(document) if document.stated is None else issued_statement_page(record, document.stated),
        }


def _line(line: DocumentLine) -> Json:
    return {
        "text": line.text,
        "detail": line.detail,
        "quantity": line.quantity,
        "unit_code": UNIT_CODES.get(line.unit, NO_UNIT),
        "service_from": line.service_from.isoformat(),
        "service_until": line.service_until.isoformat(),
        "category": line.category,
        "percent": str(line.percent),
        "net_cents": line.net_cents,
    }


def _groups(document: IssuedDocument) -> list[Json]:
    """Return the sums by category and rate: what is exempt for two reasons is one group there (BR-E-1)."""
    found: dict[tuple[str, str], Json] = {}
    for group in document.groups:
        category, percent = group.category, str(group.percent)
        reason = _reason(document.record, group.reason) if category != "S" else ""
        empty = {"category": category, "percent": percent, "reason": reason, "net_cents": 0, "vat_cents": 0}
        sums = found.setdefault((category, percent), empty)
        sums["net_cents"] += group.net_cents
        sums["vat_cents"] += group.vat_cents
    return list(found.values())


def _reason(record: Document, code: str) -> str:
    """Return the sentence of the law; the code where a document has none."""
    return " ".join(record.texts["vat_notes"]) or code


def _code(record: Document) -> str:
    """Return what the GiroCode says; "" where nothing is to be transferred."""
    if record.kind != INVOICE or record.gross_cents <= 0 or not record.seller["iban"]:
        return ""
    return giro_code_text(record.seller["name"], record.seller["iban"], record.gross_cents, record.number)


def _page(document: IssuedDocument) -> Json:
    record = document.record
    seller, texts = record.seller, record.texts
    return {
        "language": texts["language"],
        "title": texts["title"],
        "number": record.number,
        "issued": [record.issued_on.year, record.issued_on.month, record.issued_on.day],
        "seller": {"name": seller["name"]},
        "sender": sender(seller),
        "recipient": recipient(record.buyer),
        "facts": _facts(record),
        "intro": texts["intro"],
        "heads": [_("No."), _("Service"), _("Quantity"), _("Net price"), _("VAT"), _("Net amount")],
        "rows": [_row(line) for line in document.lines],
        "sums": _sums(document),
        "total": [_("Total"), format_money(record.gross_cents)],
        "notes": texts["notes"],
        "payment": _payment(record),
        "footer": footer(seller),
        "words": {"page": _("Page"), "code": _("Code for the transfer"), "working": _("How the amounts of")},
        "working": [
            {"title": f"{line.number}. {line.text}, {line.detail}", "rows": line.working}
            for line in document.lines
            if line.working
        ],
    }


def _facts(record: Document) -> list[list[str]]:
    facts = [
        [_("Number"), record.number],
        [_("Date of issue"), format_short_day(record.issued_on)],
        [_("Member no."), record.buyer["number"]],
    ]
    if record.kind != CANCELLATION:
        facts.append([_("Due"), format_short_day(record.due_on)])
    return facts


def _row(line: DocumentLine) -> Json:
    quantity = Decimal(line.quantity)
    price = Decimal(line.net_cents) / 100 / quantity if quantity else Decimal(0)
    return {
        "number": str(line.number),
        "text": line.text,
        "detail": line.detail,
        "quantity": f"{format_number(quantity)} {UNIT_NAMES[line.unit]}" if line.unit else format_number(quantity),
        "price": format_bare_price(price if line.unit else abs(price)),
        "vat": "–" if line.category == OUTSIDE else format_percent(line.percent),
        "sum": format_money(line.net_cents),
    }


def _sums(document: IssuedDocument) -> list[list[str]]:
    rows = [[_("Net"), format_money(document.record.net_cents)]]
    for group in document.groups:
        if group.category == "S":
            text = _(
                "VAT %(percent)s on %(net)s", percent=format_percent(group.percent), net=format_money(group.net_cents)
            )
            rows.append([text, format_money(group.vat_cents)])
    return rows


def _payment(record: Document) -> list[str]:
    lines = [record.texts["terms"]]
    if record.kind == INVOICE and record.gross_cents > 0 and record.seller["iban"]:
        lines += [
            _("Recipient: %(name)s", name=record.seller["name"]),
            f"IBAN: {spaced_iban(record.seller['iban'])}",
            _("Payment reference: %(number)s", number=record.number),
        ]
    return lines
