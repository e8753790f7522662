"""Endpoints of the ledger: what members owe, and the entries behind it."""

from __future__ import annotations

from datetime import date
from typing import Literal

from flask_login import current_user
from pydantic import Field

from app.api.endpoints import Endpoint
from app.api.fields import PAGE_LENGTH, PageLength, RequestModel, ResponseModel
from app.auth.permissions import ALL, OWN, Access, reaches_all
from app.clock import now
from app.extensions import db
from app.web.url_converters import ID_MAX
from billing.queries import balances
from billing.queries.ledger import accounts, journal
from billing.queries.open_sums import age_totals, aged_balances
from booking.errors.schedule_errors import MemberNotFound
from booking.queries import member_names, ring_zone
from booking.times.wall_clock import local_day

Which = Literal["owing", "credit", "settled"]
EntryCursor = r"^[1-9][0-9]{0,9}-[1-9][0-9]{0,6}$"


class BalanceQuery(RequestModel):
    """A page of lines. cursor: `next` of the previous page."""

    cursor: int = Field(0, ge=0, le=ID_MAX)
    limit: PageLength = PAGE_LENGTH


class BalancesQuery(BalanceQuery):
    """A page of balances. which: owing (above zero), credit (below zero) or settled; all without it."""

    which: Which | None = None


class EntryQuery(RequestModel):
    """A page of the journal. cursor: `next` of the previous page."""

    cursor: str | None = Field(None, pattern=EntryCursor)
    limit: PageLength = PAGE_LENGTH


class BalanceLine(ResponseModel):
    """A line of a balance, the newest first. cents: above zero where the member owes it; balance_cents: after it.

    topic: use, share (of costs), advance, counted (against the share), fee, dues, material, deposit, set_off (against
    equity). One of the five ids is its source. text: what a fee is for, or why it was taken back; "" of others.
    """

    entry_id: int
    posting_date: date
    service_from: date
    service_until: date
    topic: str
    machine_id: int | None
    cents: int
    balance_cents: int
    charge_id: int | None
    allocation_id: int | None
    advance_id: int | None
    fee_id: int | None
    equity_id: int | None
    is_reversal: bool
    text: str


class MemberBalance(ResponseModel):
    """What a member owes; below zero: what the ring owes the member. made_of: topic -> cents of all lines."""

    member_id: int
    cents: int
    made_of: dict[str, int]
    items: list[BalanceLine]
    next: str | None


class Balance(ResponseModel):
    """What a member owes, in cents."""

    member_id: int
    cents: int


class BalanceList(ResponseModel):
    """Balances, the largest sum first. total_cents: of all members. state: of the ledger: closed, opening or open."""

    state: str
    total_cents: int
    items: list[Balance]
    next: str | None


class OpenSumsQuery(BalanceQuery):
    """A page of open sums. age: only members who owe something of that age, in days since the posting date."""

    age: Literal["30", "60", "90", "over"] | None = None


class OpenSum(ResponseModel):
    """What a member owes, in cents, and of it what has been owed for how long: age -> cents."""

    member_id: int
    cents: int
    ages: dict[str, int]


class OpenSums(ResponseModel):
    """What members owe by age, the largest sum first; credits are not in it.

    ages: of all members, age -> cents: "30" (up to 30 days), "60" (31 to 60), "90" (61 to 90), "over". What was counted
    or credited settles the oldest sums first.
    """

    ages: dict[str, int]
    items: list[OpenSum]
    next: str | None


class LedgerLine(ResponseModel):
    """A line of an entry: cents above zero are debits. account: its number in the chart of the ring."""

    entry_id: int
    number: int
    posting_date: date
    service_from: date
    service_until: date
    account: str
    account_code: str
    member_id: int | None
    machine_id: int | None
    pool_id: int | None
    topic: str
    cents: int
    charge_id: int | None
    allocation_id: int | None
    advance_id: int | None
    fee_id: int | None
    equity_id: int | None
    reverses_id: int | None


