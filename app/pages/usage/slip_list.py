"""What the list of slips shows: a page of a filter, and the sums of the whole filter."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TypedDict

from sqlalchemy.orm import Session

from app.auth import permissions
from app.auth.logins import Login
from app.forms.list_filter import ListFilter
from app.forms.year_choice import YearChoice, year_days, year_of_days, years_between
from billing.queries import (
    cents_of_slips,
    charged_cents,
    charged_slips,
    unpriced_among,
    year_with_open_work,
    years_of_ring,
)
from booking import queries
from booking.queries import SlipFilter, SlipTotals, SlipView

# The sums of so many rows are shown with a list. Those of more are computed when they are asked for.
SUMMED_MAX = 250


@dataclass(frozen=True, slots=True)
class SlipRow:
    """A slip in a list, with its price in cents where there is one."""

    slip: SlipView
    cents: int | None


@dataclass(frozen=True, slots=True)
class SlipList:
    """A page of slips; totals and cents: the sums of all slips of the filter, not of the page.

    unpriced: how many of them have no price, and so no part in the sum. Where totals is not complete, the sums have to
    be asked for.
    """

    rows: tuple[SlipRow, ...]
    has_next: bool
    totals: SlipTotals
    cents: int
    unpriced: int = 0

    @classmethod
    def empty(cls) -> SlipList:
        """Return the list of a filter that cannot be read."""
        return cls((), False, SlipTotals(0, {}), 0)


def whose_slips(login: Login) -> SlipFilter:
    """Return which slips a login may list."""
    if permissions.reaches_all():
        return SlipFilter()
    return SlipFilter(member_id=login.member_id, workshop_ids=login.managed_workshop_ids)


class WhoseUses(TypedDict):
    """Whose uses a report counts; None for both: all."""

    member_id: int | None
    workshop_ids: Collection[int] | None


def whose_uses(login: Login) -> WhoseUses:
    """Return whose uses a login may count."""
    whose = whose_slips(login)
    return WhoseUses(member_id=whose.get("member_id"), workshop_ids=whose.get("workshop_ids"))


def sees_only_own(login: Login) -> bool:
    """Return whether a list of slips names one member only."""
    return not permissions.reaches_all() and not login.managed_workshop_ids


def wanted_slips(session: Session, form: ListFilter, login: Login, *, only_disputed: bool) -> SlipFilter:
    """Return the filter of a valid form, within what the login may see. Only who sees others searches by member."""
    since, until = form.days
    wanted = whose_slips(login) | SlipFilter(since=since, until=until, only_disputed=only_disputed)
    if form.machine.data:
        wanted["machine_id"] = queries.machine_card(session, form.machine.data).id
    if form.member_text and not sees_only_own(login):
        few = queries.few_members_matching(session, form.member_text)  # once for the list and all sums
        wanted |= SlipFilter(member_text=form.member_text) if few is None else SlipFilter(member_ids=few)
    return wanted


def years_of(session: Session, form: ListFilter, login: Login, today: date) -> YearChoice:
    """Return the years of the slips that a login may list; for the treasurer with their open work."""
    if permissions.may("costs.allocations"):
        years = years_of_ring(session, today)
    else:
        years = years_between(queries.days_of_slips(session, **whose_slips(login)), today)
    return year_of_days(years, *form.days, today=today)


def file_arguments(form: ListFilter, years: YearChoice, today: date) -> dict[str, str]:
    """Return the arguments of the file of slips: machine, member and days of the filter.

    Without days: those of the oldest year with open work, of the present one until today.
    """
    since, until = form.days
    if since is None and until is None:
        first, last = year_days(year_with_open_work(years.listed, today))
        since, until = first, min(last, today)
    until = until or max(today, since or today)
    since = since or until.replace(month=1, day=1)
    kept = {name: text for name, text in form.as_arguments().items() if name in ("machine", "member")}
    return {"from": since.isoformat(), "until": until.isoformat()} | kept


def page_of(
    session: Session, wanted: SlipFilter, page: int, per_page: int, *, oldest_first: bool, sums_all: bool
) -> SlipList:
    """Return a page of slips with their prices, and the sums of all slips of the filter.

    sums_all: also where they are more than SUMMED_MAX.
    """
    place = {"limit": per_page + 1, "offset": (page - 1) * per_page}
    found = queries.slips(session, oldest_first=oldest_first, **place, **wanted)
    shown = found[:per_page]
    totals = queries.slip_totals(session, at_most=None if sums_all else SUMMED_MAX, **wanted)
    shown_ids, total, unpriced = [slip.id for slip in shown], 0, 0
    cents: Mapping[int, int]
    if sums_all:
        summed = queries.slip_ids(session, **wanted)
        cents, total = cents_of_slips(session, shown_ids), charged_cents(session, summed)
        unpriced = unpriced_among(session, summed)
    elif totals.is_complete:  # so that the page is among what was summed
        charged = charged_slips(session, totals.ids)
        cents, total, unpriced = charged.by_slip, charged.total, unpriced_among(session, totals.ids)
    else:
        cents = cents_of_slips(session, shown_ids)
    rows = tuple(SlipRow(slip, cents.get(slip.id)) for slip in shown)
    return SlipList(rows, len(found) > per_page, totals, total, unpriced)
