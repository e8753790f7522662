"""/workshop/<slug>/qr-sheets: the codes of all machines of a workshop, two or four on a sheet of paper."""

from __future__ import annotations

from flask import render_template, request
from flask.typing import ResponseReturnValue

from app.auth import lookups
from app.auth.permissions import ALL, WORKSHOP, Access
from app.extensions import db
from app.pages.declaration import page
from app.pages.workshop import bp
from app.web.paging import page_number
from booking import queries

PER_SHEET = (2, 4)
MACHINES_PER_PAGE = 40  # each brings a code and a picture


@page(bp, "/<slug>/qr-sheets", access=Access(manager=WORKSHOP, admin=ALL))
def qr_sheets(slug: str) -> ResponseReturnValue:
    """Show the sheets of a workshop to print. ?per=: how many machines on one, 2 or 4."""
    place, page, per_sheet = lookups.workshop(slug), page_number(), request.args.get("per", "")
    offset = (page - 1) * MACHINES_PER_PAGE
    found = queries.machine_cards(db.session(), workshop_slug=place.slug, limit=MACHINES_PER_PAGE, offset=offset)
    return render_template(
        "workshop/qr_sheets.html",
        place=place,
        cards=found.items,
        total=found.total,
        first=offset + 1,
        page=page,
        has_next=found.total > page * MACHINES_PER_PAGE,
        per_sheet=int(per_sheet) if per_sheet in map(str, PER_SHEET) else PER_SHEET[0],
        choices=PER_SHEET,
    )
