"""Requesting any machine of a group. Call inside write_transaction()."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy.orm import Session

from booking.kernel.events import Actor
from booking.places import occupancies
from booking.quotas import quota_use
from booking.records import groups
from booking.records.overruling import Overruling
from booking.reservations import group_choice
from booking.reservations.group_choice import GroupWish
from booking.reservations.reservations import RequestResult, request_reservation


class GroupResult(NamedTuple):
    """The machine that was chosen, and the reservation of it."""

    machine_id: int
    entered: RequestResult


def request_in_group(
    session: Session,
    wish: GroupWish,
    *,
    by: Actor,
    now: datetime,
    uid: str | None = None,
    approve: bool = False,
    overruling: Overruling | None = None,
) -> GroupResult:
    """Hold one machine of a group for a member; which one: group_choice.choose.

    The group is locked against changes, then the member's use of quotas, then all of its machines in the order of
    their ids, so that two requests cannot choose the same machine, and what is read is what is decided on. A group
    that was emptied meanwhile is refused (group_empty). uid, approve, overruling: as in request_reservation.

    Raises GroupNotFound, MemberNotFound, GroupTaken, GroupRefused.
    """
    groups.lock_for_request(session, wish.group_id)
    quota_use.lock(session, [wish.member_id])
    occupancies.lock_machines(session, groups.ranks_of(session, wish.group_id))
    machine_id = group_choice.choose(session, wish, now=now, overruling=overruling)
    entered = request_reservation(
        session, wish.on(machine_id), by=by, now=now, uid=uid, approve=approve, overruling=overruling
    )
    return GroupResult(machine_id, entered)
