"""What was typed when the log-in had ended: saved through the next log-in, then shown in its form again.

A form was left open overnight, or this browser logged in again in another window: then the log-in or the page's
CSRF token is void, and nothing may be carried out. What was typed becomes a hidden field of the log-in form, so
that the server stores nothing, and goes from there back to its own address, to be reviewed and sent once more
(BaseForm). Only a page of ours may start this: a foreign one could submit words in a member's name.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from flask import Flask, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import current_user

from app.forms.base_form import LOST_FILE, REVIEW_ONLY
from app.pages.auth.forms import LoginForm
from app.pages.declaration import PAGES
from app.present import present_request
from app.web.redirects import safe_next

TOKEN_IS_VOID, NOT_LOGGED_IN = 400, 401
SECRETS = ("password", "secret", "code", "recovery_code")  # fields that are not written into a page
NOT_TYPED = ("csrf_token", REVIEW_ONLY)


@dataclass(frozen=True, slots=True)
class SavedSubmission:
    """What was sent to an address of ours: names and values of the fields; of files, only which fields had one."""

    address: str
    fields: tuple[tuple[str, str], ...]

    @classmethod
    def of_request(cls) -> SavedSubmission:
        """Return what the present request sends."""
        typed = [(name, text) for name, text in request.form.items(multi=True) if name not in NOT_TYPED]
        lost_files = [(LOST_FILE, name) for name, file in request.files.items() if file]
        return cls(request.full_path.rstrip("?"), (*typed, *lost_files))

    @classmethod
    def parse(cls, text: str | None) -> SavedSubmission | None:
        """Return what serialize() wrote; None for anything else."""
        try:
            address, fields = json.loads(text or "")
            saved = cls(safe_next(str(address)), tuple((str(name), str(value)) for name, value in fields))
            saved.serialize().encode()  # a lone surrogate cannot be shown, so serialize() did not write it
        except (ValueError, TypeError, RecursionError):
            return None
        return saved

    def serialize(self) -> str:
        """Return the value of a hidden field."""
        return json.dumps([self.address, self.fields], ensure_ascii=False)


def init_app(app: Flask) -> None:
    """Look at every request before the permission table does, which would refuse it."""
    app.before_request(save_without_login)


def save_without_login() -> ResponseReturnValue | None:
    """Return the log-in page with what was typed, where a form comes from somebody whose log-in has ended."""
    if not _keeps_input() or current_user.is_authenticated:
        return None
    return save()


def save() -> ResponseReturnValue | None:
    """Return a page that carries what was sent; None unless it is such a form and comes from a page of ours."""
    if not _keeps_input() or not _is_from_here():
        return None
    saved = SavedSubmission.of_request()
    if current_user.is_authenticated:
        return return_page(saved), TOKEN_IS_VOID
    return login_page(saved), NOT_LOGGED_IN


def repeatable() -> SavedSubmission | None:
    """Return the present request for a button that sends it again; None where it holds a file or a secret."""
    is_secret = any(name in SECRETS or "password" in name for name in request.form)
    if request.method != "POST" or any(request.files.values()) or is_secret:
        return None
    return SavedSubmission.of_request()


def keep(title: str, sentence: str) -> str | None:
    """Return a page that keeps what was sent and could not be stored; None unless it is such a form of ours."""
    if not _keeps_input() or not _is_from_here() or not current_user.is_authenticated:
        return None
    return return_page(SavedSubmission.of_request(), title, sentence)


def login_page(saved: SavedSubmission, sentences: Sequence[str] = ()) -> str:
    """Render the log-in form with what was typed."""
    form = LoginForm(formdata=None)
    form.saved.data = saved.serialize()
    return render_template("auth/login.html", form=form, sentences=sentences)


def return_page(saved: SavedSubmission, title: str = "", sentence: str = "") -> str:
    """Render the way back into the form, for somebody who is logged in. title, sentence: why, if not a new log-in."""
    return render_template("auth/saved_submission.html", saved=saved, title=title, sentence=sentence)


def _keeps_input() -> bool:
    """Return whether the present request sends a form whose typed input outlives the log-in."""
    page = PAGES.get(present_request().endpoint or "")
    return page is not None and bool(page.keeps_input) and request.method == "POST"


def _is_from_here() -> bool:
    try:
        return urlsplit(request.referrer or "").netloc == request.host
    except ValueError:  # brackets around what is no address
        return False
