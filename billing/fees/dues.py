"""Membership dues: the same amount for each member of some price classes, for a period, once.

A member owes dues only once for a day: who has effective dues within the period is left out, so that calling them
again after somebody joined reaches only those who are new.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import Select, exists, select
from sqlalchemy.orm import Session, aliased

from billing.errors.fee_errors import NobodyOwesDues, StaleDues
from billing.fees.posting import DUES, append, check_price, check_vat_code, require_open
from billing.fees.working import PricedFee
from billing.limits import NAME_LENGTH_MAX, require_between, require_day, require_period, require_text
from billing.models import Fee
from booking.kernel.events import Actor
from booking.queries.price_classes import members_by_class

TOTAL_MAX = 100_000_000_000  # of all members


@dataclass(frozen=True, slots=True)
class DuesInput:
    """Dues to be called. members_on: who is a member on this day owes them; price_classes: only members of these.

    text: what the member reads beside the period. tax_code: as of a fee.
    """

    period_from: date
    period_until: date
    members_on: date
    cents: int
    price_classes: frozenset[str]
    text: str
    tax_code: str | None = None


@dataclass(frozen=True, slots=True)
class DuesPreview:
    """Who would owe dues, by id, and how many of the same classes are left out because they owe them already.

    digest: of all that would be posted.
    """

    member_ids: tuple[int, ...]
    left_out: int
    cents: int
    digest: str

    @property
    def total_cents(self) -> int:
        """Return the sum of all."""
        return self.cents * len(self.member_ids)


def preview_dues(session: Session, wanted: DuesInput) -> DuesPreview:
    """Return who would owe dues. Raises WrongPeriod, WrongAmount, WrongText, NobodyOwesDues."""
    working = _checked(wanted)
    of_classes = {
        member_id
        for member_id, price_class in members_by_class(session, wanted.members_on).items()
        if price_class in wanted.price_classes
    }
    owing = of_classes & set(session.scalars(_with_dues(wanted)))
    member_ids = tuple(sorted(of_classes - owing))
    if not member_ids:
        raise NobodyOwesDues
    require_between("dues_cents", working.cents * len(member_ids), 1, TOTAL_MAX)
    return DuesPreview(member_ids, len(owing), working.cents, _digest(wanted, member_ids))


def post_dues(
    session: Session, wanted: DuesInput, *, by: Actor, now: datetime, digest: str | None = None
) -> DuesPreview:
    """Post the dues of all members in one transaction, each as a fee with its own entry; return what was posted.

    digest: of the preview that was seen; a second call finds nobody left, so that nobody owes dues twice.

    Raises what preview_dues raises, StaleDues, LedgerClosed.
    """
    require_open(session)
    preview = preview_dues(session, wanted)
    if digest is not None and digest != preview.digest:
        raise StaleDues
    for member_id in preview.member_ids:
        fee = Fee(
            kind=DUES,
            member_id=member_id,
            service_from=wanted.period_from,
            service_until=wanted.period_until,
            text=wanted.text.strip(),
            tax_code=wanted.tax_code,
        )
        append(session, fee, _working(wanted.cents), by=by, now=now)
    return preview


def _checked(wanted: DuesInput) -> PricedFee:
    require_period(wanted.period_from, wanted.period_until)
    require_day("members_on", wanted.members_on)
    require_text("text", wanted.text, NAME_LENGTH_MAX, shortest=1)
    check_vat_code(wanted.tax_code)
    working = _working(wanted.cents)
    check_price(working)
    return working


def _digest(wanted: DuesInput, member_ids: tuple[int, ...]) -> str:
    period = (wanted.period_from, wanted.period_until, wanted.members_on)
    content = (*period, wanted.cents, sorted(wanted.price_classes), wanted.text, wanted.tax_code, member_ids)
    return hashlib.sha256(json.dumps(content, default=str).encode()).hexdigest()


def _working(cents: int) -> PricedFee:
    return PricedFee(Decimal(1), Decimal(cents).scaleb(-2))


def _with_dues(wanted: DuesInput) -> Select[int]:
    """Return the statement of the ids of members with effective dues of a day within the period."""
    reversal = aliased(Fee)
    return select(Fee.member_id).where(
        Fee.kind == DUES,
        Fee.reverses_id.is_(None),
        Fee.service_from <= wanted.period_until,
        Fee.service_until >= wanted.period_from,
        ~exists().where(reversal.reverses_id == Fee.id),
    )
