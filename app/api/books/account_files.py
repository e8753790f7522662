"""Endpoints of the files of what is owed and of the ledger: balances, statements, dues, sums and sheets of accounts."""

from __future__ import annotations

from typing import Literal

from flask import Response

from app.api.books.exports import FILES, OF_THE_BOOKS, AllocationFileQuery, FileQuery, PeriodFileQuery, export_file
from app.api.conversions import days_of
from app.api.endpoints import Endpoint
from app.api.fields import QueryId, ShortText
from app.extensions import db
from billing.exports.allocations import due_table
from billing.exports.balances import balance_line_table, balance_table
from billing.exports.ledger import account_sheet, account_table
from billing.exports.statements import statement_table
from booking.errors.schedule_errors import MemberNotFound
from booking.queries import member_names


class BalancesFileQuery(FileQuery):
    """Balances. which: those that owe, have a credit or are settled. member: part of a member's number or name."""

    which: Literal["owing", "credit", "settled"] | None = None
    member: ShortText = ""


class BalanceFileQuery(FileQuery):
    """The balance of a member."""

    member_id: QueryId


class StatementFileQuery(PeriodFileQuery):
    """The statement of a member for a period."""

    member_id: QueryId


class AccountFileQuery(FileQuery):
    """An account, by its code: as `account_code` in `GET /ledger/entries`."""

    account: ShortText


@Endpoint("GET", "/exports/balances", access=OF_THE_BOOKS, query=BalancesFileQuery, files=FILES)
def export_balances(query: BalancesFileQuery) -> Response:
    """Download what each member owes, the largest sum first."""
    return export_file(balance_table(db.session(), query.which or "", query.member.strip()), query)


@Endpoint("GET", "/exports/balance", access=OF_THE_BOOKS, query=BalanceFileQuery, files=FILES, errors=(404,))
def export_balance(query: BalanceFileQuery) -> Response:
    """Download all lines of a member's balance, the newest first."""
    return export_file(balance_line_table(db.session(), _known(query.member_id)), query)


@Endpoint("GET", "/exports/statement", access=OF_THE_BOOKS, query=StatementFileQuery, files=FILES, errors=(404,))
def export_statement(query: StatementFileQuery) -> Response:
    """Download the lines of a member's statement, each with what was owed after it."""
    return export_file(statement_table(db.session(), _known(query.member_id), days_of(query.period)), query)


@Endpoint("GET", "/exports/dues", access=OF_THE_BOOKS, query=AllocationFileQuery, files=FILES, errors=(404,))
def export_dues(query: AllocationFileQuery) -> Response:
    """Download what an allocation makes each member owe: the share, what counts against it, the rest."""
    return export_file(due_table(db.session(), query.number), query)


@Endpoint("GET", "/exports/accounts", access=OF_THE_BOOKS, query=FileQuery, files=FILES)
def export_accounts(query: FileQuery) -> Response:
    """Download the sums of all accounts: the trial balance."""
    return export_file(account_table(db.session()), query)


@Endpoint("GET", "/exports/account", access=OF_THE_BOOKS, query=AccountFileQuery, files=FILES, errors=(404,))
def export_account(query: AccountFileQuery) -> Response:
    """Download all lines of an account, each with the balance after it."""
    return export_file(account_sheet(db.session(), query.account), query)


def _known(member_id: int) -> int:
    if not member_names(db.session(), [member_id]):
        raise MemberNotFound(id=member_id)
    return member_id
