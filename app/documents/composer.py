"""The texts of documents in the language of the ring: what a line is for, and how its amount comes about.

They are written once, when a document is issued, and stored with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from flask import current_app
from flask_babel import force_locale, ngettext
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.wording.billing import format_exact_amount, key_label
from app.wording.documents import IN_YOUR_FAVOUR, NO_INVOICE
from app.wording.equity import set_off_reason
from app.wording.fees import fee_kind_label, fee_steps
from app.wording.formats import format_money, format_number, format_price, format_short_day
from app.wording.keys import part_of_words
from app.wording.ledger import line_label, topic_label
from app.wording.tariffs import working_steps
from billing.documents.drafts import DraftLine
from billing.documents.issuing import CANCELLATION
from billing.documents.texts import Heading, LineText
from billing.fees.working import working_of
from billing.models import AllocationCostGroup, AllocationLine, Posting
from billing.prices.pricing import PriceCalculation
from billing.queries.balances import BalanceLine
from billing.queries.equity import EquityMoveView, equity_moves_by_ids
from billing.queries.pools import pool_names
from billing.statements.issued_statements import STATEMENT
from booking.charge_units import CHARGE_UNITS, to_decimal
from booking.queries import machine_names

Rows = tuple[tuple[str, str], ...]


def ring_language() -> str:
    """Return the language of documents: the first of the ring."""
    return str(current_app.config["LOCALES"][0])


class TextComposer:
    """Writes the texts of documents. Names are read once, when it is made."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._machines: Mapping[int, str] = machine_names(session)
        self._pools = pool_names(session)

    def line(self, line: DraftLine) -> LineText:
        """Return the text of a line: what for, when, how much, and the steps of its amount."""
        with force_locale(ring_language()):
            text = self._text(line)
            if line.charge_unit is None or line.charged_amount is None:
                quantity, unit = Decimal(-1 if line.cents < 0 else 1), ""
            else:
                quantity, unit = to_decimal(line.charged_amount, CHARGE_UNITS[line.charge_unit]), line.charge_unit
            if not quantity:
                quantity, unit = Decimal(-1 if line.cents < 0 else 1), ""
            return LineText(text, _days(line), quantity, unit, self._working(line))

    def entry(self, line: BalanceLine) -> str:
        """Return what a line of a statement is for."""
        with force_locale(ring_language()):
            moves = equity_moves_by_ids(self._session, [line.equity_id]) if line.equity_id else {}
            return entry_text(line, self._pools, self._machines, moves)

    def topic(self, topic: str) -> str:
        """Return what the lines of a topic are."""
        with force_locale(ring_language()):
            return topic_label(topic)

    def texts(self, heading: Heading) -> dict[str, Any]:
        """Return the texts of a document."""
        with force_locale(ring_language()):
            return {
                "language": ring_language(),
                "title": _title(heading),
                "intro": _intro(heading),
                "terms": _terms(heading),
                "notes": list(heading.notes),
            }

    def _text(self, line: DraftLine) -> str:
        machine, pool = self._machines.get(line.machine_id or 0, ""), self._pools.get(line.pool_id or 0, "")
        name = pool or machine
        if line.fee_kind is not None:
            named = f"{fee_kind_label(line.fee_kind)}, {name}" if name else fee_kind_label(line.fee_kind)
            text = line.fee_text or named
            return _("Reversal: %(text)s", text=text) if line.is_reversal else text
        text = {
            "use": _("Use of %(name)s", name=machine),
            "share": _("Share of the costs of %(name)s", name=name),
            "advance": _("Advance for %(name)s", name=name),
            "counted": _("Counted against the share, %(name)s", name=name),
        }.get(line.topic) or (name or _("Other"))
        return _("Reversal: %(text)s", text=text) if line.is_reversal else text

    def _working(self, line: DraftLine) -> Rows:
        if line.calculation is not None and line.charge_unit is not None and not line.is_reversal:
            return _of_use(line.calculation, line.charge_unit)
        if line.fee_calculation is not None and not line.is_reversal:
            return tuple((step.text, step.figure) for step in fee_steps(working_of(line.fee_calculation)))
        if line.topic == "share" and line.allocation_id is not None:
            return self._of_share(line)
        return ()

    def _of_share(self, line: DraftLine) -> Rows:
        """Return the parts of a member's share by key."""
        member_id = (
            select(Posting.member_id)
            .where(Posting.entry_id == line.entry_id, Posting.number == line.posting_number)
            .scalar_subquery()
        )
        group = AllocationCostGroup
        same = (group.allocation_id == AllocationLine.allocation_id) & (group.number == AllocationLine.group_number)
        parts = self._session.execute(
            select(group, AllocationLine.weight, AllocationLine.cents)
            .join(AllocationLine, same)
            .where(AllocationLine.allocation_id == line.allocation_id, AllocationLine.member_id == member_id)
            .order_by(group.number)
        )
        return tuple(
            (
                _(
                    "%(kinds)s, %(key)s: %(part)s of %(whole)s of %(sum)s",
                    kinds=", ".join(of.kinds),
                    key=of.working["name"] if of.working else key_label(of.key),
                    part=part_of_words(weight, of.weight_sum) if of.working else _weight(weight, of.charge_unit),
                    whole=part_of_words(1, 1) if of.working else _weight(of.weight_sum, of.charge_unit),
                    sum=format_money(of.cents),
                ),
                format_money(own),
            )
            for of, weight, own in parts
        )


