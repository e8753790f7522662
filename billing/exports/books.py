"""The treasurer's own lists as tables: the bills of a pool and the tariffs of a day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from sqlalchemy.orm import Session

from billing import queries as books
from billing.exports.tables import DAY, EXACT, MONEY, TEXT, WHOLE, Column, Row, Table
from booking import queries
from booking.charge_units import CHARGE_UNITS, to_decimal
from booking.queries import MachineCard

BATCH_COSTS = 500
EMPTY_ON = date(2020, 1, 1)  # stands in a file without rows, so that it does not depend on the clock

COST_COLUMNS = (
    Column("pool", TEXT),
    Column("service_date", DAY),
    Column("supplier", TEXT),
    Column("kind", TEXT),
    Column("document", TEXT),
    Column("note", TEXT),
    Column("amount", MONEY),
    Column("allocation", WHOLE),
)

TARIFF_COLUMNS = (
    Column("workshop", TEXT),
    Column("machine", TEXT),
    Column("unit", TEXT),
    Column("member_price", EXACT),
    Column("guest_price", EXACT),
    Column("step", EXACT),
    Column("minimum_amount", EXACT),
    Column("minimum_charge", MONEY),
    Column("valid_from", DAY),
)


def cost_table(session: Session, pool_id: int) -> Table:
    """The bills of a pool, the newest first, each with the allocation it stands in. Raises PoolNotFound."""
    pool = books.pool(session, pool_id)
    newest, _has_more = books.costs(session, pool_id, limit=1)
    made_on = newest[0].service_date if newest else EMPTY_ON
    return Table(f"costs-{pool.id}", COST_COLUMNS, _cost_rows(session, pool), made_on)


def tariff_table(session: Session, day: date) -> Table:
    """What a use of each machine costs on a day; machines without a tariff are left out."""
    cards = queries.machine_cards(session, include_retired=True, limit=None).items
    valid = books.tariffs_on(session, day)
    rows = (_tariff_row(card, valid[card.id]) for card in cards if card.id in valid)
    return Table(f"tariffs-{day:%Y%m%d}", TARIFF_COLUMNS, rows, day)


def _cost_rows(session: Session, pool: books.PoolView) -> Iterator[Row]:
    seen, has_more = 0, True
    while has_more:
        batch, has_more = books.costs(session, pool.id, limit=BATCH_COSTS, offset=seen)
        seen += len(batch)
        for bill in batch:
            yield (
                pool.name,
                bill.service_date,
                bill.supplier,
                bill.kind,
                bill.document,
                bill.note,
                bill.net_cents,
                bill.allocation_id,
            )


def _tariff_row(card: MachineCard, tariff: books.TariffView) -> Row:
    unit = CHARGE_UNITS[tariff.charge_unit]
    return (
        card.workshop_name,
        card.name,
        tariff.charge_unit,
        tariff.member_price,
        tariff.guest_price,
        to_decimal(tariff.step_amount, unit),
        to_decimal(tariff.minimum_amount, unit),
        tariff.minimum_cents,
        tariff.valid_from,
    )
