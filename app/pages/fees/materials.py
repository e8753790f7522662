"""/fees/materials: what workshops sell, its stock, goods that came in, and sales to members."""

from __future__ import annotations

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from app.auth import permissions
from app.auth.current_login import current_actor
from app.auth.permissions import ALL, LOGGED_IN, WORKSHOP, Access
from app.clock import now
from app.extensions import db
from app.forms.submit import submit
from app.pages.declaration import GET_POST, POST, page
from app.pages.fees import bp
from app.pages.fees.material_forms import MaterialForm, SaleForm, StockForm
from app.web.paging import page_number
from app.wording.fees import MOVE_LABELS, material_choice, quantity_text
from app.wording.formats import as_zone
from billing.errors.fee_errors import MaterialNotFound
from billing.fees import materials as use_cases
from billing.fees.stock import units
from billing.queries import materials as queries
from billing.queries.materials import MaterialView
from booking.queries import member_names, workshops
from booking.times.wall_clock import local_day

PER_PAGE = 25
KEEPERS = Access(manager=WORKSHOP, treasurer=ALL)
bp.add_app_template_global(quantity_text, "quantity_text")
bp.add_app_template_global(material_choice, "material_choice")


@page(bp, "/materials", access=LOGGED_IN)
def materials() -> ResponseReturnValue:
    """List what the workshops sell, with price and stock."""
    rows, has_next = queries.materials(db.session(), limit=PER_PAGE, offset=(page_number() - 1) * PER_PAGE)
    return render_template("fees/materials.html", rows=rows, page=page_number(), has_next=has_next, places=_places())


@page(bp, "/materials/new", methods=GET_POST, access=KEEPERS, keeps_input=True)
def new_material() -> ResponseReturnValue:
    """Enter a material of a workshop."""
    session, form = db.session(), MaterialForm()
    within = permissions.workshops_within(method="POST")
    form.offer((one.id, one.name) for one in workshops(session) if within is None or one.id in within)
    entered = submit(
        form,
        lambda: use_cases.enter_material(session, form.workshop.data, form.entry(), by=current_actor(), now=now()).id,
        message=_("The material was entered. Enter now what is in stock."),
        location=lambda material_id: url_for(".material", material_id=material_id),
    )
    return entered or (render_template("fees/material_form.html", form=form, stored=None), form.status)


@page(bp, "/materials/<int:material_id>", access=LOGGED_IN)
def material(material_id: int) -> ResponseReturnValue:
    """Show a material, its stock and what came in and went out."""
    form = StockForm(formdata=None)
    form.issue_key()
    return _show(queries.material(db.session(), material_id), form)


@page(bp, "/materials/<int:material_id>/edit", methods=GET_POST, access=KEEPERS, keeps_input=True)
def edit_material(material_id: int) -> ResponseReturnValue:
    """Change a material; what was sold keeps its price."""
    session, stored = db.session(), _kept(material_id)
    form = MaterialForm() if request.method == "POST" else _stored_form(stored)
    form.offer([(stored.workshop_id, _places()[stored.workshop_id])])
    changed = submit(
        form,
        lambda: use_cases.change_material(
            session, material_id, form.entry(), by=current_actor(), now=now(), revision=form.revision.data
        ),
        message=_("The material was changed. What was sold before keeps its price."),
        location=url_for(".material", material_id=material_id),
        stored=lambda: _stored_form(queries.material(session, material_id)),
    )
    return changed or (render_template("fees/material_form.html", form=form, stored=stored), form.status)


@page(bp, "/materials/<int:material_id>/stock", methods=POST, access=KEEPERS, keeps_input=True)
def enter_stock(material_id: int) -> ResponseReturnValue:
    """Enter goods that came in, or what was counted."""
    stored, form = _kept(material_id), StockForm()
    entered = submit(
        form,
        lambda: _enter_stock(material_id, form),
        message=_("The stock was entered."),
        location=url_for(".material", material_id=material_id),
    )
    return entered or _show(stored, form)


@page(bp, "/materials/<int:material_id>/sell", methods=GET_POST, access=KEEPERS, keeps_input=True)
def sell_material(material_id: int) -> ResponseReturnValue:
    """Sell material to a member."""
    session, stored, form = db.session(), _kept(material_id), SaleForm()
    today = local_day(now(), as_zone(None))
    if not form.is_submitted():
        form.issue_key()
        form.service_date.data = today
    form.offer(session, current_user, stored, today=today)
    if not form.is_searching:
        sold = submit(
            form,
            lambda: _sell(material_id, form),
            message=_("The material is sold. The member owes it and gets an e-mail about it."),
            location=url_for(".material", material_id=material_id),
        )
        if sold:
            return sold
    return render_template("fees/sell.html", form=form, material=stored), form.status


def keeps(stored: MaterialView) -> bool:
    """Return whether the present login keeps the stock of a material."""
    return permissions.may_touch("fees.enter_stock", "POST", workshop_id=stored.workshop_id)


def _places() -> dict[int, str]:
    return {one.id: one.name for one in workshops(db.session())}


def _kept(material_id: int) -> MaterialView:
    stored = queries.material(db.session(), material_id)
    permissions.require(workshop_id=stored.workshop_id, missing=MaterialNotFound(id=material_id))
    return stored


def _stored_form(stored: MaterialView) -> MaterialForm:
    form = MaterialForm(formdata=None)
    form.offer([(stored.workshop_id, _places()[stored.workshop_id])])
    form.fill(stored)
    return form


def _enter_stock(material_id: int, form: StockForm) -> object:
    quantity = form.quantity.number
    assert quantity is not None
    verb = use_cases.receive if form.kind.data == "receipt" else use_cases.count_stock
    by, note = current_actor(), form.note.data or ""
    key = form.derive_id(by.user_id, material_id, form.kind.data, quantity, note)
    return verb(db.session(), material_id, quantity, note, by=by, now=now(), form_key=key)


def _sell(material_id: int, form: SaleForm) -> int:
    sale, by = form.sale(), current_actor()
    key = form.derive_id(by.user_id, material_id, sale)
    return use_cases.sell(db.session(), material_id, sale, by=by, now=now(), form_key=key).id


def _show(stored: MaterialView, form: StockForm) -> ResponseReturnValue:
    session, is_kept = db.session(), keeps(stored)
    moves, has_next = queries.stock_moves(session, stored.id, limit=PER_PAGE, offset=(page_number() - 1) * PER_PAGE)
    shown = {one.member_id for one in moves if one.member_id is not None} if is_kept else set[int]()
    return render_template(
        "fees/material.html",
        material=stored,
        place=_places()[stored.workshop_id],
        moves=moves if is_kept else (),
        members={name.id: name for name in member_names(session, shown)},
        move_labels=MOVE_LABELS,
        units=units,
        keeps=is_kept,
        page=page_number(),
        has_next=has_next,
        form=form,
    ), form.status
