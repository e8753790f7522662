"""Storing the parts of a tariff, reading them, and the terms of a tariff for a price class."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import replace
from datetime import date
from decimal import Decimal

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from billing.errors.document_errors import VatUnknown
from billing.models import Tariff, TariffAdjustment, TariffLine, TariffPrice, TariffTier
from billing.prices.price_vat import VatTerms
from billing.prices.price_windows import PriceWindow
from billing.prices.pricing import PriceTerms
from billing.prices.slip_pricing import TIMES, Adjustment, LineTerms, SlipTerms
from billing.prices.tariff_parts import (
    NO_PARTS,
    AdjustmentEntry,
    LineEntry,
    MainEntry,
    Prices,
    TariffParts,
    TierEntry,
    main_line,
)
from billing.tariff_vat import ring_taxation, vat_terms
from booking.charge_units import CHARGE_UNITS

WINDOW_FIELDS = ("weekdays", "from_minute", "until_minute", "from_day", "until_day")
Position = tuple[int, int]  # id of a tariff, position of a line


def set_parts(session: Session, tariff: Tariff, parts: TariffParts) -> None:
    """Replace the parts of a tariff. They were checked (tariff_parts.checked)."""
    for table in (TariffTier, TariffLine, TariffAdjustment):
        if tariff.has_parts:
            session.execute(delete(table).where(table.tariff_id == tariff.id))
    tariff.has_parts = bool(parts)
    if not parts:
        return
    lines = list(parts.lines)
    if parts.main != MainEntry():
        lines.insert(0, main_line(parts.main, tariff.charge_unit, {}))
    offset = 0 if parts.main != MainEntry() else 1
    for position, line in enumerate(lines, offset):
        session.add(_line_row(tariff.id, position, line))
    session.flush()
    for position, line in enumerate(lines, offset):
        session.add_all(_tier_rows(tariff.id, position, line))
    for number, one in enumerate(parts.adjustments, 1):
        session.add(_adjustment_row(tariff.id, number, one))
    session.flush()


def _line_row(tariff_id: int, position: int, line: LineEntry) -> TariffLine:
    return TariffLine(
        tariff_id=tariff_id,
        position=position,
        name=line.name,
        charge_unit=line.charge_unit,
        step_amount=line.step_amount,
        minimum_amount=line.minimum_amount,
        free_amount=line.free_amount,
        free_times=line.free_times,
        month_free_amount=line.month_free_amount,
        is_volume=line.is_volume,
        is_required=line.is_required,
    )


def _tier_rows(tariff_id: int, position: int, line: LineEntry) -> list[TariffTier]:
    tiers = [TierEntry(0, line.prices), *line.tiers]
    return [
        TariffTier(
            tariff_id=tariff_id,
            position=position,
            price_class=price_class,
            from_amount=tier.from_amount,
            price=price,
        )
        for tier in tiers
        for price_class, price in tier.prices.items()
    ]


def _adjustment_row(tariff_id: int, number: int, one: AdjustmentEntry) -> TariffAdjustment:
    row = TariffAdjustment(
        tariff_id=tariff_id, number=number, name=one.name, kind=one.kind, value=one.value, applies=one.applies
    )
    if one.window is not None:
        for field in WINDOW_FIELDS:
            setattr(row, field, getattr(one.window, field))
    return row


def latest_first(session: Session, machine_id: int) -> list[Tariff]:
    """Return all tariffs of a machine: the first that is valid on a day already is that of the day."""
    of_machine = select(Tariff).where(Tariff.machine_id == machine_id)
    return list(session.scalars(of_machine.order_by(Tariff.valid_from.desc(), Tariff.version.desc())))


def parts_of(session: Session, tariff_ids: Collection[int]) -> dict[int, TariffParts]:
    """Return tariff id -> its parts, of those tariffs among some that have any. In three statements, or none."""
    if not tariff_ids:
        return {}
    wanted = sorted(tariff_ids)
    prices = _tiers(session, wanted)
    main: dict[int, MainEntry] = {}
    lines: defaultdict[int, list[LineEntry]] = defaultdict(list)
    in_order = (TariffLine.tariff_id, TariffLine.position)
    for row in session.scalars(select(TariffLine).where(TariffLine.tariff_id.in_(wanted)).order_by(*in_order)):
        line = _line(row, prices[row.tariff_id, row.position])
        if row.position == 0:
            main[row.tariff_id] = MainEntry(
                line.name, line.tiers, line.is_volume, line.free_amount, line.month_free_amount
            )
        else:
            lines[row.tariff_id].append(line)
    adjustments = _adjustments(session, wanted)
    return {
        tariff_id: TariffParts(main.get(tariff_id, MainEntry()), tuple(lines[tariff_id]), tuple(adjustments[tariff_id]))
        for tariff_id in wanted
    }


def _tiers(session: Session, tariff_ids: list[int]) -> defaultdict[Position, dict[int, dict[str, Decimal]]]:
    """Return (tariff, position) -> from which amount -> price class -> price, in order."""
    columns = (TariffTier.tariff_id, TariffTier.position, TariffTier.from_amount, TariffTier.price_class)
    found: defaultdict[Position, dict[int, dict[str, Decimal]]] = defaultdict(dict)
    statement = select(*columns, TariffTier.price).where(TariffTier.tariff_id.in_(tariff_ids)).order_by(*columns)
    for tariff_id, position, from_amount, price_class, price in session.execute(statement):
        found[tariff_id, position].setdefault(from_amount, {})[price_class] = price
    return found


def _line(row: TariffLine, prices: dict[int, dict[str, Decimal]]) -> LineEntry:
    tiers = tuple(TierEntry(from_amount, of_class) for from_amount, of_class in prices.items() if from_amount)
    return LineEntry(
        row.name,
        row.charge_unit,
        prices.get(0, {}),
        tiers,
        row.is_volume,
        row.step_amount,
        row.minimum_amount,
        row.free_amount,
        row.free_times,
        row.month_free_amount,
        row.is_required,
    )


def _adjustments(session: Session, tariff_ids: list[int]) -> defaultdict[int, list[AdjustmentEntry]]:
    found: defaultdict[int, list[AdjustmentEntry]] = defaultdict(list)
    statement = select(TariffAdjustment).where(TariffAdjustment.tariff_id.in_(tariff_ids))
    for row in session.scalars(statement.order_by(TariffAdjustment.tariff_id, TariffAdjustment.number)):
        window = None
        if row.applies == TIMES:
            window = PriceWindow(**{field: getattr(row, field) for field in WINDOW_FIELDS})
        found[row.tariff_id].append(AdjustmentEntry(row.name, row.kind, row.value, row.applies, window))
    return found


def terms_of(
    session: Session, tariff: Tariff, price_class: str, day: date, *, needs_vat: bool = True
) -> SlipTerms | None:
    """Return the terms of a tariff for a price class on a day of service.

    None if it has no price for that class, or adds a VAT whose rate on that day is not known. needs_vat: False leaves
    such a VAT out.
    """
    of_class = (TariffPrice.tariff_id == tariff.id, TariffPrice.price_class == price_class)
    unit_price = session.scalar(select(TariffPrice.price).where(*of_class))
    if unit_price is None:
        return None
    parts = parts_of(session, [tariff.id])[tariff.id] if tariff.has_parts else NO_PARTS
    if (is_unknown := waits_for_vat(session, tariff, day)) and needs_vat:
        return None
    vat = None if is_unknown else tariff_vat(session, tariff, day)
    main = plain_terms(tariff, unit_price)
    return slip_terms(main, tariff.charge_unit, tariff.cap_day_cents, parts, price_class, vat)


def waits_for_vat(session: Session, tariff: Tariff, day: date) -> bool:
    """Return whether a tariff adds a VAT whose rate on a day of service is not known."""
    try:
        tariff_vat(session, tariff, day)
    except VatUnknown:
        return True
    return False


def tariff_vat(session: Session, tariff: Tariff, day: date) -> VatTerms | None:
    """Return the VAT of a tariff on a day of service. Raises VatUnknown."""
    if tariff.tax_code is None:
        return None
    return vat_terms(ring_taxation(session), tariff.tax_code, day, is_included=tariff.price_includes_vat)


def plain_terms(tariff: Tariff, unit_price: Decimal) -> PriceTerms:
    """Return what a tariff says of the use itself at one price."""
    return PriceTerms(
        unit_price=unit_price,
        small_per_unit=CHARGE_UNITS[tariff.charge_unit].small_per_unit,
        step_amount=tariff.step_amount,
        minimum_amount=tariff.minimum_amount,
        minimum_cents=tariff.minimum_cents,
        basis=tariff.basis,
    )


def slip_terms(
    main: PriceTerms,
    charge_unit: str,
    cap_day_cents: int | None,
    parts: TariffParts,
    price_class: str,
    vat: VatTerms | None,
) -> SlipTerms:
    """Return the terms for a price class, stored or only tried. main: of the use itself, for that class."""
    own = None
    if parts.main != MainEntry():
        base: Prices = {price_class: main.unit_price}
        own = _line_terms(main_line(parts.main, charge_unit, base), price_class)
        own = replace(own, step_amount=main.step_amount, minimum_amount=main.minimum_amount)
    return SlipTerms(
        main,
        charge_unit,
        own,
        tuple(_line_terms(line, price_class) for line in parts.lines),
        tuple(Adjustment(one.name, one.kind, one.value, one.applies, one.window) for one in parts.adjustments),
        cap_day_cents,
        vat,
    )


def _line_terms(line: LineEntry, price_class: str) -> LineTerms:
    tiers = [(0, line.prices[price_class])]
    tiers += [(tier.from_amount, tier.prices[price_class]) for tier in line.tiers]
    return LineTerms(
        line.name,
        line.charge_unit,
        tuple(tiers),
        line.is_volume,
        line.step_amount,
        line.minimum_amount,
        line.free_amount,
        line.free_times,
        line.month_free_amount,
        line.is_required,
    )
