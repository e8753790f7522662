"""/admin/security: the security log, the latest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import render_template, request
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.auth import security_log
from app.auth.models import SecurityEntry, User
from app.auth.permissions import ALL, Access
from app.exports.texts import TITLES
from app.extensions import db
from app.pages.admin import bp, lists
from app.pages.admin.lists import Page
from app.pages.declaration import page
from app.web.paging import page_number

KINDS = {
    security_log.LOGGED_IN: _l("Logged in"),
    security_log.LOGIN_REFUSED: _l("Wrong password"),
    security_log.CODE_REFUSED: _l("Wrong code of the second factor"),
    security_log.PAUSED: _l("Asked to wait: too many attempts"),
    security_log.RESET_ASKED: _l("New password asked for"),
    security_log.LINK_REFUSED: _l("Link that does not work"),
    security_log.TOKEN_REFUSED: _l("Wrong token of a program"),
    security_log.SETUP_REFUSED: _l("Wrong set-up code"),
    security_log.ACCESS_REFUSED: _l("Refused for lack of a right"),
    security_log.EXPORTED: _l("File with data of the ring"),
    security_log.ROLES_CHANGED: _l("Roles changed"),
}
OTHER_FILES = {"backup": _l("Backup"), "reservation": _l("Reservation")}


@dataclass(frozen=True, slots=True)
class SecurityRow:
    """A line of the list. login: its name; "" for none, None for a login that is gone. file: what was exported."""

    minute: datetime
    kind: str
    network: str
    user_id: int
    login: str | None
    count: int
    file: str
    row_count: int

    @property
    def file_text(self) -> str:
        """Which file with how many rows: "Members (CSV), 312 rows"; "" where it was none."""
        name, _dot, file_format = self.file.partition(".")
        if not name:
            return ""
        title = str(TITLES.get(name) or OTHER_FILES.get(name, name))
        rows = ngettext("%(num)s row", "%(num)s rows", self.row_count)
        return ", ".join((f"{title} ({file_format.upper()})" if file_format else title, rows))


@page(bp, "/security", access=Access(admin=ALL))
def list_security() -> str:
    """List log-ins, refusals, pauses and exports of the last 90 days. ?kind= shows those of one kind."""
    wanted = request.args.get("kind", "")
    kind = wanted if wanted in KINDS else ""
    found = entries(db.session(), kind, page_number())
    return render_template("admin/security.html", page=found, kind=kind, kinds=KINDS)


def entries(session: Session, kind: str, number: int) -> Page[SecurityRow]:
    """Return a page of the security log, the latest first. kind: "" for all."""
    entry = SecurityEntry
    statement = (
        select(entry.minute, entry.kind, entry.network, entry.user_id, User.name, entry.count)
        .add_columns(entry.file, entry.row_count)
        .outerjoin(User, User.id == entry.user_id)
        .order_by(entry.id.desc())
    )
    if kind:
        statement = statement.where(entry.kind == kind)
    return lists.page_of(session, statement, number, _rows)


def _rows(rows: Sequence[tuple[datetime, str, str, int, str | None, int, str, int]]) -> list[SecurityRow]:
    return [SecurityRow(*row) for row in rows]
