"""/feeds: make, renew and revoke calendar subscriptions. /feeds/<secret>.ics: what calendar programs fetch."""

from __future__ import annotations

from flask import Response, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user

from app.auth import lookups, security_log, shown_once
from app.auth.current_login import current_actor
from app.auth.permissions import EVERYBODY, LOGGED_IN, OWN, Access
from app.clock import now
from app.extensions import db, limiter
from app.forms.submit import submit
from app.pages.declaration import GET_POST, MenuEntry, page
from app.pages.feeds import bp, presenter
from app.pages.feeds.fast_path import FAILURE
from app.pages.feeds.forms import MINE_FULL, FeedForm
from booking.kernel.transaction import in_write_transaction
from calendars import queries, tokens


@page(bp, "/<secret>.ics", access=EVERYBODY, before_second_factor=True, before_setup=True)
@limiter.exempt
def subscription(secret: str) -> ResponseReturnValue:  # noqa: ARG001 - a part of the address
    """Answer what fast_path.py left over: a failure, or an address without a subscription.

    Alike for an address that never was, was revoked, or whose owner has left.
    """
    if failure := request.environ.get(FAILURE):
        raise failure
    security_log.note(security_log.LINK_REFUSED)
    sentence = _("There is no such calendar subscription, or no longer. Log in to the ring to make a new one.")
    headers = {"Referrer-Policy": "no-referrer"}
    return Response(sentence + "\n", status=404, mimetype="text/plain", headers=headers)


@page(bp, "", access=Access(login=OWN), menu=MenuEntry(_l("Calendar subscriptions"), 90, icon="calendar2-plus"))
def index() -> ResponseReturnValue:
    """List one's own subscriptions, and how to add them to calendar programs."""
    rows = [presenter.row(feed) for feed in queries.feeds_of(db.session(), current_user.id)]
    return render_template("feeds/index.html", rows=rows)


@page(bp, "/new", methods=GET_POST, access=LOGGED_IN, keeps_input=False, needs_confirmation=True)
def new() -> ResponseReturnValue:
    """Create a subscription: GET shows the form, POST creates it."""
    session = db.session()
    choices = presenter.choices(session, has_member=current_user.member_id is not None)
    form = FeedForm(choices, data={"shows": request.args.get("shows", MINE_FULL)})
    made = submit(form, lambda: _create(form), message="", location=_address_of)
    return made or (render_template("feeds/new.html", form=form), form.status)


@page(bp, "/<int:feed_id>/address", access=Access(login=OWN))
def address(feed_id: int) -> ResponseReturnValue:
    """Show a new address once; later how to get another."""
    feed = lookups.feed(feed_id)
    fresh = shown_once.take(db.session(), current_user.session_token, shown_once.FEED, now=now())
    shown_id, secret = fresh or (None, "")
    found = presenter.address(secret) if shown_id == feed_id else None
    page = render_template("feeds/address.html", feed=presenter.row(feed), address=found)
    response = make_response(page)
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


@page(bp, "/<int:feed_id>/renew", methods=GET_POST, access=Access(login=OWN), needs_confirmation=True)
def renew(feed_id: int) -> ResponseReturnValue:
    """Replace the address of a subscription: GET asks for confirmation, POST replaces it."""
    feed = lookups.feed(feed_id)
    if request.method == "GET":
        return render_template("feeds/renew.html", feed=presenter.row(feed))
    session = db.session()
    in_write_transaction(session, lambda: _show_once(tokens.renew(session, feed_id, by=current_actor(), now=now())))
    return redirect(url_for(".address", feed_id=feed_id), code=303)


@page(bp, "/<int:feed_id>/revoke", methods=GET_POST, access=Access(login=OWN))
def revoke(feed_id: int) -> ResponseReturnValue:
    """End a subscription: GET asks for confirmation, POST ends it."""
    feed = lookups.feed(feed_id)
    if request.method == "GET":
        return render_template("feeds/revoke.html", feed=presenter.row(feed))
    session = db.session()
    in_write_transaction(session, lambda: tokens.revoke(session, feed_id, by=current_actor(), now=now()))
    flash(_("The subscription has ended. Its address no longer works."))
    return redirect(url_for(".index"), code=303)


def _create(form: FeedForm) -> tokens.NewFeed:
    wish = form.wish(current_user.member_id, str(get_locale()))
    return _show_once(tokens.create(db.session(), current_user.id, wish, by=current_actor(), now=now()))


def _show_once(made: tokens.NewFeed) -> tokens.NewFeed:
    """Store the secret for the page that shows it, and return what was made."""
    value = (made.feed_id, made.secret)
    shown_once.put(db.session(), current_user.session_token, shown_once.FEED, value, now=now())
    return made


def _address_of(made: tokens.NewFeed) -> str:
    return url_for(".address", feed_id=made.feed_id)
