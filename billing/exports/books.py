"""Costs and shares of a pool, and the tariffs of a day, as tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from sqlalchemy.orm import Session

from billing import queries as billing_queries
from billing.allocations.periods import Period
from billing.exports.tables import (
    AMOUNT_DECIMALS,
    CODE,
    DAY,
    DECIMAL,
    MONEY,
    PRICE_DECIMALS,
    TEXT,
    UNDATED,
    WHOLE,
    YES_NO,
    Column,
    Row,
    Table,
)
from booking import queries
from booking.charge_units import CHARGE_UNITS, to_exact_decimal
from booking.queries import MachineCard, MemberName

BATCH_COSTS = 500

COST_COLUMNS = (
    Column("pool", TEXT),
    Column("service_date", DAY),
    Column("supplier", TEXT),
    Column("kind", TEXT),
    Column("document", TEXT),
    Column("note", TEXT),
    Column("amount", MONEY, sums_while=()),
    Column("allocation", WHOLE),
)

SHARE_COLUMNS = (
    Column("pool", TEXT),
    Column("member_number", TEXT),
    Column("member", TEXT),
    Column("valid_from", DAY),
    Column("shares", WHOLE),
    Column("left_on", DAY),
    Column("outlasts_membership", YES_NO),
)

# The prices stand between them, one column for each price class.
TARIFF_KEY_COLUMNS = (Column("workshop", TEXT), Column("machine", TEXT), Column("unit", CODE))
TARIFF_RULE_COLUMNS = (
    Column("step", DECIMAL, AMOUNT_DECIMALS),
    Column("minimum_amount", DECIMAL, AMOUNT_DECIMALS),
    Column("minimum_charge", MONEY),
    Column("tax_code", TEXT),
    Column("price_includes_vat", YES_NO),
    Column("valid_from", DAY),
)


def cost_table(session: Session, pool_id: int, days: Period | None = None) -> Table:
    """Return the costs of a pool, newest first, each with its allocation; all, or those of some days of service.

    Raises PoolNotFound.
    """
    pool = billing_queries.pool(session, pool_id)
    newest, _has_more = billing_queries.costs(session, pool_id, days=days, limit=1)
    made_on = newest[0].service_date if newest else UNDATED
    return Table("costs", COST_COLUMNS, _cost_rows(session, pool, days), made_on, pool.name, days)


def share_table(session: Session, pool_id: int) -> Table:
    """Return the history of the shares of a pool. Raises PoolNotFound.

    0 ends a holding, and so does the membership unless the shares outlast it.
    """
    pool = billing_queries.pool(session, pool_id)
    held = billing_queries.shares(session, pool_id)
    names = {name.id: name for name in queries.member_names(session, {share.member_id for share in held})}
    by_number = sorted(held, key=lambda share: (names[share.member_id].number, share.valid_from))
    rows = (_share_row(pool, names[share.member_id], share) for share in by_number)
    made_on = max((share.valid_from for share in held), default=UNDATED)
    return Table("shares", SHARE_COLUMNS, rows, made_on, pool.name)


def tariff_table(session: Session, day: date) -> Table:
    """Return the tariffs valid on a day; machines without a tariff are left out.

    The column of a price class has the code "<class>_price".
    """
    cards = queries.machine_cards(session, include_retired=True, limit=None).items
    classes = [price_class.code for price_class in queries.price_classes(session)]
    prices = (Column(f"{code}_price", DECIMAL, PRICE_DECIMALS) for code in classes)
    valid = billing_queries.tariffs_on(session, day)
    rows = (_tariff_row(card, valid[card.id], classes) for card in cards if card.id in valid)
    columns = (*TARIFF_KEY_COLUMNS, *prices, *TARIFF_RULE_COLUMNS)
    return Table("tariffs", columns, rows, day, days=(day, day))


def _cost_rows(session: Session, pool: billing_queries.PoolView, days: Period | None) -> Iterator[Row]:
    count, has_more = 0, True
    while has_more:
        batch, has_more = billing_queries.costs(session, pool.id, days=days, limit=BATCH_COSTS, offset=count)
        count += len(batch)
        for cost in batch:
            yield (
                pool.name,
                cost.service_date,
                cost.supplier,
                cost.kind,
                cost.document,
                cost.note,
                cost.net_cents,
                cost.allocation_id,
            )


def _share_row(pool: billing_queries.PoolView, member: MemberName, share: billing_queries.ShareView) -> Row:
    dates = share.valid_from, share.shares, member.left_on
    return pool.name, member.number, member.name, *dates, share.outlasts_membership


def _tariff_row(card: MachineCard, tariff: billing_queries.TariffView, price_classes: Sequence[str]) -> Row:
    unit = CHARGE_UNITS[tariff.charge_unit]
    return (
        card.workshop_name,
        card.name,
        tariff.charge_unit,
        *(tariff.prices.get(code) for code in price_classes),
        to_exact_decimal(tariff.step_amount, unit),
        to_exact_decimal(tariff.minimum_amount, unit),
        tariff.minimum_cents,
        tariff.tax_code,
        tariff.price_includes_vat,
        tariff.valid_from,
    )
