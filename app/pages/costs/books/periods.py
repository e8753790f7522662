"""/costs/periods: the accounting periods, soft-closing and closing them: a checklist and sums come before."""

from __future__ import annotations

from collections.abc import Callable

from flask import flash, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.orm import Session

from app.auth.current_login import current_actor
from app.auth.permissions import ALL, Access
from app.clock import now
from app.extensions import db
from app.forms.base_form import BaseForm
from app.forms.submit import submit
from app.pages.costs import bp
from app.pages.costs.books.period_forms import ChangePeriodForm, ClosePeriodForm, PeriodLengthForm
from app.pages.costs.desk import PER_PAGE, offset, today
from app.pages.declaration import POST, page
from app.web.paging import page_number
from app.wording.accounting_periods import period_label, period_state_label, point_sentence
from app.wording.errors import sentence_of
from app.wording.ledger import account_label
from billing.closing import failed_pricing
from billing.closing import periods as closing
from billing.closing.periods import Closing
from billing.errors.money_errors import EarlierPeriodOpen
from billing.queries import periods as views
from billing.queries.ledger import period_sums
from booking.kernel.errors import DomainError


@page(bp, "/periods", access=Access(treasurer=ALL, admin=ALL))
def periods() -> ResponseReturnValue:
    """List the accounting periods, the newest first."""
    settings = views.period_settings(db.session())
    form = PeriodLengthForm(formdata=None, data={"length": settings.length, "revision": settings.revision})
    return _periods_page(form)


@page(bp, "/periods/length", methods=POST, access=Access(treasurer=ALL), keeps_input=True)
def set_period_length() -> ResponseReturnValue:
    """Change how long the periods are."""
    form = PeriodLengthForm()
    changed = submit(
        form,
        lambda: closing.set_period_length(
            db.session(), form.length.data, by=current_actor(), now=now(), revision=form.revision.data
        ),
        message=_("The length of the periods is changed."),
        location=url_for(".periods"),
    )
    return changed or _periods_page(form)


@page(bp, "/periods/<name>", access=Access(treasurer=ALL, admin=ALL), is_expensive=True)
def period(name: str) -> ResponseReturnValue:
    """Show a period: the checklist and the sums before it is closed, or what was sealed."""
    return _period_page(name, ClosePeriodForm(formdata=None))


@page(bp, "/periods/<name>/soft-close", methods=POST, access=Access(treasurer=ALL))
def soft_close_period(name: str) -> ResponseReturnValue:
    """Keep everybody but treasurers from posting in a period."""
    return _change(name, closing.soft_close, _("The period is soft-closed: only treasurers post in it."))


@page(bp, "/periods/<name>/reopen", methods=POST, access=Access(treasurer=ALL))
def reopen_period(name: str) -> ResponseReturnValue:
    """Open a soft-closed period again."""
    return _change(name, closing.reopen, _("The period is open again."))


@page(bp, "/periods/<name>/close", methods=POST, access=Access(treasurer=ALL), is_expensive=True)
def close_period(name: str) -> ResponseReturnValue:
    """Close a period for good, as it was shown."""
    form = ClosePeriodForm()
    closed = submit(
        form,
        lambda: closing.close_period(
            db.session(),
            name,
            digest=form.digest.data or "",
            accepts_open=bool(form.accepts_open.data),
            by=current_actor(),
            now=now(),
        ),
        message=_("The period is closed. Its hash is in the event log."),
        location=url_for(".period", name=name),
    )
    return closed or _period_page(name, form)


@page(bp, "/periods/<name>/price-again", methods=POST, access=Access(treasurer=ALL))
def price_again(name: str) -> ResponseReturnValue:
    """Try once more to price the slips that could not be priced because an error happened."""
    form = ChangePeriodForm()

    def shown(priced: int) -> str:
        flash(
            ngettext("%(num)s slip is priced now.", "%(num)s slips are priced now.", priced)
            if priced
            else _("No slip could be priced this time either. What happened is in the log of the program.")
        )
        return url_for(".period", name=name)

    again = submit(form, lambda: failed_pricing.price_again(db.session(), now=now()), message="", location=shown)
    return again or _period_page(name, form)


def _change(name: str, verb: Callable[..., object], message: str) -> ResponseReturnValue:
    form = ChangePeriodForm()
    changed = submit(
        form,
        lambda: verb(db.session(), name, by=current_actor(), now=now()),
        message=message,
        location=url_for(".period", name=name),
    )
    return changed or _period_page(name, form)


def _periods_page(form: PeriodLengthForm) -> ResponseReturnValue:
    listed, has_next = views.periods(db.session(), today(), limit=PER_PAGE, offset=offset())
    return render_template(
        "costs/periods.html",
        listed=listed,
        has_next=has_next,
        page=page_number(),
        form=form,
        period_label=period_label,
        period_state_label=period_state_label,
    ), form.status


def _period_page(name: str, form: BaseForm) -> ResponseReturnValue:
    session = db.session()
    shown = views.period(session, name, today())
    preview, reason, earlier = None, "", ""
    if not shown.is_closed:
        preview, reason, earlier = _preview(session, name)
    sent = form if isinstance(form, ClosePeriodForm) else ClosePeriodForm(formdata=None)
    if preview and sent.digest.data != preview.digest:
        sent.digest.data, sent.accepts_open.data = preview.digest, False  # what was accepted is not what is shown now
    return render_template(
        "costs/period.html",
        period=shown,
        preview=preview,
        reason=reason,
        earlier=earlier,
        sums=period_sums(session, shown.first_day, shown.last_day),
        form=sent,
        refusals=form.form_errors,
        account_label=account_label,
        period_label=period_label,
        period_state_label=period_state_label,
        point_sentence=point_sentence,
    ), form.status


def _preview(session: Session, name: str) -> tuple[Closing | None, str, str]:
    """Return what closing would seal; else why it cannot be closed, and the period that comes first."""
    try:
        return closing.preview_closing(session, name, now=now()), "", ""
    except EarlierPeriodOpen as refusal:
        return None, sentence_of(refusal), str(refusal.facts["name"])
    except DomainError as refusal:
        return None, sentence_of(refusal), ""
