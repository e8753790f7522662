"""Texts of the ledger: accounts, what a line is for, what the charges of a pool are."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from billing.ledger.posting import SHARE
from billing.queries.balances import BalanceLine

CHARGES_ARE_LABELS: dict[str, Any] = {
    "income": _l("Income: owed in addition to the share of the costs"),
    "advance": _l("Advances: they count against the share of the costs"),
}

TOPIC_LABELS: dict[str, Any] = {
    "use": _l("Usage charges"),
    "share": _l("Share of costs"),
    "advance": _l("Advances"),
    "counted": _l("Counted against the share"),
    "fee": _l("Fees"),
    "dues": _l("Membership dues"),
    "material": _l("Material"),
    "deposit": _l("Deposits"),
    "equity": _l("Equity"),
    "set_off": _l("Set off against equity"),
    "counter": _l("Contra line"),
}

ACCOUNT_LABELS: dict[str, Any] = {
    "receivables": _l("Receivables from members"),
    "use_charges": _l("Usage charges"),
    "allocated_costs": _l("Costs divided among members"),
    "advances": _l("Advances received"),
    "fees": _l("Fees"),
    "dues": _l("Membership dues"),
    "materials": _l("Sales of material"),
    "deposits": _l("Deposits received"),
    "equity": _l("Equity of members"),
    "equity_left": _l("Equity of members who left"),
    "opening_balances": _l("Opening balances"),
}

LEDGER_STATES: dict[str, Any] = {
    "closed": _l("The ledger is not open yet. The operator opens it once with: ring ledger open --on DATE"),
    "opening": _l("The ledger is being opened. Balances are complete when the operator's command has ended."),
}


def charges_are_label(answer: str) -> str:
    """Return what the charges of a pool are."""
    return str(CHARGES_ARE_LABELS[answer])


def topic_label(topic: str) -> str:
    """Return what a line of the ledger is for."""
    return str(TOPIC_LABELS[topic])


def line_label(line: BalanceLine) -> str:
    """Return what a line of a balance is for: costs that were divided after their period was closed came late."""
    if line.topic == SHARE and not line.is_reversal and line.posting_date > line.service_until:
        return _("Late costs") if line.cents > 0 else _("Late credit of costs")
    return topic_label(line.topic)


def account_label(code: str) -> str:
    """Return the name of an account."""
    return str(ACCOUNT_LABELS[code])
