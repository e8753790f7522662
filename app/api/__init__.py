"""/api/v1: the use cases of the pages, for programs."""

from __future__ import annotations

from importlib import import_module

from flask import Blueprint, Flask

from booking.kernel.late_methods import late_methods

# The modules that declare endpoints, in the order of the reference page.
MODULES = (
    "guard",
    "machines.machines",
    "machines.machine_rules",
    "machines.outside_rules",
    "machines.groups",
    "members.induction_kinds",
    "members.inductions",
    "members.induction_wishes",
    "members.courses",
    "members.course_signups",
    "reservations.reservations",
    "reservations.reservation_actions",
    "series.series",
    "series.series_rules",
    "reservations.waiting",
    "reservations.offers",
    "reservations.exchanges",
    "reservations.exchange_rules",
    "machines.closures",
    "machines.closure_series",
    "machines.closure_decisions",
    "machines.breakdowns",
    "machines.damage",
    "members.announcements",
    "machines.quotas",
    "machines.maintenance",
    "machines.zone_changes",
    "use.asked_amounts",
    "use.usage",
    "use.use_days",
    "costs.costs",
    "costs.pool_counts",
    "costs.pools",
    "costs.pool_keys",
    "costs.recurring_costs",
    "costs.budgets",
    "costs.allocations",
    "costs.allocation_reversal",
    "books.ledger",
    "tariffs.tariff_trials",
    "tariffs.tariffs",
    "tariffs.machine_costs",
    "members.parties",
    "members.member_address",
    "books.books",
    "books.invoice_runs",
    "books.invoices",
    "books.document_terms",
    "books.issued_statements",
    "books.periods",
    "use.slip_objections",
    "books.statements",
    "costs.advances",
    "books.fees",
    "tariffs.fee_terms",
    "tariffs.materials",
    "books.equity",
    "costs.meters",
    "tariffs.deposit_terms",
    "tasks",
    "books.exports",
    "books.account_files",
    "books.posting_exports",
    "reference",
)


def register_api(app: Flask) -> None:
    """Register the blueprint of the API."""
    app.register_blueprint(load_endpoints())


def load_endpoints() -> Blueprint:
    """Import the modules that declare endpoints and return the blueprint."""
    with late_methods():
        from app.api.endpoints import bp

        for name in MODULES:
            import_module(f"{__name__}.{name}")
    return bp
