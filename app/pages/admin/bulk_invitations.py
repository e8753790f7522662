"""/admin/members/invite: invite all members without a login, or some of them, after a page with their number."""

from __future__ import annotations

from datetime import date

from flask import current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from wtforms import HiddenField, RadioField, SelectField, SelectMultipleField
from wtforms.validators import ValidationError
from wtforms.widgets import CheckboxInput, ListWidget

from app.auth.bulk_invitations import BATCH, INVALID, MISSING, SHARED, USED, Candidate, candidates, invite_members
from app.auth.current_login import current_actor
from app.auth.permissions import ALL, Access
from app.clock import now
from app.extensions import db
from app.forms.base_form import BaseForm
from app.forms.choices import select_choice
from app.pages.admin import bp
from app.pages.declaration import GET_POST, page
from app.wording.formats import as_zone
from app.wording.statuses import LANGUAGE_NAMES
from booking.kernel.transaction import in_write_transaction
from booking.times.wall_clock import local_day

EVERYBODY, SOME = "all", "some"
CHOICES_SHOWN = 200
OBSTACLES_SHOWN = 100
INVITED_MAX = 1_000  # at once: ten transactions
OBSTACLES = {
    MISSING: _l("no e-mail address"),
    INVALID: _l("not an e-mail address"),
    SHARED: _l("other members have the same e-mail address"),
    USED: _l("a login has this e-mail address already"),
}


class BulkInvitationForm(BaseForm):
    """Who is invited. Nobody is chosen beforehand. seen: how many the page before said."""

    who = RadioField(_l("Who is invited"), validate_choice=False)
    member_ids = SelectMultipleField(
        _l("Members"), coerce=int, widget=ListWidget(prefix_label=False), option_widget=CheckboxInput()
    )
    language = SelectField(_l("Language of the invitation"))
    seen = HiddenField()

    @property
    def is_confirmed(self) -> bool:
        """Whether the page with the number was seen and confirmed."""
        return "confirm" in request.form

    def offer(self, ready: list[Candidate]) -> None:
        """Fill in what can be chosen. Call before validation."""
        count = min(len(ready), INVITED_MAX)
        everybody = ngettext("%(num)s member who can be invited", "All %(num)s members who can be invited", count)
        self.who.choices = [select_choice(EVERYBODY, everybody), select_choice(SOME, _("Only those ticked below"))]
        self.list_members(ready)
        self.language.choices = [(code, LANGUAGE_NAMES.get(code, code)) for code in current_app.config["LOCALES"]]

    def list_members(self, ready: list[Candidate]) -> None:
        """Set the members that can be ticked."""
        self.member_ids.choices = [(one.id, f"{one.number} {one.name}, {one.email}") for one in ready]

    def validate_who(self, field: RadioField) -> None:
        """Require a choice, and somebody ticked where only those are invited."""
        if field.data not in (EVERYBODY, SOME):
            raise ValidationError(_("Choose who is invited."))
        if field.data == SOME and not self.member_ids.data:
            raise ValidationError(_("Tick at least one member."))

    def chosen(self, ready: list[Candidate]) -> list[Candidate]:
        """Return who is invited."""
        ids = set(self.member_ids.data or ())
        return [one for one in ready if self.who.data == EVERYBODY or one.id in ids][:INVITED_MAX]


@page(bp, "/members/invite", methods=GET_POST, access=Access(admin=ALL), keeps_input=True, needs_confirmation=True)
def invite_all() -> ResponseReturnValue:
    """Show who has no login, ask once more with the number, then enter logins and queue the invitations."""
    today = local_day(now(), as_zone(None))
    found = candidates(db.session(), today)
    ready = [one for one in found if not one.obstacle]
    form = BulkInvitationForm()
    _keep_present(form, ready)
    form.offer(ready)
    if not form.is_submitted():
        return _page(form, found, ready, 200)
    if form.is_confirmed and not form.chosen(ready):
        return _invited(0)
    if not form.validate():
        return _page(form, found, ready, 422)
    chosen = form.chosen(ready)
    if not form.is_confirmed:
        return _confirmation(form, chosen, 200)
    if form.seen.data != str(len(chosen)):
        return _confirmation(form, chosen, 409)
    return _invited(_invite([one.id for one in chosen], form.language.data, today))


def _invited(count: int) -> ResponseReturnValue:
    """Return to the list. count: 0 after a double click, when all of them have been invited already."""
    if count:
        flash(ngettext("%(num)s invitation is on its way.", "%(num)s invitations are on their way.", count))
    else:
        flash(_("They have been invited already; nobody gets a second e-mail."))
    return redirect(url_for(".invite_all"), code=303)


def _keep_present(form: BulkInvitationForm, ready: list[Candidate]) -> None:
    """Leave out ticked members who have a login by now, as after a double click."""
    ids = {one.id for one in ready}
    if form.member_ids.data:
        form.member_ids.data = [each for each in form.member_ids.data if each in ids]


def _invite(member_ids: list[int], language: str, today: date) -> int:
    session, by, instant, days = db.session(), current_actor(), now(), current_app.config["INVITATION_DAYS"]
    invited = 0
    for start in range(0, len(member_ids), BATCH):
        batch = frozenset(member_ids[start : start + BATCH])

        def use_case(batch: frozenset[int] = batch) -> int:
            return invite_members(session, batch, language=language, days=days, by=by, now=instant, day=today)

        invited += in_write_transaction(session, use_case)
    return invited


def _confirmation(form: BulkInvitationForm, chosen: list[Candidate], status: int) -> ResponseReturnValue:
    form.seen.data = str(len(chosen))
    return render_template(
        "admin/confirm_invitations.html",
        form=form,
        chosen=chosen,
        shown=CHOICES_SHOWN,
        language=LANGUAGE_NAMES.get(form.language.data, form.language.data),
        is_changed=status != 200,
    ), status


def _page(form: BulkInvitationForm, found: list[Candidate], ready: list[Candidate], status: int) -> ResponseReturnValue:
    blocked = [one for one in found if one.obstacle]
    form.list_members(ready[:CHOICES_SHOWN])
    return render_template(
        "admin/bulk_invitations.html",
        form=form,
        ready=len(ready),
        listed=min(len(ready), CHOICES_SHOWN),
        blocked=blocked[:OBSTACLES_SHOWN],
        more_blocked=max(len(blocked) - OBSTACLES_SHOWN, 0),
        obstacles=OBSTACLES,
    ), status
