"""The texts of tables in files, in the language of the page: titles, headers, and what codes mean."""

from __future__ import annotations

import calendar
import re
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

from flask_babel import get_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.extensions import db
from app.wording.billing import KEY_LABELS, price_class_label, price_label
from app.wording.equity import KIND_LABELS as EQUITY_KIND_LABELS
from app.wording.ledger import ACCOUNT_LABELS, TOPIC_LABELS
from app.wording.units import SMALL_UNIT_NAMES, UNIT_NAMES
from billing.allocations.periods import Period
from billing.exports.csv import STYLES
from billing.exports.tables import CODE, YES_NO, Cell, Column, Table
from billing.exports.xlsx import DAY_FORMATS, INSTANT_FORMATS, SheetStyle
from booking.queries import price_classes

# By the names of the tables.
TITLES: dict[str, Any] = {
    "account_sheet": _l("Account sheet"),
    "accounts": _l("Sums of the accounts"),
    "allocation": _l("Allocation"),
    "allocations": _l("Allocations"),
    "allocation_lines": _l("Lines of allocations"),
    "balance": _l("Balance"),
    "balances": _l("Balances"),
    "charges": _l("Usage charges"),
    "costs": _l("Costs"),
    "events": _l("Event log"),
    "journal": _l("Journal"),
    "members": _l("Members"),
    "shares": _l("Shares"),
    "slips": _l("Usage slips"),
    "statement": _l("Statement"),
    "dues": _l("What is due"),
    "equity": _l("Equity"),
    "tariffs": _l("Tariffs"),
    "use_days": _l("Use by day"),
}

# By the codes of the columns.
HEADERS: dict[str, Any] = {
    "allocation": _l("Allocation"),
    "reverses": _l("Reverses"),
    "pool": _l("Cost pool"),
    "period_from": _l("Period from"),
    "period_until": _l("Period until"),
    "posted_on": _l("Posted on"),
    "posting_date": _l("Posting date"),
    "member_number": _l("Member number"),
    "member": _l("Member"),
    "cost_group": _l("Cost group"),
    "kinds": _l("Kinds of cost"),
    "key": _l("Key"),
    "shares_on": _l("Shares of"),
    "weight": _l("Weight"),
    "weight_sum": _l("Sum of weights"),
    "weight_unit": _l("Weight in"),
    "cost_group_amount": _l("Cost group in EUR"),
    "amount": _l("Amount in EUR"),
    "rounding_cent": _l("Rounding cent"),
    "share": _l("Share of costs in EUR"),
    "counted": _l("Counted against it in EUR"),
    "due": _l("Due in EUR"),
    "slip": _l("Usage slip"),
    "service_date": _l("Service date"),
    "machine": _l("Machine"),
    "price_class": _l("Price class"),
    "unit": _l("Unit"),
    "booked": _l("Reserved"),
    "used": _l("Used"),
    "charged": _l("Charged"),
    "used_small": _l("Used, exactly"),
    "small_unit": _l("Exactly in"),
    "unit_price": _l("Price per unit"),
    "disputed": _l("Disputed"),
    "supplier": _l("Supplier"),
    "kind": _l("Kind of cost"),
    "document": _l("Number of the bill"),
    "note": _l("Note"),
    "workshop": _l("Workshop"),
    "step": _l("Steps"),
    "minimum_amount": _l("Minimum amount"),
    "minimum_charge": _l("Minimum price in EUR"),
    "valid_from": _l("Valid from"),
    "name": _l("Name"),
    "trade": _l("Trade"),
    "email": _l("E-mail address"),
    "phone": _l("Phone"),
    "addressee": _l("Addressee"),
    "street": _l("Street and number"),
    "postcode": _l("Postcode"),
    "town": _l("Town"),
    "country": _l("Country"),
    "address": _l("Address, not split"),
    "joined_on": _l("Member since"),
    "left_on": _l("Left on"),
    "shares": _l("Shares"),
    "outlasts_membership": _l("Held after the membership"),
    "reversed_by": _l("Reversed by"),
    "charge": _l("Usage charge"),
    "entry": _l("Entry"),
    "account": _l("Account"),
    "account_number": _l("Account number"),
    "advance": _l("Advance"),
    "fee": _l("Fee"),
    "equity": _l("Change of equity"),
    "topic": _l("What"),
    "lines": _l("Lines"),
    "debit": _l("Debits in EUR"),
    "credit": _l("Credits in EUR"),
    "invoice": _l("Number of the invoice"),
    "document_kind": _l("Kind of document"),
    "equity_kind": _l("Kind of change"),
    "issued_on": _l("Date of issue"),
    "due_on": _l("Due on"),
    "net": _l("Net in EUR"),
    "vat": _l("VAT in EUR"),
    "gross": _l("Gross in EUR"),
    "takes_back": _l("Takes back"),
    "statement": _l("Number of the statement"),
    "owed_before": _l("Owed before in EUR"),
    "owed_after": _l("Owed at the end in EUR"),
    "line": _l("Line"),
    "text": _l("Text"),
    "quantity": _l("Quantity"),
    "vat_percent": _l("VAT in per cent"),
    "balance": _l("Balance in EUR"),
    "tax_code": _l("Tax code"),
    "price_includes_vat": _l("Prices include VAT"),
    "added_vat": _l("VAT added to the prices"),
    "event": _l("No."),
    "at": _l("When"),
    "actor": _l("Who"),
    "what": _l("What"),
    "concerns": _l("Concerns"),
    "details": _l("Details"),
    "starts_at": _l("Begins"),
    "ends_at": _l("Ends"),
    "reservation": _l("Reservation"),
    "event_type": _l("Kind, exactly"),
    "facts": _l("Facts, exactly"),
    "at_utc": _l("When, in UTC"),
    "day": _l("Day"),
    "uses": _l("Uses"),
    "use_hours": _l("In use, hours"),
    "use_seconds": _l("In use, seconds"),
    "day_hours": _l("Length of the day, hours"),
}


