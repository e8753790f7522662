"""/setup: four short steps. Each can be repeated until the third has entered an administrator.

Who does not sit at the machine types the set-up code first (ownership.py).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from flask import abort, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_login import current_user
from flask_wtf import FlaskForm

from app import ring_card
from app.auth import login_sessions, passwords
from app.auth.accounts import NewLogin, Roles
from app.auth.errors import AlreadySetUp, TooManyAttempts, WrongCode
from app.auth.permissions import ALL, EVERYBODY, Access
from app.clock import now
from app.extensions import db, limiter
from app.forms.text_fields import password_hint, text_of
from app.pages.auth.limits import login_limit, retry_after
from app.pages.auth.session_start import device_of, start_session
from app.pages.declaration import GET_POST, page
from app.pages.setup import bp, ownership, sample, steps
from app.pages.setup.forms import DEFAULT_COLOUR, AdministratorForm, CodeForm, PlaceForm, RingForm, SampleForm
from app.pages.setup.guard import is_set_up
from app.wording.errors import sentence_of, status_of
from booking import queries
from booking.errors.schedule_errors import RecordRefused
from booking.kernel.transaction import in_write_transaction
from booking.records import ring

ADDRESSES = {steps.RING: ".enter_ring", steps.PLACE: ".enter_place", steps.ADMINISTRATOR: ".enter_administrator"}


def until_set_up(view: Callable[[], ResponseReturnValue]) -> Callable[[], ResponseReturnValue]:
    """Answer 404 once an administrator exists; until then lead to the set-up code who may not take part yet."""

    @wraps(view)
    def guarded() -> ResponseReturnValue:
        if is_set_up():
            abort(404)
        return view() if ownership.is_owner() else redirect(url_for(".enter_code"), code=303)

    return guarded


@page(bp, "", access=EVERYBODY, before_setup=True)
def start() -> ResponseReturnValue:
    """Redirect to the next step."""
    step = steps.next_step(db.session())
    if step != steps.DONE and not ownership.is_owner():
        return redirect(url_for(".enter_code"), code=303)
    if step != steps.DONE:
        return redirect(url_for(ADDRESSES[step]), code=303)
    if not (current_user.is_authenticated and current_user.is_admin and steps.may_take_samples(db.session())):
        abort(404)
    return redirect(url_for(".take_samples"), code=303)


@page(bp, "/code", methods=GET_POST, access=EVERYBODY, before_setup=True, keeps_input=False)
@limiter.limit(login_limit, methods=["POST"])
def enter_code() -> ResponseReturnValue:
    """Ask for the code that was printed at start."""
    if is_set_up():
        abort(404)
    form = CodeForm()
    if not form.validate_on_submit():
        return _page("code", form)
    try:
        ownership.enter_code(text_of(form.code))
    except WrongCode:
        form.code.errors = [_("This is not the code that Ringbuch printed when it was started.")]
        return _page("code", form)
    except TooManyAttempts as refusal:
        form.code.errors = [sentence_of(refusal)]
        return *_page("code", form, status_of(refusal)), retry_after(refusal)
    return redirect(url_for(".start"), code=303)


@page(bp, "/ring", methods=GET_POST, access=EVERYBODY, before_setup=True, keeps_input=False)
@until_set_up
def enter_ring() -> ResponseReturnValue:
    """Step 1: enter the ring's name, colour, logo and address."""
    form = RingForm(obj=ring.the_ring(db.session()))
    if not form.validate_on_submit():
        return _page("ring", form)
    entered = {
        "name": text_of(form.name),
        "email": text_of(form.email),
        "address": form.address.to_address(),
        "timezone": current_app.config["TIMEZONE"],
        "colour": text_of(form.colour) or DEFAULT_COLOUR,
        "logo": form.logo.picture,
    }
    return _run_step(form, "ring", lambda: steps.enter_ring(db.session(), **entered, now=now()))


@page(bp, "/place", methods=GET_POST, access=EVERYBODY, before_setup=True, keeps_input=False)
@until_set_up
def enter_place() -> ResponseReturnValue:
    """Step 2: enter the first workshop with its hours and holidays."""
    if (known := ring.the_ring(db.session())) is None:
        return redirect(url_for(".start"), code=303)
    entered = _first_workshop()
    form = PlaceForm(obj=entered)
    form.offer(known.timezone)
    if entered is not None:
        form.fill(entered)
    if not form.validate_on_submit():
        return _page("place", form)
    return _run_step(
        form, "place", lambda: steps.enter_place(db.session(), form.to_input(), form.openings(), now=now())
    )


@page(bp, "/administrator", methods=GET_POST, access=EVERYBODY, before_setup=True, keeps_input=False)
@until_set_up
def enter_administrator() -> ResponseReturnValue:
    """Step 3: enter the first administrator, who is logged in at once."""
    if steps.next_step(db.session()) != steps.ADMINISTRATOR:
        return redirect(url_for(".start"), code=303)
    form = AdministratorForm()
    form.ring_name = ring_card.ring_card().name
    if not form.validate_on_submit():
        return _page("administrator", form)
    start_session(_first_session(form))
    flash(_("The ring is set up and you are logged in."))
    return redirect(url_for(".start"), code=303)


@page(bp, "/sample", methods=GET_POST, access=Access(admin=ALL), before_setup=True)
def take_samples() -> ResponseReturnValue:
    """Step 4: load sample data, or begin empty."""
    if not steps.may_take_samples(db.session()):
        abort(404)
    form = SampleForm()
    if not form.validate_on_submit():
        return _page("sample", form)
    if request.form.get("answer") == "yes" and sample.is_there():
        in_write_transaction(db.session(), lambda: sample.load(db.session(), now=now()))
        flash(_("The examples have been loaded. Their logins have no passwords; invite those that you want to try."))
    return redirect(url_for("admin.index"), code=303)


@bp.errorhandler(AlreadySetUp)
def somebody_was_faster(_refusal: AlreadySetUp) -> ResponseReturnValue:
    """Go on from the present state after another browser has done this step."""
    db.session.rollback()
    return redirect(url_for("home.show") if is_set_up() else url_for(".start"), code=303)


def _first_session(form: AdministratorForm) -> str:
    wanted = NewLogin(text_of(form.email), text_of(form.name), Roles(is_admin=True), str(get_locale()))
    db.session.rollback()  # hashing takes long; end the read transaction before it
    hashed = passwords.hash_of(str(form.password.data))

    def enter() -> str:
        user_id = steps.enter_administrator(db.session(), wanted, hashed, now=now())
        device = device_of(request.user_agent.string)
        return login_sessions.open_session(
            db.session(), user_id, now=now(), days=current_app.config["SESSION_DAYS"], device=device
        )

    return in_write_transaction(db.session(), enter)


def _first_workshop() -> queries.WorkshopView | None:
    workshop_id = steps.first_workshop_id(db.session())
    return None if workshop_id is None else queries.workshop(db.session(), workshop_id)


def _run_step(form: RingForm | PlaceForm, step: str, use_case: Callable[[], None]) -> ResponseReturnValue:
    try:
        in_write_transaction(db.session(), use_case)
    except RecordRefused as refusal:
        form.show_refusal(refusal)
        return _page(step, form, status=422)
    ring_card.forget_ring_card()
    return redirect(url_for(".start"), code=303)


def _page(step: str, form: FlaskForm, status: int | None = None) -> tuple[str, int]:
    shown = render_template(f"setup/{step}.html", form=form, has_samples=sample.is_there(), hint=password_hint())
    return shown, status or (422 if form.is_submitted() else 200)
