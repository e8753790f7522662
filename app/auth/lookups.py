"""One object by its id, for pages and API alike.

What the current request may not touch is refused in the words of a missing object, so that nobody learns which
ids exist.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from flask_login import current_user

from app.auth import permissions
from app.clock import now
from app.extensions import db
from billing import queries as billing_queries
from billing.allocations.preview_models import CostGroup
from billing.queries import AllocationView
from booking import queries
from booking.errors.course_errors import CourseNotFound
from booking.errors.exchange_errors import ExchangeNotFound
from booking.errors.schedule_errors import (
    ClosureNotFound,
    GroupNotFound,
    MachineNotFound,
    NotFound,
    ReservationNotFound,
    SeriesNotFound,
)
from booking.errors.waiting_errors import OfferNotFound, WaitingEntryNotFound
from booking.models import ZoneChange
from booking.queries import (
    AnnouncementView,
    ClosureView,
    DamageView,
    GroupView,
    InductionView,
    MachineCard,
    QuotaView,
    ReservationView,
    SlipView,
    WorkshopView,
    induction_kind_views,
)
from booking.queries import closure_series as closure_series_queries
from booking.queries import courses as course_queries
from booking.queries import exchanges as exchange_queries
from booking.queries import maintenance as maintenance_queries
from booking.queries import offers as offer_queries
from booking.queries import series as series_queries
from booking.queries import waiting as waiting_queries
from booking.queries.closure_series import ClosureSeriesView
from booking.queries.courses import CourseView
from booking.queries.exchanges import ExchangeView
from booking.queries.induction_kind_views import KindView
from booking.queries.maintenance import MaintenanceView
from booking.queries.offers import OfferView
from booking.queries.series import SeriesView
from booking.queries.waiting import WaitingView
from booking.rule_changes import zone_changes
from calendars import queries as calendar_queries
from calendars.errors import FeedNotFound
from calendars.queries import FeedView


def reservation(reservation_id: int) -> ReservationView:
    """Return a reservation that the current request may touch. Raises ReservationNotFound."""
    view = queries.reservation(db.session(), reservation_id)
    missing = ReservationNotFound(id=reservation_id)
    permissions.require(member_id=view.member_id, workshop_id=view.workshop_id, missing=missing)
    return view


def shown_reservation(reservation_id: int) -> ReservationView:
    """Return a reservation whose page the current login may open. Raises ReservationNotFound."""
    view = queries.reservation(db.session(), reservation_id)
    if not permissions.may_touch("reservations.show", member_id=view.member_id, workshop_id=view.workshop_id):
        raise ReservationNotFound(id=reservation_id)
    return view


def series(series_id: int) -> SeriesView:
    """Return a series that the current request may touch. Raises SeriesNotFound."""
    view = series_queries.series(db.session(), series_id)
    missing = SeriesNotFound(id=series_id)
    permissions.require(member_id=view.member_id, workshop_id=view.workshop_id, missing=missing)
    return view


def zone_change(change_id: int) -> ZoneChange:
    """Return a change of a workshop's clock that the current request may touch. Raises NotFound."""
    found = zone_changes.get(db.session(), change_id)
    permissions.require(workshop_id=found.workshop_id, missing=NotFound(id=change_id))
    return found


def waiting_entry(entry_id: int) -> WaitingView:
    """Return an entry of the waiting list that the current request may touch. Raises WaitingEntryNotFound."""
    view = waiting_queries.waiting_entry(db.session(), entry_id, now=now())
    missing = WaitingEntryNotFound(id=entry_id)
    permissions.require(member_id=view.member_id, workshop_id=view.workshop_id, missing=missing)
    return view


def offer(offer_id: int) -> OfferView:
    """Return an offer that the current request may touch. Raises OfferNotFound."""
    view = offer_queries.offer(db.session(), offer_id)
    missing = OfferNotFound(id=offer_id)
    permissions.require(member_id=view.member_id, workshop_id=view.workshop_id, missing=missing)
    return view


def exchange(exchange_id: int, *, of: str = "") -> ExchangeView:
    """Return an exchange that the current request may touch. of: only as its "receiver" or its "proposer".

    A swap concerns the managers of both its machines.

    Raises ExchangeNotFound.
    """
    view = exchange_queries.exchange(db.session(), exchange_id)
    parties = {"receiver": (view.receiver_id,), "proposer": (view.proposer_id,)}
    allowed = parties.get(of, (view.receiver_id, view.proposer_id))
    own = current_user.member_id if current_user.member_id in allowed else allowed[0]
    missing = ExchangeNotFound(id=exchange_id)
    workshop_ids = [time.workshop_id for time in view.times]
    managed = next((one for one in workshop_ids if one in current_user.managed_workshop_ids), workshop_ids[0])
    permissions.require(member_id=own, workshop_id=managed, missing=missing)
    return view


def shown_series(reservation_ids: Collection[int]) -> Mapping[int, int]:
    """Return the series that reservations are dates of, by their ids, without those that the login may not see."""
    found = series_queries.series_of_reservations(db.session(), reservation_ids)
    return {
        reservation_id: one.id
        for reservation_id, one in found.items()
        if permissions.may_touch("series.show", member_id=one.member_id, workshop_id=one.workshop_id)
    }


