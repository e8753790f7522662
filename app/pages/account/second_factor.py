"""/account/second-factor: switch on with an app, recovery codes, switch off.

The secret is shown during the set-up, recovery codes once; neither is ever shown again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from flask_wtf import FlaskForm

from app.auth import authentication, second_factor, shown_once
from app.auth.errors import SecondFactorChanged, TooManyAttempts, WrongCode, WrongCredentials
from app.auth.permissions import OWN_LOGIN
from app.clock import now
from app.extensions import db, limiter
from app.pages.account import bp, presenter
from app.pages.account.forms import FirstCodeForm, PasswordAgainForm, PasswordAndCodeForm
from app.pages.auth.known_devices import session_origin
from app.pages.auth.limits import login_limit, retry_after
from app.pages.declaration import GET_POST, page
from app.wording.errors import sentence_of, status_of
from booking.kernel.errors import DomainError
from booking.kernel.transaction import in_write_transaction
from booking.records import ring

T = TypeVar("T")


@page(
    bp,
    "/second-factor",
    methods=GET_POST,
    endpoint="second_factor",
    access=OWN_LOGIN,
    before_second_factor=True,
    keeps_input=False,
)
@limiter.limit(login_limit, methods=["POST"])
def show() -> ResponseReturnValue:
    """Show whether it is on; while it is off, the password begins the set-up."""
    form, user_id = PasswordAgainForm(), current_user.id
    if not form.validate_on_submit():
        return _page("show", form)

    def begin() -> None:
        authentication.confirm(db.session(), user_id, str(form.password.data), origin=session_origin(), now=now())
        in_write_transaction(db.session(), lambda: second_factor.begin_setup(db.session(), user_id, now=now()))

    refused = _refused("show", form, begin)
    return refused or redirect(url_for(".confirm_second_factor"), code=303)


@page(
    bp,
    "/second-factor/confirm",
    methods=GET_POST,
    endpoint="confirm_second_factor",
    access=OWN_LOGIN,
    before_second_factor=True,
    keeps_input=False,
)
@limiter.limit(login_limit, methods=["POST"])
def confirm() -> ResponseReturnValue:
    """Show the secret for the app, as a QR code and as text; a first code of the app switches it on."""
    form, user_id, here = FirstCodeForm(), current_user.id, current_user.session_token
    try:
        secret = second_factor.setup_secret(db.session(), user_id, now=now())
    except SecondFactorChanged:
        return _back_to_overview()
    secret_for_app = presenter.secret_for_app(secret, current_user.email)
    if not form.validate_on_submit():
        return _page("confirm", form, app=secret_for_app)

    def switch_on() -> None:
        code = str(form.code.data)
        _show_once(second_factor.switch_on(db.session(), user_id, code, session_token=here, now=now()))

    return _with_fresh_codes("confirm", form, lambda: in_write_transaction(db.session(), switch_on), app=secret_for_app)


@page(
    bp,
    "/second-factor/codes",
    methods=GET_POST,
    endpoint="recovery_codes",
    access=OWN_LOGIN,
    before_second_factor=True,
    keeps_input=False,
)
@limiter.limit(login_limit, methods=["POST"])
def codes() -> ResponseReturnValue:
    """Show new recovery codes, once; else how many are left. Password and code make new ones."""
    form, user_id = PasswordAndCodeForm(), current_user.id
    if not second_factor.is_on(db.session(), user_id):
        return _back_to_overview()
    if not form.validate_on_submit():
        return _page("codes", form, fresh=_fresh_codes() if request.method == "GET" else None)
    return _with_fresh_codes(
        "codes",
        form,
        lambda: _confirmed(
            form, lambda: _show_once(second_factor.replace_recovery_codes(db.session(), user_id, now=now()))
        ),
    )


@page(
    bp,
    "/second-factor/off",
    methods=GET_POST,
    endpoint="switch_off_second_factor",
    access=OWN_LOGIN,
    keeps_input=False,
)
@limiter.limit(login_limit, methods=["POST"])
def switch_off() -> ResponseReturnValue:
    """Switch the second factor off, with password and code."""
    form, user_id = PasswordAndCodeForm(), current_user.id
    if not second_factor.is_on(db.session(), user_id):
        return _back_to_overview()
    if not form.validate_on_submit():
        return _page("off", form, is_required=_is_required())
    refused = _refused(
        "off",
        form,
        lambda: _confirmed(form, lambda: second_factor.switch_off(db.session(), user_id, now=now())),
        is_required=_is_required(),
    )
    if refused:
        return refused
    flash(_("Your second factor is off. You log in with your password alone."))
    return redirect(url_for(".second_factor"), code=303)


def _is_required() -> bool:
    """Return whether the ring would require this login at once to set it up again."""
    known = ring.the_ring(db.session())
    return bool(known and known.requires_second_factor and (current_user.is_treasurer or current_user.is_admin))


def _back_to_overview() -> ResponseReturnValue:
    """Return to the overview: it was switched in another window, or the set-up has expired."""
    flash(_("Your second factor stands differently now. Please look here first."), "warning")
    return redirect(url_for(".second_factor"), code=303)


def _confirmed(form: PasswordAndCodeForm, use_case: Callable[[], T]) -> T:
    password, code = str(form.password.data), str(form.code.data)
    return authentication.confirm_with_code(
        db.session(), current_user.id, password, code, use_case, origin=session_origin(), now=now()
    )


def _with_fresh_codes(name: str, form: FlaskForm, make: Callable[[], None], **context: Any) -> ResponseReturnValue:
    """Make recovery codes and show them on the next page, once."""

    refused = _refused(name, form, make, **context)
    return refused or redirect(url_for(".recovery_codes"), code=303)


def _show_once(codes: list[str]) -> None:
    shown_once.put(db.session(), current_user.session_token, shown_once.RECOVERY_CODES, codes, now=now())


def _fresh_codes() -> list[str] | None:
    fresh: list[str] | None = shown_once.take(
        db.session(), current_user.session_token, shown_once.RECOVERY_CODES, now=now()
    )
    return fresh


def _refused(name: str, form: FlaskForm, use_case: Callable[[], object], **context: Any) -> ResponseReturnValue | None:
    """Return the page with the reason at its field where the use case was refused; None where it succeeded."""
    try:
        use_case()
    except WrongCredentials:
        form["password"].errors = [_("This is not your current password.")]
        return _page(name, form, **context)
    except WrongCode as refusal:
        form["code"].errors = [sentence_of(refusal)]
        return _page(name, form, **context)
    except (TooManyAttempts, SecondFactorChanged) as refusal:
        return _page(name, form, refusal, **context)
    return None


def _page(name: str, form: FlaskForm, refusal: DomainError | None = None, **context: Any) -> ResponseReturnValue:
    state = second_factor.state_of(db.session(), current_user.id)
    shown = render_template(
        f"account/second_factor_{name}.html",
        form=form,
        state=state,
        sentences=[sentence_of(refusal)] if refusal else [],
        **context,
    )
    if refusal:
        return shown, status_of(refusal), retry_after(refusal)
    return shown, 422 if form.is_submitted() else 200
