"""Tariffs as members and treasurers read them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from billing.errors import TariffNotFound
from billing.models import Charge, Tariff


@dataclass(frozen=True, slots=True)
class TariffView:
    """A tariff. valid_until: the day before the next one begins; None while it goes on.

    is_replaced: a later version for the same day counts instead. is_used: it priced a use, so it stays.
    """

    id: int
    machine_id: int
    valid_from: date
    valid_until: date | None
    version: int
    is_replaced: bool
    charge_unit: str
    member_price: Decimal
    guest_price: Decimal
    minimum_cents: int
    minimum_amount: int
    step_amount: int
    basis: str
    note: str
    is_used: bool
    revision: int


def tariff(session: Session, tariff_id: int) -> TariffView:
    """One tariff. Raises TariffNotFound."""
    machine_id = session.scalar(select(Tariff.machine_id).where(Tariff.id == tariff_id))
    if machine_id is None:
        raise TariffNotFound(id=tariff_id)
    return next(view for view in tariff_history(session, machine_id) if view.id == tariff_id)


def tariff_history(session: Session, machine_id: int) -> tuple[TariffView, ...]:
    """All tariffs of a machine, the newest first; replaced versions included."""
    is_used = exists().where(Charge.tariff_id == Tariff.id)
    rows = session.execute(
        select(Tariff, is_used)
        .where(Tariff.machine_id == machine_id)
        .order_by(Tariff.valid_from.desc(), Tariff.version.desc())
    )
    views: list[TariffView] = []
    day: date | None = None
    until: date | None = None
    for row, used in rows:
        is_replaced = row.valid_from == day
        if not is_replaced:
            until = None if day is None else date.fromordinal(day.toordinal() - 1)
            day = row.valid_from
        views.append(_view(row, until, is_replaced=is_replaced, is_used=bool(used)))
    return tuple(views)


def tariffs_on(session: Session, day: date) -> dict[int, TariffView]:
    """Machine id -> the tariff valid on a day, of all machines that have one; valid_until and is_used stay unsaid."""
    rows = session.scalars(select(Tariff).where(Tariff.valid_from <= day).order_by(Tariff.valid_from, Tariff.version))
    return {row.machine_id: _view(row, None, is_replaced=False, is_used=False) for row in rows}


def _view(row: Tariff, valid_until: date | None, *, is_replaced: bool, is_used: bool) -> TariffView:
    return TariffView(
        id=row.id,
        machine_id=row.machine_id,
        valid_from=row.valid_from,
        valid_until=valid_until,
        version=row.version,
        is_replaced=is_replaced,
        charge_unit=row.charge_unit,
        member_price=row.member_price,
        guest_price=row.guest_price,
        minimum_cents=row.minimum_cents,
        minimum_amount=row.minimum_amount,
        step_amount=row.step_amount,
        basis=row.basis,
        note=row.note,
        is_used=is_used,
        revision=row.revision,
    )