def slip(usage_id: int) -> SlipView:
    """Return a usage slip that the current request may touch. Raises NotFound."""
    view = queries.slip(db.session(), usage_id)
    permissions.require(member_id=view.member_id, workshop_id=view.workshop_id, missing=NotFound(id=usage_id))
    return view


def managed_machine(id_or_slug: int | str) -> MachineCard:
    """Return a machine in a workshop that the current request may touch. Raises MachineNotFound."""
    card = queries.machine_card(db.session(), id_or_slug)
    permissions.require(workshop_id=card.workshop_id, missing=MachineNotFound(id=id_or_slug))
    return card


def closure(closure_id: int) -> ClosureView:
    """Return a closure in a workshop that the current request may touch. Raises ClosureNotFound."""
    view = queries.closure(db.session(), closure_id)
    permissions.require(workshop_id=view.workshop_id, missing=ClosureNotFound(id=closure_id))
    return view


def closure_series(series_id: int) -> ClosureSeriesView:
    """Return closures that repeat in a workshop that the current request may touch. Raises ClosureNotFound."""
    view = closure_series_queries.closure_series(db.session(), series_id)
    permissions.require(workshop_id=view.workshop_id, missing=ClosureNotFound(id=series_id))
    return view


def damage_report(damage_id: int) -> DamageView:
    """Return a damage report that the current request may touch: its reporter or a manager. Raises NotFound."""
    view = queries.damage_report(db.session(), damage_id)
    missing = NotFound(id=damage_id)
    permissions.require(member_id=view.member_id, workshop_id=view.workshop_id, missing=missing)
    return view


def workshop(id_or_slug: int | str) -> WorkshopView:
    """Return a workshop that the current request may touch. Raises NotFound."""
    view = queries.workshop(db.session(), id_or_slug)
    permissions.require(workshop_id=view.id, missing=NotFound(id=id_or_slug))
    return view


def announcement(announcement_id: int) -> AnnouncementView:
    """Return an announcement that the current request may touch: of a managed workshop. Raises NotFound."""
    view = queries.announcement(db.session(), announcement_id)
    permissions.require(workshop_id=view.workshop_id, missing=NotFound(id=announcement_id))
    return view


def group(group_id: int) -> GroupView:
    """Return a group of machines of a workshop that the current request may touch. Raises GroupNotFound."""
    view = queries.group(db.session(), group_id)
    permissions.require(workshop_id=view.workshop_id, missing=GroupNotFound(id=group_id))
    return view


def quota(quota_id: int) -> QuotaView:
    """Return a quota that the current request may touch: of a managed workshop. Raises NotFound."""
    view = queries.quota(db.session(), quota_id)
    permissions.require(workshop_id=view.workshop_id, missing=NotFound(id=quota_id))
    return view


def maintenance(maintenance_id: int) -> MaintenanceView:
    """Return a maintenance interval that the current request may touch: of a managed workshop. Raises NotFound."""
    view = maintenance_queries.maintenance(db.session(), maintenance_id, now=now())
    permissions.require(workshop_id=view.workshop_id, missing=NotFound(id=maintenance_id))
    return view


def induction_kind(kind_id: int) -> KindView:
    """Return a kind of induction that the current request may touch: one manages the workshops of all its machines.

    Those too whose own induction requires it. Raises NotFound.
    """
    view = induction_kind_views.kind(db.session(), kind_id)
    for workshop_id in view.workshop_ids:
        permissions.require(workshop_id=workshop_id, missing=NotFound(id=kind_id))
    return view


def course(course_id: int) -> CourseView:
    """Return an induction course that the current request may touch: its trainer, or a manager. Raises CourseNotFound.

    The trainer is the login that the course names, else every login of the trainer's member.
    """
    view = course_queries.course(db.session(), course_id)
    is_login = view.trainer_user_id is not None
    permissions.require(
        member_id=None if is_login else view.trainer_member_id,
        user_id=view.trainer_user_id,
        workshop_id=view.workshop_id,
        missing=CourseNotFound(id=course_id),
    )
    return view


def induction(induction_id: int) -> InductionView:
    """Return an induction that the current request may touch: of the own member, or of all. Raises NotFound."""
    view = queries.induction(db.session(), induction_id)
    permissions.require(member_id=view.member_id, missing=NotFound(id=induction_id))
    return view


def feed(feed_id: int) -> FeedView:
    """Return a calendar subscription that the current request may touch. Raises FeedNotFound."""
    view = calendar_queries.feed(db.session(), feed_id)
    permissions.require(user_id=view.user_id, missing=FeedNotFound(id=feed_id))
    return view


def allocation(allocation_id: int) -> tuple[AllocationView, tuple[CostGroup, ...]]:
    """Return a posted allocation with all its lines, or with the lines of the login's member.

    Raises AllocationNotFound, also where the member has no line.
    """
    return billing_queries.allocation(db.session(), allocation_id, member_id=bearing_member_id())


def bearing_member_id() -> int | None:
    """Return the member whose lines of an allocation the current request may see. None: all lines."""
    return None if permissions.reaches_all() else current_user.member_id
