"""The kinds of mails: which can be switched off, and which templates belong to each.

What must be sent: what somebody else did to a reservation (its member would come for nothing), what begins a time in
which one may object, what may hurt somebody, and what protects a login.
"""

from __future__ import annotations

from dataclasses import dataclass

MEMBER, MANAGER, ADMIN, LOGIN = "member", "manager", "admin", "login"  # for whom a kind is


@dataclass(frozen=True, slots=True)
class MailKind:
    """A kind of mails. is_wanted: unless chosen otherwise; is_required: it cannot be switched off."""

    code: str
    audience: str
    templates: tuple[str, ...] = ()
    is_wanted: bool = True
    is_required: bool = False


RECEIPTS = MailKind("receipts", MEMBER, ("requested", "series_requested"))
CONFIRMATIONS = MailKind("confirmations", MEMBER, ("confirmed", "series_entered"))
REMINDERS = MailKind("reminders", MEMBER, ("reminder",))
USE_ENDS = MailKind("use_ends", MEMBER, ("use_ends",))
RENAMED = MailKind("renamed", MEMBER, ("renamed",))
CHANGES = MailKind(
    "changes",
    MEMBER,
    (
        "declined",
        "expired",
        "moved",
        "cancelled",
        "exchange_accepted",
        "replanned",
        "old_time_free",
        "repair_moved",
        "proposal_ended",
        "outside_rules",
        "series_decided",
        "series_cancelled",
        "series_changed",
        "decision_taken_back",
        "no_show",
        "no_show_taken_back",
        "course_moved",
        "course_cancelled",
        "course_left",
        "induction_changed",
    ),
    is_required=True,
)
OFFERS = MailKind("offers", MEMBER, ("offer_made", "offer_ended", "waiting_list"))
EXCHANGES = MailKind("exchanges", MEMBER, ("exchange_proposed", "exchange_agreed", "exchange_ended"))
COURSES = MailKind(
    "courses",
    MEMBER,
    ("course_offered", "course_joined", "course_seat", "course_trainer", "induction_given", "induction_expires"),
)
SLIPS = MailKind("slips", MEMBER, ("handed_back", "answered"), is_required=True)
STATEMENTS = MailKind(
    "statements", MEMBER, ("statement", "advance_called", "fee_made", "document_sent"), is_required=True
)
REQUESTS = MailKind(
    "requests",
    MANAGER,
    ("requested_manager", "series_requested_manager", "series_change_requested_manager", "exchange_to_decide"),
)
MOVES = MailKind(
    "moves",
    MANAGER,
    ("moved_manager", "cancelled_manager", "series_cancelled_manager", "series_changed_manager", "exchange_manager"),
)
OBJECTIONS = MailKind("objections", MANAGER, ("objected",))
DIGEST = MailKind("digest", MANAGER, ("digest",), is_wanted=False)
DAMAGE = MailKind("damage", MANAGER, ("damage_reported",), is_required=True)
MAINTENANCE = MailKind("maintenance", MANAGER, ("maintenance_due",))
CLOCKS = MailKind("clocks", MANAGER, ("zone_changed",), is_required=True)
AUDITS = MailKind("audits", ADMIN, is_required=True)
SECURITY = MailKind("security", LOGIN, is_required=True)

KINDS = (
    RECEIPTS,
    CONFIRMATIONS,
    REMINDERS,
    USE_ENDS,
    RENAMED,
    OFFERS,
    EXCHANGES,
    COURSES,
    CHANGES,
    SLIPS,
    STATEMENTS,
    REQUESTS,
    MOVES,
    OBJECTIONS,
    DIGEST,
    MAINTENANCE,
    DAMAGE,
    CLOCKS,
    AUDITS,
    SECURITY,
)
KIND_OF_TEMPLATE = {template: kind for kind in KINDS for template in kind.templates}
OPTIONAL = {kind.code: kind for kind in KINDS if not kind.is_required}
# How a mail begins to the eye: something holds, waits for a decision, or does not hold any more.
_TONES = {
    "good": (
        "confirmed",
        "series_entered",
        "no_show_taken_back",
        "offer_made",
        "old_time_free",
    ),
    "wait": (
        "requested",
        "series_requested",
        "requested_manager",
        "series_requested_manager",
        "series_change_requested_manager",
        "objected",
        "outside_rules",
        "maintenance_due",
        "decision_taken_back",
        "use_ends",
    ),
    "stop": (
        "declined",
        "expired",
        "cancelled",
        "replanned",
        "series_cancelled",
        "cancelled_manager",
        "series_cancelled_manager",
        "no_show",
        "offer_ended",
        "proposal_ended",
        "damage_reported",
    ),
}
TONE_OF_TEMPLATE = {template: tone for tone, templates in _TONES.items() for template in templates}
