"""What machines cost per unit of use, by year: their bills divided by what they were used."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from sqlalchemy import extract, func, select
from sqlalchemy.orm import Session

from billing.allocations.periods import accounting_year
from billing.models import Cost, Pool
from booking.charge_units import CHARGE_UNITS
from booking.queries.used_amounts import used_amounts

YEARS_SHOWN = 4


@dataclass(frozen=True, slots=True)
class MachineYear:
    """A machine in an accounting year: what it was used, in small units, and what its bills are, in cents."""

    year: int
    used: int
    cents: int


@dataclass(frozen=True, slots=True)
class MachineYears:
    """A machine in some years, the oldest first. charge_unit: the present one; uses in others are not counted."""

    machine_id: int
    name: str
    slug: str
    charge_unit: str
    years: tuple[MachineYear, ...]

    def cents_per_unit(self, of: MachineYear) -> Fraction | None:
        """Return the bills of a year per charge unit, exact; None without use or without bills."""
        if not of.used or not of.cents:
            return None
        return Fraction(of.cents * CHARGE_UNITS[self.charge_unit].small_per_unit, of.used)


def machine_years(session: Session, machine_ids: Collection[int], last_year: int) -> tuple[MachineYears, ...]:
    """Return machines by name in the years up to last_year, in two statements; read are the slips of these years."""
    years = range(last_year - YEARS_SHOWN + 1, last_year + 1)
    spans = [accounting_year(date(year, 1, 1)) for year in years]
    found = used_amounts(session, machine_ids, spans)
    if not found:
        return ()
    costs = _costs(session, machine_ids, spans[0][0], spans[-1][1])
    return tuple(
        MachineYears(
            one.machine_id,
            one.name,
            one.slug,
            one.charge_unit,
            tuple(
                MachineYear(year, amount, costs.get((one.machine_id, year), 0))
                for year, amount in zip(years, one.amounts, strict=True)
            ),
        )
        for one in found
    )


def _costs(session: Session, machine_ids: Collection[int], first: date, last: date) -> dict[tuple[int, int], int]:
    year = extract("year", Cost.service_date)
    rows = session.execute(
        select(Pool.machine_id, year, func.sum(Cost.net_cents))
        .join(Pool, Pool.id == Cost.pool_id)
        .where(Pool.machine_id.in_(machine_ids), Pool.counts_machine, Cost.service_date.between(first, last))
        .group_by(Pool.machine_id, year)
    )
    return {(machine_id, int(of)): int(cents) for machine_id, of, cents in rows}
