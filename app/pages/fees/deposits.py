"""/fees/deposit/<machine>: what a machine asks at hand-out, from a day on."""

from __future__ import annotations

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, DateField
from wtforms.validators import ValidationError

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
from app.wording.fees import deposit_sentence
from app.wording.formats import as_zone
from billing.fees import deposits
from billing.fees.deposits import DepositEntry
from billing.limits import CENTS_MAX, LAST_DAY
from booking.queries import machine_card
from booking.times.wall_clock import local_day

bp.add_app_template_global(deposit_sentence, "deposit_sentence")


class DepositForm(BaseForm):
    """What is asked at hand-out."""

    valid_from = DateField(_l("From"), [Required(_l("Please enter the first day."))])
    amount = EuroField(_l("Deposit, in euro"), [Required(_l("Please enter the deposit; 0 for none."))])
    is_set_off = BooleanField(_l("Set it off against the charge instead of giving it back at hand-back"))

    def validate_amount(self, field: EuroField) -> None:
        """Refuse less than nothing."""
        if field.cents is not None and not 0 <= field.cents <= CENTS_MAX:
            raise ValidationError(_("A deposit is zero or more, and at most ten million euro."))

    def validate_valid_from(self, field: DateField) -> None:
        """Refuse a day that is over, and a year in which nothing can be."""
        if field.data and not local_day(now(), as_zone(None)) <= field.data <= LAST_DAY:
            raise ValidationError(_("A deposit is asked from today or a later day on: nobody could know of it before."))

    def entry(self) -> DepositEntry:
        """Return what was entered. Call only after validation."""
        assert self.valid_from.data
        return DepositEntry(self.valid_from.data, self.amount.cents or 0, self.is_set_off.data)


@page(
    bp,
    "/deposit/<int:machine_id>",
    methods=GET_POST,
    access={"GET": LOGGED_IN, "POST": Access(treasurer=ALL)},
    keeps_input=True,
)
def deposit(machine_id: int) -> ResponseReturnValue:
    """Show what a machine asks when it is handed out, and change it from a day on."""
    session = db.session()
    card, form = machine_card(session, machine_id), DepositForm() if request.method == "POST" else _new_form()
    entered = submit(
        form,
        lambda: deposits.set_deposit(session, card.id, form.entry(), by=current_actor(), now=now()),
        message=_("The deposit was entered."),
        location=url_for(".deposit", machine_id=card.id),
    )
    history = deposits.deposit_history(session, machine_id)
    return entered or (
        render_template("fees/deposit.html", form=form, card=card, history=history, sentence=deposit_sentence),
        form.status,
    )


def _new_form() -> DepositForm:
    form = DepositForm(formdata=None)
    form.valid_from.data = local_day(now(), as_zone(None))
    return form
