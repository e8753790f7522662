"""Who may what: one question, one function. The answers stand as data in permission_table.py.

`gate` runs before every request: an endpoint that is not listed is denied to everybody. A page about one
object then asks `require` with the object's member and workshop; another's object looks like a missing one.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask import abort, current_app, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from app.auth.access import ALL, NONE, OWN, WORKSHOP, Access, Scope
from app.auth.errors import SecondFactorMissing
from app.auth.permission_table import BEFORE_SECOND_FACTOR, PERMISSIONS


def present_login() -> Any:
    """Who asks, itself and not the proxy that looks for it at every word."""
    return current_user._get_current_object()


def roles_of(user: Any) -> Iterable[str]:
    """The roles of a login (or of nobody), as named in Access."""
    if not getattr(user, "is_authenticated", False):
        return ("nobody",)
    held = ["login"]
    if user.member_id is not None:
        held.append("member")
    if user.managed_workshop_ids:
        held.append("manager")
    if user.is_treasurer:
        held.append("treasurer")
    if user.is_admin:
        held.append("admin")
    return held


def scopes_of(user: object, access: Access) -> set[Scope]:
    """How far a login's roles reach under a row of the table; empty: not at all."""
    return {scope for role in roles_of(user) if (scope := getattr(access, role)) is not NONE}


def row_of(endpoint: str | None, method: str) -> Access | None:
    """The table's row for an endpoint and a method; HEAD and OPTIONS count as GET."""
    method = "GET" if method in ("HEAD", "OPTIONS") else method
    return PERMISSIONS.get((endpoint or "", method))


def may(endpoint: str, method: str = "GET") -> bool:
    """Whether the present login may use an endpoint at all; for menus and buttons."""
    access = row_of(endpoint, method)
    return access is not None and bool(scopes_of(present_login(), access))


def may_touch(
    endpoint: str,
    method: str = "GET",
    *,
    member_id: int | None = None,
    workshop_id: int | None = None,
    user_id: int | None = None,
) -> bool:
    """Whether the present login may use an endpoint on an object of this member, workshop or login."""
    access = row_of(endpoint, method)
    return access is not None and _reaches(access, member_id, workshop_id, user_id)


def require(
    *,
    member_id: int | None = None,
    workshop_id: int | None = None,
    user_id: int | None = None,
    missing: Exception | None = None,
) -> None:
    """Answer 404 unless the present request may touch an object of this member, workshop or login.

    missing: what is raised where there is no such object. Another's must be refused in the same words, or the
    words would tell that it exists.
    """
    access = row_of(request.endpoint, request.method)
    if access is None or not _reaches(access, member_id, workshop_id, user_id):
        if missing is not None:
            raise missing
        abort(404)


def reaches_all() -> bool:
    """Whether the present request may touch every object, so that lists need no narrowing."""
    access = row_of(request.endpoint, request.method)
    return access is not None and ALL in scopes_of(present_login(), access)


def gate() -> ResponseReturnValue | None:
    """Before every request: log-in needed, second factor needed, wrong role, or nothing to say."""
    if request.endpoint is None:
        return None  # no such address or method: the router's own 404 or 405 follows
    access = row_of(request.endpoint, request.method)
    if access is None:
        current_app.logger.error("endpoint %s %s stands in no permission table", request.method, request.endpoint)
        abort(403)
    if _owes_second_factor(request.endpoint):
        return _lead_to_second_factor()
    if access.nobody is ALL or scopes_of(present_login(), access):
        return None
    if current_user.is_authenticated:
        abort(403)
    if request.path.startswith("/api/"):
        abort(401)
    here = request.full_path.rstrip("?") if request.method == "GET" else None
    return redirect(url_for("auth.login", next=here), code=303)


def _owes_second_factor(endpoint: str) -> bool:
    """Whether this endpoint is shut until the login has the second factor that the ring requires."""
    return endpoint not in BEFORE_SECOND_FACTOR and getattr(present_login(), "owes_second_factor", False)


def _lead_to_second_factor() -> ResponseReturnValue:
    if request.path.startswith("/api/"):
        raise SecondFactorMissing()
    return redirect(url_for("account.second_factor"), code=303)


def _reaches(access: Access, member_id: int | None, workshop_id: int | None, user_id: int | None) -> bool:
    login = present_login()
    scopes = scopes_of(login, access)
    if ALL in scopes:
        return True
    if WORKSHOP in scopes and workshop_id is not None and workshop_id in login.managed_workshop_ids:
        return True
    return OWN in scopes and _is_own(login, member_id, user_id)


def _is_own(login: Any, member_id: int | None, user_id: int | None) -> bool:
    if user_id is not None and user_id == login.id:
        return True
    return member_id is not None and member_id == login.member_id
