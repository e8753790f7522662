"""The page of what is lent, its forms and its QR sheet, by its sort."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from app.wording.sorts.text import SortText

PAGES = (
    SortText(
        code="about",
        machine=_l("All about this machine"),
        room=_l("All about this room"),
        tool=_l("All about this tool"),
        person=_l("All about this relief worker"),
    ),
    SortText(
        code="reserve_this",
        machine=_l("Reserve this machine"),
        room=_l("Reserve this room"),
        tool=_l("Reserve this tool"),
        person=_l("Reserve this relief worker"),
    ),
    SortText(
        code="rules",
        machine=_l("Rules of this machine"),
        room=_l("Rules of this room"),
        tool=_l("Rules of this tool"),
        person=_l("Rules of this relief worker"),
    ),
    SortText(
        code="retired",
        machine=_l("This machine is retired and no longer lent."),
        room=_l("This room is retired and no longer lent."),
        tool=_l("This tool is retired and no longer lent."),
        person=_l("This relief worker can no longer be reserved."),
    ),
    SortText(
        code="retire",
        machine=_l("Retire this machine"),
        room=_l("Retire this room"),
        tool=_l("Retire this tool"),
        person=_l("Take this relief worker out of the catalogue"),
    ),
    SortText(
        code="retired_now",
        machine=_l("The machine is retired. Its history stays."),
        room=_l("The room is retired. Its history stays."),
        tool=_l("The tool is retired. Its history stays."),
        person=_l("The relief worker has left the catalogue. The history stays."),
    ),
    SortText(
        code="lent_again",
        machine=_l("The machine is lent again."),
        room=_l("The room is lent again."),
        tool=_l("The tool is lent again."),
        person=_l("The relief worker can be reserved again."),
    ),
    SortText(
        code="saved",
        machine=_l("The machine was saved."),
        room=_l("The room was saved."),
        tool=_l("The tool was saved."),
        person=_l("The relief worker was saved."),
    ),
    SortText(
        code="code_at",
        machine=_l("Code at the machine"),
        room=_l("Code at the room's door"),
        tool=_l("Code at the tool"),
        person=_l("Code of the relief worker"),
    ),
    SortText(
        code="scan",
        machine=_l("Scan to pick up or return the machine, or to see when it is taken."),
        room=_l("Scan to take over or give back the room, or to see when it is taken."),
        tool=_l("Scan to pick up or return the tool, or to see when it is taken."),
        person=_l("Scan to begin or end a job, or to see when the relief worker is free."),
    ),
    SortText(
        code="hang_sheet",
        machine=_l("Print this page and hang it at the machine."),
        room=_l("Print this page and hang it at the room's door."),
        tool=_l("Print this page and hang it where the tool is kept."),
        person=_l("Print this page and hang it in the workshop."),
    ),
)
