"""The tables of the schedule."""

from booking.models.announcement import Announcement
from booking.models.closure_series import ClosureDate, ClosureSeries
from booking.models.course import (
    SEATS_MAX,
    Course,
    CourseMachine,
    CourseSeat,
    CourseSignup,
    InductionWish,
)
from booking.models.damage import DamageReport
from booking.models.deleted_id import DeletedId
from booking.models.exchange import Exchange, ExchangeState
from booking.models.group import GroupMachine, MachineGroup
from booking.models.hold import Hold, HoldKind, Occupancy
from booking.models.late_move import LateMove
from booking.models.machine import Machine, MachineHours, Photo, Unit
from booking.models.maintenance import Maintenance, MaintenanceDone, MaintenanceReminder
from booking.models.member import (
    FormerPriceClass,
    Induction,
    InductionKind,
    Member,
    MemberNames,
    Prerequisite,
    PriceClass,
)
from booking.models.offer import Offer, OfferStatus
from booking.models.quota import Quota, QuotaAccount, QuotaUse
from booking.models.replanned import Replanned, ReplanTold
from booking.models.reservation import (
    ENDED_WITHOUT_USE,
    HOLDING,
    IS_CONFIRMED,
    IS_HOLDING,
    IS_LONG,
    IS_OUT,
    MAY_MOVE_MAX_MIN,
    Blocking,
    Reservation,
    Status,
)
from booking.models.series import FollowingSeries, FormerDate, GroupSeries, Series, SeriesDate
from booking.models.usage import UsageRecord
from booking.models.usage_amount import UsageAmount, UsageChoice
from booking.models.waiting import DayPart, WaitingEntry
from booking.models.workshop import OpeningHours, Ring, Workshop
from booking.models.zone import ZoneChange, ZoneClock, ZoneRules

__all__ = [
    "ENDED_WITHOUT_USE",
    "HOLDING",
    "IS_CONFIRMED",
    "IS_HOLDING",
    "IS_LONG",
    "IS_OUT",
    "MAY_MOVE_MAX_MIN",
    "SEATS_MAX",
    "Announcement",
    "Blocking",
    "ClosureDate",
    "ClosureSeries",
    "Course",
    "CourseMachine",
    "CourseSeat",
    "CourseSignup",
    "DamageReport",
    "DayPart",
    "DeletedId",
    "Exchange",
    "ExchangeState",
    "FollowingSeries",
    "FormerDate",
    "FormerPriceClass",
    "GroupMachine",
    "GroupSeries",
    "Hold",
    "HoldKind",
    "Induction",
    "InductionKind",
    "InductionWish",
    "LateMove",
    "Machine",
    "MachineGroup",
    "MachineHours",
    "Maintenance",
    "MaintenanceDone",
    "MaintenanceReminder",
    "Member",
    "MemberNames",
    "Occupancy",
    "Offer",
    "OfferStatus",
    "OpeningHours",
    "Photo",
    "Prerequisite",
    "PriceClass",
    "Quota",
    "QuotaAccount",
    "QuotaUse",
    "ReplanTold",
    "Replanned",
    "Reservation",
    "Ring",
    "Series",
    "SeriesDate",
    "Status",
    "Unit",
    "UsageAmount",
    "UsageChoice",
    "UsageRecord",
    "WaitingEntry",
    "Workshop",
    "ZoneChange",
    "ZoneClock",
    "ZoneRules",
]
