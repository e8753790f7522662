"""/plan/wall: screens in workshops: made and withdrawn, and what they show by their secret address."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import abort, current_app, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import force_locale, get_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from wtforms import SelectField, StringField
from wtforms.validators import Length

from app.auth import permissions, security_log, shown_once, wall_screens
from app.auth.current_login import current_actor
from app.auth.permissions import ALL, EVERYBODY, WORKSHOP, Access
from app.clock import now
from app.extensions import db
from app.forms.base_form import BaseForm
from app.forms.choices import select_choice
from app.forms.required import Required
from app.forms.submit import submit
from app.forms.text_fields import text_of
from app.pages.declaration import GET_POST, POST, MenuEntry, page
from app.pages.plan import bp, wall
from app.wording import formats
from booking import queries
from booking.errors.schedule_errors import NotFound
from booking.kernel.transaction import in_write_transaction
from booking.records import ring
from booking.times.wall_clock import local_day
from booking.timespan import TimeSpan

MANAGE = Access(manager=WORKSHOP, admin=ALL)
AHEAD = timedelta(days=3)
REFRESH_SECONDS, TURN_SECONDS = 60, 20  # of a screen with one page, and of each of several
ALL_WORKSHOPS = "0"


class WallScreenForm(BaseForm):
    """A new screen."""

    label = StringField(
        _l("Where it hangs"), [Required(_l("Please enter where it hangs.")), Length(max=wall_screens.LABEL_LENGTH_MAX)]
    )
    workshop = SelectField(_l("Shows the machines of"))
    theme = SelectField(
        _l("Brightness"),
        choices=[
            select_choice("system", _l("as the screen is set")),
            select_choice("dark", _l("dark")),
            select_choice("light", _l("light")),
        ],
    )


@page(
    bp,
    "/plan/wall",
    methods=GET_POST,
    access=MANAGE,
    keeps_input=True,
    needs_confirmation=True,
    menu=MenuEntry(_l("Screens"), 92, icon="shop"),
)
def screens() -> ResponseReturnValue:
    """List the screens of one's workshops, and make one."""
    form = WallScreenForm()
    choices = _choices()
    form.workshop.choices = choices
    made = submit(form, lambda: _create(form), message="", location=url_for("plan.screens"))
    if made is not None:
        return made
    secret = None
    if request.method == "GET":
        secret = shown_once.take(db.session(), current_user.session_token, shown_once.WALL_SCREEN, now=now())
    names = dict(choices)
    rows = [
        (one, names.get(str(one.workshop_id or 0), ""))
        for one in wall_screens.screens(db.session(), _reach(), now=now())
    ]
    address = current_app.config["BASE_URL"] + url_for("plan.show_wall", secret=secret) if secret else ""
    text = render_template(
        "plan/walls.html",
        form=form,
        rows=rows,
        address=address,
        names=_wall_names(),
        may_set=permissions.may("admin.settings"),
    )
    response = make_response(text, form.status)
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


@page(bp, "/plan/wall/<int:screen_id>/withdraw", methods=POST, access=MANAGE)
def withdraw_screen(screen_id: int) -> ResponseReturnValue:
    """Withdraw a screen: its address stops working at once."""
    session = db.session()
    screen = wall_screens.screen(session, screen_id, now=now())
    permissions.require(workshop_id=screen.workshop_id, missing=NotFound(id=screen_id))
    by, instant = current_actor(), now()
    in_write_transaction(session, lambda: wall_screens.withdraw(session, screen_id, by=by, now=instant))
    flash(_("The screen is withdrawn. Its address no longer works."))
    return redirect(url_for("plan.screens"), code=303)


@page(bp, "/plan/wall/<secret>", access=EVERYBODY, before_second_factor=True)
def show_wall(secret: str) -> ResponseReturnValue:
    """Show the machines of a screen. It loads itself again; several pages take turns: ?page=2."""
    session, instant = db.session(), now()
    screen = wall_screens.resolve(session, secret, now=instant)
    if screen is None:
        security_log.note(security_log.LINK_REFUSED)
        abort(404)
    span = TimeSpan(instant, instant + AHEAD)
    workshop_ids = None if screen.workshop_id is None else [screen.workshop_id]
    board = queries.board(session, span, now=instant, workshop_ids=workshop_ids)
    with force_locale(screen.language):
        rows = list(wall.rows_of(board, _wall_names(), instant))
        pages = max(-(-len(rows) // wall.PER_PAGE), 1)
        number = (request.args.get("page", 1, type=int) - 1) % pages
        zone = formats.as_zone(None)
        following = url_for("plan.show_wall", secret=secret, page=(number + 1) % pages + 1 if pages > 1 else None)
        text = render_template(
            "plan/wall.html",
            screen=screen,
            places=[place.name for place in board.workshops],
            rows=rows[number * wall.PER_PAGE : (number + 1) * wall.PER_PAGE],
            number=number + 1,
            pages=pages,
            following=following,
            seconds=TURN_SECONDS if pages > 1 else REFRESH_SECONDS,
            day=formats.format_long_day(local_day(instant, zone)),
            clock=formats.format_clock(instant, zone),
        )
    response = make_response(text)
    response.headers.update({"Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex"})
    return response


def _create(form: WallScreenForm) -> None:
    chosen = int(form.workshop.data)
    _screen_id, secret = wall_screens.create(
        db.session(),
        workshop_id=chosen or None,
        label=text_of(form.label),
        language=str(get_locale()),
        theme=form.theme.data,
        by=current_actor(),
        now=now(),
    )
    shown_once.put(db.session(), current_user.session_token, shown_once.WALL_SCREEN, secret, now=now())


def _choices() -> list[tuple[str, Any]]:
    """Return the workshops of which the login may make a screen; for administrators also all in one."""
    reach = _reach()
    places = [(str(one.id), one.name) for one in queries.workshops(db.session()) if reach is None or one.id in reach]
    return [(ALL_WORKSHOPS, _("all workshops")), *places] if reach is None else places


def _reach() -> frozenset[int] | None:
    return None if current_user.is_admin else current_user.managed_workshop_ids


def _wall_names() -> str:
    entry = ring.the_ring(db.session())
    return entry.wall_names if entry is not None else "none"
