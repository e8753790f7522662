"""The help for who keeps the accounts: what each part of them is for, and what takes a mistake back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _l


@dataclass(frozen=True, slots=True)
class Topic:
    """A part of the accounts. endpoint: its page; addresses: where the addresses of its verbs begin."""

    code: str
    name: Any  # translated when it is shown
    text: Any
    endpoint: str
    addresses: tuple[str, ...]


TOPICS = (
    Topic(
        "bills",
        _l("Bills and cost pools"),
        _l(
            "Each bill is entered in the pool of its machine, with the day of the service. The keys of the pool "
            "say who bears what; the budget of a year stands beside what was entered. A bill can be changed and "
            "deleted until it is divided."
        ),
        "costs.index",
        ("/costs/pools", "/costs/costs", "/costs/keys", "/costs/meters"),
    ),
    Topic(
        "recurring",
        _l("Recurring costs"),
        _l(
            "Insurance, depreciation or rent are proposed for each period. Nothing is entered before you accept "
            "it; what you dismiss can be proposed again."
        ),
        "costs.proposed_costs",
        ("/costs/recurring",),
    ),
    Topic(
        "tariffs",
        _l("Tariffs"),
        _l(
            "A price holds from a day on. Before you save, the form calculates an example and says what last year"
            " would have cost. A tariff that priced a use is never changed: enter a new one for the same day, and"
            " its uses are priced again."
        ),
        "costs.tariffs",
        ("/costs/tariffs",),
    ),
    Topic(
        "allocations",
        _l("Allocations"),
        _l(
            "The preview says who bears how much and why, before anything is posted. A mistake is taken back by a"
            " reversal; a new allocation takes its place. Bills of a closed period become a correction run."
        ),
        "costs.allocations",
        ("/costs/allocations",),
    ),
    Topic(
        "advances",
        _l("Advances"),
        _l(
            "They are called per share on the page of the pool, and count against the member's share of the "
            "costs. Who would owe what is shown first; a reversal takes an advance back as long as no allocation "
            "counts it."
        ),
        "costs.index",
        ("/costs/advances",),
    ),
    Topic(
        "fees",
        _l("Fees, dues, deposits and material"),
        _l(
            "A missed reservation costs what the terms of its machine say; dues, material and other fees are "
            "entered here. Each one shows its working. A reversal takes it back, and puts material back into "
            "stock."
        ),
        "fees.index",
        ("/fees",),
    ),
    Topic(
        "balances",
        _l("Balances and statements"),
        _l(
            "What each member owes, line by line; each line leads to its reason. A statement of any days is a "
            "page, a PDF and a mail. It claims nothing: what is posted later stands in the next one."
        ),
        "costs.balances",
        ("/costs/balances",),
    ),
    Topic(
        "leavers",
        _l("Members who leave, and their equity"),
        _l(
            "What members have really paid in is entered once, beside the balance. Once a membership is over, what is "
            "still owed is set off against it: with all sums before, a line of its own, and a statement to the member. "
            "A reversal takes it back."
        ),
        "costs.leavers",
        ("/costs/leavers", "/costs/equity"),
    ),
    Topic(
        "invoices",
        _l("Invoices"),
        _l(
            "Before invoices are issued you see their sum, the VAT and what is missing. An issued invoice keeps "
            "its number and is never changed: a correction takes it back, and its lines can be invoiced again."
        ),
        "invoices.index",
        ("/invoices",),
    ),
    Topic(
        "periods",
        _l("Accounting periods"),
        _l(
            "A soft-closed period is open to treasurers only and can be opened again. Closing comes after a "
            "checklist and is final: all lines are sealed with a hash, and late bills become correction runs with"
            " the old keys."
        ),
        "costs.periods",
        ("/costs/periods",),
    ),
    Topic(
        "exports",
        _l("Files for the tax adviser"),
        _l(
            "Postings for DATEV, and the journal as CSV or XLSX: each posting is in one file of either kind; you are "
            "asked before it is in a second one. Each of these files is kept with its hash and can be fetched again."
            " The SQLite file of all figures is made afresh each time and is not recorded."
        ),
        "costs.exports",
        ("/costs/exports",),
    ),
    Topic(
        "ledger",
        _l("Ledger: accounts and journal"),
        _l(
            "Every charge, fee, advance and allocation is a balanced entry here. Entries are never changed or "
            "deleted; what is taken back has an entry of its own."
        ),
        "costs.ledger",
        ("/costs/ledger",),
    ),
    Topic(
        "parties",
        _l("Billing details and VAT"),
        _l(
            "Addresses, bank details, tax numbers and how each party is taxed, by date; the rates of VAT by date."
            " What invoices still lack is listed with links."
        ),
        "costs.parties",
        ("/costs/parties", "/costs/vat-rates"),
    ),
    Topic(
        "machine-costs",
        _l("Machine costs"),
        _l(
            "What a unit of use costs by price, life, interest, insurance and repair, and from which use on "
            "owning is cheaper than a contractor. Nothing is posted by it."
        ),
        "costs.list_machine_costs",
        ("/costs/machine-costs",),
    ),
)