class LedgerLines(ResponseModel):
    """Lines of the journal, the newest entry first; the lines of an entry in their order, perhaps over two pages."""

    items: list[LedgerLine]
    next: str | None


@Endpoint(
    "GET",
    "/members/<id:member_id>/balance",
    access=Access(member=OWN, treasurer=ALL, admin=ALL, leaver=OWN),
    query=BalanceQuery,
    response=MemberBalance,
    errors=(404,),
)
def get_balance(member_id: int, query: BalanceQuery) -> MemberBalance:
    """Get what a member owes and its lines. Members see only their own."""
    session = db.session()
    if not reaches_all() and member_id != current_user.member_id:
        raise MemberNotFound(id=member_id)
    if not member_names(session, [member_id]):
        raise MemberNotFound(id=member_id)
    lines, has_more = balances.balance_lines(session, member_id, limit=query.limit, offset=query.cursor)
    return MemberBalance(
        member_id=member_id,
        cents=balances.balance_of(session, member_id).cents,
        made_of=dict(balances.made_of(session, member_id)),
        items=[balance_line(line) for line in lines],
        next=_following(query, len(lines), has_more),
    )


@Endpoint(
    "GET",
    "/ledger/balances",
    access=Access(treasurer=ALL, admin=ALL),
    query=BalancesQuery,
    response=BalanceList,
)
def list_balances(query: BalancesQuery) -> BalanceList:
    """List what members owe."""
    session = db.session()
    rows, has_more = balances.balances(session, which=query.which or "", limit=query.limit, offset=query.cursor)
    return BalanceList(
        state=balances.ledger_state(session).state,
        total_cents=balances.balance_totals(session).cents,
        items=[Balance(member_id=row.member_id, cents=row.cents) for row in rows],
        next=_following(query, len(rows), has_more),
    )


@Endpoint(
    "GET",
    "/ledger/open-sums",
    access=Access(treasurer=ALL, admin=ALL),
    query=OpenSumsQuery,
    response=OpenSums,
)
def list_open_sums(query: OpenSumsQuery) -> OpenSums:
    """List who owes how much, and since when."""
    session = db.session()
    today = local_day(now(), ring_zone(session))
    rows, has_more = aged_balances(session, today, age=query.age or "", limit=query.limit, offset=query.cursor)
    return OpenSums(
        ages={one.age: one.cents for one in age_totals(session, today)},
        items=[OpenSum(member_id=row.member_id, cents=row.cents, ages=dict(row.ages)) for row in rows],
        next=_following(query, len(rows), has_more),
    )


@Endpoint(
    "GET",
    "/ledger/entries",
    access=Access(treasurer=ALL, admin=ALL),
    query=EntryQuery,
    response=LedgerLines,
)
def list_entries(query: EntryQuery) -> LedgerLines:
    """List the lines of the journal."""
    session = db.session()
    before = None
    if query.cursor is not None:
        entry_id, number = query.cursor.split("-")
        before = int(entry_id), int(number)
    lines, following = journal(session, limit=query.limit, before=before)
    numbers = {account.id: account for account in accounts(session)}
    return LedgerLines(
        items=[
            LedgerLine(
                account=numbers[line.account_id].number,
                account_code=numbers[line.account_id].code,
                **{name: getattr(line, name) for name in LedgerLine.model_fields if not name.startswith("account")},
            )
            for line in lines
        ],
        next=None if following is None else f"{following[0]}-{following[1]}",
    )


def balance_line(line: balances.BalanceLine) -> BalanceLine:
    """Return a line of a balance or statement."""
    same = {name: getattr(line, name) for name in BalanceLine.model_fields if name != "balance_cents"}
    return BalanceLine(balance_cents=line.balance, **same)


def _following(query: BalanceQuery, shown: int, has_more: bool) -> str | None:
    return str(query.cursor + shown) if has_more else None
