"""/login/code /login/recovery-code: the second step of a log-in, for logins with a second factor.

Nobody is logged in meanwhile: the browser's cookie carries a token that is valid for this step alone.
"""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.auth import authentication, pending_logins
from app.auth.errors import LogInExpired, TooManyAttempts, WrongCode
from app.auth.permissions import EVERYBODY
from app.clock import now
from app.extensions import db, limiter
from app.forms.base_form import is_review_only
from app.forms.text_fields import text_of
from app.pages import saved_submission
from app.pages.auth import bp, known_devices
from app.pages.auth.forms import AppCodeForm, RecoveryCodeForm
from app.pages.auth.limits import login_limit, retry_after
from app.pages.auth.session_start import (
    device_of,
    is_pending_on_shared_computer,
    landing_page,
    pending_login_token,
    session_days,
    start_pending_login,
    start_session,
)
from app.pages.declaration import GET_POST, page
from app.pages.saved_submission import SavedSubmission
from app.web.redirects import safe_next
from app.wording.errors import sentence_of, status_of
from booking.kernel.errors import DomainError

CodeForm = AppCodeForm | RecoveryCodeForm


@page(bp, "/login/code", methods=GET_POST, access=EVERYBODY, before_second_factor=True, keeps_input=False)
@limiter.limit(login_limit, methods=["POST"])
def enter_code() -> ResponseReturnValue:
    """Ask for the code that the app shows."""
    return _step(AppCodeForm())


@page(bp, "/login/recovery-code", methods=GET_POST, access=EVERYBODY, before_second_factor=True, keeps_input=False)
@limiter.limit(login_limit, methods=["POST"])
def enter_recovery_code() -> ResponseReturnValue:
    """Ask for a printed recovery code, where the phone is not at hand."""
    return _step(RecoveryCodeForm())


def lead_to_second_step(pending: str, next_address: str, saved: str, *, is_shared: bool) -> ResponseReturnValue:
    """Ask for the code after the right password. is_shared: on a shared computer.

    pending: the token of the pending log-in, for this browser's cookie. saved: a serialized SavedSubmission or "".
    """
    start_pending_login(pending, is_shared=is_shared)
    if saved:  # too long for an address
        return _page(AppCodeForm(formdata=None, data={"next": next_address, "saved": saved}))
    return redirect(url_for("auth.enter_code", next=next_address or None), code=303)


def _step(form: CodeForm) -> ResponseReturnValue:
    pending = pending_login_token()
    try:
        pending_logins.owner_of(db.session(), pending, now=now())
        if not form.is_submitted():
            form.next.data = safe_next(request.args.get("next"), "")
            return _page(form)
        if is_review_only():
            return _page(form)
        return _finish(form, pending) if form.validate() else (_page(form), 422)
    except LogInExpired as refusal:
        if saved := SavedSubmission.parse(form.saved.data):
            return saved_submission.login_page(saved, [sentence_of(refusal)])
        flash(sentence_of(refusal), "warning")
        address = safe_next(form.next.data or request.args.get("next"), "")
        return redirect(url_for("auth.login", next=address or None), code=303)


def _finish(form: CodeForm, pending: str) -> ResponseReturnValue:
    is_shared = is_pending_on_shared_computer()
    device, days = device_of(request.user_agent.string), session_days(is_shared=is_shared)
    origin = known_devices.origin()
    try:
        token = authentication.finish_log_in(
            db.session(),
            pending,
            text_of(form.code),
            device=device,
            origin=origin,
            now=now(),
            days=days,
        )
    except (WrongCode, TooManyAttempts) as refusal:
        return _page(form, refusal), status_of(refusal), retry_after(refusal)
    start_session(token, is_shared=is_shared)
    saved = SavedSubmission.parse(form.saved.data)
    if saved:
        return saved_submission.return_page(saved)
    return redirect(safe_next(form.next.data, landing_page()), code=303)


def _page(form: CodeForm, refusal: DomainError | None = None) -> str:
    form.code.data = ""  # a code works once, so it is not shown again
    is_recovery = isinstance(form, RecoveryCodeForm)
    texts = {
        "title": _("Recovery code") if is_recovery else _("Code from your app"),
        "sentence": _("Each of the codes that you printed works once.")
        if is_recovery
        else _("Open the app on your phone and enter the six digits that it shows for the ring."),
        "sentences": [sentence_of(refusal)] if refusal is not None else [],
    }
    return render_template("auth/code.html", form=form, is_recovery=is_recovery, **texts)
