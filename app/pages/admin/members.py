"""/admin/members: the list, one member, a new one."""

from __future__ import annotations

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.auth import permissions
from app.auth.current_login import current_actor
from app.auth.permissions import ALL, OWN, Access
from app.clock import now
from app.exports.files import file_response
from app.extensions import db
from app.forms.submit import submit
from app.pages.admin import bp, lists
from app.pages.admin.forms import MemberForm
from app.pages.declaration import GET_POST, page
from app.web.paging import page_number
from app.wording.billing import price_class_label
from billing.exports.members import BILLING_COLUMNS, MEMBER_COLUMNS, member_table
from booking import members
from booking.errors import MemberNotFound
from booking.members import MemberInput
from booking.models import Member
from booking.queries import price_classes


@page(bp, "/members", access=Access(treasurer=ALL, admin=ALL))
def list_members() -> ResponseReturnValue:
    """List the members, a page at a time; ?q= searches, ?todo=address shows those whose address is not split."""
    search = request.args.get("q", "").strip()
    session = db.session()
    todo = "address" if request.args.get("todo") == "address" else ""
    page = lists.members(session, search, page_number(), only_unsplit=bool(todo))
    names = {each.code: price_class_label(each) for each in price_classes(session)}
    return render_template("admin/members.html", page=page, search=search, todo=todo, price_classes=names)


@page(bp, "/members/file.<any(csv, xlsx):file_format>", access=Access(treasurer=OWN, admin=ALL))
def download_members(file_format: str) -> ResponseReturnValue:
    """Return all members; for a treasurer with what a bill needs."""
    columns = MEMBER_COLUMNS if permissions.reaches_all() else BILLING_COLUMNS
    return file_response(member_table(db.session(), columns), file_format)


@page(bp, "/members/new", methods=GET_POST, access=Access(admin=ALL), keeps_input=True)
def new_member() -> ResponseReturnValue:
    """Enter a member."""
    form, session = MemberForm(), db.session()
    form.offer(price_classes(session))
    entered = submit(
        form,
        lambda: members.enter_member(session, form.to_input(), by=current_actor(), now=now()),
        message=_("The member is entered."),
        location=url_for(".list_members"),
    )
    return entered or _page(form, None)


@page(bp, "/members/<int:member_id>", methods=GET_POST, access=Access(admin=ALL), keeps_input=True)
def member(member_id: int) -> ResponseReturnValue:
    """Show and change one member's record."""
    session, form = db.session(), _stored(member_id)
    name = form.name.data
    if request.method == "POST":
        form = MemberForm()
        form.offer(price_classes(session))
    changed = submit(
        form,
        lambda: members.change_member(
            session, member_id, form.to_input(), by=current_actor(), now=now(), revision=form.revision.data
        ),
        message=_("The record was saved."),
        location=url_for(".list_members"),
        stored=lambda: _stored(member_id),
    )
    return changed or _page(form, name)


def _stored(member_id: int) -> MemberForm:
    record = db.session().get(Member, member_id)
    if record is None:
        raise MemberNotFound(id=member_id)
    form = MemberForm(formdata=None, obj=MemberInput.of(record))
    form.offer(price_classes(db.session()))
    form.revision.data = record.revision
    return form


def _page(form: MemberForm, name: str | None) -> ResponseReturnValue:
    return render_template("admin/member.html", form=form, name=name), form.status
