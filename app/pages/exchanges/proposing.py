"""/reservations/<id>/exchange: find somebody, or a time, and offer one's reservation for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.auth import lookups, memberships
from app.auth.current_login import current_actor
from app.auth.member_logins import login_names, person_named
from app.auth.permissions import OWN, Access
from app.clock import now
from app.extensions import db
from app.forms.member_search import search_note
from app.forms.span_form import FIRST_YEAR, LAST_YEAR, clean
from app.forms.submit import submit
from app.pages.declaration import GET_POST, page
from app.pages.exchanges import bp
from app.pages.exchanges.forms import ProposeForm
from app.pages.exchanges.presenter import terms
from app.wording.errors import sentence_of
from booking import queries
from booking.errors.schedule_errors import MachineNotFound, MemberNotFound, ReservationNotFound
from booking.exchanges import proposing
from booking.exchanges.proposing import Proposal
from booking.queries import MachineCard, ReservationView, exchange_partners
from booking.queries import exchanges as exchange_queries
from booking.queries.exchanges import ExchangedTime
from booking.records import ring
from booking.times.wall_clock import first_instant, local_day
from booking.timespan import TimeSpan

PROPOSER = Access(member=OWN)
DAYS = 7  # that are listed of another machine


@dataclass(frozen=True, slots=True)
class Partner:
    """Who is asked: a member by number, or the one of a wanted reservation, who is not named."""

    member_id: int
    name: str
    wanted: ExchangedTime | None = None


@page(bp, "/reservations/<int:reservation_id>/exchange", access=PROPOSER)
def start(reservation_id: int) -> ResponseReturnValue:
    """Find a member to hand a reservation over to, by three letters of the name, or a time to swap it for."""
    view, session, instant = lookups.reservation(reservation_id), db.session(), now()
    if (pending := exchange_queries.open_of_reservation(session, view.id, now=instant)) is not None:
        return redirect(url_for("exchanges.show", exchange_id=pending.id))
    obstacle = exchange_partners.obstacle(session, view.id, now=instant)
    text = request.args.get("q", "").strip()
    day = memberships.ring_day(instant)
    found = queries.find_members(session, text, [view.member_id], day=day)
    card = _card(request.args.get("machine", view.machine_slug), view)
    first = _day(request.args.get("day", ""), view)
    return render_template(
        "exchanges/start.html",
        view=view,
        obstacle="" if obstacle is None else sentence_of(obstacle),
        text=text,
        members=found.found,
        note=search_note(text, is_found=bool(found.found), has_more=found.has_more)
        or (_("No member was found for “%(text)s”.", text=text) if text and not found.found else ""),
        card=card,
        machines=queries.machine_choices(session),
        first=first.isoformat(),
        days=DAYS,
        times=exchange_partners.taken_times(
            session, card.id, _days_from(first, card), now=instant, excluding_member=view.member_id
        ),
    )


@page(bp, "/reservations/<int:reservation_id>/exchange/offer", methods=GET_POST, access=PROPOSER, keeps_input=True)
def offer(reservation_id: int) -> ResponseReturnValue:
    """Show what an exchange would mean for both (member: a number, or wanted: a reservation), and offer it."""
    view, session, form = lookups.reservation(reservation_id), db.session(), ProposeForm()
    form.offer_hours(_usual_hours())
    member, wanted = (request.values.get(name, "") for name in ("member", "wanted"))
    if not (member or wanted):
        return redirect(url_for(".start", reservation_id=view.id), code=303)
    partner = _partner(view, member, wanted)
    if (sent_before := _sent_before(view, partner)) is not None:
        return redirect(url_for(".show", exchange_id=sent_before), code=303)
    given = exchange_queries.time_of(session, view.id)
    shown = terms(
        session, given, partner.wanted, (partner.member_id, partner.name), reader_id=view.member_id, now=now()
    )
    form.digest, form.member.data, form.wanted.data = shown.digest, member, wanted
    if not form.is_submitted():
        form.shown.data = shown.digest
    proposal = Proposal(
        view.id,
        None if partner.wanted else partner.member_id,
        partner.wanted.reservation_id if partner.wanted else None,
        clean(form.note.data),
        int(form.hours.data) if str(form.hours.data).isdecimal() else None,
        second=person_named(session, view.member_id, form.second_person.data or ""),
    )
    if shown.asks_second:
        form.persons = login_names(session, view.member_id)
    sent = submit(
        form,
        lambda: proposing.propose(session, proposal, by=current_actor(), now=now()),
        message=_("Offered. Until it is accepted, your reservation stays yours, with its duties."),
        location=lambda exchange_id: url_for("exchanges.show", exchange_id=exchange_id),
    )
    if sent is not None:
        return sent
    return render_template("exchanges/offer.html", view=view, form=form, terms=shown, partner=partner), form.status


def _usual_hours() -> int:
    rules = ring.the_ring(db.session())
    return ring.EXCHANGE_HOURS if rules is None else rules.exchange_hours


def _partner(view: ReservationView, number: str, wanted: str) -> Partner:
    """Return who is asked. Raises MemberNotFound, ReservationNotFound."""
    session = db.session()
    if wanted.isdecimal() and len(wanted) < 10:
        time = exchange_queries.time_of(session, int(wanted))
        if not time.is_as_offered or time.member_id == view.member_id:
            raise ReservationNotFound(id=int(wanted))
        return Partner(time.member_id, "", time)
    member_id = exchange_partners.member_of_number(session, number, day=memberships.ring_day(now()))
    if member_id is None or member_id == view.member_id:
        raise MemberNotFound(id=0)
    (found,) = queries.member_names(session, [member_id])
    return Partner(member_id, found.name)


def _sent_before(view: ReservationView, partner: Partner) -> int | None:
    """Return the open exchange that offers just this already, as after a second click."""
    pending = exchange_queries.open_of_reservation(db.session(), view.id, now=now())
    if pending is None or pending.receiver_id != partner.member_id:
        return None
    is_same = (pending.wanted and pending.wanted.reservation_id) == (partner.wanted and partner.wanted.reservation_id)
    return pending.id if is_same else None


def _card(slug: str, view: ReservationView) -> MachineCard:
    session = db.session()
    try:
        return queries.machine_card(session, slug)
    except MachineNotFound:
        return queries.machine_card(session, view.machine_id)


def _day(text: str, view: ReservationView) -> date:
    """Return the day that was asked for; that of the reservation where it is none, or outside what can be planned."""
    own = local_day(view.starts_at, view.zone)
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return own
    return day if FIRST_YEAR <= day.year <= LAST_YEAR else own


def _days_from(first: date, card: MachineCard) -> TimeSpan:
    midnights = (datetime.combine(day, time()) for day in (first, first + timedelta(days=DAYS)))
    return TimeSpan(*(first_instant(midnight, card.zone) for midnight in midnights))
