"""What members owe, by how long it has been owed. Payments are not entered: what was charged first is settled first.

A member's balance consists of the newest debits: what was counted or credited settles the oldest ones. So the part of
each age follows from the balance and the debits of the last days, and nothing older is read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from billing.queries.owed_sums import owed_sums

# Ages by the days since the posting date: up to 30, 31 to 60, 61 to 90, more.
FRESH, MONTH_OLD, TWO_MONTHS_OLD, OLD = "30", "60", "90", "over"
AGES = (FRESH, MONTH_OLD, TWO_MONTHS_OLD, OLD)


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
    """Return what all members who owe something owe, by age; credits of others are not in it."""
    aged = _aged(session, today)
    parts = [[one.ages[age] for one in aged if one.ages[age]] for age in AGES]
    return tuple(AgeTotal(age, len(cents), sum(cents)) for age, cents in zip(AGES, parts, strict=True))


def aged_balances(
    session: Session, today: date, *, age: str = "", limit: int = 25, offset: int = 0
) -> tuple[tuple[AgedBalance, ...], bool]:
    """Return a page of members who owe something, the largest sum first, and whether there are more.

    age: only those who owe something of that age, the largest sum of it first.
    """
    found = [(one.ages[age] if age else one.cents, one) for one in _aged(session, today)]
    ordered = sorted((pair for pair in found if pair[0]), key=lambda pair: (-pair[0], pair[1].member_id))
    return tuple(one for _cents, one in ordered[offset : offset + limit]), len(ordered) > offset + limit


def _aged(session: Session, today: date) -> list[AgedBalance]:
    """Return the members who owe something."""
    sums = owed_sums(session, today)
    return [
        AgedBalance(member_id, owed.cents, _by_age(owed.cents, sums.recent_of(member_id)))
        for member_id, owed in sums.owed.items()
        if owed.cents > 0
    ]


def _by_age(cents: int, recent: Sequence[int]) -> dict[str, int]:
    """Divide what is owed by age: the newest debits are what is left of it."""
    ages = {}
    for age, debits in zip(AGES[:-1], recent, strict=True):
        ages[age] = min(cents, debits)
        cents -= ages[age]
    return {**ages, OLD: cents}
