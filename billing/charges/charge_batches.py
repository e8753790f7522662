"""Pricing many usage slips at once: the same charges, entries and events as one after another, in few statements.

Call inside write_transaction(): nothing commits here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from billing.charges.charges import charge_for, insert_first, new_charge, tariff_on
from billing.charges.slip_prices import use_of_slip
from billing.events import EntryPosted, UseCharged
from billing.ledger.entries import account_of_charge, charge_lines
from billing.ledger.posting import EntryDraft, insert_entries, lock_ledger
from billing.ledger.posting_days import posting_date
from billing.models import Charge, Tariff, Unpriced
from billing.prices.slip_pricing import SlipTerms, price_slip
from billing.tariff_terms import terms_of
from booking.kernel import events
from booking.kernel.events import Actor, Event
from booking.queries import UsageSlip, usage_slips
from booking.queries.other_amounts import NOTHING_BESIDE, BesideAmount, beside_amounts
from booking.records.catalogue import lending_terms

Priced = tuple[Tariff, SlipTerms]


def charge_many(session: Session, usage_ids: Sequence[int], *, by: Actor, now: datetime) -> None:
    """Price slips in their order, as charge_for() would one after another.

    What needs more than its tariff alone goes that way: a slip that has been priced before, that stays without a price,
    that is there twice, or whose price depends on earlier uses (cap of a day, free amount of a month).

    Raises NotFound, NotHandedBack, AlreadyCharged, PeriodNotOpen.
    """
    is_open = lock_ledger(session).state == "open"  # before the rows of the slips, as charge_for()
    batch = _Batch(session, by, now, is_open, _unpriced_slips(session, usage_ids), beside_amounts(session, usage_ids))
    for usage_id in usage_ids:
        charge = batch.take(usage_id)
        if charge is None:
            batch.post()
            charge_for(session, usage_id, by=by, now=now)
    batch.post()


def _unpriced_slips(session: Session, usage_ids: Sequence[int]) -> dict[int, UsageSlip]:
    """Return the slips without any charge, by id."""
    known = set(session.scalars(select(Charge.usage_id).where(Charge.usage_id.in_(usage_ids)).distinct()))
    wanted = set(usage_ids) - known
    return {slip.id: slip for slip in usage_slips(session, usage_ids=wanted)} if wanted else {}


@dataclass(slots=True)
class _Batch:
    """Charges that wait to be posted together, and what was read for them. slips: by id, each is taken once."""

    session: Session
    by: Actor
    now: datetime
    is_open: bool
    slips: dict[int, UsageSlip]
    beside: Mapping[int, BesideAmount]
    waiting: list[Charge] = field(default_factory=list)
    _terms: dict[tuple[int, date, str], Priced | None] = field(default_factory=dict)
    _zones: dict[int, ZoneInfo] = field(default_factory=dict)
    _accounts: dict[tuple[int, date, str], str] = field(default_factory=dict)
    _days: dict[date, date] = field(default_factory=dict)

    def take(self, usage_id: int) -> Charge | None:
        """Price a slip by its tariff alone; None where that does not decide."""
        slip = self.slips.pop(usage_id, None)
        if slip is None or slip.used_amount is None:
            return None
        found = self._terms_of(slip)
        if found is None or found[1].looks_back or found[0].charge_unit != slip.charge_unit:
            return None
        tariff, terms = found
        use = use_of_slip(slip, self.beside.get(usage_id, NOTHING_BESIDE), terms)
        if use is None or not terms.fits(use.amounts, use.choices):
            return None
        if not terms.is_plain:
            use = replace(use, zone=self._zone(slip.machine_id))
        charge = new_charge(slip, tariff, price_slip(terms, use), 1, self.now)
        self.waiting.append(charge)
        return charge

    def post(self) -> None:
        """Insert what waits, with its entries and events."""
        if not self.waiting:
            return
        charges, self.waiting = self.waiting, []
        ids = [charge.usage_id for charge in charges]
        self.session.execute(delete(Unpriced).where(Unpriced.usage_id.in_(ids)))
        insert_first(self.session, charges)
        owed = [charge for charge in charges if charge.cents and self.is_open]
        drafts = [(self._draft(charge), self._day(charge.service_date)) for charge in owed]
        posted = insert_entries(self.session, drafts, by=self.by, now=self.now) if drafts else []
        by_charge = {charge.id: entry for charge, entry in zip(owed, posted, strict=True)}
        events.record_all(self.session, _in_order(charges, by_charge), by=self.by, at=self.now)

    def _terms_of(self, slip: UsageSlip) -> Priced | None:
        key = slip.machine_id, slip.service_date, slip.price_class
        if key not in self._terms:
            tariff = tariff_on(self.session, slip.machine_id, slip.service_date, for_charge=True)
            terms = terms_of(self.session, tariff, slip.price_class, slip.service_date) if tariff is not None else None
            self._terms[key] = None if tariff is None or terms is None else (tariff, terms)
        return self._terms[key]

    def _zone(self, machine_id: int) -> ZoneInfo:
        if machine_id not in self._zones:
            self._zones[machine_id] = lending_terms(self.session, machine_id).policy.hours.zone
        return self._zones[machine_id]

    def _draft(self, charge: Charge) -> EntryDraft:
        key = charge.machine_id, charge.service_date, charge.price_class
        if key not in self._accounts:
            self._accounts[key] = account_of_charge(self.session, charge)
        lines = charge_lines(charge, self._accounts[key])
        return EntryDraft(charge.service_date, charge.service_date, lines, charge_id=charge.id)

    def _day(self, service_date: date) -> date:
        if service_date not in self._days:
            self._days[service_date] = posting_date(self.session, service_date, by=self.by, now=self.now)
        return self._days[service_date]


def _in_order(charges: Sequence[Charge], posted: Mapping[int, EntryPosted]) -> list[Event]:
    """Return the events as if the charges were posted one after another."""
    found: list[Event] = []
    for charge in charges:
        found.append(UseCharged.of(charge))
        if charge.id in posted:
            found.append(posted[charge.id])
    return found
