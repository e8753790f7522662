"""Endpoints of the files: every table that the pages and `ring export` write, with the rights of the pages."""

from __future__ import annotations

from typing import Literal

from flask import Response, g
from flask_babel import refresh

from app.api.conversions import Period, days_of
from app.api.endpoints import Endpoint
from app.api.fields import Day, QueryId, RequestModel, ShortText
from app.api.use.usage import reach
from app.auth import permissions
from app.auth.permissions import ALL, LOGGED_IN, OWN, WORKSHOP, Access
from app.clock import now
from app.exports.event_table import event_table
from app.exports.files import CSV, XLSX, file_response
from app.extensions import db
from app.wording.formats import as_zone
from billing.exports.allocations import allocation_lines, allocation_list, allocation_table
from billing.exports.books import cost_table, share_table, tariff_table
from billing.exports.charges import charge_table
from billing.exports.members import BILLING_COLUMNS, MEMBER_COLUMNS, member_table
from billing.exports.slips import slip_table
from billing.exports.tables import Table
from billing.exports.use_days import use_day_table
from booking.times.wall_clock import local_day

FILES = (CSV, XLSX)
OF_THE_BOOKS = Access(treasurer=ALL, admin=ALL)
OF_USES = Access(member=OWN, manager=WORKSHOP, treasurer=ALL, admin=ALL, leaver=OWN)
OF_ONES_WORK = Access(treasurer=OWN, admin=ALL)  # a treasurer gets the part that billing needs


class FileQuery(RequestModel):
    """Format and language of a file. language: of titles, headers, numbers and dates; without it that of the login."""

    format: Literal["csv", "xlsx"] = "csv"
    language: Literal["de", "en"] | None = None


class PeriodFileQuery(FileQuery):
    """A file of a period: "2026", "2026-11" or "2026-11-01/2026-11-15"."""

    period: Period


class SlipFileQuery(PeriodFileQuery):
    """Slips whose day of service lies in the period. member: part of a member's number or name."""

    machine_id: QueryId | None = None
    member: ShortText = ""


class UseDayFileQuery(PeriodFileQuery):
    """Days of a period of a year at most. machine_id: of one machine only."""

    machine_id: QueryId | None = None


class ChargeFileQuery(PeriodFileQuery):
    """Charges and reversals whose day of posting lies in the period. member: part of a member's number or name."""

    machine_id: QueryId | None = None
    member_id: QueryId | None = None
    member: ShortText = ""


class AllocationFileQuery(FileQuery):
    """One allocation, by its number."""

    number: QueryId


class AllocationListQuery(FileQuery):
    """All allocations, or those whose period has a day within the given one."""

    period: Period | None = None


class CostFileQuery(FileQuery):
    """The bills of a cost pool: all, or those whose day of service lies in the period."""

    pool_id: QueryId
    period: Period | None = None


class ShareFileQuery(FileQuery):
    """The shares of a cost pool."""

    pool_id: QueryId


class TariffFileQuery(FileQuery):
    """The prices of a day; without it of today."""

    on: Day | None = None


@Endpoint("GET", "/exports/slips", access=OF_THE_BOOKS, query=SlipFileQuery, files=FILES, errors=(404,))
def export_slips(query: SlipFileQuery) -> Response:
    """Download the usage slips of a period with their prices.

    Titles, headers, numbers and dates are in the language of the login, or in `language`. The same data gives the
    same bytes.
    """
    days, member_text = days_of(query.period), query.member.strip()
    return export_file(slip_table(db.session(), *days, machine_id=query.machine_id, member_text=member_text), query)


@Endpoint("GET", "/exports/use-days", access=OF_USES, query=UseDayFileQuery, files=FILES, errors=(404,))
def export_use_days(query: UseDayFileQuery) -> Response:
    """Download how long machines were in use on each day of a period: all, or the uses that the login may see."""
    member_id, workshop_ids = reach() or (None, None)
    table = use_day_table(
        db.session(),
        *days_of(query.period),
        machine_id=query.machine_id,
        member_id=member_id,
        workshop_ids=workshop_ids,
    )
    return export_file(table, query)


@Endpoint("GET", "/exports/charges", access=OF_THE_BOOKS, query=ChargeFileQuery, files=FILES, errors=(404,))
def export_charges(query: ChargeFileQuery) -> Response:
    """Download all usage charges and reversals of a period, by day of posting."""
    table = charge_table(
        db.session(),
        *days_of(query.period),
        machine_id=query.machine_id,
        member_id=query.member_id,
        member_text=query.member.strip(),
    )
    return export_file(table, query)


@Endpoint("GET", "/exports/allocations", access=OF_THE_BOOKS, query=PeriodFileQuery, files=FILES)
def export_allocation_lines(query: PeriodFileQuery) -> Response:
    """Download the lines of all allocations whose period lies in the given one, with the weights behind each line."""
    return export_file(allocation_lines(db.session(), *days_of(query.period)), query)


@Endpoint("GET", "/exports/allocation", access=OF_THE_BOOKS, query=AllocationFileQuery, files=FILES, errors=(404,))
def export_allocation(query: AllocationFileQuery) -> Response:
    """Download the lines of one allocation, with the weights behind each line."""
    return export_file(allocation_table(db.session(), query.number), query)


@Endpoint("GET", "/exports/allocation-list", access=OF_THE_BOOKS, query=AllocationListQuery, files=FILES)
def export_allocation_list(query: AllocationListQuery) -> Response:
    """Download the list of allocations and reversals, a line each."""
    return export_file(allocation_list(db.session(), days_of(query.period) if query.period else None), query)


@Endpoint("GET", "/exports/costs", access=OF_THE_BOOKS, query=CostFileQuery, files=FILES, errors=(404,))
def export_costs(query: CostFileQuery) -> Response:
    """Download the bills of a cost pool, each with its allocation."""
    return export_file(cost_table(db.session(), query.pool_id, days_of(query.period) if query.period else None), query)


@Endpoint("GET", "/exports/shares", access=OF_THE_BOOKS, query=ShareFileQuery, files=FILES, errors=(404,))
def export_shares(query: ShareFileQuery) -> Response:
    """Download who holds how many shares of a cost pool, since when."""
    return export_file(share_table(db.session(), query.pool_id), query)


@Endpoint("GET", "/exports/tariffs", access=LOGGED_IN, query=TariffFileQuery, files=FILES)
def export_tariffs(query: TariffFileQuery) -> Response:
    """Download what a use of each machine costs on a day."""
    return export_file(tariff_table(db.session(), query.on or local_day(now(), as_zone(None))), query)


@Endpoint("GET", "/exports/members", access=OF_ONES_WORK, query=FileQuery, files=FILES)
def export_members(query: FileQuery) -> Response:
    """Download all members, former ones included; the import of members reads the file.

    A treasurer gets the columns that a bill needs.
    """
    columns = MEMBER_COLUMNS if permissions.reaches_all() else BILLING_COLUMNS
    return export_file(member_table(db.session(), columns), query)


@Endpoint("GET", "/exports/events", access=OF_ONES_WORK, query=PeriodFileQuery, files=FILES)
def export_events(query: PeriodFileQuery) -> Response:
    """Download the event log of a period, as text and with the recorded data. A treasurer gets what concerns money."""
    table = event_table(db.session(), *days_of(query.period), only_money=not permissions.reaches_all())
    return export_file(table, query)


def export_file(table: Table, query: FileQuery) -> Response:
    """Return a table as a file. The rows are written, and their texts chosen, in the language that was asked for."""
    if query.language:
        g.language = query.language
        refresh()
    return file_response(table, query.format)
