"""/admin/logins: invite, disable, change roles, name managers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from flask import abort, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from app.auth import accounts, mails, managers, memberships, one_use_links, second_factor
from app.auth.current_login import current_actor
from app.auth.errors import LoginNotFound
from app.auth.managers import Management
from app.auth.member_logins import is_last_login
from app.auth.models import User
from app.auth.permissions import ALL, Access
from app.clock import now
from app.extensions import db
from app.forms.submit import submit
from app.forms.text_fields import text_of
from app.pages.admin import bp, lists
from app.pages.admin.forms import EmailForm, InvitationForm, ManagerForm, RolesForm
from app.pages.declaration import ACTION, GET_POST, POST, MenuEntry, page
from app.web.paging import page_number
from app.web.sorting import Sorting
from app.wording.errors import sentence_of, status_of
from booking import queries
from booking.kernel.errors import DomainError
from booking.kernel.transaction import in_write_transaction
from booking.models import Member, Workshop
from booking.queries import ReservationView

ADMIN = Access(admin=ALL)
INVITE = MenuEntry(_l("Invite"), 96, icon="person-plus", bar={"admin": ACTION}, phone=("admin",))


@dataclass(frozen=True, slots=True)
class LoginCard:
    """A login as an administrator sees it: without its password and the secret of its app."""

    id: int
    email: str
    name: str
    state: str
    revision: int
    roles: accounts.Roles
    member_number: str
    managements: tuple[Management, ...]
    factor: second_factor.SecondFactorState


@page(bp, "/logins", access=ADMIN)
def list_logins() -> ResponseReturnValue:
    """List the logins, a page at a time; ?sort= a column; ?q= searches."""
    search, sorting = request.args.get("q", "").strip(), Sorting.of(request.args, lists.LOGIN_ORDERS, "name")
    page = lists.logins(db.session(), search, page_number(), sorting=sorting)
    return render_template("admin/logins.html", page=page, search=search, sorting=sorting)


@page(bp, "/logins/invite", methods=GET_POST, access=ADMIN, keeps_input=True, needs_confirmation=True, menu=INVITE)
def invite() -> ResponseReturnValue:
    """Enter a login and mail it a link to choose its password."""
    form = InvitationForm()
    form.offer(_workshops())
    invited = submit(
        form,
        lambda: _invite(form),
        message=_("The invitation is on its way."),
        location=lambda user_id: url_for(".show_login", user_id=user_id),
    )
    return invited or (render_template("admin/invite.html", form=form), form.status)


@page(bp, "/logins/<int:user_id>", access=ADMIN)
def show_login(user_id: int) -> ResponseReturnValue:
    """Show a login: roles, workshops, address, and what can be done with it."""
    return _page(_card(user_id))


@page(bp, "/logins/<int:user_id>/roles", methods=POST, access=ADMIN, keeps_input=True, needs_confirmation=True)
def change_roles(user_id: int) -> ResponseReturnValue:
    """Give and take roles; they act at the login's next request."""
    form, session = RolesForm(), db.session()
    changed = submit(
        form,
        lambda: accounts.change_roles(
            session, user_id, form.roles(), revision=form.revision.data or 0, by=current_actor(), now=now()
        ),
        message=_("The roles were changed and take effect at once."),
        location=url_for(".show_login", user_id=user_id),
        stored=lambda: _stored_roles(_card(user_id)),
    )
    return changed or _page(_card(user_id), roles_form=form, status=form.status)


@page(bp, "/logins/<int:user_id>/email", methods=POST, access=ADMIN, keeps_input=True, needs_confirmation=True)
def change_email(user_id: int) -> ResponseReturnValue:
    """Change the e-mail address of a login."""
    form, session = EmailForm(), db.session()
    form.stored_email = _card(user_id).email
    changed = submit(
        form,
        lambda: accounts.change_email(session, user_id, text_of(form.email), by=current_actor(), now=now()),
        message=_("The address is changed."),
        location=url_for(".show_login", user_id=user_id),
    )
    return changed or _page(_card(user_id), email_form=form, status=form.status)


@page(
    bp,
    "/logins/<int:user_id>/workshops",
    methods=POST,
    access=ADMIN,
    keeps_input=False,
    needs_confirmation=True,
)
def name_manager(user_id: int) -> ResponseReturnValue:
    """Make a login a manager of a workshop."""
    form = ManagerForm()
    form.offer(_workshops())
    named = submit(
        form,
        lambda: _name_manager(user_id, form.workshop_id.data),
        message=_("The login manages the workshop from now on."),
        location=url_for(".show_login", user_id=user_id),
    )
    return named or _page(_card(user_id), manager_form=form, status=form.status)


@page(
    bp,
    "/logins/<int:user_id>/workshops/<int:management_id>/withdraw",
    methods=POST,
    access=ADMIN,
    needs_confirmation=True,
)
def withdraw_manager(user_id: int, management_id: int) -> ResponseReturnValue:
    """End a management or a deputyship."""
    if management_id not in {one.id for one in managers.managements(db.session(), user_id)}:
        abort(404)
    return _done(
        user_id,
        lambda: managers.withdraw(db.session(), management_id, by=current_actor(), now=now()),
        _("The login no longer manages the workshop."),
    )


