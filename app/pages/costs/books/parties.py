"""/costs/parties: what documents need of the ring and of its members; what is missing, and where to enter it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.auth import contact_mails, permissions
from app.auth.current_login import current_actor
from app.auth.permissions import ALL, Access
from app.clock import now
from app.extensions import db
from app.forms.submit import submit
from app.pages.costs import bp
from app.pages.costs.books.party_forms import MemberAddressForm, PartyForm, RegimeForm
from app.pages.costs.desk import PER_PAGE, offset, today
from app.pages.declaration import GET_POST, POST, page
from app.web.paging import page_number
from app.wording.parties import GAP_LABELS, REGIME_LABELS
from billing.charges.charges import charge_waiting_for_vat
from billing.models.party import RING
from billing.parties import party as billing_party
from billing.parties.bank_details import short_iban, spaced_iban
from billing.parties.party import PartyView
from billing.queries.document_gaps import OPTIONAL, member_gaps, ring_gaps
from booking.errors.schedule_errors import MemberNotFound
from booking.kernel.events import Actor
from booking.kernel.transaction import in_write_transaction
from booking.members import members
from booking.members.members import MemberInput
from booking.models import Member
from booking.queries import member_names, members_matching
from booking.queries.addressees import Addressee, addressees, ring_address, without_address

REMOVE = "remove"  # the button beside a statement, with its first day
LOOK, CHANGE = Access(treasurer=ALL, admin=ALL), Access(treasurer=ALL)
FOUND_MAX = 25


@dataclass(frozen=True, slots=True)
class PartyPage:
    """What the page of a party shows. iban: shortened for those who may not change it."""

    id: int
    name: str
    lines: tuple[str, ...]
    details: PartyView
    gaps: tuple[str, ...]
    iban: str


@page(bp, "/parties", access=LOOK)
def parties() -> ResponseReturnValue:
    """List what is missing for documents; ?member= finds a member."""
    session, text = db.session(), request.args.get("member", "").strip()[:100]
    lacking, has_next = without_address(session, limit=PER_PAGE, offset=offset())
    found = member_names(session, session.scalars(members_matching(text).limit(FOUND_MAX)).all()) if text else ()
    return render_template(
        "costs/parties.html",
        ring_gaps=ring_gaps(session, today()),
        lacking=lacking,
        has_next=has_next,
        page=page_number(),
        text=text,
        found=found,
        gap_labels=GAP_LABELS,
        optional=OPTIONAL,
    )


@page(
    bp,
    "/parties/ring",
    methods=GET_POST,
    access={"GET": LOOK, "POST": CHANGE},
    keeps_input=True,
    needs_confirmation=True,
)
def ring_party() -> ResponseReturnValue:
    """Show and change the billing details of the ring."""
    return _party_page(RING)


@page(bp, "/parties/ring/regimes", methods=POST, access=CHANGE, keeps_input=True)
def ring_regimes() -> ResponseReturnValue:
    """State how the ring is taxed from a day on, or take a statement back."""
    return _change_regimes(RING)


@page(
    bp,
    "/parties/<int:member_id>",
    methods=GET_POST,
    access={"GET": LOOK, "POST": CHANGE},
    keeps_input=True,
    needs_confirmation=True,
)
def member_party(member_id: int) -> ResponseReturnValue:
    """Show and change the billing details of a member."""
    return _party_page(_known(member_id).id)


@page(bp, "/parties/<int:member_id>/regimes", methods=POST, access=CHANGE, keeps_input=True)
def member_regimes(member_id: int) -> ResponseReturnValue:
    """State how a member is taxed from a day on, or take a statement back."""
    return _change_regimes(_known(member_id).id)


@page(
    bp, "/parties/<int:member_id>/address", methods=GET_POST, access=CHANGE, keeps_input=True, needs_confirmation=True
)
def member_address(member_id: int) -> ResponseReturnValue:
    """Change the address of a member."""
    known = _known(member_id)
    form = _stored_address(member_id) if request.method == "GET" else MemberAddressForm()
    changed = submit(
        form,
        lambda: _change_address(member_id, form),
        message=_("The address was saved."),
        location=url_for(".member_party", member_id=member_id),
        stored=lambda: _stored_address(member_id),
    )
    return changed or (render_template("costs/member_address.html", form=form, member=known), form.status)


def _party_page(party_id: int, regime_form: RegimeForm | None = None) -> ResponseReturnValue:
    session, is_ring = db.session(), party_id == RING
    form = PartyForm.of(billing_party.party(session, party_id), is_ring=is_ring)
    if request.method == "POST" and regime_form is None:
        form = PartyForm().limited(is_ring=is_ring)
        changed = submit(
            form,
            lambda: _change_details(party_id, form),
            message=_("The billing details were saved."),
            location=url_for(".parties"),
            stored=lambda: PartyForm.of(billing_party.party(session, party_id), is_ring=is_ring),
        )
        if changed:
            return changed
    shown = regime_form or RegimeForm(formdata=None, valid_from=_first_of_year())
    return render_template(
        "costs/party.html",
        party=_shown(party_id),
        form=form,
        regime_form=shown,
        is_ring=is_ring,
        remove=REMOVE,
        regime_labels=REGIME_LABELS,
        gap_labels=GAP_LABELS,
        may_change=permissions.may("costs.member_party", "POST"),
    ), (regime_form.status if regime_form else form.status)


def _change_details(party_id: int, form: PartyForm) -> None:
    session, instant, by = db.session(), now(), current_actor()
    with contact_mails.of_documents(session, party_id, now=instant):
        billing_party.change_party(session, party_id, form.entry(), by=by, now=instant, revision=form.revision.data)


def _change_regimes(party_id: int) -> ResponseReturnValue:
    session, form = db.session(), RegimeForm()
    location = url_for(".ring_party") if party_id == RING else url_for(".member_party", member_id=party_id)
    if REMOVE in request.form:
        day, by = _day(request.form[REMOVE]), current_actor()
        if day is not None:
            in_write_transaction(session, lambda: _take_back(party_id, day, by, now()))
            flash(_("The statement was removed."))
        return redirect(location, code=303)
    stated = submit(
        form,
        lambda: _state(party_id, form, current_actor(), now()),
        message=_("It is stated how it is taxed."),
        location=location,
    )
    return stated or _party_page(party_id, form)


def _state(party_id: int, form: RegimeForm, by: Actor, instant: datetime) -> None:
    """State how a party is taxed; what waited for the ring's taxation gets its price."""
    session = db.session()
    day = form.valid_from.data or today()
    billing_party.set_regime(session, party_id, form.regime.data, day, by=by, now=instant)
    if party_id == RING:
        charge_waiting_for_vat(session, by=by, now=instant)


