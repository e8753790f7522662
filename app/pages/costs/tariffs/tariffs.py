"""/costs/tariffs: the tariffs of the machines, and entering them."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.auth.current_login import current_actor
from app.auth.permissions import ALL, LOGGED_IN, Access
from app.clock import now
from app.extensions import db
from app.forms.submit import INVALID, submit
from app.pages.costs import bp
from app.pages.costs.desk import today
from app.pages.costs.tariffs.tariff_form import TariffForm, shown_rows, tariff_form
from app.pages.costs.tariffs.tariff_trial import TRY, TariffTrial, is_trial, repriced, tried
from app.pages.declaration import GET_POST, POST, page
from app.web.paging import page_number
from app.wording.billing import basis_label, price_class_label, price_label
from app.wording.errors import sentence_of
from app.wording.tariffs import part_sentences, vat_sentence
from billing import queries
from billing.errors.money_errors import TariffInUse
from billing.tariffs import tariffs as billing_tariffs
from booking.charge_units import CHARGE_UNITS
from booking.kernel.errors import StaleRevision
from booking.kernel.transaction import in_write_transaction
from booking.queries import MachineCard, machine_card, machine_cards, price_classes

MACHINES_PER_PAGE = 50


@page(bp, "/tariffs", access=LOGGED_IN)
def tariffs() -> ResponseReturnValue:
    """List the machines with today's tariff, a page at a time."""
    session, number = db.session(), page_number()
    found = machine_cards(session, limit=MACHINES_PER_PAGE, offset=(number - 1) * MACHINES_PER_PAGE)
    return render_template(
        "costs/tariffs.html",
        machines=found.items,
        valid=queries.tariffs_on(session, today(), machine_ids=[card.id for card in found.items]),
        page=number,
        has_next=found.total > number * MACHINES_PER_PAGE,
        price_classes=price_classes(session),
        price_label=price_label,
        unpriced=queries.unpriced_count(session),
    )


@page(bp, "/tariffs/<int:machine_id>", access=LOGGED_IN)
def tariff_history(machine_id: int) -> ResponseReturnValue:
    """List all tariffs of a machine."""
    session = db.session()
    return render_template(
        "costs/tariff_history.html",
        card=machine_card(session, machine_id),
        history=queries.tariff_history(session, machine_id),
        part_sentences=part_sentences,
        vat_sentence=vat_sentence,
        class_names={each.code: price_class_label(each) for each in price_classes(session)},
        today=today(),
        basis_label=basis_label,
        price_classes=price_classes(session),
        price_label=price_label,
    )


@page(bp, "/tariffs/<int:machine_id>/new", methods=GET_POST, access=Access(treasurer=ALL, admin=ALL), keeps_input=True)
def new_tariff(machine_id: int) -> ResponseReturnValue:
    """Enter a tariff; if it covers priced uses, ask whether to price them again."""
    session = db.session()
    card = machine_card(session, machine_id)
    form = tariff_form(price_classes(session), CHARGE_UNITS[card.charge_unit])
    if not form.is_submitted():
        form.valid_from.data = today()
    if is_trial():
        return _form_page(form, card, None, tried(session, card, form, today=today()))
    entered = submit(
        form,
        lambda: billing_tariffs.enter_tariff(
            session, machine_id, form.entry(), by=current_actor(), now=now(), reprice=form.reprice.data
        ),
        message=_("The tariff was entered."),
        location=url_for(".tariff_history", machine_id=machine_id),
    )
    return entered or _form_page(form, card, None)


@page(
    bp,
    "/tariffs/<int:machine_id>/<int:tariff_id>",
    methods=GET_POST,
    access=Access(treasurer=ALL, admin=ALL),
    keeps_input=True,
)
def edit_tariff(machine_id: int, tariff_id: int) -> ResponseReturnValue:
    """Change a tariff that has not priced a use."""
    session = db.session()
    card, tariff = machine_card(session, machine_id), queries.tariff(session, tariff_id)
    form = _stored(tariff_id)
    if request.method == "POST":
        form = tariff_form(price_classes(session), CHARGE_UNITS[tariff.charge_unit])
    if is_trial():
        return _form_page(form, card, tariff, tried(session, card, form, today=today()))
    changed = submit(
        form,
        lambda: billing_tariffs.change_tariff(
            session, tariff_id, form.entry(), by=current_actor(), now=now(), revision=form.revision.data
        ),
        message=_("The tariff was changed."),
        location=url_for(".tariff_history", machine_id=machine_id),
        stored=lambda: _stored(tariff_id),
    )
    return changed or _form_page(form, card, tariff)


@page(bp, "/tariffs/<int:machine_id>/<int:tariff_id>/withdraw", methods=POST, access=Access(treasurer=ALL, admin=ALL))
def withdraw_tariff(machine_id: int, tariff_id: int) -> ResponseReturnValue:
    """Delete a tariff that has not priced a use."""
    session = db.session()
    try:
        in_write_transaction(
            session, lambda: billing_tariffs.withdraw_tariff(session, tariff_id, by=current_actor(), now=now())
        )
    except (TariffInUse, StaleRevision) as refusal:
        flash(sentence_of(refusal), "warning")
    else:
        flash(_("The tariff was deleted."))
    return redirect(url_for(".tariff_history", machine_id=machine_id), code=303)


def _stored(tariff_id: int) -> TariffForm:
    session = db.session()
    tariff = queries.tariff(session, tariff_id)
    form = tariff_form(price_classes(session), CHARGE_UNITS[tariff.charge_unit], formdata=None)
    form.fill(tariff)
    return form


def _form_page(
    form: TariffForm, card: MachineCard, tariff: queries.TariffView | None, trial: TariffTrial | None = None
) -> ResponseReturnValue:
    refusal = form.refusal
    affected = refusal.facts["charges"] if isinstance(refusal, TariffInUse) and tariff is None else 0
    session = db.session()
    later = [one.valid_from for one in queries.tariff_history(session, card.id)] if affected else []
    page_text = render_template(
        "costs/tariff_form.html",
        form=form,
        card=card,
        tariff=tariff,
        affected=affected,
        repriced=repriced(session, card, form, later, today=today()) if affected else None,
        shown_rows=shown_rows,
        try_name=TRY,
        trial=trial,
    )
    return page_text, INVALID if is_trial() and trial is None else form.status
