"""/machines: the catalogue with its search, the page of a machine, and what its managers may change."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from flask import abort, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l
from flask_login import current_user

from app.auth import lookups, permissions
from app.auth.current_login import current_actor
from app.auth.errors import MembershipOver
from app.auth.permissions import ALL, EVERYBODY, WORKSHOP, Access
from app.auth.return_address import here
from app.clock import now
from app.extensions import db
from app.forms.images import PHOTO_MEDIA_TYPE
from app.forms.submit import submit
from app.pages.declaration import GET_POST, POST, MenuEntry, page
from app.pages.machines import bp, catalogue, presenter
from app.pages.machines.catalogue import CatalogueFilters, CatalogueReader
from app.pages.machines.forms import MachineForm, NewMachineForm
from app.pages.machines.presenter import MachineReader
from app.pages.pictures import SMALL_SIZES, forget_pictures
from app.ring_card import ring_card
from app.wording.sorts import sort_text
from booking import queries
from booking.errors.schedule_errors import RecordRefused
from booking.kernel.events import Actor
from booking.kernel.transaction import in_write_transaction
from booking.machines import machines
from booking.queries import DamageView, MachineCard, ReservationView
from booking.queries import maintenance as maintenance_queries
from booking.queries.maintenance import MaintenanceView
from booking.rule_changes import rule_changes

HOLDING_SHOWN = 20

AnyMachineForm = TypeVar("AnyMachineForm", bound=MachineForm)


@bp.before_request
def is_public_or_known() -> ResponseReturnValue | None:
    """Lead anonymous visitors to the log-in unless the ring's catalogue is public. Raises MembershipOver."""
    if permissions.is_of_the_ring() or ring_card().is_catalogue_public:
        return None
    if current_user.is_authenticated:
        raise MembershipOver(left_on=current_user.left_on)
    return redirect(url_for("auth.login", next=here()), code=303)


@page(
    bp, "", access=EVERYBODY, menu=MenuEntry(_l("Machines"), 50, icon="truck-front", bar={"member": 40, "manager": 50})
)
def index() -> ResponseReturnValue:
    """List the machines, searched and filtered, with their state and their day."""
    filters = CatalogueFilters.of(request.args)
    session, kinds = db.session(), queries.kinds(db.session())
    workshops = queries.workshops(session)
    found = catalogue.catalogue(session, filters, _catalogue_reader(), now=now())
    has_member = permissions.is_of_the_ring() and current_user.member_id is not None
    return render_template(
        "machines/index.html",
        filters=filters,
        found=found,
        groups=list(catalogue.groups(found.items, filters.sorting)),
        has_next=found.total > filters.page * catalogue.PER_PAGE,
        sentence=catalogue.sentence(found.sorts, len({entry.card.workshop_id for entry in found.items})),
        chips=list(catalogue.chips(filters, kinds, queries.machine_sorts(session), has_member=has_member)),
        kinds=kinds if len(kinds) > catalogue.CHIPS_SHOWN else (),
        workshops=workshops,
    )


@page(bp, "/<slug>", access=EVERYBODY)
def show(slug: str) -> ResponseReturnValue:
    """Show a machine: its state, its price, its rules, its week, and when it is free next."""
    session, card = db.session(), queries.machine_card(db.session(), slug)
    reader = MachineReader(
        getattr(current_user, "member_id", None),
        permissions.is_of_the_ring(),
        permissions.may_touch("machines.edit", workshop_id=card.workshop_id),
    )
    return render_template(
        "machines/show.html",
        page=presenter.machine_page(session, card, reader, now=now()),
        damage=_damage(card),
        holding=_holding(card),
        maintenances=_maintenances(card),
        group=queries.group_of_machine(session, card.id) if permissions.may("groups.index") else None,
    )


@page(bp, "/<slug>/photo", access=EVERYBODY)
def photo(slug: str) -> ResponseReturnValue:
    """Return the picture of a machine, or a small one (?size=thumb or card); ?v=: its number, to be kept for good."""
    photo_id = queries.machine_card(db.session(), slug).photo_id
    picture = queries.photo(db.session(), photo_id)
    if picture is None:
        abort(404)
    content, media_type = picture.content, picture.media_type
    size = request.args.get("size", "")
    small = getattr(picture, size) if size in SMALL_SIZES else None
    if small:
        content, media_type = small, PHOTO_MEDIA_TYPE
    response = current_app.response_class(content, mimetype=media_type)
    is_final = small is not None or size not in SMALL_SIZES  # the worker makes what is missing
    is_named = is_final and request.args.get("v") == str(photo_id)
    response.headers["Cache-Control"] = f"private, max-age={31_536_000 if is_named else 86_400}"
    return response


@page(
    bp,
    "/new",
    methods=GET_POST,
    access={"GET": Access(manager=ALL, admin=ALL), "POST": Access(manager=WORKSHOP, admin=ALL)},
    keeps_input=True,
)
def new() -> ResponseReturnValue:
    """Enter a machine into one of the workshops one manages."""
    form = _form(NewMachineForm)
    form.offer_workshops(_my_workshops())
    if not form.is_submitted():
        form.fill_defaults()
    entered = submit(
        form,
        lambda: _enter(form),
        message=sort_text("saved", form.sort.data),
        location=lambda _none: url_for(".show", slug=form.slug.data),
    )
    return entered or _edit_page(form, None)


