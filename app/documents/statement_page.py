"""The page of a statement, from the template of all documents: of one that was issued, and of one of today."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask_babel import get_locale
from flask_babel import gettext as _

from app.documents.sheet import footer, recipient, sender
from app.wording.formats import format_money, format_short_day
from billing.models import Document, IssuedStatement

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Stated:
    """What a statement says. rows: see IssuedStatement. lines: how many there are, also those not in rows."""

    first_day: date
    last_day: date
    opening_cents: int
    closing_cents: int
    made_of: Sequence[Sequence[Any]]
    rows: Sequence[Json]
    lines: int

    @property
    def period(self) -> str:
        """Return its days in words."""
        return f"{format_short_day(self.first_day)} – {format_short_day(self.last_day)}"


def issued_statement_page(record: Document, stated: IssuedStatement) -> Json:
    """Return the page of a statement that was issued. Call in its language."""
    values = {name: getattr(stated, name) for name in Stated.__dataclass_fields__}
    return statement_page(
        Stated(**values), record.issued_on, record.seller, record.buyer, record.number, record.texts["terms"]
    )


def statement_page(stated: Stated, on: date, seller: Json, buyer: Json, number: str = "", terms: str = "") -> Json:
    """Return what the template shows. number: of an issued one, else its days are in its place."""
    locale = get_locale()
    is_cut = len(stated.rows) < stated.lines
    facts = [[_("Date of issue"), format_short_day(on)], [_("Member no."), buyer["number"]]]
    if number:
        facts.append([_("Period"), stated.period])
    return {
        "language": locale.language if locale else "de",
        "title": _("Statement"),
        "number": number or stated.period,
        "issued": [on.year, on.month, on.day],
        "seller": {"name": seller["name"]},
        "sender": sender(seller),
        "recipient": recipient(buyer),
        "facts": facts,
        "intro": "",
        "heads": [_("Entry"), _("What"), _("Posting date"), _("Amount"), "", _("Balance")],
        "rows": [_row(row) for row in stated.rows],
        "sums": [
            [_("Owed before"), format_money(stated.opening_cents)],
            *([str(text), format_money(cents)] for text, cents in stated.made_of),
        ],
        "total": [_("Owed at the end"), format_money(stated.closing_cents)],
        "notes": [_("The further lines are in the file of the statement.")] if is_cut else [],
        "payment": [terms] if terms else [],
        "footer": footer(seller),
        "words": {"page": _("Page"), "code": "", "working": ""},
        "working": [],
    }


def _row(row: Json) -> Json:
    served = [
        format_short_day(date.fromisoformat(day)) for day in dict.fromkeys((row["service_from"], row["service_until"]))
    ]
    return {
        "number": str(row["entry_id"]),
        "text": row["text"],
        "detail": " – ".join(served) + (f", {_('takes an earlier line back')}" if row["is_reversal"] else ""),
        "quantity": format_short_day(date.fromisoformat(row["posting_date"])),
        "price": format_money(row["cents"]),
        "vat": "",
        "sum": format_money(row["balance"]),
    }
