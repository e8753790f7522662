"""What can be invoiced: the lines of the ledger that members owe and that stand in no effective document, taxed.

A line and its reversal of which neither was invoiced are left out. Lines outside VAT get a document of their own,
because EN 16931 allows no others beside them (BR-O-11).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import Row, and_, exists, func, select
from sqlalchemy.orm import Session, aliased

from billing.documents import vat
from billing.documents.codes import Codes
from billing.documents.terms import terms
from billing.documents.treatment import Taxation
from billing.documents.vat import OUTSIDE, Taxed, Treatment
from billing.models import Charge, DocumentLine, Entry, Fee, Posting, Tariff, UninvoicedLine
from billing.models.party import RING
from billing.parties.party import PartyView, parties
from billing.prices.working import VAT
from booking.queries.addressees import Addressee, RingAddress, addressees, ring_address

NO_ADDRESS, NO_RING_ADDRESS, NO_TAX_NUMBER, NO_CONTACT = "address", "ring_address", "tax_number", "contact"
OTHER_VAT = "other_vat"  # VAT was added to a price at another rate than holds for its day now


@dataclass(frozen=True, slots=True)
class DraftLine:
    """A line of the ledger to be invoiced. turn: odd, see DocumentLine. cents: what is owed, VAT included.

    quantity: in small units of charge_unit, negative in a reversal; None without a charge. fee_text, fee_calculation:
    of a fee, or of the fee that it takes back.
    """

    entry_id: int
    posting_number: int
    turn: int
    topic: str
    cents: int
    service_from: date
    service_until: date
    machine_id: int | None
    pool_id: int | None
    charge_id: int | None
    allocation_id: int | None
    is_reversal: bool
    charge_unit: str | None
    charged_amount: int | None
    calculation: dict[str, Any] | None
    fee_text: str | None
    fee_kind: str | None
    fee_calculation: dict[str, Any] | None
    treatment: Treatment


@dataclass(frozen=True, slots=True)
class Draft:
    """A document that could be issued now."""

    member_id: int
    lines: tuple[DraftLine, ...]
    taxed: Taxed

    @property
    def service_from(self) -> date:
        """The first day of service."""
        return min(line.service_from for line in self.lines)

    @property
    def service_until(self) -> date:
        """The last day of service."""
        return max(line.service_until for line in self.lines)


@dataclass(frozen=True, slots=True)
class MemberDrafts:
    """What could be issued to a member: no document where there are problems (codes; see treatment.py, too)."""

    member_id: int
    drafts: tuple[Draft, ...]
    problems: tuple[str, ...]
    cents: int  # of all lines, those with problems included


@dataclass(frozen=True, slots=True)
class Issuer:
    """The ring as the issuer of documents."""

    name: RingAddress
    details: PartyView

    @property
    def problems(self) -> tuple[str, ...]:
        """Return what keeps it from issuing anything."""
        found = [] if self.name.address.is_complete else [NO_RING_ADDRESS]
        if not (self.details.tax_number or self.details.vat_id):
            found.append(NO_TAX_NUMBER)
        return tuple(found)

    @property
    def has_contact(self) -> bool:
        """Return whether it names somebody to ask: XRechnung is refused without (BR-DE-2 to 7)."""
        own = self.details
        return bool(own.contact_name and own.contact_phone and own.contact_email)


def issuer(session: Session) -> Issuer:
    """Return the ring as the issuer of documents."""
    return Issuer(ring_address(session), parties(session, [RING])[RING])


def uninvoiced_lines(session: Session) -> int:
    """Return how many lines members owe that stand in no effective document."""
    return session.scalar(select(func.count()).select_from(UninvoicedLine)) or 0


def drafts(session: Session, until: date, member_ids: Collection[int] | None = None) -> dict[int, MemberDrafts]:
    """Return what could be issued: member id -> drafts. until: the last day of service; member_ids: None for all."""
    by_member: dict[int, list[Row[Any]]] = defaultdict(list)
    rows = _unpaired(_uninvoiced(session, until, member_ids))
    for row in rows:
        by_member[row.member_id].append(row)
    known, details = addressees(session, list(by_member)), parties(session, list(by_member))
    ring, (said, _revision) = issuer(session), terms(session)
    codes = Codes(session, rows, said, Taxation(session, ring.details))
    return {
        member_id: _member_drafts(known[member_id], _lacking(ring, known[member_id], details[member_id]), lines, codes)
        for member_id, lines in by_member.items()
    }


def _lacking(ring: Issuer, member: Addressee, details: PartyView) -> tuple[str, ...]:
    """Return what both sides lack."""
    found = [*ring.problems]
    if not member.address.is_complete:
        found.append(NO_ADDRESS)
    if details.leitweg_id and not ring.has_contact:
        found.append(NO_CONTACT)
    return tuple(found)


def _member_drafts(member: Addressee, lacking: tuple[str, ...], rows: list[Row[Any]], codes: Codes) -> MemberDrafts:
    problems = dict.fromkeys(lacking)
    lines = []
    for row in rows:
        found = _as_invoiced(row) or _treatment(row, codes)
        if isinstance(found, str):
            problems[found] = None
        else:
            lines.append(_line(row, found))
    cents = sum(row.cents for row in rows)
    if problems:
        return MemberDrafts(member.id, (), tuple(problems), cents)
    taxed = [line for line in lines if line.treatment.category != OUTSIDE]
    outside = [line for line in lines if line.treatment.category == OUTSIDE]
    return MemberDrafts(member.id, tuple(_draft(member.id, part) for part in (taxed, outside) if part), (), cents)


def _draft(member_id: int, lines: list[DraftLine]) -> Draft:
    return Draft(member_id, tuple(lines), vat.of_gross([(line.cents, line.treatment) for line in lines]))


def _treatment(row: Row[Any], codes: Codes) -> Treatment | str:
    """Return how a line is taxed, or why it cannot be: what was added to a price is what its invoice states."""
    found = codes.treatment(row)
    if isinstance(found, str) or row.price_includes_vat is not False:
        return found
    lines = row.calculation.get("lines", ())
    added = next((Decimal(line["percent"]) for line in lines if line["kind"] == VAT), Decimal(0))
    return found if added == found.percent or not row.cents else OTHER_VAT


def _as_invoiced(row: Row[Any]) -> Treatment | None:
    """Return how the line is taxed that takes a line back, or is taken back by it, in an effective document; or None.

    What is said today may have changed since: a credit at another rate would state VAT that was never invoiced.
    """
    if row.other_turn is None or row.other_turn % 2 == 0:
        return None
    return Treatment(row.other_category, row.other_percent, row.other_reason)


def _uninvoiced(session: Session, until: date, member_ids: Collection[int] | None) -> list[Row[Any]]:
    """Return the lines that members owe and that stand in no effective document; the database keeps which they are."""
    turns = (
        select(func.count())
        .where(DocumentLine.entry_id == Posting.entry_id, DocumentLine.posting_number == Posting.number)
        .scalar_subquery()
    )
    statement = (
        select(*_COLUMNS, *_OTHER_COLUMNS, turns.label("turns"))
        .select_from(UninvoicedLine)
        .join(Posting, _IS_LINE)
        .join(Entry, Entry.id == Posting.entry_id)
        .outerjoin(Charge, Charge.id == Entry.charge_id)
        .outerjoin(Tariff, Tariff.id == Charge.tariff_id)
        .outerjoin(_FEE_ROW, _FEE_ROW.id == Entry.fee_id)
        .outerjoin(Fee, Fee.id == func.coalesce(_FEE_ROW.reverses_id, _FEE_ROW.id))
        .outerjoin(_REVERSAL, _REVERSAL.reverses_id == Entry.id)
        .outerjoin(_OTHER, _IS_OTHER)
        .where(Entry.service_until <= until)
        .order_by(Posting.member_id, Posting.entry_id, Posting.number)
    )
    if member_ids is not None:
        statement = statement.where(UninvoicedLine.member_id.in_(member_ids))
    return list(session.execute(statement))


def _unpaired(found: list[Row[Any]]) -> list[Row[Any]]:
    """Return the rows without those that a reversal among them takes back, and without that reversal."""
    keys = {(row.entry_id, row.number) for row in found}
    taken_back = {(row.reverses_id, row.number) for row in found if row.reverses_id is not None} & keys
    return [
        row
        for row in found
        if (row.entry_id, row.number) not in taken_back and (row.reverses_id, row.number) not in taken_back
    ]


def _line(row: Row[Any], treatment: Treatment) -> DraftLine:
    return DraftLine(
        entry_id=row.entry_id,
        posting_number=row.number,
        turn=row.turns + 1,
        topic=row.topic,
        cents=row.cents,
        service_from=row.service_from,
        service_until=row.service_until,
        machine_id=row.machine_id,
        pool_id=row.pool_id,
        charge_id=row.charge_id,
        allocation_id=row.allocation_id,
        is_reversal=row.reverses_id is not None,
        charge_unit=row.charge_unit,
        charged_amount=row.charged_amount,
        calculation=row.calculation,
        fee_text=row.fee_text,
        fee_kind=row.fee_kind,
        fee_calculation=row.fee_calculation,
        treatment=treatment,
    )


_FEE_ROW = aliased(Fee)  # of the line itself: the reversal of a fee names that fee
_IS_LINE = and_(Posting.entry_id == UninvoicedLine.entry_id, Posting.number == UninvoicedLine.posting_number)
_COLUMNS: tuple[Any, ...] = (
    Posting.member_id,
    Posting.entry_id,
    Posting.number,
    Posting.topic,
    Posting.cents,
    Posting.machine_id,
    Posting.pool_id,
    Entry.service_from,
    Entry.service_until,
    Entry.charge_id,
    Entry.allocation_id,
    Entry.reverses_id,
    Charge.charge_unit,
    Charge.charged_amount,
    Charge.calculation,
    Tariff.price_includes_vat,
    func.coalesce(Charge.tax_code, Fee.tax_code).label("tax_code"),
    Fee.text.label("fee_text"),
    Fee.kind.label("fee_kind"),
    Fee.calculation.label("fee_calculation"),
)

# The last document line of the line that a line takes back, or by which it is taken back.
_REVERSAL, _OTHER, _NEXT = aliased(Entry), aliased(DocumentLine), aliased(DocumentLine)
_IS_OTHER = and_(
    _OTHER.entry_id == func.coalesce(Entry.reverses_id, _REVERSAL.id),
    _OTHER.posting_number == Posting.number,
    ~exists().where(
        _NEXT.entry_id == _OTHER.entry_id,
        _NEXT.posting_number == _OTHER.posting_number,
        _NEXT.turn == _OTHER.turn + 1,
    ),
)
_OTHER_COLUMNS: tuple[Any, ...] = (
    _OTHER.turn.label("other_turn"),
    _OTHER.category.label("other_category"),
    _OTHER.percent.label("other_percent"),
    _OTHER.reason.label("other_reason"),
)
