"""/account/mails: which kinds of mails a login wants; those that must be sent say why."""

from __future__ import annotations

from dataclasses import dataclass

from flask import current_app, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from wtforms import BooleanField

from app.auth.permissions import OWN_LOGIN
from app.clock import now
from app.extensions import db
from app.forms.base_form import BaseForm
from app.forms.submit import submit
from app.notifications import choices, kinds
from app.notifications.choices import Owner
from app.notifications.kinds import KINDS, MailKind
from app.pages.account import bp
from app.pages.declaration import GET_POST, page
from app.wording.mail_kinds import kind_label, kind_sentence


@dataclass(frozen=True, slots=True)
class KindGroup:
    """The kinds of mails of a role: those that can be chosen and those that are always sent."""

    title: str
    optional: tuple[str, ...]
    required: tuple[str, ...]


@page(bp, "/mails", methods=GET_POST, access=OWN_LOGIN, keeps_input=True)
def mails() -> ResponseReturnValue:
    """Choose which e-mails I want."""
    session, owner = db.session(), Owner(user_id=current_user.id)
    mine = [kind for kind in KINDS if kind.audience in _audiences()]
    form = _form_of([kind for kind in mine if not kind.is_required], choices.choices_of(session, owner))
    chosen = submit(
        form,
        lambda: choices.choose(session, _wanted(form), owner=owner, now=now()),
        message=_("Your choice of e-mails was saved."),
        location=url_for(".mails"),
    )
    return chosen or (_page(form, mine), form.status)


def _audiences() -> list[str]:
    """Return the roles of the present login for which there are kinds of mails."""
    is_manager = current_user.is_admin or bool(current_user.managed_workshop_ids)  # administrators stand in
    found = [kinds.MEMBER] if current_user.member_id is not None else []
    found += [kinds.MANAGER] if is_manager else []
    found += [kinds.ADMIN] if current_user.is_admin else []
    return [*found, kinds.LOGIN]


def _form_of(optional: list[MailKind], wanted: dict[str, bool]) -> BaseForm:
    """Return a form with a box for each kind that can be switched off."""
    boxes = {kind.code: BooleanField(kind_label(kind.code)) for kind in optional}
    form: BaseForm = type("MailsForm", (BaseForm,), boxes)(data=wanted)
    return form


def _wanted(form: BaseForm) -> dict[str, bool]:
    return {field.name: bool(field.data) for field in form.typed_fields()}


def _page(form: BaseForm, mine: list[MailKind]) -> str:
    titles = {
        kinds.MEMBER: _("For your reservations"),
        kinds.MANAGER: _("For your workshops"),
        kinds.ADMIN: _("For the administration"),
        kinds.LOGIN: _("For your login"),
    }
    groups = [
        KindGroup(
            titles[audience],
            tuple(kind.code for kind in mine if kind.audience == audience and not kind.is_required),
            tuple(kind.code for kind in mine if kind.audience == audience and kind.is_required),
        )
        for audience in _audiences()
    ]
    hours = {"reminders": current_app.config["REMINDER_HOUR"], "digest": current_app.config["DIGEST_HOUR"]}
    return render_template(
        "account/mails.html",
        form=form,
        groups=groups,
        hours=hours,
        email=current_user.email,
        kind_label=kind_label,
        kind_sentence=kind_sentence,
    )
