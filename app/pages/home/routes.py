"""/ and the addresses for operators: /healthz /readyz /metrics."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter

from flask import Response, abort, current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import DatabaseError

from app import accent, ring_card
from app.auth import permissions, security_log
from app.auth.errors import SecretKeyDiffers
from app.auth.permissions import EVERYBODY
from app.extensions import db, secret_box
from app.pages.declaration import POST, page
from app.pages.frame import CACHED_FOR_GOOD
from app.pages.home import bp
from app.server import metrics
from app.storage import installation, migrate
from app.web import locales, read_retry
from app.web.redirects import safe_next
from app.wording.opening_hours import hours_line
from booking import queries
from booking.kernel.database_errors import classify_error
from booking.kernel.errors import DatabaseNotUnicode, DatabaseReadOnly
from booking.queries import MachineCard


@dataclass(frozen=True, slots=True)
class SharedPlace:
    """A workshop on the public page: its hours in one line, and its machines."""

    name: str
    address: str
    hours: str
    machines: tuple[MachineCard, ...]


@page(bp, "/", access=EVERYBODY)
def show() -> ResponseReturnValue:
    """Lead a login of the ring to its desk; show others the ring, and its machines where the catalogue is public."""
    if permissions.is_of_the_ring():
        return redirect(url_for("today.show"), code=303)
    return render_template("home/show.html", places=_shared() if ring_card.ring_card().is_catalogue_public else [])


def _shared() -> list[SharedPlace]:
    """Return the workshops that have machines, with these, in three statements."""
    by_workshop = {
        workshop_id: tuple(group)
        for workshop_id, group in groupby(
            queries.machine_cards(db.session(), limit=None).items, key=attrgetter("workshop_id")
        )
    }
    return [
        SharedPlace(
            place.name, by_workshop[place.id][0].workshop_address, hours_line(place.openings), by_workshop[place.id]
        )
        for place in queries.workshops(db.session())
        if place.id in by_workshop
    ]


@page(bp, "/healthz", access=EVERYBODY, before_second_factor=True, before_setup=True)
def healthz() -> ResponseReturnValue:
    """Answer that the process is alive."""
    return {"status": "alive"}


@page(bp, "/readyz", access=EVERYBODY, before_second_factor=True, before_setup=True)
def readyz() -> ResponseReturnValue:
    """Answer 200 where the database accepts changes and has the schema of this program, else 503 with the reason."""
    try:
        connection = db.session.connection()
        revision, is_read_only = migrate.current_revision(connection), migrate.is_read_only(connection)
    except DatabaseError as error:
        read_retry.note(error)
        fault = classify_error(error)
        return {"status": "not ready", "reason": fault.code if fault else "database"}, 503
    except DatabaseNotUnicode as fault:
        return {"status": "not ready", "reason": fault.code}, 503
    if is_read_only:
        return {"status": "not ready", "reason": DatabaseReadOnly.code}, 503
    if revision != migrate.head_revision():
        return {"status": "not ready", "reason": "migrations", "revision": revision}, 503
    if not installation.has_own_key(db.session(), secret_box()):
        return {"status": "not ready", "reason": SecretKeyDiffers.code}, 503
    return {"status": "ready", "revision": revision}


@page(bp, "/metrics", access=EVERYBODY, before_second_factor=True, before_setup=True)
def show_metrics() -> ResponseReturnValue:
    """Return metrics for Prometheus to a client with the token; 404 where no token is set."""
    token = current_app.config["METRICS_TOKEN"]
    shown = request.headers.get("Authorization", "")
    if not token or not hmac.compare_digest(shown.encode(), f"Bearer {token}".encode()):
        if token and shown:
            security_log.note(security_log.TOKEN_REFUSED)
        abort(404)
    return Response(metrics.as_text(db.session()), content_type="text/plain; version=0.0.4; charset=utf-8")


@page(bp, "/colours/<string(length=6):colour>.css", access=EVERYBODY, before_second_factor=True, before_setup=True)
def colours(colour: str) -> ResponseReturnValue:
    """Return the accent family of the ring's colour as a stylesheet, cached for good: its address names the colour."""
    if not accent.is_colour(f"#{colour}"):
        abort(404)
    response = current_app.response_class(accent.stylesheet(f"#{colour}"), mimetype="text/css")
    response.headers["Cache-Control"] = CACHED_FOR_GOOD
    return response


@page(bp, "/logo", access=EVERYBODY, before_second_factor=True, before_setup=True)
def logo() -> ResponseReturnValue:
    """Return the ring's logo, to everybody; with the number of the logo (`v`) it may be cached for good."""
    logo_id = ring_card.ring_card().logo_id
    picture = queries.photo(db.session(), logo_id) if logo_id else None
    if picture is None:
        abort(404)
    response = current_app.response_class(picture.content, mimetype=picture.media_type)
    is_named = request.args.get("v") == str(logo_id)
    response.headers["Cache-Control"] = CACHED_FOR_GOOD if is_named else "public, no-cache"
    response.set_etag(str(logo_id))
    return response.make_conditional(request)


@page(bp, "/language", methods=POST, access=EVERYBODY, before_second_factor=True, before_setup=True)
def choose_language() -> ResponseReturnValue:
    """Set the language of this browser."""
    language = request.form.get("language", "")
    if language in current_app.config["LOCALES"]:
        locales.remember(language)
    return redirect(safe_next(request.form.get("next")), code=303)