# Texts of the codes of a column; those of price classes are data.
CODE_TEXTS: dict[str, dict[str, Any]] = {
    "key": KEY_LABELS,
    "topic": TOPIC_LABELS,
    "equity_kind": EQUITY_KIND_LABELS,
    "account": ACCOUNT_LABELS,
    "unit": UNIT_NAMES,
    "small_unit": SMALL_UNIT_NAMES,
    "weight_unit": UNIT_NAMES | {"shares": _l("shares"), "heads": _l("heads"), "parts": _l("parts"), "": ""},
}


def language() -> str:
    """Return the language of the page, one that files can be written in."""
    code = getattr(get_locale(), "language", "en")
    return code if code in STYLES else "en"


def headers() -> dict[str, str]:
    """Return column code -> header in the language of the page."""
    prices = {f"{each.code}_price": price_label(each) for each in price_classes(db.session())}
    return {code: str(text) for code, text in HEADERS.items()} | prices


def sheet_style(table: Table) -> SheetStyle:
    """Return the texts and formats of a workbook in the language of the page."""
    code = language()
    return SheetStyle(str(TITLES[table.name]), _("Sum"), DAY_FORMATS[code], INSTANT_FORMATS[code])


def file_name(table: Table, file_format: str) -> str:
    """Return Usage-slips-2026.csv, in German Nutzungsnachweise-2026.csv; ASCII, so that every program takes it."""
    parts = [str(TITLES[table.name]), table.subject, _days_text(table.days) if table.days else ""]
    return f"{'-'.join(filter(None, map(_ascii, parts)))}.{file_format}"


def with_texts(table: Table) -> Table:
    """Return the table with texts in place of its codes and of true and false, in the language of the page."""
    texts = [_texts_of(column) for column in table.columns]
    rows = (
        tuple(cell if as_text is None else as_text(cell) for cell, as_text in zip(row, texts, strict=True))
        for row in table.rows
    )
    return replace(table, rows=rows)


def _texts_of(column: Column) -> Callable[[Cell], str] | None:
    if column.kind == YES_NO:
        yes, no = _("yes"), _("no")
        return lambda cell: yes if cell else no
    if column.kind != CODE:
        return None
    texts = _code_texts(column.code)
    return lambda cell: texts[str(cell)]


def _code_texts(column_code: str) -> dict[str, str]:
    if column_code == "price_class":
        return {each.code: price_class_label(each) for each in price_classes(db.session())}
    return {code: str(text) for code, text in CODE_TEXTS[column_code].items()}


def _days_text(days: Period) -> str:
    """Return 2026, 2025-2026 or 2026-11 for whole years and months, else the days."""
    first, last = days
    if first == last:
        return first.isoformat()
    if first == date(first.year, 1, 1) and last == date(last.year, 12, 31):
        return str(first.year) if first.year == last.year else f"{first.year}-{last.year}"
    if first == last.replace(day=1) and last.day == calendar.monthrange(last.year, last.month)[1]:
        return f"{first.year}-{first.month:02d}"
    return _("%(start)s to %(end)s", start=first.isoformat(), end=last.isoformat())


def _ascii(text: str) -> str:
    for umlaut, letters in (("ä", "ae"), ("ö", "oe"), ("ü", "ue"), ("Ä", "Ae"), ("Ö", "Oe"), ("Ü", "Ue"), ("ß", "ss")):
        text = text.replace(umlaut, letters)
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9]+", "-", plain).strip("-")[:80]
