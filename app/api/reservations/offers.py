"""Endpoints of offers from the waiting list: list, get, accept, decline."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from flask_login import current_user

from app.api import revisions
from app.api.endpoints import Endpoint, reply
from app.api.fields import PAGE_LENGTH, Instant, PageLength, QueryId, RequestModel, ResponseModel
from app.api.idempotency import run_idempotent
from app.api.problems import Reply
from app.api.reservations.reservation_models import PersonName
from app.auth import lookups, permissions
from app.auth.current_login import current_actor
from app.auth.member_logins import person_named
from app.auth.permissions import ALL, OWN, WORKSHOP, Access
from app.clock import now
from app.extensions import db
from booking.models import OfferStatus
from booking.queries import offers as offer_queries
from booking.queries.offers import OfferView
from booking.waiting import answers

MEMBER_OR_MANAGER = Access(member=OWN, manager=WORKSHOP, admin=ALL)
READ = Access(member=OWN, manager=WORKSHOP, treasurer=ALL, admin=ALL)


class OfferAnswer(RequestModel):
    """The acceptance of an offer. second_person: as in NewReservation, where the machine needs two persons."""

    second_person: PersonName = ""


class OfferFilter(RequestModel):
    """Filter of offers. open: only those that can be accepted now."""

    member_id: QueryId | None = None
    open: bool = False
    cursor: QueryId | None = None
    limit: PageLength = PAGE_LENGTH


class Offer(ResponseModel):
    """A time that became free, held for an entry of the waiting list until lapses_at.

    choices: the variants of the tariff that its reservation gets, with their surcharges. reservation_id: of an accepted
    one.
    """

    id: int
    revision: int
    status: OfferStatus
    waiting_entry_id: int
    machine_id: int
    member_id: int
    starts_at: Instant
    ends_at: Instant
    places: int
    choices: list[str]
    offered_at: Instant
    lapses_at: Instant
    reservation_id: int | None


class OfferList(ResponseModel):
    """Offers, the newest first. next: the cursor of the next page, null on the last one."""

    items: list[Offer]
    next: int | None


action = partial(
    Endpoint,
    "POST",
    access=MEMBER_OR_MANAGER,
    response=Offer,
    errors=(404, 409, 412),
    idempotent=True,
    conditional=True,
)


@Endpoint("GET", "/offers", access=READ, query=OfferFilter, response=OfferList)
def list_offers(query: OfferFilter) -> OfferList:
    """List offers from the waiting list, the newest first: one's own, those of one's workshops, or all."""
    everything = current_user.is_admin or current_user.is_treasurer
    found = offer_queries.offers(
        db.session(),
        member_id=query.member_id,
        workshop_ids=None if everything else current_user.managed_workshop_ids,
        or_member_id=current_user.member_id,
        open_at=now() if query.open else None,
        before=query.cursor,
        limit=query.limit + 1,
    )
    shown = found[: query.limit]
    return OfferList(items=[_of_view(view) for view in shown], next=shown[-1].id if len(found) > query.limit else None)


@Endpoint("GET", "/offers/<id:offer_id>", access=READ, response=Offer, errors=(404,), conditional=True)
def get_offer(offer_id: int) -> Reply:
    """Get an offer, also one that has ended."""
    lookups.offer(offer_id)
    return _reply(offer_id)


@action("/offers/<id:offer_id>/accept", body=OfferAnswer)
def accept_offer(offer_id: int, body: OfferAnswer) -> Reply:
    """Accept an offer: its time becomes a reservation (`reservation_id`), judged as of when it was offered.

    Where the machine needs approval it becomes a request, unless a manager of the workshop accepts. An offer that has
    ended gives 409 `offer_closed`.
    """
    view = lookups.offer(offer_id)
    approve = permissions.may("api.approve_reservation", "POST") and permissions.may_touch(
        "api.approve_reservation", "POST", workshop_id=view.workshop_id
    )
    second = person_named(db.session(), view.member_id, body.second_person)
    return _act(view, partial(answers.accept, approve=approve, second=second), body)


@action("/offers/<id:offer_id>/decline")
def decline_offer(offer_id: int) -> Reply:
    """Decline an offer: it goes to the next in line. Who waited for exactly this time waits no more."""
    return _act(lookups.offer(offer_id), answers.decline)


def _act(view: OfferView, verb: Callable[..., object], body: RequestModel | None = None) -> Reply:
    by, instant, revision = current_actor(), now(), revisions.expected(view.revision)

    def act() -> Reply:
        verb(db.session(), view.id, by=by, now=instant, revision=revision)
        return _reply(view.id)

    return run_idempotent(body, act)


def _reply(offer_id: int) -> Reply:
    view = offer_queries.offer(db.session(), offer_id)
    return reply(_of_view(view), headers=revisions.etag(view.revision))


def _of_view(view: OfferView) -> Offer:
    return Offer(
        id=view.id,
        revision=view.revision,
        status=view.status,
        waiting_entry_id=view.entry_id,
        machine_id=view.machine_id,
        member_id=view.member_id,
        starts_at=view.span.start,
        ends_at=view.span.end,
        places=view.places,
        choices=list(view.choices),
        offered_at=view.offered_at,
        lapses_at=view.lapses_at,
        reservation_id=view.reservation_id,
    )
