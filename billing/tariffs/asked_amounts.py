"""What is asked for when a use is entered, by the tariff of its day: other amounts and variants."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from billing.charges.charges import tariff_on
from billing.prices.slip_pricing import CHOSEN
from billing.tariff_terms import parts_of
from booking.charge_units import CHARGE_UNITS
from booking.queries.other_amounts import BesideAmount
from booking.records.catalogue import lending_terms
from booking.times.wall_clock import local_day


@dataclass(frozen=True, slots=True)
class AskedAmount:
    """An amount beside the first one. is_required: it must be entered, even if it is 0."""

    name: str
    charge_unit: str
    is_required: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """What a tariff asks for. main: the name of the first amount, "" for none."""

    main: str = ""
    amounts: tuple[AskedAmount, ...] = ()
    choices: tuple[str, ...] = ()

    def missing(self, names: Collection[str]) -> tuple[str, ...]:
        """Return the required amounts that are not among some."""
        return tuple(one.name for one in self.amounts if one.is_required and one.name not in names)


NOTHING_ASKED = Asked()


def asked_with(asked: Asked, beside: BesideAmount) -> Asked:
    """Return what is asked to correct a slip: what its tariff asks for, and what the slip has beyond that.

    Nothing is required, because an answer without a correction must be possible.
    """
    known = {(one.name, one.charge_unit) for one in asked.amounts}
    more = [one for one in beside.amounts if (one.name, one.charge_unit) not in known]
    named = [(one.name, one.charge_unit) for one in asked.amounts] + [(one.name, one.charge_unit) for one in more]
    amounts = (AskedAmount(*one, is_required=False) for one in named)
    return Asked(asked.main, tuple(amounts), tuple(dict.fromkeys((*asked.choices, *beside.choices))))


def asked_on(session: Session, machine_id: int, day: date) -> Asked:
    """Return what is asked for a use of a machine that began on a day. Time is measured by the clock, never asked."""
    tariff = tariff_on(session, machine_id, day)
    if tariff is None or not tariff.has_parts:
        return NOTHING_ASKED
    parts = parts_of(session, [tariff.id])[tariff.id]
    amounts = (line for line in parts.lines if not CHARGE_UNITS[line.charge_unit].from_clock)
    return Asked(
        parts.main.name,
        tuple(AskedAmount(line.name, line.charge_unit, line.is_required) for line in amounts),
        tuple(one.name for one in parts.adjustments if one.applies == CHOSEN),
    )


class LackingVariants:
    """Says which of some variants the tariff of a machine lacks on the first day of a use; reads each day once."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._zones: dict[int, ZoneInfo] = {}
        self._known: dict[tuple[int, date], tuple[str, ...]] = {}

    def __call__(self, machine_id: int, starts_at: datetime, names: Sequence[str]) -> Sequence[str]:
        """Return the names that the machine lacks, in their order."""
        if not names:
            return ()
        if machine_id not in self._zones:
            self._zones[machine_id] = lending_terms(self._session, machine_id).policy.hours.zone
        day = local_day(starts_at, self._zones[machine_id])
        if (machine_id, day) not in self._known:
            self._known[machine_id, day] = asked_on(self._session, machine_id, day).choices
        return [name for name in names if name not in self._known[machine_id, day]]
