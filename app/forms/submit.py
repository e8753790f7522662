"""Submitting a form: validate, run the use case, redirect; or leave the form ready to be shown again."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from flask import after_this_request, flash, redirect
from werkzeug.wrappers import Response

from app.extensions import db
from app.forms.base_form import BaseForm
from app.forms.revision import RevisionMixin
from app.web import unknown_outcome
from app.wording.errors import sentence_of, status_of
from booking.errors.schedule_errors import NotFound
from booking.kernel.errors import Busy, DomainError, OutcomeUnknown, StaleRevision, Unavailable
from booking.kernel.transaction import in_write_transaction

INVALID, ABSENT, SEE_OTHER = 422, 404, 303

T = TypeVar("T")


def submit(
    form: BaseForm,
    use_case: Callable[[], T],
    *,
    message: str,
    location: str | Callable[[T], str],
    stored: Callable[[], RevisionMixin] | None = None,
    first: Callable[[], object] | None = None,
) -> Response | None:
    """Validate a form, run its use case in one write transaction, and redirect.

    A form that is refused, or not confirmed by the database, keeps what was typed and shows why, or what has changed.

    Args:
        form: with its choices; BaseForm lists the steps. One that was not sent is left alone.
        use_case: may run several times, so it reads all that it decides on itself.
        message: flashed after success; "" for none. location: where it leads, or a function of the result.
        stored: returns the form as the record stands now. first: reads and refuses before the transaction.

    Returns:
        The redirect (303) of success. None: show the form, with `form.status` as the status of the page.

    Raises:
        NotFound, Unavailable other than Busy: the error pages answer these.
    """
    if not form.is_submitted():
        return None
    try:
        if not form.validate():
            form.status = INVALID
            return None
        result = _run(first, use_case)
    except DomainError as refusal:
        if isinstance(refusal, (NotFound, Unavailable)) and not isinstance(refusal, (OutcomeUnknown, Busy)):
            raise
        _show(form, refusal, stored)
        return None
    if message:
        flash(message)
    return redirect(location if isinstance(location, str) else location(result), code=SEE_OTHER)


def _run(first: Callable[[], object] | None, use_case: Callable[[], T]) -> T:
    if first is not None:
        first()
    return in_write_transaction(db.session(), use_case)


def show_not_stored(form: BaseForm, refusal: OutcomeUnknown | Busy) -> None:
    """Show above a form that the database did not store it, or did not confirm it."""
    if isinstance(refusal, Busy):
        _show_busy(form, refusal)
    else:
        _show_unknown(form, refusal)


def _show_unknown(form: BaseForm, unknown: OutcomeUnknown) -> None:
    """Show above a form that the database did not confirm it, and where to look."""
    unknown_outcome.note(unknown)
    form.status = status_of(unknown)
    form.refusal = unknown
    form.look_at = unknown_outcome.place_to_look()
    form.form_errors.append(sentence_of(unknown))


def _show_busy(form: BaseForm, refusal: Busy) -> None:
    """Show the form again: nothing was stored, and reading the page needs no lock."""
    form.status, form.refusal = status_of(refusal), refusal
    form.show_refusal(refusal)

    @after_this_request
    def name_time(response: Response) -> Response:
        response.headers["Retry-After"] = str(refusal.facts["retry_after_seconds"])
        return response


def _show(form: BaseForm, refusal: DomainError, stored: Callable[[], RevisionMixin] | None) -> None:
    if isinstance(refusal, (OutcomeUnknown, Busy)):
        show_not_stored(form, refusal)
        return
    status = status_of(refusal)
    form.status = INVALID if status == ABSENT else status  # the page exists; what was typed into it does not
    form.refusal = refusal
    if isinstance(refusal, StaleRevision) and isinstance(form, RevisionMixin) and stored is not None:
        form.merge_conflicts(stored())
    else:
        form.show_refusal(refusal)
