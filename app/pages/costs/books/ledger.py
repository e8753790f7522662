"""/costs/ledger: the trial balance, and the sheet of each account; /costs/ledger/journal: every entry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flask import render_template, request
from flask.typing import ResponseReturnValue

from app.auth.permissions import ALL, Access
from app.exports.files import page_file
from app.extensions import db
from app.pages.costs import bp, presenter
from app.pages.declaration import page
from app.wording.ledger import LEDGER_STATES, account_label, topic_label
from billing.exports.ledger import account_sheet, account_table
from billing.queries import slips_of_charges
from billing.queries.balances import ledger_state
from billing.queries.ledger import AccountView, LedgerLine, account, accounts, journal, trial_balance
from billing.queries.pools import pool_names
from booking.queries import member_names

LINES = 50


@dataclass(frozen=True, slots=True)
class LinePage:
    """A page of lines with the names in them. following: where the next page goes on."""

    lines: tuple[LedgerLine, ...]
    following: str | None
    accounts: dict[int, AccountView]
    members: dict[int, str]
    pools: dict[int, str]
    machines: Mapping[int, str]
    slips: dict[int, int]


@page(bp, "/ledger", access=Access(treasurer=ALL, admin=ALL))
def ledger() -> ResponseReturnValue:
    """Show the sums of all accounts."""
    session = db.session()
    sums, state = trial_balance(session), ledger_state(session)
    return render_template(
        "costs/ledger.html",
        sums=sums,
        chart=state.chart.upper(),
        opened_on=state.opened_on,
        not_open="" if state.is_open else LEDGER_STATES[state.state],
        account_label=account_label,
    )


@page(bp, "/ledger/file.<any(csv, xlsx):file_format>", access=Access(treasurer=ALL, admin=ALL))
def download_trial_balance(file_format: str) -> ResponseReturnValue:
    """Return the sums of all accounts as a file."""
    return page_file(account_table(db.session()), file_format)


@page(bp, "/ledger/journal", access=Access(treasurer=ALL, admin=ALL))
def ledger_journal() -> ResponseReturnValue:
    """List the lines of all entries, the newest first."""
    return _lines_page(None)


@page(bp, "/ledger/accounts/<code>", access=Access(treasurer=ALL, admin=ALL))
def ledger_account(code: str) -> ResponseReturnValue:
    """List the lines of an account, the newest first."""
    return _lines_page(account(db.session(), code))


@page(bp, "/ledger/accounts/<code>/file.<any(csv, xlsx):file_format>", access=Access(treasurer=ALL, admin=ALL))
def download_account(code: str, file_format: str) -> ResponseReturnValue:
    """Return all lines of an account as a file, each with the balance after it."""
    return page_file(account_sheet(db.session(), code), file_format)


def _lines_page(of: AccountView | None) -> ResponseReturnValue:
    session = db.session()
    lines, following = journal(session, account_id=of.id if of else None, limit=LINES, before=_before())
    members = member_names(session, {line.member_id for line in lines if line.member_id is not None})
    charge_ids = {line.charge_id for line in lines if line.charge_id is not None}
    shown = LinePage(
        lines=lines,
        following=f"{following[0]}-{following[1]}" if following else None,
        accounts={each.id: each for each in accounts(session)},
        members={name.id: f"{name.number} {name.name}" for name in members},
        pools=pool_names(session),
        machines=presenter.machine_names(session),
        slips=slips_of_charges(session, charge_ids),
    )
    return render_template(
        "costs/ledger_lines.html", shown=shown, account=of, account_label=account_label, topic_label=topic_label
    )


def _before() -> tuple[int, int] | None:
    """Return where the page goes on, of ?before=; an address that was made up begins with the newest."""
    entry_id, _dash, number = request.args.get("before", "").partition("-")
    if not (entry_id.isdecimal() and number.isdecimal() and len(entry_id) < 10 and len(number) < 10):
        return None
    return int(entry_id), int(number)
