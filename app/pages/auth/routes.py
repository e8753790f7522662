"""/login /logout /password/... /invitation/...: without user enumeration.

The second step of a log-in is in second_step.py.
"""

from __future__ import annotations

from dataclasses import replace

from flask import current_app, flash, redirect, render_template, request, url_for
from flask import session as cookie
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

from app import ring_card
from app.auth import accounts, authentication, login_sessions, one_use_links, passwords, security_log
from app.auth.errors import LinkNotValid, TooManyAttempts, WrongCredentials
from app.auth.one_use_links import LinkOwner
from app.auth.permissions import ALL, EVERYBODY, LOGGED_IN
from app.clock import now
from app.extensions import db, limiter
from app.forms.text_fields import password_hint, text_of
from app.pages import saved_submission
from app.pages.auth import bp, known_devices, second_step
from app.pages.auth.forms import ForgottenForm, LoginForm, NewPasswordForm
from app.pages.auth.limits import count_unanswered, login_counter, login_limit, retry_after
from app.pages.auth.session_start import clear_site_data, device_of, landing_page, session_days, start_session
from app.pages.declaration import GET_POST, POST, page
from app.pages.saved_submission import SavedSubmission
from app.web.redirects import safe_next
from app.wording.errors import sentence_of, status_of
from booking.kernel.errors import DomainError
from booking.kernel.transaction import in_write_transaction


@page(bp, "/login", methods=GET_POST, access=EVERYBODY, before_second_factor=True, keeps_input=False)
def login() -> ResponseReturnValue:
    """Log in: GET shows the form; POST starts the session, continues with the code, or shows the error."""
    form = LoginForm()
    if not form.is_submitted():
        form.next.data = safe_next(request.args.get("next"), "")
        return redirect(_next_address(form), code=303) if current_user.is_authenticated else _login_page(form)
    is_shared = bool(form.is_shared.data)
    try:
        if not form.validate():
            count_unanswered(db.session(), login_counter())
            return _login_page(form), 422
        opened = _opened(form, days=session_days(is_shared=is_shared))
    except (WrongCredentials, TooManyAttempts) as refusal:
        return _login_page(form, refusal), status_of(refusal), retry_after(refusal)
    if opened.needs_code:
        address, kept = safe_next(form.next.data, ""), form.saved.data or ""
        return second_step.lead_to_second_step(opened.secret, address, kept, is_shared=is_shared)
    start_session(opened.secret, is_shared=is_shared)
    saved = SavedSubmission.parse(form.saved.data)
    return saved_submission.return_page(saved) if saved else redirect(_next_address(form), code=303)


@page(bp, "/logout", methods=POST, access=replace(LOGGED_IN, leaver=ALL), before_second_factor=True)
def logout() -> ResponseReturnValue:
    """Log this device out; a copy of its cookie is void from now on."""
    token = current_user.session_token
    in_write_transaction(db.session(), lambda: login_sessions.close_session(db.session(), token))
    cookie.clear()
    flash(_("You are logged out."))
    return clear_site_data(redirect(url_for("home.show"), code=303))


@page(bp, "/password/forgotten", methods=GET_POST, access=EVERYBODY, before_second_factor=True, keeps_input=False)
@limiter.limit(login_limit, methods=["POST"])
def forgotten() -> ResponseReturnValue:
    """Ask for a link to a new password. The answer is the same whether the address is known or not."""
    form = ForgottenForm()
    if not form.validate_on_submit():
        return render_template("auth/forgotten.html", form=form), 422 if form.is_submitted() else 200
    minutes = current_app.config["PASSWORD_LINK_MINUTES"]
    origin = known_devices.origin()
    authentication.request_password_reset(db.session(), text_of(form.email), origin=origin, now=now(), minutes=minutes)
    flash(
        ngettext(
            "If this address belongs to a login, a link is on its way to it. It works for %(num)s minute.",
            "If this address belongs to a login, a link is on its way to it. It works for %(num)s minutes.",
            minutes,
        )
    )
    return redirect(url_for(".login"), code=303)