@page(bp, "/<slug>/edit", methods=GET_POST, access=Access(manager=WORKSHOP, admin=ALL), keeps_input=True)
def edit(slug: str) -> ResponseReturnValue:
    """Change a machine of a workshop one manages."""
    form = _form(MachineForm)
    card = lookups.managed_machine(form.record_key(slug))
    if not form.is_submitted():
        form = _stored(card.id)
    changed = submit(
        form,
        lambda: _change(form, card.id),
        message=sort_text("saved", form.sort.data),
        location=lambda _none: url_for(".show", slug=form.slug.data),
        stored=lambda: _stored(card.id),
    )
    return changed or _edit_page(form, lookups.managed_machine(card.id))


@page(bp, "/<slug>/retire", methods=POST, access=Access(manager=WORKSHOP, admin=ALL))
def retire(slug: str) -> ResponseReturnValue:
    """Retire a machine: it is lent no more."""
    card = lookups.managed_machine(slug)
    return _do(card, machines.retire, sort_text("retired_now", card.sort))


@page(bp, "/<slug>/bring-back", methods=POST, access=Access(manager=WORKSHOP, admin=ALL))
def bring_back(slug: str) -> ResponseReturnValue:
    """Lend a retired machine again."""
    card = lookups.managed_machine(slug)
    return _do(card, machines.bring_back, sort_text("lent_again", card.sort))


@page(bp, "/<slug>/qr", access=Access(manager=ALL, admin=ALL))
def qr(slug: str) -> ResponseReturnValue:
    """Show a sheet to hang at the machine: its code leads to hand-out and hand-back."""
    return render_template("machines/qr.html", card=queries.machine_card(db.session(), slug))


@page(bp, "/<slug>/qr.svg", access=Access(manager=ALL, admin=ALL))
def qr_image(slug: str) -> ResponseReturnValue:
    """Return the code itself."""
    address = current_app.config["BASE_URL"] + url_for(
        "usage.at_machine", slug=queries.machine_card(db.session(), slug).slug
    )
    return current_app.response_class(presenter.qr_svg(address), mimetype="image/svg+xml")


def _catalogue_reader() -> CatalogueReader:
    """Return who reads the catalogue: managers know the names of their workshops, administrators all."""
    is_admin = getattr(current_user, "is_admin", False)
    managed: frozenset[int] = getattr(current_user, "managed_workshop_ids", frozenset())
    return CatalogueReader(
        getattr(current_user, "member_id", None), None if is_admin else managed, permissions.is_of_the_ring()
    )


def _damage(card: MachineCard) -> tuple[DamageView, ...]:
    """Return the open damage reports, which only the managers of the machine see."""
    if not permissions.may_touch("machines.edit", workshop_id=card.workshop_id):
        return ()
    return queries.damage_reports(db.session(), machine_id=card.id, only_open=True)


def _holding(card: MachineCard) -> tuple[ReservationView, ...]:
    """Return the first reservations for which a machine cannot be retired; only its managers see them."""
    if card.is_retired or not permissions.may_touch("machines.retire", "POST", workshop_id=card.workshop_id):
        return ()
    return queries.reservations_holding(db.session(), card.id, now=now(), limit=HOLDING_SHOWN)


def _maintenances(card: MachineCard) -> tuple[MaintenanceView, ...]:
    """Return the maintenance intervals, which only the managers of the machine see."""
    if card.is_retired or not permissions.may_touch("workshop.show_maintenance", workshop_id=card.workshop_id):
        return ()
    return maintenance_queries.maintenances(db.session(), machine_id=card.id, now=now())


def _form(form_class: type[AnyMachineForm], **kwargs: Any) -> AnyMachineForm:
    form = form_class(**kwargs)
    form.offer(queries.induction_kinds(db.session()))
    return form


def _stored(machine_id: int) -> MachineForm:
    card = lookups.managed_machine(machine_id)
    form = _form(MachineForm, formdata=None)
    form.fill(card, machines.own_openings(db.session(), machine_id))
    form.record_url = url_for(".edit", slug=card.slug)
    return form


def _my_workshops() -> list[queries.WorkshopView]:
    return [
        place
        for place in queries.workshops(db.session())
        if permissions.may_touch("machines.new", "POST", workshop_id=place.id)
    ]


def _enter(form: NewMachineForm) -> None:
    session, by = db.session(), current_actor()
    workshop_id = lookups.workshop(form.workshop.data).id
    machine_id = machines.enter_machine(
        session,
        workshop_id,
        form.to_input(),
        places=form.places.data or 1,
        by=by,
        now=now(),
        openings=form.openings(),
    )
    _show_photo(form, machine_id, by)


def _change(form: MachineForm, machine_id: int) -> None:
    session, by, places = db.session(), current_actor(), form.places.data or 1
    rule_changes.change_machine(
        session,
        machine_id,
        form.to_input(),
        places=places,
        by=by,
        now=now(),
        revision=form.revision.data,
        confirmed=form.confirmed.data or "",
        tells_members=form.tells_members.data,
        openings=form.openings(),
    )
    _show_photo(form, machine_id, by)


def _show_photo(form: MachineForm, machine_id: int, by: Actor) -> None:
    if form.photo.picture is not None:
        picture = form.photo.picture
        machines.show_photo(db.session(), machine_id, picture, PHOTO_MEDIA_TYPE, by=by, now=now(), **form.photo.small)
        forget_pictures()


def _edit_page(form: MachineForm, card: MachineCard | None) -> ResponseReturnValue:
    outside = form.outside_lines(db.session())
    return render_template("machines/edit.html", form=form, card=card, outside=outside), form.status


def _do(card: MachineCard, verb: Callable[..., None], done: str) -> ResponseReturnValue:
    session, by = db.session(), current_actor()
    try:
        in_write_transaction(session, lambda: verb(session, card.id, by=by, now=now()))
    except RecordRefused as refusal:
        flash(presenter.reasons(refusal), "warning")
    else:
        flash(done)
    return redirect(url_for(".show", slug=card.slug), code=303)
