"""What tasks are called, by the page that handed them over: these pages and no others may."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l

LABELS: dict[str, Any] = {
    "api.allocate_costs": _l("An allocation that a program asked for"),
    "api.export_figures": _l("All figures as one file that a program asked for"),
    "api.preview_invoices": _l("Preview of invoices that a program asked for"),
    "api.run_invoices": _l("Issuing invoices that a program asked for"),
    "api.run_statements": _l("Issuing statements that a program asked for"),
    "costs.allocate": _l("Preview of an allocation"),
    "costs.post": _l("Posting of an allocation"),
    "costs.shares_file": _l("Shares from a file"),
    "costs.download_account": _l("An account sheet as a file"),
    "costs.download_trial_balance": _l("Sums of the accounts as a file"),
    "costs.download_allocation": _l("An allocation as a file"),
    "costs.download_allocations": _l("Allocations as a file"),
    "costs.download_balance": _l("Balance of a member as a file"),
    "costs.download_balances": _l("Balances as a file"),
    "costs.download_my_balance": _l("My balance as a file"),
    "costs.download_statement": _l("A statement as a file"),
    "costs.download_my_statement": _l("My statement as a file"),
    "costs.download_dues": _l("What an allocation makes due as a file"),
    "costs.make_export": _l("Postings as a file"),
    "costs.download_export": _l("Postings as a file"),
    "costs.download_figures": _l("All figures as one file"),
    "invoices.run": _l("Preview of invoices"),
    "invoices.issue_all": _l("Issuing invoices"),
    "invoices.state_all": _l("Issuing statements"),
    "invoices.send_all": _l("Sending invoices"),
    "invoices.mark_printed": _l("Invoices that were printed"),
    "invoices.print_unsent": _l("Invoices to print"),
    "invoices.download_pdf": _l("An invoice"),
    "invoices.download_xml": _l("An invoice for programs"),
    "usage.download_days": _l("Use by day as a file"),
    "costs.download_costs": _l("Bills of a pool as a file"),
    "costs.download_shares": _l("Shares of a pool as a file"),
    "costs.download_tariffs": _l("Price list as a file"),
    "costs.download_slips": _l("Usage slips as a file"),
    "costs.download_charges": _l("Charges as a file"),
    "costs.download_my_charges": _l("My charges as a file"),
    "costs.download_my_allocations": _l("My parts of allocations as a file"),
    "account.download_my_data": _l("My data as a file"),
    "admin.download_events": _l("Event log as a file"),
    "admin.download_members": _l("Members as a file"),
    "admin.make_backup_now": _l("Backup"),
    "imports.preview": _l("Preview of an import"),
    "imports.store": _l("Import"),
}
