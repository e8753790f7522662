"""/fees/terms/<machine>: what missing a reservation of a machine costs, from a day on."""

from __future__ import annotations

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import DateField, IntegerField
from wtforms.validators import NumberRange, Optional, ValidationError

from app.auth.current_login import current_actor
from app.auth.permissions import ALL, LOGGED_IN, Access
from app.clock import now
from app.extensions import db
from app.forms.base_form import BaseForm
from app.forms.number_fields import EuroField
from app.forms.required import Required
from app.forms.submit import submit
from app.pages.declaration import GET_POST, page
from app.pages.fees import bp
from app.wording.fees import terms_sentences
from app.wording.formats import as_zone
from billing.fees import terms as billing_terms
from billing.fees.terms import FREE_MAX, HOURS_MAX, TermsEntry
from billing.limits import CENTS_MAX, LAST_DAY
from booking.queries import machine_card
from booking.times.wall_clock import local_day

HOURS, PERCENT = NumberRange(1, HOURS_MAX), NumberRange(1, 100)


class TermsForm(BaseForm):
    """What missing a reservation costs."""

    valid_from = DateField(_l("For reservations that begin from"), [Required(_l("Please enter the first day."))])
    no_show_percent = IntegerField(
        _l("No-show, in per cent of the planned price"),
        [Required(_l("Please enter the percentage; 0 for no fee.")), NumberRange(0, 100)],
    )
    hours = IntegerField(_l("Cancelled less than so many hours before"), [Optional(), HOURS])
    percent = IntegerField(_l("Per cent"), [Optional(), PERCENT])
    short_hours = IntegerField(_l("Still later, less than so many hours before"), [Optional(), HOURS])
    short_percent = IntegerField(_l("Percent then"), [Optional(), PERCENT])
    cap = EuroField(_l("At most, in euro"))
    free_times = IntegerField(_l("How many in twelve months cost nothing"), [Optional(), NumberRange(0, FREE_MAX)])
    base = EuroField(_l("In place of a price that is known only after the use, in euro"))

    def validate_hours(self, _field: IntegerField) -> None:
        """Refuse hours without a percentage."""
        _require_pair(self.hours, self.percent)

    def validate_percent(self, _field: IntegerField) -> None:
        """Refuse a percentage without hours."""
        _require_pair(self.hours, self.percent)

    def validate_short_percent(self, _field: IntegerField) -> None:
        """Refuse a percentage without hours."""
        _require_pair(self.short_hours, self.short_percent)

    def validate_short_hours(self, field: IntegerField) -> None:
        """Refuse a second limit that is not the later one, and hours without a percentage."""
        _require_pair(self.short_hours, self.short_percent)
        if field.data and (not self.hours.data or field.data >= self.hours.data):
            raise ValidationError(_("The second limit must have fewer hours than the first."))

    def validate_cap(self, field: EuroField) -> None:
        """Refuse nothing, and less."""
        if field.cents is not None and not 0 < field.cents <= CENTS_MAX:
            raise ValidationError(_("The fee must be at least one cent and at most ten million euro."))

    def validate_base(self, field: EuroField) -> None:
        """Refuse less than nothing."""
        if field.cents is not None and not 0 <= field.cents <= CENTS_MAX:
            raise ValidationError(_("The fee must be at least one cent and at most ten million euro."))

    def validate_valid_from(self, field: DateField) -> None:
        """Refuse a day that is over, and a year in which nothing can be."""
        if field.data and not local_day(now(), as_zone(None)) <= field.data <= LAST_DAY:
            raise ValidationError(_("Fees hold from today or a later day on: nobody could know of them before."))

    def fill(self, entry: TermsEntry) -> None:
        """Fill in the terms that hold now."""
        self.no_show_percent.data = entry.no_show_percent
        for (hours, percent), pair in zip(
            entry.notices, ((self.hours, self.percent), (self.short_hours, self.short_percent)), strict=False
        ):
            pair[0].data, pair[1].data = hours, percent
        if entry.cap_cents:
            self.cap.show_cents(entry.cap_cents)
        self.free_times.data = entry.free_times
        if entry.base_cents:
            self.base.show_cents(entry.base_cents)

    def entry(self) -> TermsEntry:
        """Return what was entered. Call only after validation."""
        assert self.valid_from.data
        pairs = ((self.hours.data, self.percent.data), (self.short_hours.data, self.short_percent.data))
        return TermsEntry(
            self.valid_from.data,
            self.no_show_percent.data or 0,
            tuple((hours, percent) for hours, percent in pairs if hours and percent),
            self.cap.cents,
            self.free_times.data or 0,
            self.base.cents or 0,
        )


@page(
    bp,
    "/terms/<int:machine_id>",
    methods=GET_POST,
    access={"GET": LOGGED_IN, "POST": Access(treasurer=ALL)},
    keeps_input=True,
)
def terms(machine_id: int) -> ResponseReturnValue:
    """Show what missing a reservation of a machine costs, and change it from a day on."""
    session = db.session()
    card, history = machine_card(session, machine_id), billing_terms.terms_history(session, machine_id)
    form = TermsForm() if request.method == "POST" else TermsForm(formdata=None)
    if not form.is_submitted():
        today = local_day(now(), as_zone(None))
        form.valid_from.data, form.no_show_percent.data = today, 0
        if present := next((entry for entry in history if entry.valid_from <= today), None):
            form.fill(present)
    entered = submit(
        form,
        lambda: billing_terms.set_terms(session, card.id, form.entry(), by=current_actor(), now=now()),
        message=_("The fees for missed reservations were entered."),
        location=url_for(".terms", machine_id=card.id),
    )
    return entered or (
        render_template("fees/terms.html", form=form, card=card, history=history, sentences=terms_sentences),
        form.status,
    )


def _require_pair(hours: IntegerField, percent: IntegerField) -> None:
    if (hours.data is None) != (percent.data is None) and not hours.errors:
        raise ValidationError(_("Enter both, the hours and the percentage, or neither."))
