"""/admin/members: the list, one member, a new one."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.auth import permissions
from app.auth.current_login import current_actor
from app.auth.permissions import ALL, OWN, Access
from app.clock import now
from app.exports.files import file_answer
from app.extensions import db
from app.pages.admin import bp, lists
from app.pages.admin.forms import MemberForm
from app.pages.declaration import GET_POST, page
from app.web.paging import page_number
from app.wording.billing import price_class_name
from app.wording.errors import status_of
from billing.exports.members import BILLING_COLUMNS, MEMBER_COLUMNS, member_table
from booking import members
from booking.errors import MemberNotFound, RecordRefused
from booking.kernel.errors import StaleRevision
from booking.kernel.transaction import in_write_transaction
from booking.members import MemberInput
from booking.models import Member
from booking.queries import price_classes


@page(bp, "/members", access=Access(treasurer=ALL, admin=ALL))
def list_members() -> ResponseReturnValue:
    """All members, a page at a time; ?q= searches."""
    search = request.args.get("q", "").strip()
    session = db.session()
    page = lists.members(session, search, page_number())
    names = {each.code: price_class_name(each) for each in price_classes(session)}
    return render_template("admin/members.html", page=page, search=search, price_classes=names)


@page(bp, "/members/file.<any(csv, xlsx):file_format>", access=Access(treasurer=OWN, admin=ALL))
def download_members(file_format: str) -> ResponseReturnValue:
    """All members; to a treasurer what a bill needs of them."""
    columns = MEMBER_COLUMNS if permissions.reaches_all() else BILLING_COLUMNS
    return file_answer(member_table(db.session(), columns), file_format)


@page(bp, "/members/new", methods=GET_POST, access=Access(admin=ALL), keeps_input=True)
def new_member() -> ResponseReturnValue:
    """Enter a member."""
    form = MemberForm()
    form.offer(price_classes(db.session()))
    if not form.validate_on_submit():
        return _page(form, None)
    by = current_actor()
    try:
        in_write_transaction(
            db.session(), lambda: members.enter_member(db.session(), form.to_input(), by=by, now=now())
        )
    except RecordRefused as refusal:
        form.show(refusal)
        return _page(form, None, status_of(refusal))
    flash(_("The member is entered."))
    return redirect(url_for(".list_members"), code=303)


@page(bp, "/members/<int:member_id>", methods=GET_POST, access=Access(admin=ALL), keeps_input=True)
def member(member_id: int) -> ResponseReturnValue:
    """One member's record. A window left open does not overwrite what somebody else changed meanwhile."""
    if request.method != "POST":
        form = _stored(member_id)
        return _page(form, form.name.data)
    name = _stored(member_id).name.data
    form = MemberForm()
    form.offer(price_classes(db.session()))
    if not form.validate():
        return _page(form, name)
    by, revision = current_actor(), form.revision.data
    try:
        in_write_transaction(
            db.session(),
            lambda: members.change_member(
                db.session(), member_id, form.to_input(), by=by, now=now(), revision=revision
            ),
        )
    except RecordRefused as refusal:
        form.show(refusal)
        return _page(form, name, status_of(refusal))
    except StaleRevision as refusal:
        form.meet(_stored(member_id))
        return _page(form, name, status_of(refusal))
    flash(_("The record is kept."))
    return redirect(url_for(".list_members"), code=303)


def _stored(member_id: int) -> MemberForm:
    record = db.session().get(Member, member_id)
    if record is None:
        raise MemberNotFound(id=member_id)
    form = MemberForm(formdata=None, obj=MemberInput.of(record))
    form.offer(price_classes(db.session()))
    form.revision.data = record.revision
    return form


def _page(form: MemberForm, name: str | None, status: int | None = None) -> ResponseReturnValue:
    shown = render_template("admin/member.html", form=form, name=name)
    return shown, status or (422 if form.is_submitted() else 200)
