"""/costs/balances: what each member owes, each line open to its reason; one's own at /costs/balance."""

from __future__ import annotations

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from sqlalchemy.orm import Session

from app.auth.permissions import ALL, OWN, Access
from app.exports.files import page_file
from app.extensions import db
from app.pages.costs import bp, presenter
from app.pages.costs.desk import PER_PAGE, offset
from app.pages.declaration import MenuEntry, page
from app.web.paging import page_number
from app.wording.ledger import LEDGER_STATES, line_label, topic_label
from billing.equity.equity import equity_of
from billing.exports.balances import balance_line_table, balance_table
from billing.queries import balances as billing_balances
from billing.queries import slips_of_charges
from billing.queries.balances import CREDIT, OWING, SETTLED
from billing.queries.pools import pool_names
from booking.queries import member_names, members_matching

bp.add_app_template_global(line_label, "line_label")

WHICH = {"": _l("All"), OWING: _l("Owe"), CREDIT: _l("Have a credit"), SETTLED: _l("Are settled")}


@page(
    bp,
    "/balances",
    access=Access(treasurer=ALL, admin=ALL),
    menu=MenuEntry(_l("Balances"), 61, icon="bank", bar={"treasurer": 30}),
)
def balances() -> ResponseReturnValue:
    """List what each member owes, the largest sum first: ?which=owing, credit or settled; ?member= searches."""
    session, which, text = db.session(), _which(), _searched()
    found = members_matching(text) if text else None
    rows, has_next = billing_balances.balances(session, found, which=which, limit=PER_PAGE, offset=offset())
    return render_template(
        "costs/balances.html",
        rows=rows,
        members={name.id: name for name in member_names(session, {row.member_id for row in rows})},
        totals=billing_balances.balance_totals(session),
        which=which,
        choices=WHICH,
        text=text,
        page=page_number(),
        has_next=has_next,
        not_open=_not_open(session),
    )


@page(bp, "/balances/file.<any(csv, xlsx):file_format>", access=Access(treasurer=ALL, admin=ALL))
def download_balances(file_format: str) -> ResponseReturnValue:
    """Return the balances of the list as a file: ?which=&member=."""
    return page_file(balance_table(db.session(), _which(), _searched()), file_format)


@page(bp, "/balances/<int:member_id>", access=Access(treasurer=ALL, admin=ALL))
def balance(member_id: int) -> ResponseReturnValue:
    """Show what a member owes, and its lines, the newest first."""
    return _balance_page(member_id, is_own=False)


@page(bp, "/balances/<int:member_id>/file.<any(csv, xlsx):file_format>", access=Access(treasurer=ALL, admin=ALL))
def download_balance(member_id: int, file_format: str) -> ResponseReturnValue:
    """Return all lines of a member's balance."""
    presenter.known_member(db.session(), member_id)
    return page_file(balance_line_table(db.session(), member_id), file_format)


@page(bp, "/balance", access=Access(member=OWN, leaver=OWN))
def my_balance() -> ResponseReturnValue:
    """Show what one owes, and its lines, the newest first."""
    return _balance_page(current_user.member_id, is_own=True)


@page(bp, "/balance/file.<any(csv, xlsx):file_format>", access=Access(member=OWN, leaver=OWN))
def download_my_balance(file_format: str) -> ResponseReturnValue:
    """Return all lines of one's balance."""
    return page_file(balance_line_table(db.session(), current_user.member_id), file_format)


def _balance_page(member_id: int, *, is_own: bool) -> ResponseReturnValue:
    session = db.session()
    member = presenter.known_member(session, member_id)
    lines, has_next = billing_balances.balance_lines(session, member_id, limit=PER_PAGE, offset=offset())
    charge_ids = {line.charge_id for line in lines if line.charge_id is not None}
    return render_template(
        "costs/balance.html",
        member=member,
        is_own=is_own,
        balance=billing_balances.balance_of(session, member_id),
        made_of=billing_balances.made_of(session, member_id),
        equity=equity_of(session, member_id),
        lines=lines,
        slips=slips_of_charges(session, charge_ids),
        machines=presenter.machine_names(session),
        pool_names=pool_names(session),
        topic_label=topic_label,
        page=page_number(),
        has_next=has_next,
        not_open=_not_open(session),
    )


def _not_open(session: Session) -> str:
    """Return the sentence about a ledger that is not open; empty once it is."""
    state = billing_balances.ledger_state(session)
    return "" if state.is_open else str(LEDGER_STATES[state.state])


def _which() -> str:
    return request.args.get("which", "") if request.args.get("which", "") in WHICH else ""


def _searched() -> str:
    return request.args.get("member", "").strip()[:100]
