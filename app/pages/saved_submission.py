"""What was typed when the log-in had ended: kept through the next log-in, then shown in its form again.

A form was left open over night, or this browser logged in anew in another window: then the log-in or the page's
token is void, and nothing may be carried out. What was typed goes along as a hidden field of the log-in, so that
nobody has to store it, and from there back to its own address, to be looked at and sent once more (TypedForm).
Only a page of our own may begin this: a foreign one could put its words into a member's mouth.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_login import current_user

from app.forms.typed_form import LOOK_AGAIN, LOST_FILE
from app.pages.auth.forms import LoginForm
from app.web.redirects import safe_next

TOKEN_IS_VOID, NOT_LOGGED_IN = 400, 401
NOT_TYPED = ("csrf_token", LOOK_AGAIN)

# Every form with something typed in it. Each shows itself, and carries nothing out, when LOOK_AGAIN is sent along.
LONG_FORMS = frozenset(
    {
        "account.contact",
        "account.deputies",
        "account.profile",
        "admin.change_email",
        "admin.change_roles",
        "admin.invite",
        "admin.member",
        "admin.new_member",
        "admin.settings",
        "approvals.decide",
        "costs.edit_cost",
        "costs.edit_pool",
        "costs.edit_tariff",
        "costs.new_cost",
        "costs.new_pool",
        "costs.new_tariff",
        "costs.post",
        "costs.reverse",
        "costs.set_shares",
        "machines.edit",
        "machines.new",
        "reservations.cancel",
        "reservations.enter",
        "reservations.send_move",
        "usage.answer",
        "usage.hand_back",
        "usage.hand_out",
        "usage.object_to",
        "workshop.close",
        "workshop.edit",
        "workshop.enter_kind",
        "workshop.give_induction",
        "workshop.new",
    }
)


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


def keep_from_nobody() -> ResponseReturnValue | None:
    """Before the gate: a form of somebody whose log-in has ended leads to the log-in with what was typed."""
    if request.endpoint in LONG_FORMS and request.method == "POST" and not current_user.is_authenticated:
        return keep()
    return None


def keep() -> ResponseReturnValue | None:
    """The page that keeps what was sent; None where that is no form to be kept, or did not come from a page of ours."""
    if request.endpoint not in LONG_FORMS or request.method != "POST" or not _is_from_here():
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


def _is_from_here() -> bool:
    try:
        return urlsplit(request.referrer or "").netloc == request.host
    except ValueError:  # brackets around what is no address
        return False
