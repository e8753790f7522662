"""/exchanged/...: the link of a mail, by which what another member offers is answered without a log-in.

Opening it shows a page with two buttons and changes nothing, so that programs that look at the links of mails answer
nothing. The secret is valid for this exchange alone, as long as it waits for its receiver.
"""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.auth.errors import LinkNotValid
from app.auth.member_logins import person_named
from app.auth.permissions import EVERYBODY
from app.clock import now
from app.extensions import db, limiter
from app.notifications import exchange_links
from app.pages.auth.limits import login_limit
from app.pages.declaration import GET_POST, page
from app.pages.exchanges.forms import AnswerForm, changed_text
from app.pages.exchanges.presenter import terms_of
from app.pages.exchanges.routes import CONFLICT, REFUSALS, agreed_text, refusal_text
from app.pages.mail_links import bp
from app.wording.errors import status_of
from app.wording.exchanges import state_text
from booking.kernel.transaction import in_write_transaction
from booking.queries import exchanges as exchange_queries
from booking.queries.exchanges import ExchangeView


@page(bp, "/exchanged/<secret>", methods=GET_POST, access=EVERYBODY, before_second_factor=True, keeps_input=False)
@limiter.limit(login_limit, methods=["POST"])
def exchanged(secret: str) -> ResponseReturnValue:
    """Ask whether an exchange is accepted or declined, and carry the answer out; of one that has ended, say how."""
    try:
        return _ask_or_answer(secret)
    except LinkNotValid as refusal:
        db.session.rollback()
        ended = exchange_links.ended_exchange(db.session(), secret, now=now())
        if ended is None:
            raise
        return _page(exchange_queries.exchange(db.session(), ended)), status_of(refusal)


def _ask_or_answer(secret: str) -> ResponseReturnValue:
    session, form = db.session(), AnswerForm()
    view = exchange_queries.exchange(session, exchange_links.find(session, secret, now=now()).exchange_id)
    answer = request.form.get("answer")
    second = person_named(session, view.receiver_id, form.second_person.data or "")
    if answer not in ("accept", "decline") or not form.validate_on_submit():
        return _page(view)
    is_accepted, revision = answer == "accept", form.revision.data
    if is_accepted and form.shown.data != terms_of(session, view, reader_id=view.receiver_id, now=now()).digest:
        return _page(view, changed_text()), CONFLICT
    try:
        in_write_transaction(
            session,
            lambda: exchange_links.answer(
                session, secret, is_accepted=is_accepted, revision=revision, second=second, now=now()
            ),
        )
    except REFUSALS as refusal:
        return _page(exchange_queries.exchange(session, view.id), refusal_text(refusal, view)), status_of(refusal)
    flash(_accepted_text(view.id) if is_accepted else _("Declined. Everything stays as it was."))
    return redirect(url_for("home.show"), code=303)


def _accepted_text(exchange_id: int) -> str:
    if exchange_queries.exchange(db.session(), exchange_id).is_agreed(now()):
        return agreed_text()
    return _("You have accepted. An e-mail follows.")


def _page(view: ExchangeView, refusal: str = "") -> str:
    session, instant = db.session(), now()
    state, is_waiting = view.state_at(instant), view.is_open(instant) and view.agreed_at is None
    return render_template(
        "mail_links/exchanged.html",
        view=view,
        answer=AnswerForm(),
        terms=terms_of(session, view, reader_id=view.receiver_id, now=instant) if is_waiting else None,
        refusal=refusal,
        state_text=state_text(view, state, view.receiver_id),
    )
