"""Confirming that it is you: a page asks for the password before a change with which a stolen session could stay.

Pages declare it (`needs_confirmation`): addresses, roles, logins, tokens, calendars. A log-in counts as confirmed for
ten minutes, by the session cookie, so that a copy of it gains nothing when its owner confirms. After that the form that
was sent is answered with a page that holds what was typed and asks for the password, or for a code of the app; sent
from there, it is carried out. Changes of the second factor ask for both in their own forms (account/second_factor.py).
"""

from __future__ import annotations

from flask import Flask, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from app.auth import authentication, confirmed, second_factor
from app.auth.errors import SecondFactorUnreadable, TooManyAttempts, WrongCode, WrongCredentials
from app.clock import now
from app.extensions import db
from app.forms.base_form import LOST_FILE, REVIEW_ONLY, PlainForm
from app.forms.text_fields import typed_password
from app.pages.auth.known_devices import session_origin
from app.pages.auth.limits import retry_after
from app.pages.declaration import PAGES
from app.present import present_request
from app.wording.errors import sentence_of, status_of

NEEDED = 403
NOT_CARRIED = ("csrf_token", "confirmation")


class ConfirmationForm(PlainForm):
    """The password once more, or a code of the app."""

    confirmation = typed_password()


def init_app(app: Flask) -> None:
    """Look at every request after the permission table did."""
    app.before_request(require_confirmation)


def require_confirmation() -> ResponseReturnValue | None:
    """Return the page that asks for the password, where the present request needs it; None lets it go on."""
    page = PAGES.get(present_request().endpoint or "")
    if page is None or not page.needs_confirmation or request.method != "POST" or confirmed.is_fresh():
        return None
    if not current_user.is_authenticated:
        return None
    form = ConfirmationForm()
    if "confirmation" not in request.form:
        return _page(ConfirmationForm(formdata=None)), NEEDED
    if not form.validate():
        return _page(form), 422
    try:
        user_id, typed = current_user.id, str(form.confirmation.data)
        authentication.confirm_with_either(db.session(), user_id, typed, origin=session_origin(), now=now())
    except WrongCredentials:
        return _page(form, _("This is not your current password.")), 422
    except (WrongCode, TooManyAttempts, SecondFactorUnreadable) as refusal:
        return _page(form, sentence_of(refusal)), status_of(refusal), retry_after(refusal)
    confirmed.note()
    return None


def _page(form: ConfirmationForm, sentence: str = "") -> str:
    carried = [pair for pair in request.form.items(multi=True) if pair[0] not in NOT_CARRIED]
    lost_files = [(LOST_FILE, name) for name, file in request.files.items() if file]
    if lost_files:  # no page keeps a file: after the confirmation, the form asks for it again
        carried += [*lost_files, (REVIEW_ONLY, "1")]
    if second_factor.is_on(db.session(), current_user.id):
        form.confirmation.label.text = _("Password, or code from your app")
    return render_template(
        "auth/confirmation.html",
        form=form,
        carried=carried,
        loses_file=any(name == LOST_FILE for name, _text in carried),
        address=request.full_path.rstrip("?"),
        sentences=[sentence] if sentence else [],
    )
