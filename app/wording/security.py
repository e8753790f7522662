"""Labels of the kinds of entries in the security log."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from app.auth import security_log

KINDS = {
    security_log.LOGGED_IN: _l("Logged in"),
    security_log.LOGIN_REFUSED: _l("Wrong password"),
    security_log.CODE_REFUSED: _l("Wrong code of the second factor"),
    security_log.PAUSED: _l("Asked to wait: too many attempts"),
    security_log.RESET_ASKED: _l("New password asked for"),
    security_log.LINK_REFUSED: _l("Link that does not work"),
    security_log.TOKEN_REFUSED: _l("Wrong token of a program"),
    security_log.EXPORTED: _l("File with data of the ring"),
    security_log.ROLES_CHANGED: _l("Roles changed"),
}
