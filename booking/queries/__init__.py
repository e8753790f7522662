"""The read side of the schedule, and the only one for other packages: frozen views, never a row of a table.

One file per topic: machines, workshops, the plan board, reservations, the manager's decisions, slips, feeds.
"""

from booking.queries.addresses import UnsplitAddresses, unsplit_addresses
from booking.queries.board import (
    Board,
    BoardMachine,
    BoardOutline,
    BoardRow,
    BoardWorkshop,
    Holiday,
    board,
    board_outline,
    filled_board,
)
from booking.queries.board_entries import BoardEntry
from booking.queries.closures import ClosureView, closure, closure_now, closures, hit_by, undecided_counts
from booking.queries.contacts import MemberContact, member_contacts
from booking.queries.damage import DamageView, damage_report, damage_reports
from booking.queries.decisions import MemberHistory, WaitingRequest, waiting_count, waiting_requests
from booking.queries.feeds import (
    FeedClosure,
    FeedEntry,
    FeedMark,
    feed_closures,
    feed_marks,
    feed_news,
    feed_reservations,
    last_record_change,
)
from booking.queries.leavers import OpenUse, members_leaving, open_use, slip_counts
from booking.queries.machines import (
    KindCount,
    Listing,
    MachineCard,
    kinds,
    machine_card,
    machine_cards,
)
from booking.queries.names import GUEST_PRICE_CLASS, MemberName, member_names, member_records, members_of_class
from booking.queries.outside_rules import (
    OutsideView,
    outside_count,
    outside_ids,
    outside_rules,
    reservations_by_id,
    with_violations,
)
from booking.queries.price_classes import PriceClassSpan, PriceClassView, price_class_history, price_classes
from booking.queries.records import InductionView, Picture, induction_kinds, inductions, photo, ring_zone
from booking.queries.reservation_views import Cursor, ReservationView
from booking.queries.reservations import (
    VisibilityScope,
    reservation,
    reservation_by_uid,
    reservations,
    reservations_of_member,
)
from booking.queries.slips import SlipView, slip, slip_of_reservation, slips
from booking.queries.surroundings import neighbours, todays_machines
from booking.queries.usage import (
    CountedUse,
    UsageSlip,
    counted_uses,
    members_with_use,
    usage_slip,
    usage_slip_ids,
    usage_slips,
)
from booking.queries.whereabouts import StillOut, machine_out, no_shows, not_fetched, not_fetched_count, still_out
from booking.queries.workshops import WorkshopView, workshop, workshops

__all__ = [
    "GUEST_PRICE_CLASS",
    "Board",
    "BoardEntry",
    "BoardMachine",
    "BoardOutline",
    "BoardRow",
    "BoardWorkshop",
    "ClosureView",
    "CountedUse",
    "Cursor",
    "DamageView",
    "FeedClosure",
    "FeedEntry",
    "FeedMark",
    "Holiday",
    "InductionView",
    "KindCount",
    "Listing",
    "MachineCard",
    "MemberContact",
    "MemberHistory",
    "MemberName",
    "OpenUse",
    "OutsideView",
    "Picture",
    "PriceClassSpan",
    "PriceClassView",
    "ReservationView",
    "SlipView",
    "StillOut",
    "UnsplitAddresses",
    "UsageSlip",
    "VisibilityScope",
    "WaitingRequest",
    "WorkshopView",
    "board",
    "board_outline",
    "closure",
    "closure_now",
    "closures",
    "counted_uses",
    "damage_report",
    "damage_reports",
    "feed_closures",
    "feed_marks",
    "feed_news",
    "feed_reservations",
    "filled_board",
    "hit_by",
    "induction_kinds",
    "inductions",
    "kinds",
    "last_record_change",
    "machine_card",
    "machine_cards",
    "machine_out",
    "member_contacts",
    "member_names",
    "member_records",
    "members_leaving",
    "members_of_class",
    "members_with_use",
    "neighbours",
    "no_shows",
    "not_fetched",
    "not_fetched_count",
    "open_use",
    "outside_count",
    "outside_ids",
    "outside_rules",
    "photo",
    "price_class_history",
    "price_classes",
    "reservation",
    "reservation_by_uid",
    "reservations",
    "reservations_by_id",
    "reservations_of_member",
    "ring_zone",
    "slip",
    "slip_counts",
    "slip_of_reservation",
    "slips",
    "still_out",
    "todays_machines",
    "undecided_counts",
    "unsplit_addresses",
    "usage_slip",
    "usage_slip_ids",
    "usage_slips",
    "waiting_count",
    "waiting_requests",
    "with_violations",
    "workshop",
    "workshops",
]