def _take_back(party_id: int, day: date, by: Actor, instant: datetime) -> None:
    """Take a statement back; the one before it may say what slips waited for."""
    session = db.session()
    billing_party.remove_regime(session, party_id, day, by=by, now=instant)
    if party_id == RING:
        charge_waiting_for_vat(session, by=by, now=instant)


def _shown(party_id: int) -> PartyPage:
    session = db.session()
    details = billing_party.party(session, party_id)
    whole = permissions.may("costs.member_party", "POST")
    iban = spaced_iban(details.iban) if whole else short_iban(details.iban)
    if party_id == RING:
        ring = ring_address(session)
        return PartyPage(RING, ring.name, (ring.address.one_line,), details, ring_gaps(session, today()), iban)
    member = _known(party_id)
    name = f"{member.number} {member.name}"
    lines = tuple(filter(None, (member.address.name, member.address.one_line)))
    return PartyPage(party_id, name, lines, details, member_gaps(member, details), iban)


def _known(member_id: int) -> Addressee:
    found = addressees(db.session(), [member_id])
    if member_id not in found:
        raise MemberNotFound(id=member_id)
    return found[member_id]


def _stored_address(member_id: int) -> MemberAddressForm:
    record = db.session().get_one(Member, member_id)
    form = MemberAddressForm(formdata=None, obj=record)
    form.revision.data = record.revision
    return form


def _change_address(member_id: int, form: MemberAddressForm) -> None:
    session = db.session()
    wanted = replace(MemberInput.of(session.get_one(Member, member_id)), address=form.address.to_address())
    members.change_member(session, member_id, wanted, by=current_actor(), now=now(), revision=form.revision.data)


def _first_of_year() -> date:
    return today().replace(month=1, day=1)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
