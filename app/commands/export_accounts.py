"""ring export balances, balance, statement, dues, accounts, account: what is owed, and the ledger behind it."""

from __future__ import annotations

from datetime import date
from typing import BinaryIO

import click

from app.commands.export import NO_PERIOD, as_file, between_days, export, of_members, write
from app.extensions import db
from billing.errors.money_errors import AccountNotFound, AllocationNotFound, WrongPeriod
from billing.exports.allocations import due_table
from billing.exports.balances import balance_line_table, balance_table
from billing.exports.ledger import account_sheet, account_table
from billing.exports.statements import statement_table
from booking.queries import member_names

MEMBER = click.argument("member", type=int)


@export.command("balances")
@click.option("--which", type=click.Choice(["owing", "credit", "settled"]), help="Only these; default: all.")
@of_members
@as_file
def export_balances(which: str | None, member_text: str, file_format: str, language: str, output: BinaryIO) -> None:
    """Write what each member owes, the largest sum first."""
    write(balance_table(db.session(), which or "", member_text), file_format, language, output)


@export.command("balance")
@MEMBER
@as_file
def export_balance(member: int, file_format: str, language: str, output: BinaryIO) -> None:
    """Write all lines of the balance of the member with the internal number MEMBER."""
    write(balance_line_table(db.session(), _known(member)), file_format, language, output)


@export.command("statement")
@MEMBER
@between_days()
@as_file
def export_statement(member: int, since: date, until: date, file_format: str, language: str, output: BinaryIO) -> None:
    """Write the statement of the member with the internal number MEMBER for some days."""
    try:
        table = statement_table(db.session(), _known(member), (since, until))
    except WrongPeriod as refusal:
        raise click.ClickException(NO_PERIOD) from refusal
    write(table, file_format, language, output)


@export.command("dues")
@click.argument("number", type=int)
@as_file
def export_dues(number: int, file_format: str, language: str, output: BinaryIO) -> None:
    """Write what the allocation NUMBER makes each member owe."""
    try:
        table = due_table(db.session(), number)
    except AllocationNotFound as refusal:
        raise click.ClickException(f"There is no allocation number {number}.") from refusal
    write(table, file_format, language, output)


@export.command("accounts")
@as_file
def export_accounts(file_format: str, language: str, output: BinaryIO) -> None:
    """Write the sums of all accounts of the ledger: the trial balance."""
    write(account_table(db.session()), file_format, language, output)


@export.command("account")
@click.argument("code")
@as_file
def export_account(code: str, file_format: str, language: str, output: BinaryIO) -> None:
    """Write all lines of the account CODE, such as receivables, each with the balance after it."""
    try:
        table = account_sheet(db.session(), code)
    except AccountNotFound as refusal:
        raise click.ClickException(f"There is no account {code!r}.") from refusal
    write(table, file_format, language, output)


def _known(member_id: int) -> int:
    if not member_names(db.session(), [member_id]):
        raise click.ClickException(f"There is no member with the internal number {member_id}.")
    return member_id
