"""Endpoints of how the books are kept: the chart of accounts with its numbers, and how long accounting periods are."""

from __future__ import annotations

from typing import Annotated, Literal

from flask_babel import gettext as _
from pydantic import Field, StrictBool, StringConstraints, model_validator

from app.api import revisions
from app.api.endpoints import Endpoint, reply
from app.api.fields import RequestModel, ResponseModel
from app.api.problems import Reply
from app.auth.current_login import current_actor
from app.auth.permissions import ALL, Access
from app.clock import now
from app.extensions import db
from billing.closing.periods import set_period_length
from billing.ledger.chart import change_chart
from billing.queries.ledger import chart_view
from billing.queries.periods import period_settings
from booking.kernel.transaction import in_write_transaction

SEEN = Access(treasurer=ALL, admin=ALL)
TREASURERS = Access(treasurer=ALL)
Chart = Literal["skr03", "skr04"]
Length = Literal["year", "month"]
AccountNumber = Annotated[str, StringConstraints(pattern=r"^[0-9]{4,8}$")]
ACCOUNTS_MAX = 50


class AccountNumbers(ResponseModel):
    """An account. code: what is posted to it. kind: asset, liability, income or expense. Its number in both charts."""

    code: str
    kind: str
    skr03: str
    skr04: str


class ChartOfAccounts(ResponseModel):
    """The chart that the ring uses, and all accounts. lines: how many are posted; they keep their accounts."""

    chart: str
    accounts: list[AccountNumbers]
    lines: int
    revision: int


class NewNumbers(RequestModel):
    """The numbers of an account in both charts."""

    code: str = Field(max_length=40)
    skr03: AccountNumber
    skr04: AccountNumber


class ChartChange(RequestModel):
    """The chart to use, and the numbers of accounts; those that are not named stay as they are.

    are_written_again: the adviser moves what is on accounts that get another number, or takes in all DATEV files once
    more; needed while these hold amounts there (rule amounts_in_files).
    """

    chart: Chart
    accounts: Annotated[list[NewNumbers], Field(max_length=ACCOUNTS_MAX)] = Field(default_factory=list)
    are_written_again: StrictBool = False

    @model_validator(mode="after")
    def names_each_once(self) -> ChartChange:
        """Refuse an account that is there twice: which numbers count would be a guess."""
        codes = [one.code for one in self.accounts]
        for code in codes:
            if codes.count(code) > 1:
                raise ValueError(_("%(name)s is there twice", name=code))
        return self


class PeriodLength(ResponseModel):
    """How long an accounting period is, in the years in which none was soft-closed or closed."""

    length: str
    revision: int


class PeriodLengthChange(RequestModel):
    """How long accounting periods shall be."""

    length: Length


@Endpoint("GET", "/ledger/chart", access=SEEN, response=ChartOfAccounts, conditional=True)
def get_chart() -> Reply:
    """Get the chart of accounts: SKR03 or SKR04, and the number of each account in both."""
    return _chart()


@Endpoint(
    "PUT",
    "/ledger/chart",
    access=TREASURERS,
    body=ChartChange,
    response=ChartOfAccounts,
    errors=(404, 409, 412),
    conditional=True,
)
def set_chart(body: ChartChange) -> Reply:
    """Choose the chart and change numbers. What is posted keeps its accounts; earlier entries show the new numbers."""
    session, by, instant = db.session(), current_actor(), now()
    revision = revisions.expected(chart_view(session).revision)
    numbers = {one.code: (one.skr03, one.skr04) for one in body.accounts}

    def change() -> Reply:
        change_chart(
            session,
            body.chart,
            numbers,
            by=by,
            now=instant,
            revision=revision,
            are_written_again=body.are_written_again,
        )
        return _chart()

    return in_write_transaction(session, change)


@Endpoint("GET", "/periods/length", access=SEEN, response=PeriodLength, conditional=True)
def get_period_length() -> Reply:
    """Get how long accounting periods are: a year or a month."""
    return _length()


@Endpoint(
    "PUT",
    "/periods/length",
    access=TREASURERS,
    body=PeriodLengthChange,
    response=PeriodLength,
    errors=(412,),
    conditional=True,
)
def put_period_length(body: PeriodLengthChange) -> Reply:
    """Set how long accounting periods are. A year in which one was soft-closed or closed keeps its own."""
    session, by, instant = db.session(), current_actor(), now()
    revision = revisions.expected(period_settings(session).revision)

    def change() -> Reply:
        set_period_length(session, body.length, by=by, now=instant, revision=revision)
        return _length()

    return in_write_transaction(session, change)


def _chart() -> Reply:
    view = chart_view(db.session())
    accounts = [AccountNumbers(code=one.code, kind=one.kind, skr03=one.skr03, skr04=one.skr04) for one in view.accounts]
    found = ChartOfAccounts(chart=view.chart, accounts=accounts, lines=view.lines, revision=view.revision)
    return reply(found, headers=revisions.etag(view.revision))


def _length() -> Reply:
    settings = period_settings(db.session())
    found = PeriodLength(length=settings.length, revision=settings.revision)
    return reply(found, headers=revisions.etag(settings.revision))
