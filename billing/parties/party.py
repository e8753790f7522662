"""The billing details of the ring and of its members: who issues and who receives documents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from billing.models import Party, VatRegime
from billing.models.party import RING
from billing.parties import bank_details
from booking.email_addresses import EMAIL_LENGTH_MAX, check_changed_email
from booking.errors.schedule_errors import MemberNotFound, Violation
from booking.kernel import revisions
from booking.kernel.claims import insert_if_absent
from booking.kernel.events import Actor
from booking.queries import member_names
from booking.records import records

REGULAR, SMALL, FLAT_RATE_FARMER, OUTSIDE = "regular", "small", "flat_rate", "outside"
REGIMES = (REGULAR, SMALL, FLAT_RATE_FARMER, OUTSIDE)
REGIMES_MAX = 30
LENGTHS_MAX = {
    "vat_id": 15,
    "tax_number": 26,
    "iban": 34,
    "creditor_id": 35,
    "document_email": EMAIL_LENGTH_MAX,
    "leitweg_id": 46,
    "contact_name": 120,
    "contact_phone": 60,
    "contact_email": EMAIL_LENGTH_MAX,
}
COMPACT = ("vat_id", "iban", "creditor_id", "leitweg_id")  # stored in capitals, without spaces


@dataclass(frozen=True, slots=True)
class PartyInput:
    """What is entered of a party; see the model."""

    vat_id: str = ""
    tax_number: str = ""
    iban: str = ""
    creditor_id: str = ""
    document_email: str = ""
    leitweg_id: str = ""
    contact_name: str = ""
    contact_phone: str = ""
    contact_email: str = ""

    def cleaned(self) -> PartyInput:
        """Return it without spaces around it, and identifiers in capitals without any."""
        values = {field.name: getattr(self, field.name).strip() for field in fields(self)}
        return PartyInput(**values | {name: bank_details.compact(values[name]) for name in COMPACT})


@dataclass(frozen=True, slots=True)
class PartyView(PartyInput):
    """A party with its VAT regimes: (first day, regime), the first one first."""

    id: int = RING
    revision: int = 0
    regimes: tuple[tuple[date, str], ...] = ()

    def regime_on(self, day: date) -> str | None:
        """Return the regime of a day of service; None where none is stated for it."""
        return next((regime for since, regime in reversed(self.regimes) if since <= day), None)

    def entered(self) -> PartyInput:
        """Return the part that is entered in one form."""
        return PartyInput(**{field.name: getattr(self, field.name) for field in fields(PartyInput)})


def party(session: Session, party_id: int) -> PartyView:
    """Return the details of the ring (0) or of a member; empty where nothing is entered. Raises MemberNotFound."""
    if party_id != RING and not member_names(session, [party_id]):
        raise MemberNotFound(id=party_id)
    return parties(session, [party_id])[party_id]


def parties(session: Session, party_ids: Sequence[int]) -> dict[int, PartyView]:
    """Return the details of several parties, in two statements."""
    regimes: dict[int, list[tuple[date, str]]] = {}
    order = select(VatRegime).where(VatRegime.party_id.in_(party_ids)).order_by(VatRegime.valid_from)
    for row in session.scalars(order):
        regimes.setdefault(row.party_id, []).append((row.valid_from, row.regime))
    stored = {row.id: row for row in session.scalars(select(Party).where(Party.id.in_(party_ids)))}
    found: dict[int, PartyView] = {}
    for party_id in party_ids:
        party_row = stored.get(party_id)
        values = {} if party_row is None else {one.name: getattr(party_row, one.name) for one in fields(PartyInput)}
        revision = 0 if party_row is None else party_row.revision
        found[party_id] = PartyView(**values, id=party_id, revision=revision, regimes=tuple(regimes.get(party_id, ())))
    return found


def change_party(
    session: Session, party_id: int, data: PartyInput, *, by: Actor, now: datetime, revision: int | None = None
) -> None:
    """Enter or change the details of a party. Call inside write_transaction().

    Raises MemberNotFound, StaleRevision, RecordRefused.
    """
    cleaned = data.cleaned()
    records.refuse(check_party(cleaned, session.get(Party, party_id)))
    row = _locked(session, party_id, revision)
    changed = records.write(row, records.values_of(cleaned))
    if changed:
        row.revision += 1
        session.flush()
        records.note(session, "party", party_id, ",".join(changed), by, now)


def change_own(session: Session, member_id: int, *, iban: str, document_email: str, by: Actor, now: datetime) -> None:
    """Change what a member keeps itself. Raises MemberNotFound, RecordRefused."""
    _locked(session, member_id, None)  # before reading: what the treasurer changes meanwhile stays
    stored = party(session, member_id).entered()
    change_party(session, member_id, replace(stored, iban=iban, document_email=document_email), by=by, now=now)


def set_regime(session: Session, party_id: int, regime: str, valid_from: date, *, by: Actor, now: datetime) -> None:
    """State how a party is taxed from a day on. A statement for the same day replaces the former one.

    Raises MemberNotFound, RecordRefused.
    """
    violations = records.check_day("valid_from", valid_from)
    if regime not in REGIMES:
        violations.append(Violation("missing", "regime"))
    records.refuse(violations)
    row = _locked(session, party_id, None)
    stated = dict(party(session, party_id).regimes)
    if stated.get(valid_from) == regime:
        return
    if valid_from not in stated and len(stated) >= REGIMES_MAX:
        records.refuse([Violation("too_many_regimes", "regime", limit=REGIMES_MAX)])
    session.merge(VatRegime(party_id=party_id, valid_from=valid_from, regime=regime))
    row.revision += 1
    session.flush()
    records.note(session, "party", party_id, "regime", by, now)


def remove_regime(session: Session, party_id: int, valid_from: date, *, by: Actor, now: datetime) -> None:
    """Take back what was stated for a day; the regime before it holds on. Documents keep what they were made with."""
    row = _locked(session, party_id, None)
    is_it = (VatRegime.party_id == party_id) & (VatRegime.valid_from == valid_from)
    gone = session.execute(delete(VatRegime).where(is_it).returning(VatRegime.regime)).all()
    if gone:
        row.revision += 1
        session.flush()
        records.note(session, "party", party_id, "regime", by, now)


def check_party(data: PartyInput, stored: Party | None) -> list[Violation]:
    """Return what is wrong: at_most, email_form (not of what is stored), and the rules of bank_details."""
    violations = records.check_lengths(data, LENGTHS_MAX)
    if violations:
        return violations
    for name in ("document_email", "contact_email"):
        violations += check_changed_email(getattr(data, name), getattr(stored, name) if stored else "", name)
    violations += bank_details.check_iban(data.iban) + bank_details.check_creditor_id(data.creditor_id)
    violations += bank_details.check_vat_id(data.vat_id) + bank_details.check_tax_number(data.tax_number)
    return violations + bank_details.check_leitweg_id(data.leitweg_id)


def _locked(session: Session, party_id: int, revision: int | None) -> Party:
    """Return the row of a party, locked; a new one where nothing is entered yet."""
    row = session.get(Party, party_id, with_for_update=True, populate_existing=True)
    if row is None:
        if party_id != RING and not member_names(session, [party_id]):
            raise MemberNotFound(id=party_id)
        # Two may enter the first details at once: the second one waits here, then finds the row of the first.
        empty = {"member_id": party_id or None, "revision": 0} | records.values_of(PartyInput())
        insert_if_absent(session, Party, id=party_id, **empty)
        row = session.get_one(Party, party_id, with_for_update=True, populate_existing=True)
    revisions.require_revision(revision, row.revision)
    return row
