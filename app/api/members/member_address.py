"""Endpoints of a member's postal address, which documents need."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from pydantic import Field, StringConstraints

from app.api import revisions
from app.api.endpoints import Endpoint, reply
from app.api.fields import TEXT_PATTERN, RequestModel, ResponseModel
from app.api.idempotency import run_idempotent
from app.api.problems import Reply
from app.auth.current_login import current_actor
from app.auth.permissions import ALL, Access
from app.clock import now
from app.extensions import db
from booking.addresses import DEFAULT_COUNTRY, Address
from booking.errors.schedule_errors import MemberNotFound
from booking.members import members
from booking.members.members import MemberInput
from booking.models import Member

TREASURERS = Access(treasurer=ALL)
Part = Annotated[str, StringConstraints(strict=True, max_length=200, pattern=TEXT_PATTERN)]


class AddressInput(RequestModel):
    """A postal address, whole. name: the addressee, where it is not the member. country: two letters."""

    name: Part = ""
    street: Part
    postcode: Part
    town: Part
    country: str = Field(DEFAULT_COUNTRY, pattern=r"^[A-Z]{2}$")


class PostalAddress(ResponseModel):
    """A postal address. text: as it was entered before, where it is not split yet."""

    name: str
    street: str
    postcode: str
    town: str
    country: str
    text: str


@Endpoint(
    "GET",
    "/members/<id:member_id>/address",
    access=TREASURERS,
    response=PostalAddress,
    errors=(404,),
    conditional=True,
)
def get_member_address(member_id: int) -> Reply:
    """Get the postal address of a member."""
    return _reply(_member(member_id))


@Endpoint(
    "PUT",
    "/members/<id:member_id>/address",
    access=TREASURERS,
    body=AddressInput,
    response=PostalAddress,
    errors=(404, 412),
    conditional=True,
    needs_confirmation=True,
)
def put_member_address(member_id: int, body: AddressInput) -> Reply:
    """Change the postal address of a member. Documents that are issued keep theirs."""
    revision = revisions.expected_of_part(_member(member_id).revision, is_whole=False)
    by, instant, address = current_actor(), now(), Address(**body.model_dump())

    def put() -> Reply:
        session, member = db.session(), _member(member_id)
        wanted = replace(MemberInput.of(member), address=address)
        members.change_member(session, member_id, wanted, by=by, now=instant, revision=revision)
        return _reply(member)

    return run_idempotent(body, put)


def _member(member_id: int) -> Member:
    found = db.session().get(Member, member_id)
    if found is None:
        raise MemberNotFound(id=member_id)
    return found


def _reply(member: Member) -> Reply:
    address = {name: getattr(member.address, name) for name in PostalAddress.model_fields}
    return reply(PostalAddress(**address), headers=revisions.etag(member.revision))
