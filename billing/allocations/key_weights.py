"""The weights of each key, as an allocation needs them: of the use, the shares and the meters of a pool."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from billing.allocations.bearers import Bearers, Weights, weights_of
from billing.allocations.preview_models import Working, WorkingPart
from billing.errors.money_errors import MixedUnits
from billing.models import PoolKey
from billing.pools.keys import METER, PERCENT, KeyPart, own_weights, raised_base, raised_to
from billing.pools.meters import Consumption, consumption
from billing.pools.pool_keys import DatedTerms, terms_of
from billing.pools.pools import USE, key_id_of
from booking.queries import CountedUse


class KeyWeights:
    """Looks up what keys divide by, each thing once. unread: members whose meters were not read in the period."""

    def __init__(
        self, session: Session, pool_id: int, bearers: Bearers, slips: Sequence[CountedUse], period: tuple[date, date]
    ) -> None:
        """slips: those that count, with an amount each."""
        self._session, self._pool_id, self._bearers = session, pool_id, bearers
        self._slips, self._period = slips, period
        self._used: dict[int, int] | None = None
        self._terms: dict[int, tuple[str, tuple[DatedTerms, ...]]] = {}
        self._consumption: Consumption | None = None
        self.unread: frozenset[int] = frozenset()

    def of(self, key: str, day: date) -> Weights:
        """Return the weights of a key for a cost of a day.

        Raises MixedUnits, NothingUsed, CapTooLow.
        """
        key_id = key_id_of(key)
        if key_id is None:
            held = {} if key == USE else self._bearers.held_on(day)
            return weights_of(key, held, self.used())
        return self._own(key_id, day)

    def used(self) -> Mapping[int, int]:
        """Return member id -> amount used in the period."""
        if self._used is None:
            self._used = {}
            for slip in self._slips:
                self._used[slip.member_id] = self._used.get(slip.member_id, 0) + (slip.used_amount or 0)
        return self._used

    def unit(self) -> str:
        """Return the unit of the use. Raises MixedUnits."""
        units = sorted({slip.charge_unit for slip in self._slips})
        if len(units) > 1:
            raise MixedUnits(units=units)
        return units[0] if units else ""

    def _own(self, key_id: int, day: date) -> Weights:
        name, dated = self._dated(key_id)
        terms = [one.terms for one in dated if one.valid_from <= day][-1]
        measured = [self._measured(part, terms.percents, day) for part in terms.parts]
        amounts = [found for found, _is_by_period, _is_by_shares in measured]
        weights = own_weights(terms, amounts)
        raised = raised_base([part.base for part in terms.parts])
        parts = tuple(
            WorkingPart(
                base=part.base,
                percent=part.percent,
                unit=self.unit() if part.base == USE else "",
                amount_sum=sum(raised_to(found, terms.minimum if part.base == raised else 0).values()),
                shares_on=day.isoformat() if is_by_shares else "",
            )
            for part, (found, _is_by_period, is_by_shares) in zip(terms.parts, measured, strict=True)
        )
        by_part = tuple((one, tuple(found.get(one, 0) for found in amounts)) for one in sorted(weights))
        return Weights(
            tuple(sorted(weights.items())),
            is_by_period=any(is_by_period for _found, is_by_period, _is_by_shares in measured),
            working=Working(name, parts, terms.minimum, terms.cap, terms.meter_unit),
            amounts=by_part,
        )

    def _measured(
        self, part: KeyPart, percents: tuple[tuple[int, int], ...], day: date
    ) -> tuple[Mapping[int, int], bool, bool]:
        """Return what the base of a part measures, whether the period decides it, and whether the shares of the day."""
        if part.base == PERCENT:
            return self._bearers.without_guests(dict(percents), day), False, False
        if part.base == METER:
            return self._bearers.without_guests(self._metered().by_member, day), True, False
        found = weights_of(part.base, {} if part.base == USE else self._bearers.held_on(day), self.used())
        return dict(found.by_member), found.is_by_period, not found.is_by_period

    def _metered(self) -> Consumption:
        if self._consumption is None:
            self._consumption = consumption(self._session, self._pool_id, *self._period)
            self.unread = self._consumption.unread
        return self._consumption

    def _dated(self, key_id: int) -> tuple[str, tuple[DatedTerms, ...]]:
        if key_id not in self._terms:
            name = self._session.scalars(select(PoolKey.name).where(PoolKey.id == key_id)).one()
            self._terms[key_id] = (name, terms_of(self._session, key_id))
        return self._terms[key_id]
