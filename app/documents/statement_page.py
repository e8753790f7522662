"""The statement of a member for a period as a PDF: not numbered and not stored, made from the same template."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from flask_babel import get_locale
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.documents.making import preview_pdf
from app.wording.formats import format_money, format_short_day
from app.wording.ledger import topic_label
from billing.documents.drafts import issuer
from billing.queries.balances import BalanceLine
from billing.queries.pools import pool_names
from billing.queries.statements import Statement, statement_lines
from booking.addresses import Address
from booking.queries import machine_names
from booking.queries.addressees import addressees

LINES_MAX = 2_000  # more are a file, not a letter
Json = dict[str, Any]


def statement_pdf(session: Session, of: Statement, *, on: date) -> bytes:
    """Return the PDF/A of a statement in the language of the page; the same statement of a day has the same bytes.

    on: the day that it bears. Of more than LINES_MAX lines, it has the first ones and says so.
    """
    return preview_pdf([_content(session, of, on)])[0]


def _content(session: Session, of: Statement, on: date) -> Json:
    lines, is_cut = statement_lines(session, of, limit=LINES_MAX)
    places = pool_names(session), machine_names(session)
    notes = [_("The further lines are in the file of the statement.")] if is_cut else []
    return {
        "number": f"{of.member_id}-{of.first_day}-{of.last_day}",
        "has_xml": False,
        "code": "",
        "page": _page(session, of, on, [_row(line, places) for line in lines], notes),
    }


def _page(session: Session, of: Statement, on: date, rows: list[Json], notes: list[str]) -> Json:
    ring, member = issuer(session), addressees(session, [of.member_id])[of.member_id]
    own, locale = ring.name.address, get_locale()
    town = f"{own.postcode} {own.town}".strip()
    days = f"{format_short_day(of.first_day)} – {format_short_day(of.last_day)}"
    return {
        "language": locale.language if locale else "de",
        "title": _("Statement"),
        "number": days,
        "issued": [on.year, on.month, on.day],
        "seller": {"name": ring.name.name},
        "sender": ", ".join(part for part in (ring.name.name, own.street, town) if part),
        "recipient": [part for part in (member.name, *_address(member.address)) if part],
        "facts": [[_("Date of issue"), format_short_day(on)], [_("Member no."), member.number]],
        "intro": "",
        "heads": [_("Entry"), _("What"), _("Posting date"), _("Amount"), "", _("Balance")],
        "rows": rows,
        "sums": [[_("Owed before"), format_money(of.opening_cents)], *_made_of(of.made_of)],
        "total": [_("Owed at the end"), format_money(of.closing_cents)],
        "notes": notes,
        "payment": [],
        "footer": [
            [part for part in (ring.name.name, own.street, town) if part],
            [part for part in (ring.details.contact_name, ring.details.contact_phone) if part],
            [],
        ],
        "words": {"page": _("Page"), "code": "", "working": ""},
        "working": [],
    }


def _made_of(made_of: Mapping[str, int]) -> Iterator[list[str]]:
    for topic, cents in sorted(made_of.items()):
        yield [topic_label(topic), format_money(cents)]


def _address(address: Address) -> tuple[str, str, str]:
    return address.name, address.street, f"{address.postcode} {address.town}".strip()


def _row(line: BalanceLine, places: tuple[Mapping[int, str], Mapping[int, str]]) -> Json:
    pools, machines = places
    place = pools.get(line.pool_id or 0) or machines.get(line.machine_id or 0) or ""
    served = [format_short_day(day) for day in dict.fromkeys((line.service_from, line.service_until))]
    return {
        "number": str(line.entry_id),
        "text": f"{topic_label(line.topic)}, {place}" if place else topic_label(line.topic),
        "detail": " – ".join(served) + (f", {_('takes an earlier line back')}" if line.is_reversal else ""),
        "quantity": format_short_day(line.posting_date),
        "price": format_money(line.cents),
        "vat": "",
        "sum": format_money(line.balance),
    }
