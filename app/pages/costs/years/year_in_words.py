"""/costs/mine/year: a member's year on one page, in sentences and one picture; and what the next use will cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from flask import render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from flask_login import current_user
from sqlalchemy.orm import Session

from app.auth.permissions import OWN, Access
from app.clock import now
from app.extensions import db
from app.forms.year_choice import year_choice
from app.pages.costs import bp
from app.pages.costs.desk import today
from app.pages.costs.years.my_year import MyYear, my_year
from app.pages.declaration import page
from app.wording.formats import format_amount, format_money, format_short_day
from app.wording.ledger import topic_label
from billing import queries
from billing.queries.statements import Statement, statement
from billing.tariffs.estimates import Estimate, estimate_for, price_of_amount
from booking.queries import ReservationView, machine_card, reservations_of_member
from booking.queries.member_slips import LastUse, MemberUse, last_use, uses_of_member
from booking.reservations.wishes import Wish

NAMED = 3  # so many machines are named in a sentence
# Topic of the ledger -> the sentence when it is owed, and when more of it was given back than was owed in the year.
TOPIC_SENTENCES: dict[str, tuple[Any, Any]] = {
    "fee": (_l("Fees of %(sum)s were added."), _l("Fees of %(sum)s were taken back.")),
    "dues": (_l("Membership dues of %(sum)s were called."), _l("Membership dues of %(sum)s were taken back.")),
    "material": (_l("Material of %(sum)s was charged."), _l("A charge of %(sum)s for material was taken back.")),
    "deposit": (_l("%(sum)s is held as deposits."), _l("Deposits of %(sum)s went back.")),
    "share": (
        _l("Your share of the costs of the machines was %(sum)s."),
        _l("Of your share of the costs of the machines, %(sum)s was given back."),
    ),
    "counted": (
        _l("%(sum)s that you had been charged before counted against it."),
        _l("%(sum)s that had counted against it is owed again."),
    ),
    "advance": (_l("Advances of %(sum)s were called."), _l("Advances of %(sum)s were taken back.")),
    "set_off": (
        _l("%(sum)s that had been set off against your equity is owed again."),
        _l("%(sum)s was set off against your equity."),
    ),
}


@dataclass(frozen=True, slots=True)
class NextUse:
    """A member's next reservation with what it will cost. estimate: None without a price for the member.

    like: the last use of the machine, whose amount is assumed where only a meter will tell; None where the time decides
    or there was none.
    """

    view: ReservationView
    estimate: Estimate | None
    like: LastUse | None

    @property
    def cents(self) -> int | None:
        """Return what it will cost, about; None where that depends on an amount that nobody knows yet."""
        priced = self.estimate.calculation if self.estimate else None
        return None if priced is None else priced.cents


@page(bp, "/mine/year", access=Access(member=OWN, leaver=OWN))
def year_in_words() -> ResponseReturnValue:
    """Show one's year in sentences and a picture, and what the next use will cost: ?year=."""
    session, member_id = db.session(), current_user.member_id
    years = queries.years_of_member(session, member_id, today())
    choice = year_choice(years, queries.year_of_member(session, member_id, today()), today=today())
    assert choice.chosen
    assert choice.days
    until = min(choice.days[1], today())
    year = my_year(session, member_id, choice.chosen, (), machine=None, today=today())
    # Nothing is posted on days to come: the sums of the whole year, which are stored by month, are those until today.
    of_year = statement(session, member_id, *choice.days)
    sums = replace(of_year, last_day=max(until, choice.days[0]))
    used = uses_of_member(session, member_id, *choice.days)
    return render_template(
        "costs/year_in_words.html",
        year=year,
        years=choice,
        sentences=(*_use_sentences(used, year.names), *_charge_sentences(year), *cost_sentences(sums, today())),
        sums=sums,
        until=until,
        topic_label=topic_label,
        next_use=next_use(session, member_id, now=now()),
    )


def next_use(session: Session, member_id: int, *, now: datetime) -> NextUse | None:
    """Return a member's next reservation and its price; None without one."""
    for view in reservations_of_member(session, member_id, upcoming=True, now=now, limit=1):
        card = machine_card(session, view.machine_id)
        wish = Wish(view.machine_id, view.member_id, view.span, view.places, choices=view.choices)
        estimate = estimate_for(session, card, wish)
        if estimate is None or estimate.calculation is not None:
            return NextUse(view, estimate, None)
        like = last_use(session, member_id, card.id, estimate.charge_unit)
        if like is None or not like.amount:
            return NextUse(view, estimate, None)
        return NextUse(view, replace(estimate, calculation=price_of_amount(estimate, card, wish, like.amount)), like)
    return None


def _use_sentences(used: Sequence[MemberUse], names: Mapping[int, str]) -> list[str]:
    uses = sum(one.uses for one in used)
    if not uses:
        return [_("You used no machine in this year.")]
    machines = len({one.machine_id for one in used})
    often = [
        _("%(name)s %(times)s (%(amount)s)", name=names[one.machine_id], times=_times(one.uses), amount=_amount(one))
        for one in used[:NAMED]
    ]
    if machines == 1:
        return [_("You used: %(names)s.", names=", ".join(often))]
    found = ngettext(
        "You used %(num)s machine, %(times)s in all.",
        "You used %(num)s machines, %(times)s in all.",
        machines,
        times=_times(uses),
    )
    return [found, _("Most often: %(names)s.", names=", ".join(often))]


def _times(count: int) -> str:
    return ngettext("%(num)s time", "%(num)s times", count)


def _amount(one: MemberUse) -> str:
    return format_amount(one.amount, one.charge_unit)


def _charge_sentences(year: MyYear) -> list[str]:
    """Return the sentences about usage charges."""
    if not year.cents:
        return []
    found = [_("Your uses cost %(sum)s.", sum=format_money(year.cents))]
    dearest = year.machines[0]
    if len(year.machines) > 1 and dearest.cents > 0:
        found.append(_("Most of it, %(sum)s, is for: %(name)s.", sum=format_money(dearest.cents), name=dearest.name))
    if year.before_cents:
        sums = {"year": year.year - 1, "sum": format_money(year.before_cents)}
        found.append(_("In the whole of %(year)s it was %(sum)s.", **sums))
    return found


def cost_sentences(sums: Statement, today: date) -> list[str]:
    """Return the sentences about what is owed beside the use, the costs of the machines, and what is owed after all."""
    found = []
    for topic, (owed_text, given_back_text) in TOPIC_SENTENCES.items():
        cents = sums.made_of.get(topic, 0) * (-1 if topic == "counted" else 1)
        if cents:
            found.append(str(owed_text if cents > 0 else given_back_text) % {"sum": format_money(abs(cents))})
    day, owed = format_short_day(sums.last_day), sums.closing_cents
    if sums.last_day > today:
        return found  # a year to come
    if owed > 0:
        found.append(_("On %(day)s you owed the ring %(sum)s in all.", day=day, sum=format_money(owed)))
    elif owed < 0:
        found.append(_("On %(day)s the ring owed you %(sum)s.", day=day, sum=format_money(-owed)))
    elif sums.lines:
        found.append(_("On %(day)s nothing was open between you and the ring.", day=day))
    return found
