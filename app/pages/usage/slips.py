"""/usage/<id>: one slip with its price and its material, objections and their answers."""

from __future__ import annotations

from flask import abort, current_app, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.auth import lookups
from app.auth.current_login import current_actor
from app.auth.permissions import ALL, OWN, WORKSHOP, Access
from app.clock import now
from app.extensions import db
from app.forms.submit import submit
from app.pages.declaration import POST, page
from app.pages.fees.material_forms import TakenForm
from app.pages.usage import bp
from app.pages.usage.asked_fields import asking
from app.pages.usage.forms import AnswerForm, ObjectionForm
from app.pages.usage.slip_page import offered_materials, slip_page
from billing.fees.materials import sell_for_slip
from billing.tariffs.asked_amounts import asked_on, asked_with
from booking import queries
from booking.charge_units import CHARGE_UNITS
from booking.queries import SlipView
from booking.queries.other_amounts import NOTHING_BESIDE, beside_amounts
from booking.use import objections


@page(bp, "/<int:usage_id>", access=Access(member=OWN, manager=WORKSHOP, treasurer=ALL, admin=ALL, leaver=OWN))
def show(usage_id: int) -> ResponseReturnValue:
    """Show a slip with booked, used and charged amount, and what can be done."""
    slip = lookups.slip(usage_id)
    return _slip_page(slip)


@page(
    bp,
    "/<int:usage_id>/photo/<any(before, after):which>",
    access=Access(member=OWN, manager=WORKSHOP, treasurer=ALL, admin=ALL, leaver=OWN),
)
def photo(usage_id: int, which: str) -> ResponseReturnValue:
    """Return the picture taken at hand-out (before) or hand-back (after)."""
    slip = lookups.slip(usage_id)
    picture = queries.photo(db.session(), slip.photo_before_id if which == "before" else slip.photo_after_id)
    if picture is None:
        abort(404)
    return current_app.response_class(picture.content, mimetype=picture.media_type)


@page(bp, "/<int:usage_id>/objection", methods=POST, access=Access(member=OWN), keeps_input=True)
def object_to(usage_id: int) -> ResponseReturnValue:
    """Dispute a slip of one's own."""
    slip, session = lookups.slip(usage_id), db.session()
    form = ObjectionForm()
    form.slip = slip
    objected = submit(
        form,
        lambda: objections.object_to(session, usage_id, form.objection.data or "", by=current_actor(), now=now()),
        message=_("Your objection was entered. The workshop's manager answers it; an e-mail tells you."),
        location=url_for(".show", usage_id=usage_id),
    )
    if objected is None:
        slip = lookups.slip(usage_id)
        return _slip_page(slip, objection=form, status=form.status)
    return objected


@page(bp, "/<int:usage_id>/answer", methods=POST, access=Access(manager=WORKSHOP, admin=ALL), keeps_input=True)
def answer(usage_id: int) -> ResponseReturnValue:
    """Answer an objection, as the workshop's manager."""
    session = db.session()
    form = _answer_form(lookups.slip(usage_id))
    answered = submit(
        form,
        lambda: objections.answer(
            session,
            usage_id,
            form.answer.data or "",
            by=current_actor(),
            now=now(),
            corrected_amount=form.measured(None).amount,
            beside=form.beside(),
        ),
        message=_("Your answer was entered and the member is notified."),
        location=url_for(".show", usage_id=usage_id),
    )
    return answered or _slip_page(lookups.slip(usage_id), answering=form, status=form.status)


@page(
    bp,
    "/<int:usage_id>/material",
    methods=POST,
    access=Access(member=OWN, manager=WORKSHOP, treasurer=ALL),
    keeps_input=True,
)
def take_material(usage_id: int) -> ResponseReturnValue:
    """Enter material that was taken for a use: its member owes it, and the stock counts down."""
    slip = lookups.slip(usage_id)
    form = _taken_form(slip)
    taken = submit(
        form,
        lambda: _take(usage_id, form),
        message=_("The material was entered. It is owed beside the price of the use."),
        location=url_for(".show", usage_id=usage_id),
    )
    return taken or _slip_page(lookups.slip(usage_id), taking=form, status=form.status)


def _take(usage_id: int, form: TakenForm) -> int:
    material, quantity, by = form.chosen, form.quantity.number, current_actor()
    assert material is not None
    assert quantity is not None
    price = form.shown_price
    key = form.derive_id(by.user_id, usage_id, material.id, quantity)
    fee = sell_for_slip(db.session(), material.id, usage_id, quantity, by=by, now=now(), unit_price=price, form_key=key)
    return fee.id


def _taken_form(slip: SlipView, *, is_new: bool = False) -> TakenForm:
    form = TakenForm(formdata=None) if is_new else TakenForm()
    form.offer(offered_materials(db.session(), slip))
    if is_new:
        form.issue_key()
    return form


def _answer_form(slip: SlipView, *, is_new: bool = False) -> AnswerForm:
    """Return the form of an answer; a new one has the amounts beside the first one as the slip has them."""
    session = db.session()
    beside = beside_amounts(session, [slip.id]).get(slip.id, NOTHING_BESIDE)
    asked = asked_with(asked_on(session, slip.machine_id, slip.service_date), beside)
    kind, unit = asking(AnswerForm, asked), CHARGE_UNITS[slip.charge_unit]
    if not is_new:
        return kind(unit, slip.zone)
    form = kind(unit, slip.zone, formdata=None)
    form.show_beside(beside)
    return form


def _slip_page(
    slip: SlipView,
    *,
    objection: ObjectionForm | None = None,
    answering: AnswerForm | None = None,
    taking: TakenForm | None = None,
    status: int = 200,
) -> ResponseReturnValue:
    """Return the page of a slip; a form that is not given is shown empty."""
    taking = taking or _taken_form(slip, is_new=True)
    text = render_template(
        "usage/show.html",
        page=slip_page(db.session(), slip, now=now(), may_take=bool(taking.offered)),
        objection=objection or ObjectionForm(formdata=None),
        answering=answering or _answer_form(slip, is_new=True),
        taking=taking,
    )
    return text, status
