"""Views of tariffs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import Date, bindparam, exists, select
from sqlalchemy.orm import Session

from billing.errors.money_errors import TariffNotFound
from billing.models import Charge, Tariff, TariffPrice
from billing.prices.tariff_parts import NO_PARTS, TariffParts
from billing.tariff_terms import parts_of
from billing.tariff_vat import adds_vat, ring_taxation
from booking.kernel.prepared import PreparedStatement
from booking.kernel.views import columns_of


@dataclass(frozen=True, slots=True)
class TariffView:
    """A tariff. valid_until: the day before the next one begins; None if there is none.

    is_replaced: a higher version for the same day applies instead. is_used: it has priced a use, so it is final.
    prices: price class -> euro per charge unit. parts: what it has beyond them. adds_vat: VAT is added to the prices on
    the day asked for; by the taxation of the ring, as a small business adds none whatever the tariff says.
    """

    id: int
    machine_id: int
    valid_from: date
    valid_until: date | None
    version: int
    is_replaced: bool
    charge_unit: str
    prices: Mapping[str, Decimal]
    minimum_cents: int
    minimum_amount: int
    step_amount: int
    basis: str
    tax_code: str | None
    price_includes_vat: bool
    note: str
    has_parts: bool
    cap_day_cents: int | None
    parts: TariffParts
    is_used: bool
    revision: int
    adds_vat: bool = False


# The fields from billing_tariff; the rest of the view is computed from other rows.
_COMPUTED = ("valid_until", "is_replaced", "is_used", "prices", "parts", "adds_vat")
_TARIFF = columns_of(TariffView, Tariff, **dict.fromkeys(_COMPUTED))


def tariff(session: Session, tariff_id: int) -> TariffView:
    """Return a tariff. Raises TariffNotFound."""
    machine_id = session.scalar(select(Tariff.machine_id).where(Tariff.id == tariff_id))
    if machine_id is None:
        raise TariffNotFound(id=tariff_id)
    return next(view for view in tariff_history(session, machine_id) if view.id == tariff_id)


def tariff_history(session: Session, machine_id: int) -> tuple[TariffView, ...]:
    """Return all tariffs of a machine, newest first, with replaced versions."""
    rows = session.execute(
        select(*_TARIFF, exists().where(Charge.tariff_id == Tariff.id).label("is_used"))
        .where(Tariff.machine_id == machine_id)
        .order_by(Tariff.valid_from.desc(), Tariff.version.desc())
    ).all()
    prices = _prices(session, (row.id for row in rows))
    parts = parts_of(session, [row.id for row in rows if row.has_parts])
    views: list[TariffView] = []
    day: date | None = None
    until: date | None = None
    for row in rows:
        is_replaced = row.valid_from == day
        if not is_replaced:
            until = None if day is None else date.fromordinal(day.toordinal() - 1)
            day = row.valid_from
        views.append(
            TariffView(
                **row._mapping,
                prices=prices[row.id],
                parts=parts.get(row.id, NO_PARTS),
                valid_until=until,
                is_replaced=is_replaced,
            )
        )
    return tuple(views)


def tariffs_on(session: Session, day: date, *, machine_ids: Collection[int] | None = None) -> dict[int, TariffView]:
    """Return machine id -> tariff valid on a day, of all machines or some.

    valid_until, is_replaced and is_used are not filled in.
    """
    if machine_ids is None:
        rows: Iterable[Any] = _VALID_ON.of(session, {"day": day})
    else:
        statement = select(*_TARIFF).where(Tariff.valid_from <= day, Tariff.machine_id.in_(machine_ids))
        rows = session.execute(statement.order_by(Tariff.valid_from, Tariff.version))
    valid = {row.machine_id: row for row in rows}
    prices = _prices(session, (row.id for row in valid.values()))
    parts = parts_of(session, [row.id for row in valid.values() if row.has_parts])
    adding = _adding_vat(session, valid, day)
    return {
        machine_id: TariffView(
            **row._asdict(),
            prices=prices[row.id],
            parts=parts.get(row.id, NO_PARTS),
            valid_until=None,
            is_replaced=False,
            is_used=False,
            adds_vat=machine_id in adding,
        )
        for machine_id, row in valid.items()
    }


def _adding_vat(session: Session, valid: Mapping[int, Any], day: date) -> set[int]:
    """Return the machines to whose prices VAT is added on a day, also where how much is not entered yet."""
    without = {machine_id: row.tax_code for machine_id, row in valid.items() if not row.price_includes_vat}
    if not without:
        return set()
    taxation = ring_taxation(session)
    return {machine_id for machine_id, code in without.items() if adds_vat(taxation, code, day)}


def _prices(session: Session, tariff_ids: Iterable[int]) -> Mapping[int, Mapping[str, Decimal]]:
    """Return tariff id -> price class -> price."""
    prices: defaultdict[int, dict[str, Decimal]] = defaultdict(dict)
    for tariff_id, price_class, price in session.execute(_PRICES, {"ids": list(tariff_ids)}):
        prices[tariff_id][price_class] = price
    return prices


# Built once: the catalogue, the plan and each machine ask for them.
_VALID_ON = PreparedStatement(
    select(*_TARIFF)
    .where(Tariff.valid_from <= bindparam("day", type_=Date))
    .order_by(Tariff.valid_from, Tariff.version)
)
_PRICES = select(TariffPrice.tariff_id, TariffPrice.price_class, TariffPrice.price).where(
    TariffPrice.tariff_id.in_(bindparam("ids", expanding=True))
)
