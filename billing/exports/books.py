"""The treasurer's own lists as tables: the bills and the shares of a pool, and the tariffs of a day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from sqlalchemy.orm import Session

from billing import queries as books
from billing.exports.tables import CODE, DAY, EMPTY_ON, EXACT, MONEY, TEXT, WHOLE, Column, Row, Table
from booking import queries
from booking.charge_units import CHARGE_UNITS, to_decimal
from booking.queries import MachineCard, MemberName

BATCH_COSTS = 500

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

SHARE_COLUMNS = (
    Column("pool", TEXT),
    Column("member_number", TEXT),
    Column("member", TEXT),
    Column("valid_from", DAY),
    Column("shares", WHOLE),
)

TARIFF_COLUMNS = (
    Column("workshop", TEXT),
    Column("machine", TEXT),
    Column("unit", CODE),
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


def share_table(session: Session, pool_id: int) -> Table:
    """What each member holds of a pool, from which day on; 0 ends the holding. Raises PoolNotFound."""
    pool = books.pool(session, pool_id)
    held = books.shares(session, pool_id)
    names = {name.id: name for name in queries.member_names(session, {share.member_id for share in held})}
    by_number = sorted(held, key=lambda share: (names[share.member_id].number, share.valid_from))
    rows = (_share_row(pool, names[share.member_id], share) for share in by_number)
    made_on = max((share.valid_from for share in held), default=EMPTY_ON)
    return Table(f"shares-{pool.id}", SHARE_COLUMNS, rows, made_on)


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


def _share_row(pool: books.PoolView, member: MemberName, share: books.ShareView) -> Row:
    return pool.name, member.number, member.name, share.valid_from, share.shares


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
