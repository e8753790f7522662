"""/admin/members: the list, one member, a new one."""

from __future__ import annotations

from flask import flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.auth import accounts, contact_mails, permissions
from app.auth.current_login import current_actor
from app.auth.permissions import ALL, OWN, Access
from app.clock import now
from app.exports.files import page_file
from app.extensions import db
from app.forms.submit import submit
from app.pages.admin import bp, leaving, lists
from app.pages.admin.forms import DeletionForm, MemberForm
from app.pages.admin.leaving import Leaving
from app.pages.declaration import GET_POST, MenuEntry, page
from app.web.paging import page_number
from app.web.sorting import Sorting
from app.wording.billing import price_class_label
from app.wording.formats import as_zone
from app.wording.references import reference_texts
from billing.exports.members import BILLING_COLUMNS, MEMBER_COLUMNS, member_table
from booking.errors.schedule_errors import MemberNotFound
from booking.members import members
from booking.members.members import MemberInput
from booking.models import Member
from booking.queries import price_class_history, price_classes
from booking.records.deletions import delete_members, member_references
from booking.rule_changes import condition_changes
from booking.times.wall_clock import local_day
from booking.use.slip_classes import correct_slips


@page(
    bp,
    "/members",
    access=Access(treasurer=ALL, admin=ALL),
    menu=MenuEntry(_l("Members"), 95, icon="people", bar={"admin": 20}, phone=("admin",)),
)
def list_members() -> ResponseReturnValue:
    """List the members, a page at a time.

    ?sort= a column; ?q= searches; ?todo=address shows those whose address is not split.
    """
    search = request.args.get("q", "").strip()
    session = db.session()
    todo = "address" if request.args.get("todo") == "address" else ""
    sorting, today = Sorting.of(request.args, lists.MEMBER_ORDERS, "number"), local_day(now(), as_zone(None))
    page = lists.members(session, search, page_number(), sorting=sorting, only_unsplit=bool(todo), day=today)
    return render_template(
        "admin/members.html",
        page=page,
        search=search,
        todo=todo,
        sorting=sorting,
        kept={"q": search or None, "todo": todo or None},
        price_classes=_class_names(session),
    )


@page(bp, "/members/file.<any(csv, xlsx):file_format>", access=Access(treasurer=OWN, admin=ALL))
def download_members(file_format: str) -> ResponseReturnValue:
    """Return all members; for a treasurer with what a bill needs."""
    columns = MEMBER_COLUMNS if permissions.reaches_all() else BILLING_COLUMNS
    return page_file(member_table(db.session(), columns), file_format)


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


@page(
    bp,
    "/members/<int:member_id>",
    methods=GET_POST,
    access=Access(admin=ALL),
    keeps_input=True,
    needs_confirmation=True,
)
def member(member_id: int) -> ResponseReturnValue:
    """Show and change one member's record."""
    session, form = db.session(), _stored(member_id)
    name, stored_last_day, stored_email = form.name.data, form.left_on.data, form.email.data
    if request.method == "POST":
        form = MemberForm()
        form.stored_email = stored_email or ""
        form.offer(price_classes(session))
        if form.validate() and (hanging := leaving.unseen(member_id, form, stored_last_day)):
            form.status, form.seen_last_day.data = 409, hanging.last_day.isoformat()
            return _page(form, name, member_id, hanging, is_stored=False)
    changed = submit(
        form,
        lambda: _change(member_id, form),
        message="",
        location=_saved,
        stored=lambda: _stored(member_id),
    )
    return changed or _page(form, name, member_id, leaving.leaving(member_id, stored_last_day))


@page(bp, "/members/<int:member_id>/delete", methods=GET_POST, access=Access(admin=ALL))
def delete_member(member_id: int) -> ResponseReturnValue:
    """Delete a member entered by mistake, after showing who it is, or name what stands against it."""
    session, form = db.session(), DeletionForm()
    record = session.get(Member, member_id)
    if record is None:
        raise MemberNotFound(id=member_id)
    if not form.is_submitted():
        form.revision.data = record.revision
    number, name = record.number, record.name
    deleted = submit(
        form,
        lambda: delete_members(session, [member_id], by=current_actor(), now=now(), revision=form.revision.data),
        message=_("%(number)s %(name)s was deleted.", number=number, name=name),
        location=url_for(".list_members"),
    )
    if deleted:
        return deleted
    obstacles = reference_texts(member_references(session, [member_id]).get(member_id, {}))
    page = render_template(
        "admin/delete_member.html", form=form, member_id=member_id, number=number, name=name, obstacles=obstacles
    )
    return page, form.status


def _change(member_id: int, form: MemberForm) -> int:
    """Change a member as entered; return how many slips got another price class."""
    session, by, instant, since = db.session(), current_actor(), now(), form.class_from.data
    former = session.scalar(select(Member.email).where(Member.id == member_id)) or ""
    wanted = form.to_input()
    condition_changes.change_member(
        session, member_id, wanted, by=by, now=instant, revision=form.revision.data, class_from=since
    )
    accounts.require_lasting_administrator(session, [member_id])
    contact_mails.queue_changed(session, {member_id: (former, wanted.email)}, now=instant)
    if not form.corrects_slips.data or since is None:
        return 0
    return correct_slips(session, member_id, since, by=by, now=instant)


def _saved(corrected_slips: int) -> str:
    flash(_("The record was saved."))
    if corrected_slips:
        flash(
            ngettext(
                "%(num)s slip has another price class now; it is priced again within a minute.",
                "%(num)s slips have another price class now; they are priced again within a minute.",
                corrected_slips,
            )
        )
    return url_for(".list_members")


def _stored(member_id: int) -> MemberForm:
    record = db.session().get(Member, member_id)
    if record is None:
        raise MemberNotFound(id=member_id)
    form = MemberForm(formdata=None, obj=MemberInput.of(record))
    form.offer(price_classes(db.session()))
    form.revision.data = record.revision
    return form


def _page(
    form: MemberForm,
    name: str | None,
    member_id: int | None = None,
    hanging: Leaving | None = None,
    *,
    is_stored: bool = True,
) -> ResponseReturnValue:
    session = db.session()
    history = () if member_id is None else price_class_history(session, member_id)
    page = render_template(
        "admin/member.html",
        form=form,
        member_id=member_id,
        name=name,
        history=history,
        price_classes=_class_names(session),
        leaving=hanging,
        is_stored=is_stored,
    )
    return page, form.status


def _class_names(session: Session) -> dict[str, str]:
    """Return the code of each price class -> its name in the language of the page."""
    return {each.code: price_class_label(each) for each in price_classes(session)}