@page(bp, "/logins/<int:user_id>/disable", methods=POST, access=ADMIN, needs_confirmation=True)
def disable(user_id: int) -> ResponseReturnValue:
    """Disable a login at once."""
    return _done(
        user_id,
        lambda: accounts.disable(db.session(), user_id, by=current_actor(), now=now()),
        _("The login is disabled and logged out everywhere."),
    )


@page(bp, "/logins/<int:user_id>/enable", methods=POST, access=ADMIN, needs_confirmation=True)
def enable(user_id: int) -> ResponseReturnValue:
    """Enable a login again."""
    return _done(
        user_id,
        lambda: accounts.enable(db.session(), user_id, by=current_actor(), now=now()),
        _("The login is enabled again."),
    )


@page(bp, "/logins/<int:user_id>/invite-again", methods=POST, access=ADMIN, needs_confirmation=True)
def invite_again(user_id: int) -> ResponseReturnValue:
    """Mail a fresh link; the one before stops working."""
    if _card(user_id).state != "invited":
        abort(404)
    return _done(user_id, lambda: _send_invitation(user_id), _("A new invitation is on its way."))


@page(bp, "/logins/<int:user_id>/second-factor/reset", methods=POST, access=ADMIN, needs_confirmation=True)
def reset_second_factor(user_id: int) -> ResponseReturnValue:
    """Reset the second factor of somebody who lost phone and recovery codes."""
    return _done(
        user_id,
        lambda: second_factor.reset(db.session(), user_id, by=current_actor(), now=now()),
        _("The second factor is reset, and the login is logged out everywhere. Its owner gets an e-mail."),
    )


def _name_manager(user_id: int, workshop_id: int) -> None:
    session = db.session()
    managers.name_manager(session, user_id, workshop_id, by=current_actor(), now=now())
    mails.queue_roles_changed(session, user_id, now=now())


def _invite(form: InvitationForm) -> int:
    session, by = db.session(), current_actor()
    user_id = accounts.invite(session, form.to_input(), by=by, now=now())
    for workshop_id in form.workshop_ids.data or ():
        managers.name_manager(session, user_id, workshop_id, by=by, now=now())
    _send_invitation(user_id)
    return user_id


def _send_invitation(user_id: int) -> None:
    session, days = db.session(), current_app.config["INVITATION_DAYS"]
    link = one_use_links.create(session, user_id, one_use_links.INVITATION, now=now(), valid_for=timedelta(days=days))
    mails.queue_invitation(session, user_id, link, now=now(), days=days)


def _done(user_id: int, use_case: Callable[[], None], message: str) -> ResponseReturnValue:
    """Run a use case that needs no form, and show the login again."""
    card = _card(user_id)
    try:
        in_write_transaction(db.session(), use_case)
    except DomainError as refusal:
        return _page(card, sentences=[sentence_of(refusal)], status=status_of(refusal))
    flash(message)
    return redirect(url_for(".show_login", user_id=user_id), code=303)


def _page(
    card: LoginCard,
    *,
    roles_form: RolesForm | None = None,
    email_form: EmailForm | None = None,
    manager_form: ManagerForm | None = None,
    sentences: list[str] | None = None,
    status: int = 200,
) -> ResponseReturnValue:
    if manager_form is None:
        manager_form = ManagerForm(formdata=None)
        managed = {one.workshop_id for one in card.managements if not one.is_deputy}
        manager_form.offer([choice for choice in _workshops() if choice[0] not in managed])
    forms = {
        "roles_form": roles_form or _stored_roles(card),
        "email_form": email_form or EmailForm(formdata=None, obj=card),
        "manager_form": manager_form,
    }
    upcoming, is_last = _what_hangs_on(card)
    page = render_template(
        "admin/login.html", card=card, sentences=sentences or [], upcoming=upcoming, is_last_login=is_last, **forms
    )
    return page, status


def _what_hangs_on(card: LoginCard) -> tuple[tuple[ReservationView, ...], bool]:
    """Return the member's reservations to come, and whether no other login acts for the member."""
    member_id = card.roles.member_id
    if member_id is None or card.state == "disabled":
        return (), False
    session = db.session()
    upcoming = queries.reservations_of_member(session, member_id, upcoming=True, now=now())
    return upcoming, is_last_login(session, card.id, member_id)


def _stored_roles(card: LoginCard) -> RolesForm:
    form = RolesForm(formdata=None, obj=card.roles)
    form.member_number.data, form.revision.data = card.member_number, card.revision
    form.record_url = url_for(".show_login", user_id=card.id)
    return form


def _card(user_id: int) -> LoginCard:
    row = (
        db.session()
        .execute(select(User, Member.number).outerjoin(Member, Member.id == User.member_id).where(User.id == user_id))
        .one_or_none()
    )
    if row is None:
        raise LoginNotFound(id=user_id)
    user, number = row
    return LoginCard(
        user.id,
        user.email,
        user.name,
        lists.state_of(user.disabled_at, user.password_hash is None),
        user.revision,
        accounts.Roles(user.member_id, user.is_treasurer, user.is_admin),
        number or "",
        tuple(managers.managements(db.session(), user_id, since=memberships.ring_day(now()))),
        second_factor.state_of(db.session(), user_id),
    )


def _workshops() -> list[tuple[int, str]]:
    return [
        (row.id, row.name) for row in db.session().execute(select(Workshop.id, Workshop.name).order_by(Workshop.name))
    ]
