"""The price of a stored usage slip: by its tariff, and by what the member was charged before it."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Protocol

from sqlalchemy import ColumnElement, case, func, or_, select
from sqlalchemy.orm import Session

from billing.models import Charge, Tariff
from billing.prices.pricing import PriceCalculation
from billing.prices.slip_pricing import SlipTerms, SlipUse, price_slip
from booking.queries import UsageSlip
from booking.queries.other_amounts import NOTHING_BESIDE, BesideAmount, beside_amounts
from booking.records.catalogue import lending_terms
from booking.timespan import TimeSpan


def price_of_slip(session: Session, slip: UsageSlip, tariff: Tariff, terms: SlipTerms) -> PriceCalculation | None:
    """Return the price of a slip that was handed back; None where its amounts and choices do not fit the tariff."""
    beside = beside_amounts(session, [slip.id]).get(slip.id, NOTHING_BESIDE)
    use = use_of_slip(slip, beside, terms)
    return None if use is None else price_of_use(session, slip, use, tariff.id, terms)


def use_of_slip(slip: UsageSlip, beside: BesideAmount, terms: SlipTerms) -> SlipUse | None:
    """Return the use of a slip that was handed back; None where it has an amount that the tariff does not count."""
    assert slip.used_amount is not None
    assert slip.handed_back_at is not None
    units = {line.name: line.charge_unit for line in terms.lines}
    if any(units.get(one.name) != one.charge_unit for one in beside.amounts):
        return None
    has_length = slip.handed_out_at < slip.handed_back_at
    return SlipUse(
        slip.used_amount,
        slip.booked_amount,
        span=TimeSpan(slip.handed_out_at, slip.handed_back_at) if has_length else None,
        places=slip.places,
        amounts={one.name: one.amount for one in beside.amounts},
        choices=frozenset(beside.choices),
    )


class UseOfMember(Protocol):
    """Whose use of which machine it is. id: of the slip; of earlier and later ones it decides within a day."""

    @property
    def id(self) -> int:
        """The id of the slip."""

    @property
    def machine_id(self) -> int:
        """The machine."""

    @property
    def member_id(self) -> int:
        """The member."""

    @property
    def service_date(self) -> date:
        """The day of service."""


def price_of_use(
    session: Session, of: UseOfMember, use: SlipUse, tariff_id: int, terms: SlipTerms
) -> PriceCalculation | None:
    """Return the price of a use, stored or only typed so far; None where its amounts and choices do not fit."""
    if not terms.fits(use.amounts, use.choices):
        return None
    if terms.is_plain:
        return price_slip(terms, use)
    cents, amount = _charged_before(session, of, tariff_id, terms) if terms.looks_back else (0, 0)
    zone = lending_terms(session, of.machine_id).policy.hours.zone
    return price_slip(terms, replace(use, zone=zone, earlier_cents=cents, earlier_amount=amount))


def free_of_each(terms: SlipTerms) -> int:
    """Return the amount of each use that is free; what is beyond it uses up what is free in the month."""
    return 0 if terms.line is None else terms.line.free_amount * terms.line.free_times


def _charged_before(session: Session, of: UseOfMember, tariff_id: int, terms: SlipTerms) -> tuple[int, int]:
    """Return what the member was charged by the tariff before a use: cents of its day, and amount of its month.

    VAT that was added does not count: the cap is without it, too.
    What is free of each use does not count towards the month, so that it uses up nothing of what is free there.
    """
    day = of.service_date
    is_before = or_(Charge.service_date < day, Charge.usage_id < of.id)
    of_day = [*_of_member(of.member_id, tariff_id, day, day), is_before]
    of_month = [*_of_member(of.member_id, tariff_id, day.replace(day=1), day), is_before]
    cents = session.scalar(select(func.sum(Charge.cents - Charge.added_vat_cents)).where(*of_day))
    free = free_of_each(terms)
    beyond = case(
        (Charge.charged_amount > free, Charge.charged_amount - free),
        (Charge.charged_amount < -free, Charge.charged_amount + free),  # a reversal
        else_=0,
    )
    amount = session.scalar(select(func.sum(beyond)).where(*of_month))
    return int(cents or 0), int(amount or 0)


def priced_after(session: Session, charge: Charge) -> Iterator[int]:
    """Yield the slips whose price depends on a charge: of the member, by the tariff, later in the month, in order."""
    day = charge.service_date
    last_day = day.replace(day=monthrange(day.year, day.month)[1])
    in_order = (Charge.service_date, Charge.usage_id)
    statement = select(*in_order).where(
        *_of_member(charge.member_id, charge.tariff_id, day, last_day),
        or_(Charge.service_date > day, Charge.usage_id > charge.usage_id),
    )
    for _day, usage_id in session.execute(statement.distinct().order_by(*in_order)).all():
        yield usage_id


def _of_member(member_id: int, tariff_id: int, since: date, until: date) -> list[ColumnElement[bool]]:
    return [Charge.member_id == member_id, Charge.tariff_id == tariff_id, Charge.service_date.between(since, until)]
