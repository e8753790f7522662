"""What a quota would have refused, before it is entered or changed. Reads alone and locks nothing.

It informs whoever decides, so it is worked out before the transaction that stores the quota: nobody waits for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from booking.errors.schedule_errors import ReservationsOutside, Violation
from booking.models import Member, Workshop
from booking.quotas import quotas
from booking.quotas.quota_records import check_only_one
from booking.quotas.quotas import QuotaInput
from booking.records import records
from booking.rule_changes import season_preview
from booking.rule_changes.season_preview import SeasonPreview
from booking.rules.quota_rules import Quota


def preview(
    session: Session, data: QuotaInput, *, now: datetime, excluding: int = 0
) -> tuple[SeasonPreview, dict[int, tuple[Violation, ...]]]:
    """Return what a quota would have refused in the last season, and which reservations to come would pass it.

    excluding: the quota that is changed.
    """
    ring_zone = ZoneInfo(quotas.ring_zone(session))
    zone = session.scalar(select(Workshop.timezone).where(Workshop.id == data.workshop_id))
    rule = quotas.quota_of(data, ring_zone, ZoneInfo(zone) if zone else ring_zone)
    is_for = _members_of(session, rule) if rule.specificity else None
    narrower = [one for one in quotas.all_quotas(session) if one.id != excluding and one.replaces(rule)]
    replaced = {member_id for one in narrower for member_id in _members_of(session, one)}
    return season_preview.of_quota(session, rule, is_for, is_not_for=replaced, now=now)


def _members_of(session: Session, rule: Quota) -> Sequence[int]:
    is_for = Member.id == rule.member_id if rule.price_class is None else Member.price_class == rule.price_class
    return session.scalars(select(Member.id).where(is_for)).all()


def require_confirmed(session: Session, data: QuotaInput, confirmed: str, *, now: datetime, quota_id: int = 0) -> None:
    """Refuse a quota that somebody enters or changes before they have seen what it would have refused.

    confirmed: the fingerprint of a ReservationsOutside that the user saw, or ANY. quota_id: of the one that is changed.
    Raises RecordRefused, ReservationsOutside.
    """
    records.refuse(quotas.check_quota(session, data) + check_only_one(session, records.values_of(data), quota_id))
    if quota_id and QuotaInput.of(quotas.one_quota(session, quota_id)) == data:
        return
    season, to_come = preview(session, data, now=now, excluding=quota_id)
    ReservationsOutside.require_confirmed(to_come, season, confirmed)
