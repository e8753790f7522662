"""Who bears a cost: the weights of each key, without those whom the pool leaves out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from billing.allocations.preview_models import Working
from billing.pools.pools import HEAD, KEYS, SHARES, USE
from billing.pools.scopes import Piece
from billing.pools.shares import holdings_on
from booking import queries
from booking.queries import GUEST_PRICE_CLASS, CountedUse, MemberName


@dataclass(frozen=True, slots=True)
class Weights:
    """The weights of a cost: (member id, weight), ordered by member id. is_by_period: from the use of the period.

    working, amounts: of a key that the pool composed itself, what it consists of, and (member id, what each part of it
    measured).
    """

    by_member: tuple[tuple[int, int], ...]
    is_by_period: bool
    working: Working | None = None
    amounts: tuple[tuple[int, tuple[int, ...]], ...] = ()


def weights_of(key: str, held: Mapping[int, int], used: Mapping[int, int]) -> Weights:
    """Return the amounts used, the shares held, or one per head.

    Heads are the members who hold shares; if nobody does, those who used the machine in the period.

    Args:
        key: use, shares or head.
        held: member id -> shares on the day of the cost, all above zero.
        used: member id -> amount used in the period.
    """
    if key == USE:
        return _weights(used, is_by_period=True)
    if key == SHARES:
        return _weights(held, is_by_period=False)
    assert key == HEAD
    heads = held or {member_id: amount for member_id, amount in used.items() if amount > 0}
    return _weights(dict.fromkeys(heads, 1), is_by_period=not held)


def _weights(by_member: Mapping[int, int], *, is_by_period: bool) -> Weights:
    return Weights(tuple(sorted(by_member.items())), is_by_period)


class Bearers:
    """The members who may bear the costs of a pool: looks up shares and guests, each day once.

    A guest is a member of the price class "guest" on the day of the use or of the cost. ended: members whose shares no
    longer counted on one of the days asked for, because the membership had ended. guest_holders: guests whose shares
    would count on one of these days.
    """

    def __init__(self, session: Session, pool_id: int | None, *, excludes_guests: bool) -> None:
        """pool_id: None for a pool that is still to be opened, of which nobody holds shares."""
        self._session, self._pool_id, self.excludes_guests = session, pool_id, excludes_guests
        self._held: dict[date, dict[int, int]] = {}
        self._guests: dict[date, frozenset[int]] = {}
        self.guest_holders: set[int] = set()
        self.ended: set[int] = set()

    def held_on(self, day: date) -> Mapping[int, int]:
        """Return member id -> shares that count on a day."""
        if day not in self._held:
            self._held[day] = self._look_up(day)
        return self._held[day]

    def without_guests(self, by_member: Mapping[int, int], day: date) -> dict[int, int]:
        """Return what belongs to members who may bear a cost of a day: without guests whom the pool leaves out."""
        if not self.excludes_guests:
            return dict(by_member)
        guests = self._guests_on(day)
        return {one: number for one, number in by_member.items() if one not in guests}

    def counted(self, slips: Iterable[CountedUse]) -> list[CountedUse]:
        """Return the slips that count: without those of guests whom the pool leaves out."""
        return [slip for slip in slips if not (self.excludes_guests and slip.price_class == GUEST_PRICE_CLASS)]

    def with_use(self, pieces: Iterable[Piece]) -> frozenset[int]:
        """Return the members who bear costs by their use of what a pool counts."""
        left_out = GUEST_PRICE_CLASS if self.excludes_guests else None
        found = (
            queries.members_with_use(self._session, one.machine_ids, one.first, one.last, except_class=left_out)
            for one in pieces
        )
        return frozenset().union(*found)

    def _look_up(self, day: date) -> dict[int, int]:
        holdings = () if self._pool_id is None else holdings_on(self._session, self._pool_id, day)
        if not holdings:
            return {}
        guests = self._guests_on(day)
        self.guest_holders.update(one.member_id for one in holdings if one.counts_on(day) and one.member_id in guests)
        counting = [one for one in holdings if not (self.excludes_guests and one.member_id in guests)]
        self.ended.update(one.member_id for one in counting if not one.counts_on(day))
        return {one.member_id: one.shares for one in counting if one.counts_on(day)}

    def _guests_on(self, day: date) -> frozenset[int]:
        if day not in self._guests:
            self._guests[day] = queries.members_of_class(self._session, GUEST_PRICE_CLASS, day)
        return self._guests[day]


def bearers_by_key(bearers: Bearers, pieces: Iterable[Piece], day: date) -> dict[str, frozenset[int]]:
    """Return key -> the members who would bear a cost of a day, divided by the use of some machines on some days."""
    used = dict.fromkeys(bearers.with_use(pieces), 1)
    found = {key: weights_of(key, bearers.held_on(day), used) for key in KEYS}
    return {key: frozenset(member_id for member_id, _weight in one.by_member) for key, one in found.items()}


def leavers(members: tuple[MemberName, ...], period_until: date) -> tuple[int, ...]:
    """Return the members whose membership ended before a period or within it."""
    return tuple(one.id for one in members if one.left_on is not None and one.left_on <= period_until)
