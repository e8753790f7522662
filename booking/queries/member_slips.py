"""The newest slips of a member, which each /today asks for: prepared, because its filter is always the same."""

from __future__ import annotations

from sqlalchemy import Integer, bindparam, select
from sqlalchemy.orm import Session

from booking.kernel.prepared import PreparedStatement
from booking.models import UsageRecord
from booking.queries.slips import SLIP_VIEWS, SlipView

_page = (
    select(UsageRecord.id, UsageRecord.handed_out_at)
    .where(UsageRecord.member_id == bindparam("member_id"))
    .order_by(UsageRecord.handed_out_at.desc(), UsageRecord.id.desc())
    .limit(bindparam("limit", type_=Integer))
    .subquery()
)
_NEWEST = PreparedStatement(
    SLIP_VIEWS.join(_page, _page.c.id == UsageRecord.id).order_by(_page.c.handed_out_at.desc(), _page.c.id.desc())
)


def newest_slips_of_member(session: Session, member_id: int, *, limit: int) -> tuple[SlipView, ...]:
    """Return the slips of a member, the newest first."""
    return tuple(SlipView(*row) for row in _NEWEST.of(session, {"member_id": member_id, "limit": limit}))