def entry_text(
    line: BalanceLine, pools: Mapping[int, str], machines: Mapping[int, str], moves: Mapping[int, EquityMoveView]
) -> str:
    """Return what a line of a statement is for, in the present language. moves: of the lines that are set off."""
    if (move := moves.get(line.equity_id or 0)) is not None:
        return set_off_reason(move)
    place = pools.get(line.pool_id or 0) or machines.get(line.machine_id or 0) or ""
    return ", ".join(filter(None, (line_label(line), place, line.text)))


def _weight(number: int, unit: str) -> str:
    """Return a weight: 61.20 ha; shares and heads as a plain number, the key beside it names them."""
    return format_exact_amount(number, unit) if unit else format_number(number)


def _of_use(calculation: Mapping[str, Any], unit: str) -> Rows:
    """Return the steps from what was used to the price, those that change something."""
    if "used_amount" not in calculation:
        return ()
    if calculation.get("lines"):  # more than one price: the steps of the slip, which add up
        return tuple(
            (step.text, step.figure)
            for step in working_steps(PriceCalculation.from_json(dict(calculation)), with_included=False)
        )
    rows = [(_("Used"), format_exact_amount(calculation["used_amount"], unit))]
    charged = calculation.get("charged_amount", calculation["used_amount"])
    if charged != calculation["used_amount"]:
        rows.append((_("Charged, rounded up or raised to the minimum"), format_exact_amount(charged, unit)))
    if "unit_price" in calculation:
        rows.append((_("Price per unit"), format_price(Decimal(calculation["unit_price"]))))
    raised = calculation["cents"] - calculation.get("priced_cents", calculation["cents"])
    if raised:
        minimum = format_money(calculation.get("minimum_cents", calculation["cents"]))
        rows.append((_("Raised to the minimum price of a use, %(sum)s", sum=minimum), format_money(raised)))
    rows.append((_("Amount"), format_money(calculation["cents"])))
    return tuple(rows)


def _days(line: DraftLine) -> str:
    first, last = format_short_day(line.service_from), format_short_day(line.service_until)
    return first if first == last else f"{first} – {last}"


def _title(heading: Heading) -> str:
    if heading.kind == CANCELLATION:
        return _("Correction of an invoice")
    if heading.kind == STATEMENT:
        return _("Statement")
    return _("Invoice") if heading.gross_cents >= 0 else str(IN_YOUR_FAVOUR)


def _intro(heading: Heading) -> str:
    if heading.kind == CANCELLATION and heading.cancels_issued_on is not None:
        return _(
            "This document takes the invoice %(number)s of %(day)s back in full.",
            number=heading.cancels,
            day=format_short_day(heading.cancels_issued_on),
        )
    return heading.intro


def _terms(heading: Heading) -> str:
    if heading.kind == STATEMENT:
        return str(NO_INVOICE)
    if heading.kind == CANCELLATION or heading.gross_cents == 0:
        return _("Nothing is to be paid on this document.")
    if heading.gross_cents < 0:
        return _("The balance is in your favour: %(sum)s.", sum=format_money(-heading.gross_cents))
    days = (heading.due_on - heading.issued_on).days
    if not days:
        return _("Payable at once without deduction.")
    return ngettext(
        "Payable within %(num)s day, until %(day)s, without deduction.",
        "Payable within %(num)s days, until %(day)s, without deduction.",
        days,
        day=format_short_day(heading.due_on),
    )
