"""What is asked for when a use is entered, by the tariff of its day: other amounts and variants."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from billing.charges.charges import tariff_on
from billing.prices.slip_pricing import CHOSEN
from billing.prices.tariff_parts import NO_PARTS, TariffParts
from billing.tariff_terms import latest_first, parts_of
from booking.charge_units import CHARGE_UNITS
from booking.kernel.read_cache import cached_read
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
        _variants(parts),
    )


def _variants(parts: TariffParts) -> tuple[str, ...]:
    return tuple(one.name for one in parts.adjustments if one.applies == CHOSEN)


@dataclass(frozen=True, slots=True)
class _Variants:
    """The variants of a machine from some days on, the latest first, each until the one before it."""

    zone: ZoneInfo
    since: tuple[tuple[date, tuple[str, ...]], ...]

    def on(self, day: date) -> tuple[str, ...]:
        return next((names for first, names in self.since if first <= day), ())


def variants_on(session: Session, machine_id: int, day: date) -> tuple[str, ...]:
    """Return the variants of the tariff of a day. A machine is read once for a version of the database."""
    return _variants_of(session, machine_id).on(day)


def _variants_of(session: Session, machine_id: int) -> _Variants:
    return cached_read(session, ("variants", machine_id), partial(_read_variants, session, machine_id))


def _read_variants(session: Session, machine_id: int) -> _Variants:
    tariffs = latest_first(session, machine_id)
    parts = parts_of(session, [one.id for one in tariffs if one.has_parts])
    since = tuple((one.valid_from, _variants(parts.get(one.id, NO_PARTS))) for one in tariffs)
    return _Variants(lending_terms(session, machine_id).policy.hours.zone, since)


class LackingVariants:
    """Says which of some variants the tariff of a machine lacks on the first day of a use; reads a machine once."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._known: dict[int, _Variants] = {}

    def __call__(self, machine_id: int, starts_at: datetime, names: Sequence[str]) -> Sequence[str]:
        """Return the names that the machine lacks, in their order."""
        if not names:
            return ()
        if (known := self._known.get(machine_id)) is None:
            known = self._known[machine_id] = _variants_of(self._session, machine_id)
        has = known.on(local_day(starts_at, known.zone))
        return [name for name in names if name not in has]