@page(bp, "/password/new/<secret>", methods=GET_POST, access=EVERYBODY, before_second_factor=True, keeps_input=False)
@limiter.limit(login_limit, methods=["POST"])
def new_password(secret: str) -> ResponseReturnValue:
    """Choose a new password by a mailed link. Every device is logged out, this one too."""
    owner = one_use_links.owner_of(db.session(), secret, one_use_links.PASSWORD, now=now())
    form = _password_form(owner)
    if not form.validate_on_submit():
        return _password_page(form, owner), 422 if form.is_submitted() else 200
    hashed = _hashed(form)
    ends_access = form.ends_access.data
    in_write_transaction(
        db.session(),
        lambda: accounts.set_new_password(db.session(), secret, hashed, ends_access=ends_access, now=now()),
    )
    known_devices.remember(owner.user_id)  # who reads the owner's mails
    cookie.clear()
    flash(_("Your new password is set. Please log in with it."))
    return redirect(url_for(".login"), code=303)


@page(bp, "/invitation/<secret>", methods=GET_POST, access=EVERYBODY, keeps_input=False)
@limiter.limit(login_limit, methods=["POST"])
def invitation(secret: str) -> ResponseReturnValue:
    """Accept an invitation: choose a password and be logged in."""
    owner = one_use_links.owner_of(db.session(), secret, one_use_links.INVITATION, now=now())
    form = _password_form(owner)
    if not form.validate_on_submit():
        return _password_page(form, owner, is_first=True), 422 if form.is_submitted() else 200
    hashed = _hashed(form)

    def accept() -> str:
        user_id = accounts.accept_invitation(db.session(), secret, hashed, now=now())
        device = device_of(request.user_agent.string)
        days = current_app.config["SESSION_DAYS"]
        return login_sessions.open_session(db.session(), user_id, now=now(), days=days, device=device)

    start_session(in_write_transaction(db.session(), accept))
    flash(_("Welcome. Your password is set and you are logged in."))
    return redirect(landing_page(), code=303)


@bp.errorhandler(LinkNotValid)
def link_ended(refusal: LinkNotValid) -> ResponseReturnValue:
    """Show what to do about a link that does not work any more, or never did."""
    db.session.rollback()
    security_log.note(security_log.LINK_REFUSED)
    return render_template("auth/link_ended.html"), status_of(refusal)


def _opened(form: LoginForm, *, days: int) -> authentication.LoginResult:
    """Check what was typed. Raises WrongCredentials, TooManyAttempts."""
    credentials = authentication.Credentials(
        email=text_of(form.email),
        password=str(form.password.data),
        device=device_of(request.user_agent.string),
        origin=known_devices.origin(),
        old_session=current_user.session_token if current_user.is_authenticated else "",
        rate=login_counter(),
    )
    return authentication.log_in(db.session(), credentials, now=now(), days=days)


def _login_page(form: LoginForm, refusal: DomainError | None = None) -> str:
    sentences = [sentence_of(refusal)] if refusal is not None else []
    return render_template("auth/login.html", form=form, sentences=sentences)


def _password_form(owner: LinkOwner) -> NewPasswordForm:
    form = NewPasswordForm()
    form.known = (owner.name, owner.email, ring_card.ring_card().name)
    return form


def _password_page(form: NewPasswordForm, owner: LinkOwner, *, is_first: bool = False) -> str:
    return render_template("auth/new_password.html", form=form, owner=owner, is_first=is_first, hint=password_hint())


def _hashed(form: NewPasswordForm) -> str:
    db.session.rollback()  # hashing takes long; end the read transaction before it
    return passwords.hash_of(str(form.password.data))


def _next_address(form: LoginForm) -> str:
    return safe_next(form.next.data, landing_page())
