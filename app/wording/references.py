"""What refers to a record and keeps it from being deleted, as text: one row for each table."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from flask_babel import gettext as _
from flask_babel import ngettext

REFERENCES: Mapping[str, Callable[[int], str]] = {
    "auth_user": lambda count: ngettext("%(num)s login", "%(num)s logins", count),
    "booking_reservation": lambda count: ngettext("%(num)s reservation", "%(num)s reservations", count),
    "booking_series": lambda count: ngettext("%(num)s series of reservations", "%(num)s series of reservations", count),
    "booking_occurrence": lambda count: ngettext("%(num)s date of a series", "%(num)s dates of series", count),
    "booking_former_occurrence": lambda count: ngettext(
        "%(num)s date of a series that was put back", "%(num)s dates of series that were put back", count
    ),
    "booking_waiting_entry": lambda count: ngettext(
        "%(num)s entry of the waiting list", "%(num)s entries of the waiting list", count
    ),
    "booking_offer": lambda count: ngettext("%(num)s offer", "%(num)s offers", count),
    "booking_exchange": lambda count: ngettext(
        "%(num)s exchange with another member", "%(num)s exchanges with other members", count
    ),
    "booking_late_move": lambda count: ngettext("%(num)s move at short notice", "%(num)s moves at short notice", count),
    "booking_usage": lambda count: ngettext("%(num)s usage slip", "%(num)s usage slips", count),
    "booking_induction": lambda count: ngettext("%(num)s induction", "%(num)s inductions", count),
    "booking_induction_wish": lambda count: ngettext(
        "%(num)s wish for an induction", "%(num)s wishes for an induction", count
    ),
    "booking_course": lambda count: ngettext("%(num)s induction course", "%(num)s induction courses", count),
    "booking_course_machine": lambda count: ngettext("%(num)s induction course", "%(num)s induction courses", count),
    "booking_course_signup": lambda count: ngettext(
        "%(num)s person signed up for a course", "%(num)s people signed up for courses", count
    ),
    "booking_damage_report": lambda count: ngettext("%(num)s damage report", "%(num)s damage reports", count),
    "booking_maintenance": lambda count: ngettext(
        "%(num)s maintenance interval", "%(num)s maintenance intervals", count
    ),
    "booking_blocking": lambda count: ngettext("%(num)s closure", "%(num)s closures", count),
    "booking_occupancy": lambda count: ngettext("%(num)s occupied place", "%(num)s occupied places", count),
    "billing_tariff": lambda count: ngettext("%(num)s tariff", "%(num)s tariffs", count),
    "billing_unpriced": lambda count: ngettext("%(num)s use without a price", "%(num)s uses without a price", count),
    "billing_charge": lambda count: ngettext("%(num)s usage charge", "%(num)s usage charges", count),
    "billing_share": lambda count: ngettext("%(num)s entry of shares", "%(num)s entries of shares", count),
    "billing_pool": lambda count: ngettext("%(num)s cost pool", "%(num)s cost pools", count),
    "billing_pool_key_percent": lambda count: ngettext(
        "%(num)s fixed percentage in a key", "%(num)s fixed percentages in keys", count
    ),
    "billing_meter": lambda count: ngettext("%(num)s meter", "%(num)s meters", count),
    "billing_allocation_amount": lambda count: ngettext(
        "%(num)s measured amount in an allocation", "%(num)s measured amounts in allocations", count
    ),
    "billing_pool_scope_machine": lambda count: ngettext(
        "%(num)s cost pool that counts it", "%(num)s cost pools that count it", count
    ),
    "billing_allocation_line": lambda count: ngettext(
        "%(num)s line of an allocation", "%(num)s lines of allocations", count
    ),
    "billing_allocation_slip": lambda count: ngettext(
        "%(num)s slip in an allocation", "%(num)s slips in allocations", count
    ),
    "billing_posting": lambda count: ngettext("%(num)s line of the ledger", "%(num)s lines of the ledger", count),
    "billing_balance": lambda count: ngettext("%(num)s balance", "%(num)s balances", count),
    "billing_advance_line": lambda count: ngettext("%(num)s part of an advance", "%(num)s parts of advances", count),
    "billing_fee_terms": lambda count: ngettext("%(num)s entry of fees", "%(num)s entries of fees", count),
    "billing_deposit_terms": lambda count: ngettext(
        "%(num)s entry of its deposit", "%(num)s entries of its deposit", count
    ),
    "billing_missed": lambda count: ngettext("%(num)s missed reservation", "%(num)s missed reservations", count),
    "billing_fee": lambda count: ngettext("%(num)s fee", "%(num)s fees", count),
    "billing_equity_move": lambda count: ngettext("%(num)s change of equity", "%(num)s changes of equity", count),
    "billing_allocation_charge": lambda count: ngettext(
        "%(num)s charge counted in an allocation", "%(num)s charges counted in allocations", count
    ),
    "billing_allocation_advance": lambda count: ngettext(
        "%(num)s advance counted in an allocation", "%(num)s advances counted in allocations", count
    ),
    "billing_uninvoiced": lambda count: ngettext(
        "%(num)s amount that is not invoiced", "%(num)s amounts that are not invoiced", count
    ),
    "billing_statement_sending": lambda count: ngettext(
        "%(num)s statement that was sent", "%(num)s statements that were sent", count
    ),
    "billing_statement": lambda count: ngettext("%(num)s statement", "%(num)s statements", count),
    "billing_document_run_member": lambda count: ngettext(
        "%(num)s run of documents", "%(num)s runs of documents", count
    ),
    "billing_document": lambda count: ngettext("%(num)s invoice", "%(num)s invoices", count),
    "billing_machine_cost": lambda count: ngettext(
        "%(num)s calculation of its costs", "%(num)s calculations of its costs", count
    ),
    "billing_party": lambda _count: _("billing details"),
    "notifications_attached_entry": lambda count: ngettext(
        "%(num)s calendar file in an e-mail", "%(num)s calendar files in e-mails", count
    ),
    "calendars_feed": lambda count: ngettext("%(num)s calendar link", "%(num)s calendar links", count),
}


def reference_texts(references: Mapping[str, int]) -> list[str]:
    """Return what refers to a record, such as "2 reservations", by table and count."""
    return [REFERENCES[table](count) for table, count in references.items()]
