"""What was typed when the log-in had ended: kept through the next log-in, then shown in its form again.

A form was left open over night, or this browser logged in anew in another window: then the log-in or the page's
token is void, and nothing may be carried out. What was typed goes along as a hidden field of the log-in, so that
nobody has to store it, and from there back to its own address, to be looked at and sent once more (BaseForm).
Only a page of our own may begin this: a foreign one could put its words into a member's mouth.
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
from app.web.redirects import safe_next

TOKEN_IS_VOID, NOT_LOGGED_IN = 400, 401
NOT_TYPED = ("csrf_token", REVIEW_ONLY)


@dataclass(frozen=True, slots=True)
class Kept:
    """What was sent to an address of ours: names and texts, and of files only that there were some."""

    address: str
    typed: tuple[tuple[str, str], ...]

    @classmethod
    def of_request(cls) -> Kept:
        """What the present request sends."""
        typed = [(name, text) for name, text in request.form.items(multi=True) if name not in NOT_TYPED]
        lost = [(LOST_FILE, name) for name, file in request.files.items() if file]
        return cls(request.full_path.rstrip("?"), (*typed, *lost))

    @classmethod
    def read(cls, written: str | None) -> Kept | None:
        """What written() wrote; None for anything else."""
        try:
            address, typed = json.loads(written or "")
            kept = cls(safe_next(str(address)), tuple((str(name), str(text)) for name, text in typed))
            kept.written().encode()  # what no page can show was not written here
        except (ValueError, TypeError, RecursionError):
            return None
        return kept

    def written(self) -> str:
        """As the text of a hidden field."""
        return json.dumps([self.address, self.typed], ensure_ascii=False)


def init_app(app: Flask) -> None:
    """Look at every request before the permission table does, which would refuse it."""
    app.before_request(save_without_login)


def save_without_login() -> ResponseReturnValue | None:
    """Return the log-in with what was typed, where a form comes from somebody whose log-in has ended."""
    if _keeps_input() and not current_user.is_authenticated:
        return keep()
    return None


def keep() -> ResponseReturnValue | None:
    """The page that keeps what was sent; None where that is no form to be kept, or did not come from a page of ours."""
    if not _keeps_input() or not _is_from_here():
        return None
    kept = Kept.of_request()
    if current_user.is_authenticated:
        return page(kept), TOKEN_IS_VOID
    return log_in_page(kept), NOT_LOGGED_IN


def log_in_page(kept: Kept, sentences: Sequence[str] = ()) -> str:
    """The log-in, with what was typed."""
    form = LoginForm(formdata=None)
    form.kept.data = kept.written()
    return render_template("auth/login.html", form=form, sentences=sentences)


def page(kept: Kept) -> str:
    """The way back into the form, for somebody who is logged in."""
    return render_template("auth/kept.html", kept=kept)


def _keeps_input() -> bool:
    """Return whether the present request sends a form whose typed input outlives the log-in."""
    page = PAGES.get(request.endpoint or "")
    return page is not None and bool(page.keeps_input) and request.method == "POST"


def _is_from_here() -> bool:
    try:
        return urlsplit(request.referrer or "").netloc == request.host
    except ValueError:  # brackets around what is no address
        return False
