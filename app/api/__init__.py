"""/api/v1: the use cases of the pages, for programs."""

from __future__ import annotations

from importlib import import_module

from flask import Blueprint, Flask

from booking.kernel.late_methods import late_methods

# The modules that declare endpoints, in the order of the reference page.
MODULES = (
    "guard",
    "machines",
    "machine_rules",
    "outside_rules",
    "groups",
    "induction_kinds",
    "inductions",
    "induction_wishes",
    "courses",
    "course_signups",
    "reservations",
    "reservation_actions",
    "series",
    "series_rules",
    "waiting",
    "offers",
    "exchanges",
    "exchange_rules",
    "closures",
    "closure_series",
    "closure_decisions",
    "breakdowns",
    "damage",
    "announcements",
    "quotas",
    "maintenance",
    "zone_changes",
    "asked_amounts",
    "usage",
    "use_days",
    "costs",
    "pool_counts",
    "pools",
    "pool_keys",
    "recurring_costs",
    "budgets",
    "allocations",
    "allocation_reversal",
    "ledger",
    "tariff_trials",
    "tariffs",
    "machine_costs",
    "parties",
    "member_address",
    "books",
    "invoice_runs",
    "invoices",
    "document_terms",
    "issued_statements",
    "periods",
    "slip_objections",
    "statements",
    "advances",
    "fees",
    "fee_terms",
    "materials",
    "equity",
    "meters",
    "deposit_terms",
    "tasks",
    "exports",
    "account_files",
    "posting_exports",
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
