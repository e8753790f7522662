"""/account: profile, contact data, password, devices and tokens of the login itself."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask import session as cookie
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from app import ring_card
from app.auth import (
    accounts,
    api_tokens,
    authentication,
    contact_mails,
    deputies,
    login_sessions,
    mails,
    passwords,
    permissions,
    profiles,
    shared_computers,
    shown_once,
)
from app.auth.current_login import current_actor
from app.auth.errors import TooManyAttempts, WrongCredentials
from app.auth.permissions import OWN, OWN_LOGIN, Access
from app.clock import now
from app.extensions import db, limiter
from app.forms.submit import submit
from app.forms.text_fields import password_hint, text_of
from app.pages.account import bp, presenter
from app.pages.account.forms import ContactForm, PasswordForm, ProfileForm, TokenForm
from app.pages.account.inductions import my_inductions
from app.pages.auth.known_devices import session_origin
from app.pages.auth.limits import login_limit, retry_after
from app.pages.auth.session_start import clear_site_data, device_of, session_days, start_session
from app.pages.declaration import GET_POST, POST, page
from app.web import locales
from app.wording.errors import sentence_of, status_of
from app.wording.formats import as_zone
from booking.kernel.transaction import in_write_transaction
from booking.members import members
from booking.members.members import Contact
from booking.times.wall_clock import local_day


@page(bp, "", access=OWN_LOGIN)
def show() -> ResponseReturnValue:
    """Show who I am here, and what I can set."""
    session = db.session()
    mine = deputies.deputyships_of(session, current_user.id, now=now())
    return render_template(
        "account/show.html",
        me=presenter.me(session, current_user),
        deputyships=mine,
        my_inductions=my_inductions(session, current_user.member_id, local_day(now(), as_zone(None))),
    )


@page(bp, "/profile", methods=GET_POST, access=OWN_LOGIN, keeps_input=True)
def profile() -> ResponseReturnValue:
    """Change my name, language and appearance."""
    form, session, user_id = ProfileForm(obj=current_user), db.session(), current_user.id
    form.offer()
    changed = submit(
        form,
        lambda: profiles.change_profile(session, user_id, form.profile(), now=now()),
        message="",
        location=url_for(".show"),
    )
    if changed is None:
        return render_template("account/profile.html", form=form), form.status
    locales.forget()
    flash(_("Your settings were saved."))  # in the language that was chosen
    return changed


@page(bp, "/contact", methods=GET_POST, access=Access(member=OWN), keeps_input=True, needs_confirmation=True)
def contact() -> ResponseReturnValue:
    """Change how my member can be reached."""
    session, member_id = db.session(), current_user.member_id
    form = ContactForm(obj=presenter.contact_of(session, member_id))
    changed = submit(
        form,
        lambda: _change_contact(member_id, form.contact()),
        message=_("Your contact details were saved."),
        location=url_for(".show"),
    )
    return changed or (render_template("account/contact.html", form=form), form.status)


@page(bp, "/password", methods=GET_POST, access=OWN_LOGIN, keeps_input=False)
@limiter.limit(login_limit, methods=["POST"])
def password() -> ResponseReturnValue:
    """Change my password: every device is logged out, this one gets a new session."""
    form = PasswordForm()
    form.known = (current_user.name, current_user.email, ring_card.ring_card().name)
    if not form.validate_on_submit():
        return _password_page(form), _status(form)
    user_id = current_user.id
    is_shared = shared_computers.is_shared()
    try:
        token = _with_new_password(form, user_id)
    except WrongCredentials:
        form.old_password.errors = [_("This is not your current password.")]
        return _password_page(form), 422
    except TooManyAttempts as refusal:
        form.old_password.errors = [sentence_of(refusal)]
        return _password_page(form), status_of(refusal), retry_after(refusal)
    start_session(token, is_shared=is_shared)
    return _back(_("Your new password is set. All other devices are logged out."))


@page(bp, "/devices", access=OWN_LOGIN)
def devices() -> ResponseReturnValue:
    """List the devices on which I am logged in."""
    found = login_sessions.devices_of(db.session(), current_user.id, token=current_user.session_token, now=now())
    return render_template("account/devices.html", devices=found)


@page(bp, "/devices/<int:session_id>/end", methods=POST, access=OWN_LOGIN)
def end_device(session_id: int) -> ResponseReturnValue:
    """Log one device out."""
    permissions.require(user_id=login_sessions.owner_of_session(db.session(), session_id))
    session, by = db.session(), current_actor()
    in_write_transaction(session, lambda: login_sessions.end_device(session, session_id, by=by, now=now()))
    flash(_("The device is logged out."))
    return redirect(url_for(".devices"), code=303)


@page(bp, "/devices/end-all", methods=POST, access=OWN_LOGIN)
def end_all_devices() -> ResponseReturnValue:
    """Log out on every device, this one included."""
    session, user_id = db.session(), current_user.id
    in_write_transaction(session, lambda: login_sessions.end_all_devices(session, user_id, now=now()))
    cookie.clear()
    flash(_("You are logged out on every device."))
    return clear_site_data(redirect(url_for("auth.login"), code=303))


@page(bp, "/tokens", methods=GET_POST, access=Access(login=OWN), keeps_input=False, needs_confirmation=True)
def tokens() -> ResponseReturnValue:
    """List the tokens of programs that act for me; make one. A new secret is shown once, on the next page."""
    form = TokenForm()
    made = submit(form, lambda: _make_token(form), message="", location=url_for(".tokens"))
    if made:
        return made
    found = api_tokens.tokens_of(db.session(), current_user.id)
    fresh = shown_once.take(db.session(), current_user.session_token, shown_once.TOKEN, now=now())
    return render_template("account/tokens.html", form=form, tokens=found, fresh=fresh, now=now()), form.status


@page(bp, "/tokens/<int:token_id>/revoke", methods=POST, access=Access(login=OWN))
def revoke_token(token_id: int) -> ResponseReturnValue:
    """Revoke a token: its program may no longer act for me."""
    permissions.require(user_id=api_tokens.owner_id(db.session(), token_id))
    by = current_actor()
    in_write_transaction(db.session(), lambda: api_tokens.revoke(db.session(), token_id, by=by, now=now()))
    flash(_("The token was revoked."))
    return redirect(url_for(".tokens"), code=303)


def _change_contact(member_id: int, contact: Contact) -> None:
    session = db.session()
    before = presenter.contact_of(session, member_id).email
    members.change_contact(session, member_id, contact, by=current_actor(), now=now())
    contact_mails.queue_changed(session, {member_id: (before, contact.email)}, now=now())


def _make_token(form: TokenForm) -> None:
    secret = api_tokens.create(
        db.session(),
        current_user.id,
        label=text_of(form.label),
        is_read_only=form.is_read_only.data,
        by=current_actor(),
        now=now(),
    )
    shown_once.put(db.session(), current_user.session_token, shown_once.TOKEN, secret, now=now())


def _with_new_password(form: PasswordForm, user_id: int) -> str:
    """Change the password and return the secret of the new session. Raises WrongCredentials, TooManyAttempts."""
    session, typed = db.session(), str(form.old_password.data)
    confirmed = authentication.confirm(session, user_id, typed, origin=session_origin(), now=now())
    hashed = passwords.hash_of(str(form.password.data))
    return in_write_transaction(session, lambda: _change_password(user_id, hashed, form, confirmed))


def _change_password(user_id: int, hashed: str, form: PasswordForm, confirmed: str) -> str:
    session, is_ending = db.session(), form.ends_access.data
    accounts.change_password(session, user_id, hashed, ends_access=is_ending, confirmed=confirmed, now=now())
    mails.queue_password_changed(session, user_id, now=now())
    device, days = device_of(request.user_agent.string), session_days(is_shared=shared_computers.is_shared())
    return login_sessions.open_session(session, user_id, now=now(), days=days, device=device)


def _password_page(form: PasswordForm) -> str:
    return render_template("account/password.html", form=form, hint=password_hint())


def _status(form: ProfileForm | ContactForm | PasswordForm | TokenForm) -> int:
    return 422 if form.is_submitted() else 200


def _back(message: str) -> ResponseReturnValue:
    flash(message)
    return redirect(url_for(".show"), code=303)
