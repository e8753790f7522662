"""All charges and reversals of some days of posting as a table, read in batches."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from billing.exports.subjects import filter_subject
from billing.exports.tables import (
    AMOUNT_DECIMALS,
    CODE,
    DAY,
    DECIMAL,
    MONEY,
    PRICE_DECIMALS,
    TEXT,
    WHOLE,
    Column,
    Row,
    Table,
)
from billing.limits import require_period
from billing.queries import PostedCharge, charges_by_ids, posted_charge_ids
from booking.charge_units import CHARGE_UNITS, to_exact_decimal
from booking.queries import MemberName, machine_names, member_names, ring_zone

BATCH_CHARGES = 500

CHARGE_COLUMNS = (
    Column("charge", WHOLE),
    Column("reverses", WHOLE),
    Column("posted_on", DAY),
    Column("service_date", DAY),
    Column("slip", WHOLE),
    Column("machine", TEXT),
    Column("member_number", TEXT),
    Column("member", TEXT),
    Column("price_class", CODE),
    Column("unit", CODE),
    Column("charged", DECIMAL, AMOUNT_DECIMALS, sums_while=("unit",)),
    Column("unit_price", DECIMAL, PRICE_DECIMALS),
    Column("amount", MONEY, sums_while=()),
    Column("tax_code", TEXT),
    Column("added_vat", MONEY, sums_while=()),
)


def charge_table(
    session: Session,
    since: date,
    until: date,
    *,
    machine_id: int | None = None,
    member_id: int | None = None,
    member_text: str = "",
) -> Table:
    """Return the charges and reversals that were posted from one day to another, both included, by day of posting.

    Raises WrongPeriod, MachineNotFound.
    """
    require_period(since, until)
    charge_ids = posted_charge_ids(
        session, since=since, until=until, machine_id=machine_id, member_id=member_id, member_text=member_text
    )
    subject = filter_subject(session, machine_id, member_text)
    rows = _rows(session, charge_ids.tolist())
    return Table("charges", CHARGE_COLUMNS, rows, until, subject, (since, until), len(charge_ids))


def _rows(session: Session, charge_ids: list[int]) -> Iterator[Row]:
    zone = ring_zone(session)
    machines = machine_names(session)
    for first in range(0, len(charge_ids), BATCH_CHARGES):
        batch = charges_by_ids(session, charge_ids[first : first + BATCH_CHARGES])
        members = {name.id: name for name in member_names(session, {charge.member_id for charge in batch})}
        for charge in batch:
            yield _row(charge, machines, members[charge.member_id], zone)


def _row(charge: PostedCharge, machines: Mapping[int, str], member: MemberName, zone: ZoneInfo) -> Row:
    return (
        charge.id,
        charge.reverses_id,
        charge.posted_on(zone),
        charge.service_date,
        charge.usage_id,
        machines[charge.machine_id],
        member.number,
        member.name,
        charge.price_class,
        charge.charge_unit,
        to_exact_decimal(charge.charged_amount, CHARGE_UNITS[charge.charge_unit]),
        charge.unit_price,
        charge.cents,
        charge.tax_code,
        charge.added_vat_cents,
    )
