"""Fees of the demo ring: materials with their stock, what missing a reservation costs, and fees of some members."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.demo.base_data import BaseData
from app.demo.people import ANNA, BERND, PENZBERG
from app.demo.simulation import ZONE
from billing.fees import deposits, materials, posting, terms
from billing.fees.deposits import DepositEntry
from billing.fees.materials import MaterialInput
from billing.fees.posting import FeeInput
from billing.fees.terms import TermsEntry
from booking.kernel.events import Actor
from booking.models import Machine, UsageRecord
from booking.times.wall_clock import local_day

# name, unit, price, in stock, for how many of the last uses of the workshop it was taken and how much each time
MATERIALS = (
    ("Sperrholz Birke 4 mm", "m²", "12.90", "24.5", 3, "1.2"),
    ("Acryl klar 3 mm", "m²", "38.00", "6", 1, "0.35"),
    ("PLA-Filament", "kg", "24.00", "11.25", 2, "0.18"),
    ("Schleifpapier K 120", "Stück", "1.20", "140", 2, "3"),
)


def enter_fees(session: Session, base: BaseData, *, now: datetime) -> None:
    """Enter materials and their sales, terms of missed reservations, and two fees."""
    by, today = Actor(user_id=base.logins["karl@demo.example"]), local_day(now, ZONE)
    slips = _last_slips(session, base.workshops[PENZBERG])
    for name, unit, price, stock, uses, quantity in MATERIALS:
        entry = MaterialInput(name, unit, Decimal(price), "standard")
        made = materials.enter_material(session, base.workshops[PENZBERG], entry, by=by, now=now)
        materials.receive(session, made.id, Decimal(stock), "Lieferschein 26-1130", by=by, now=now)
        for usage_id in slips[:uses]:
            materials.sell_for_slip(session, made.id, usage_id, Decimal(quantity), by=by, now=now)
    missed = TermsEntry(today, 100, ((24, 50), (2, 100)), 6_000, 1)
    terms.set_terms(session, base.machines["laser-cutter"], missed, by=by, now=now)
    asked = DepositEntry(today, 5_000, is_set_off=True)
    deposits.set_deposit(session, base.machines["livestock-trailer"], asked, by=by, now=now)
    for number, text, price in ((ANNA, "Ersatz für den Schlüssel der Halle", "25"), (BERND, "Reinigung", "30")):
        fee = FeeInput(posting.OTHER, base.members[number], today, text, Decimal(1), Decimal(price))
        posting.enter_fee(session, fee, by=by, now=now)


def _last_slips(session: Session, workshop_id: int) -> list[int]:
    """Return the last uses of a workshop that have ended."""
    statement = (
        select(UsageRecord.id)
        .join(Machine, Machine.id == UsageRecord.machine_id)
        .where(Machine.workshop_id == workshop_id, UsageRecord.handed_back_at.is_not(None))
        .order_by(UsageRecord.handed_out_at.desc())
        .limit(5)
    )
    return list(session.scalars(statement))
