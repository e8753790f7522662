"""/costs/open-sums: what members owe, by how long it has been owed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from sqlalchemy.orm import Session

from app.auth.permissions import ALL, Access
from app.extensions import db
from app.pages.costs import bp
from app.pages.costs.desk import PER_PAGE, offset, today
from app.pages.declaration import page
from app.web.paging import page_number
from app.wording.bars import Bar, shares
from app.wording.formats import format_money
from billing.queries.open_sums import AGES, FRESH, MONTH_OLD, OLD, TWO_MONTHS_OLD, age_totals, aged_balances
from booking.queries import member_names

AGE_LABELS: dict[str, Any] = {
    FRESH: _l("up to 30 days"),
    MONTH_OLD: _l("31 to 60 days"),
    TWO_MONTHS_OLD: _l("61 to 90 days"),
    OLD: _l("more than 90 days"),
}


# The oldest in the warm colour, not in the accent: green would say that all is well.
SERIES = {FRESH: "c4", MONTH_OLD: "c3", TWO_MONTHS_OLD: "c1", OLD: "c2"}


@dataclass(frozen=True, slots=True)
class AgeShare:
    """What is owed of one age: its class in the chart, and by how many members and how much."""

    age: str
    label: str
    css: str
    members: int
    cents: int


@dataclass(frozen=True, slots=True)
class Owed:
    """What members owe in all, by age, with the parts of the bar."""

    cents: int
    shares: tuple[AgeShare, ...]
    bars: tuple[Bar, ...]

    @property
    def sentence(self) -> str:
        """Return how much is old, in a sentence."""
        oldest = self.shares[-1]
        if not self.cents:
            return _("Nobody owes anything.")
        if not oldest.cents:
            return _("Nothing of it has been owed for more than 90 days.")
        return ngettext(
            "%(sum)s of it have been owed for more than 90 days, by %(num)s member.",
            "%(sum)s of it have been owed for more than 90 days, by %(num)s members.",
            oldest.members,
            sum=format_money(oldest.cents),
        )


def owed_by_age(session: Session, today: date) -> Owed:
    """Return what is owed by age, in one statement."""
    found = tuple(
        AgeShare(one.age, str(AGE_LABELS[one.age]), SERIES[one.age], one.members, one.cents)
        for one in age_totals(session, today)
    )
    return Owed(sum(one.cents for one in found), found, shares([(one.css, one.cents) for one in found]))


@page(bp, "/open-sums", access=Access(treasurer=ALL, admin=ALL))
def open_sums() -> ResponseReturnValue:
    """List the members who owe something, the largest sum first: ?age= only what is that old."""
    session, age = db.session(), _age()
    rows, has_next = aged_balances(session, today(), age=age, limit=PER_PAGE, offset=offset())
    return render_template(
        "costs/open_sums.html",
        owed=owed_by_age(session, today()),
        rows=rows,
        members={name.id: name for name in member_names(session, {row.member_id for row in rows})},
        age=age,
        page=page_number(),
        has_next=has_next,
    )


def _age() -> str:
    return request.args.get("age", "") if request.args.get("age", "") in AGES else ""
