"""Endpoints of exchanges between members: propose, list, get, accept, decline, withdraw."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from flask_babel import gettext as _
from flask_login import current_user

from app.api import problems, revisions
from app.api.endpoints import Endpoint, reply
from app.api.fields import RequestModel
from app.api.idempotency import run_idempotent
from app.api.problems import Refusal, Reply
from app.api.reservations.exchange_models import (
    Exchange,
    ExchangeAnswer,
    ExchangeFilter,
    ExchangeList,
    ExchangePrice,
    ExchangeWithPrice,
    NewExchange,
)
from app.api.reservations.reservation_models import Reason
from app.auth import lookups, memberships, permissions
from app.auth.current_login import current_actor
from app.auth.member_logins import person_named
from app.auth.permissions import ALL, OWN, WORKSHOP, Access
from app.clock import now
from app.extensions import db
from billing.tariffs.estimates import estimate_for
from booking import queries
from booking.errors.exchange_errors import ExchangeNotFound
from booking.errors.schedule_errors import MemberNotFound, ReservationNotFound
from booking.exchanges import accepting, ending, proposing
from booking.exchanges.proposing import Proposal
from booking.queries import exchange_partners
from booking.queries import exchanges as exchange_queries
from booking.queries.exchanges import ExchangedTime, ExchangeView

PARTY = Access(member=OWN)
DECIDE = Access(manager=WORKSHOP, admin=ALL)
READ = Access(member=OWN, manager=WORKSHOP, admin=ALL)
DECIDING = "api.approve_reservation"
action = partial(
    Endpoint, "POST", access=PARTY, response=Exchange, errors=(404, 409, 412), idempotent=True, conditional=True
)


decision = partial(
    Endpoint, "POST", access=DECIDE, response=Exchange, errors=(404, 409, 412), idempotent=True, conditional=True
)


@Endpoint(
    "POST",
    "/exchanges",
    access=PARTY,
    body=NewExchange,
    response=Exchange,
    status=201,
    errors=(404, 409),
    idempotent=True,
    conditional=True,
)
def propose_exchange(body: NewExchange) -> Reply:
    """Offer one's reservation to another member, or for a reservation of another member. Nothing changes yet.

    What cannot change hands gives 409 `not_exchangeable`; what the rules do not allow the other member, 422
    `partner_refused` with the rules and without figures.
    """
    if (body.member_number is None) == (body.wanted_reservation_id is None):
        fault = _("either member_number or wanted_reservation_id is required")
        raise Refusal(problems.invalid(problems.field_error("member_number", fault)))
    given = queries.reservation(db.session(), body.reservation_id)
    missing = ReservationNotFound(id=body.reservation_id)
    permissions.require(member_id=given.member_id, workshop_id=given.workshop_id, missing=missing)
    by, instant = current_actor(), now()
    receiver_id = None if body.member_number is None else _receiver(body.member_number)
    second = person_named(db.session(), given.member_id, body.second_person)
    wanted_id = body.wanted_reservation_id
    proposal = Proposal(given.id, receiver_id, wanted_id, body.note.strip(), body.hours, second=second)

    def propose() -> Reply:
        exchange_id = proposing.propose(db.session(), proposal, by=by, now=instant)
        return _reply(exchange_id, 201, {"Location": f"/api/v1/exchanges/{exchange_id}"})

    return run_idempotent(body, propose)


@Endpoint("GET", "/exchanges", access=READ, query=ExchangeFilter, response=ExchangeList)
def list_exchanges(query: ExchangeFilter) -> ExchangeList:
    """List exchanges, the newest first: one's own, those of one's workshops, or all."""
    found = exchange_queries.exchanges(
        db.session(),
        member_id=current_user.member_id,
        workshop_ids=None if current_user.is_admin else current_user.managed_workshop_ids,
        before=query.cursor,
        limit=query.limit + 1,
    )
    shown = found[: query.limit]
    more = len(found) > query.limit
    return ExchangeList(items=[_of_view(view) for view in shown], next=shown[-1].id if more else None)


@Endpoint(
    "GET", "/exchanges/<id:exchange_id>", access=READ, response=ExchangeWithPrice, errors=(404,), conditional=True
)
def get_exchange(exchange_id: int) -> Reply:
    """Get an exchange, also one that has ended, with what the caller would pay."""
    view = lookups.exchange(exchange_id)
    shown = ExchangeWithPrice(**_of_view(view).model_dump(), price=_own_price(view))
    return reply(shown, 200, revisions.etag(view.revision))


@action("/exchanges/<id:exchange_id>/accept", body=ExchangeAnswer)
def accept_exchange(exchange_id: int, body: ExchangeAnswer) -> Reply:
    """Agree to an exchange that was offered to one: the reservations change hands, all or none.

    The old ones are cancelled, never late, and new ones are entered on the same places. On a machine that needs
    approval what is handed over becomes a request; a swap stays open with `agreed_at` until the workshop decides about
    both halves at once.
    """
    view = lookups.exchange(exchange_id, of="receiver")
    second = person_named(db.session(), view.receiver_id, body.second_person)
    return _act(view, partial(accepting.accept, decides_in=_decided_in(), second=second), body)


@decision("/exchanges/<id:exchange_id>/approve")
def approve_exchange(exchange_id: int) -> Reply:
    """Approve a swap on which both members have agreed: both halves at once.

    For who may approve on all of its machines that need an approval.
    """
    return _act(_to_decide(exchange_id), partial(accepting.approve, decides_in=_decided_in()))


@decision("/exchanges/<id:exchange_id>/reject", body=Reason)
def reject_exchange(exchange_id: int, body: Reason) -> Reply:
    """Decline a swap on which both members have agreed. Everything stays as it was; both read the reason."""
    return _act(_to_decide(exchange_id), partial(ending.reject, reason=body.reason.strip()), body)


@action("/exchanges/<id:exchange_id>/decline")
def decline_exchange(exchange_id: int) -> Reply:
    """Decline an exchange that was offered to one. Everything stays as it was."""
    return _act(lookups.exchange(exchange_id, of="receiver"), ending.decline)


@action("/exchanges/<id:exchange_id>/withdraw")
def withdraw_exchange(exchange_id: int) -> Reply:
    """Take back an exchange that one has proposed. Everything stays as it was."""
    return _act(lookups.exchange(exchange_id, of="proposer"), ending.withdraw)


def _receiver(number: str) -> int:
    """Return the member of a number. Raises MemberNotFound."""
    found = exchange_partners.member_of_number(db.session(), number, day=memberships.ring_day(now()))
    if found is None:
        raise MemberNotFound(number=number)
    return found


def _may_decide(view: ExchangeView) -> bool:
    workshops = view.deciding_workshops or {view.given.workshop_id}
    return permissions.may(DECIDING, "POST") and all(
        permissions.may_touch(DECIDING, "POST", workshop_id=one) for one in workshops
    )


def _decided_in() -> frozenset[int] | None:
    """Return the workshops in which the present login may approve; None: all. The verb compares them under its lock."""
    return permissions.workshops_within(endpoint=DECIDING)


def _to_decide(exchange_id: int) -> ExchangeView:
    """Return an exchange about which the present login decides. Raises ExchangeNotFound."""
    view = lookups.exchange(exchange_id)
    if not _may_decide(view):
        raise ExchangeNotFound(id=exchange_id)
    return view


def _act(view: ExchangeView, verb: Callable[..., object], body: RequestModel | None = None) -> Reply:
    by, instant, revision = current_actor(), now(), revisions.expected(view.revision)

    def act() -> Reply:
        verb(db.session(), view.id, by=by, now=instant, revision=revision)
        return _reply(view.id)

    return run_idempotent(body, act)


def _reply(exchange_id: int, status: int = 200, headers: dict[str, str] | None = None) -> Reply:
    view = exchange_queries.exchange(db.session(), exchange_id)
    return reply(_of_view(view), status, revisions.etag(view.revision) | (headers or {}))


def _own_price(view: ExchangeView) -> ExchangePrice | None:
    """Return what the present login would pay for what it gets; what the other member pays is that one's affair."""
    gets = {view.receiver_id: view.given, view.proposer_id: view.wanted}
    member_id = current_user.member_id
    time = gets.get(member_id)
    if time is None or not view.is_open(now()):
        return None
    card = queries.machine_card(db.session(), time.machine_id)
    estimate = estimate_for(db.session(), card, time.wish_of(member_id))
    if estimate is None:
        return None
    return ExchangePrice(
        charge_unit=estimate.charge_unit,
        unit_price=str(estimate.unit_price),
        minimum_cents=estimate.minimum_cents,
        cents=None if estimate.calculation is None else estimate.calculation.cents,
    )


def _choices(view: ExchangeView, time: ExchangedTime | None) -> list[str] | None:
    """Return the variants of a half; of the other member's only as long as they are part of a price."""
    is_own = time is not None and time.member_id == current_user.member_id
    return list(time.choices) if time is not None and (is_own or view.is_open(now())) else None


def _of_view(view: ExchangeView) -> Exchange:
    return Exchange(
        id=view.id,
        revision=view.revision,
        status=view.state_at(now()),
        reservation_id=view.given.reservation_id,
        wanted_reservation_id=None if view.wanted is None else view.wanted.reservation_id,
        choices=_choices(view, view.given),
        wanted_choices=_choices(view, view.wanted),
        proposer_member_id=view.proposer_id,
        receiver_member_id=view.receiver_id if view.knows_receiver(current_user.member_id) else None,
        note=view.note,
        proposed_at=view.proposed_at,
        lapses_at=view.lapses_at,
        agreed_at=view.agreed_at,
        closed_at=view.closed_at,
        receivers_reservation_id=view.made_for_receiver_id,
        proposers_reservation_id=view.made_for_proposer_id,
    )
