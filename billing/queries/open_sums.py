"""What members owe, by how long it has been owed. Payments are not entered: what was charged first is settled first.

A member's balance consists of the newest debits: what was counted or credited settles the oldest ones. So the part of
each age follows from the balance and the debits of the last days, and nothing older is read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

from sqlalchemy import ColumnElement, Select, Subquery, case, exists, func, literal, literal_column, select, union_all
from sqlalchemy.orm import Session, aliased

from billing.models import Balance, Entry, Posting

# Ages by the days since the posting date: up to 30, 31 to 60, 61 to 90, more.
FRESH, MONTH_OLD, TWO_MONTHS_OLD, OLD = "30", "60", "90", "over"
AGES = (FRESH, MONTH_OLD, TWO_MONTHS_OLD, OLD)
DAYS = (30, 60, 90)


@dataclass(frozen=True, slots=True)
class AgeTotal:
    """What is owed of one age: by how many members, and how much."""

    age: str
    members: int
    cents: int


@dataclass(frozen=True, slots=True)
class AgedBalance:
    """What a member owes: cents, and of it what has been owed for how long; ages: age -> cents."""

    member_id: int
    cents: int
    ages: Mapping[str, int]


def age_totals(session: Session, today: date) -> tuple[AgeTotal, ...]:
    """Return what all members who owe something owe, by age, in one statement; credits of others are not in it."""
    owed = _aged(today)
    columns = [column for age in AGES for column in _total(owed.c[age])]
    row = session.execute(select(*columns)).one()
    return tuple(AgeTotal(age, int(row[2 * at] or 0), int(row[2 * at + 1] or 0)) for at, age in enumerate(AGES))


def aged_balances(
    session: Session, today: date, *, age: str = "", limit: int = 25, offset: int = 0
) -> tuple[tuple[AgedBalance, ...], bool]:
    """Return a page of members who owe something, the largest sum first, and whether there are more.

    age: only those who owe something of that age, the largest sum of it first.
    """
    owed = _aged(today)
    statement: Select[Any] = select(owed)
    order = owed.c.cents
    if age:
        order = owed.c[age]
        statement = statement.where(order > 0)
    rows = session.execute(statement.order_by(order.desc(), owed.c.member_id).limit(limit + 1).offset(offset)).all()
    found = (AgedBalance(row[0], int(row[1]), {each: int(row[2 + at]) for at, each in enumerate(AGES)}) for row in rows)
    return tuple(found)[:limit], len(rows) > limit


def _total(cents: ColumnElement[int]) -> tuple[ColumnElement[int], ColumnElement[int]]:
    return func.count(case((cents > 0, 1))), func.sum(cents)


def _aged(today: date) -> Subquery:
    """Return a subquery of the members who owe something: member_id, cents, and a column for each age."""
    rows = union_all(_balances(), _recent(today)).subquery()
    cents = func.max(rows.c.cents)
    # What is left of the balance once the debits of an age and of all younger ones are taken off it.
    left: list[ColumnElement[Any]] = [cents]
    for age in AGES[:-1]:
        beyond = cents - sum(func.sum(rows.c[each]) for each in AGES[: AGES.index(age) + 1])
        left.append(case((beyond > 0, beyond), else_=0))
    parts = [before - after for before, after in pairwise(left)]
    columns = (part.label(age) for age, part in zip(AGES, (*parts, left[-1]), strict=True))
    return (
        select(rows.c.member_id, cents.label("cents"), *columns).group_by(rows.c.member_id).having(cents > 0).subquery()
    )


def _balances() -> Select[*tuple[Any, ...]]:
    nothing = (literal(0).label(age) for age in AGES[:-1])
    return select(Balance.member_id, Balance.cents.label("cents"), *nothing).where(Balance.cents > 0)


def _recent(today: date) -> Select[*tuple[Any, ...]]:
    """Return the debits of the last 90 days by age, without what was reversed."""
    reversal = aliased(Entry)
    starts = [today - timedelta(days=days) for days in DAYS]
    parts = []
    for age, start, end in zip(AGES, starts, (None, *starts), strict=False):
        is_of_age = Entry.posting_date >= start
        if end is not None:
            is_of_age &= Entry.posting_date < end
        parts.append(case((is_of_age, Posting.cents), else_=0).label(age))
    # "+ 0": the posting date is to find the entries. SQLite would walk through all lines and all entries otherwise.
    return (
        select(Posting.member_id, literal(0).label("cents"), *parts)
        .join(Entry, Entry.id == Posting.entry_id)
        .where(
            Entry.posting_date >= starts[-1],
            (Entry.reverses_id + literal_column("0")).is_(None),
            ~exists().where(reversal.reverses_id == Entry.id),
            (Posting.member_id + literal_column("0")).is_not(None),
            Posting.cents > 0,
        )
    )
