"""/usage/at/<slug>/damage: tell the managers of a machine about damage; /usage/damage: what was reported."""

from __future__ import annotations

from flask import abort, current_app, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from wtforms import TextAreaField

from app.auth import lookups, permissions
from app.auth.current_login import current_actor
from app.auth.permissions import ALL, OWN, WORKSHOP, Access
from app.clock import now
from app.extensions import db
from app.forms.base_form import BaseForm
from app.forms.images import MEDIA_TYPE
from app.forms.picture_field import PictureField
from app.forms.required import Required
from app.forms.span_form import MaxCharacters
from app.forms.submit import submit
from app.pages.declaration import GET_POST, POST, page
from app.pages.usage import bp
from app.web.paging import page_number
from app.wording.errors import sentence_of
from booking import queries
from booking.errors.schedule_errors import MachineNotFound, WrongStatus
from booking.kernel.transaction import in_write_transaction
from booking.machines import damage_reports
from booking.machines.damage_reports import TEXT_LENGTH_MAX, Damage
from booking.records import records

PER_PAGE = 25


class DamageForm(BaseForm):
    """What is broken or missing, perhaps with a photo."""

    text = TextAreaField(
        _l("What is broken or missing?"),
        [Required(_l("Please describe what is broken or missing.")), MaxCharacters(TEXT_LENGTH_MAX)],
    )
    photo = PictureField(_l("Photo"))


@page(
    bp,
    "/at/<slug>/damage",
    methods=GET_POST,
    access=Access(member=ALL, manager=ALL, admin=ALL),
    keeps_input=True,
)
def report_damage(slug: str) -> ResponseReturnValue:
    """Report damage of a machine to its managers."""
    card = queries.machine_card(db.session(), slug)
    if card.is_retired:
        raise MachineNotFound(id=slug)
    form = DamageForm()
    reported = submit(
        form,
        lambda: _report(form, card.id),
        message=_("Thank you. The managers get an e-mail."),
        location=url_for(".at_machine", slug=slug),
    )
    return reported or (render_template("usage/report_damage.html", form=form, card=card), form.status)


@page(bp, "/damage", access=Access(manager=WORKSHOP, admin=ALL))
def list_damage() -> ResponseReturnValue:
    """List the damage reports of one's workshops, the newest first."""
    page, session = page_number(), db.session()
    workshop_ids = None if permissions.reaches_all() else current_user.managed_workshop_ids
    found = queries.damage_reports(session, workshop_ids=workshop_ids, limit=PER_PAGE + 1, offset=(page - 1) * PER_PAGE)
    return render_template(
        "usage/damage_list.html", reports=found[:PER_PAGE], page=page, has_next=len(found) > PER_PAGE
    )


@page(bp, "/damage/<int:damage_id>", access=Access(member=OWN, manager=WORKSHOP, admin=ALL))
def show_damage(damage_id: int) -> ResponseReturnValue:
    """Show a damage report to its reporter and to the managers of the machine."""
    report = lookups.damage_report(damage_id)
    contact = None
    if report.member_id is not None and permissions.may_touch(
        "usage.mark_damage_done", "POST", workshop_id=report.workshop_id
    ):
        contact = queries.member_contacts(db.session(), [report.member_id])[report.member_id]
    return render_template("usage/damage.html", report=report, contact=contact)


@page(bp, "/damage/<int:damage_id>/photo", access=Access(member=OWN, manager=WORKSHOP, admin=ALL))
def damage_photo(damage_id: int) -> ResponseReturnValue:
    """Return the photo of a damage report."""
    picture = queries.photo(db.session(), lookups.damage_report(damage_id).photo_id)
    if picture is None:
        abort(404)
    return current_app.response_class(picture.content, mimetype=picture.media_type)


@page(bp, "/damage/<int:damage_id>/done", methods=POST, access=Access(manager=WORKSHOP, admin=ALL))
def mark_damage_done(damage_id: int) -> ResponseReturnValue:
    """Mark a damage report as done."""
    lookups.damage_report(damage_id)
    session, by = db.session(), current_actor()
    try:
        in_write_transaction(session, lambda: damage_reports.mark_done(session, damage_id, by=by, now=now()))
    except WrongStatus as refusal:
        flash(sentence_of(refusal), "warning")
    else:
        flash(_("The report is marked as done."))
    return redirect(url_for(".show_damage", damage_id=damage_id), code=303)


def _report(form: DamageForm, machine_id: int) -> int:
    session, instant, photo_id = db.session(), now(), None
    if form.photo.picture is not None:
        photo_id = records.store_photo(session, form.photo.picture, MEDIA_TYPE, now=instant)
    damage = Damage(machine_id, current_user.member_id, form.text.data or "", photo_id)
    return damage_reports.report(session, damage, by=current_actor(), now=instant)
