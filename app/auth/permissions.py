"""The permission table and its queries.

Pages, API calls and static files declare how far each role may use them (`declare`); `ring permissions` prints
the table. `check_request` runs before every request and denies what is not declared. A page about one object
then calls `require` with the object's member and workshop; another's object is answered like a missing one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from flask import Flask, abort, current_app, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from app.auth.errors import MembershipOver, SecondFactorMissing
from app.auth.return_address import here
from app.present import present_login, present_request


class Scope(Enum):
    """How far a right reaches."""

    NONE = "none"
    OWN = "own"  # what belongs to the login's member, or to the login itself
    WORKSHOP = "workshop"  # what belongs to a workshop that the login manages
    ALL = "all"


NONE, OWN, WORKSHOP, ALL = Scope.NONE, Scope.OWN, Scope.WORKSHOP, Scope.ALL


@dataclass(frozen=True, slots=True)
class Access:
    """How far each role may use an endpoint with a method.

    A login may have several roles; the widest right counts. `login`: anybody logged in, whatever the role.
    `leaver`: a login whose member has left; it has no other role, and its programs have none at all.
    """

    nobody: Scope = NONE
    login: Scope = NONE
    member: Scope = NONE
    manager: Scope = NONE
    treasurer: Scope = NONE
    admin: Scope = NONE
    leaver: Scope = NONE

    @property
    def is_public(self) -> bool:
        """Return whether a visitor without a login may use it."""
        return self.nobody is not NONE


EVERYBODY = Access(ALL, ALL, ALL, ALL, ALL, ALL, ALL)
LOGGED_IN = Access(login=ALL, member=ALL, manager=ALL, treasurer=ALL, admin=ALL)
OWN_LOGIN = Access(login=OWN, leaver=OWN)


@dataclass(frozen=True, slots=True)
class Permission:
    """One row of the permission table.

    is_open_before_second_factor: also for a login that has not set up the second factor that the ring requires.
    Every other endpoint leads there (pages) or is refused (the API).
    """

    access: Access
    is_open_before_second_factor: bool = False


class DeclarationError(Exception):
    """The declaration of an endpoint is invalid. Raised while the program is imported."""


TABLE: dict[tuple[str, str], Permission] = {}


def declare(
    endpoint: str,
    access: Access | Mapping[str, Access] | None,
    *,
    methods: Sequence[str] = ("GET",),
    before_second_factor: bool = False,
) -> None:
    """Enter an endpoint into the permission table, one row for each method.

    access: for all methods, or by method where they differ. Raises DeclarationError where it is missing, or where
    the endpoint has the method already.
    """
    if access is None:
        raise DeclarationError(f"{endpoint} is declared without access")
    by_method = access if isinstance(access, Mapping) else dict.fromkeys(methods, access)
    if set(by_method) != set(methods):
        raise DeclarationError(f"{endpoint} declares access for {sorted(by_method)} but has {sorted(methods)}")
    for method, granted in by_method.items():
        if (endpoint, method) in TABLE:
            raise DeclarationError(f"{endpoint} {method} is declared twice")
        TABLE[endpoint, method] = Permission(granted, before_second_factor)


def init_app(app: Flask) -> None:
    """Check every request against the table."""
    app.before_request(check_request)


def is_of_the_ring() -> bool:
    """Return whether a login makes the current request whose membership has not ended; else it is a visitor's."""
    login = present_login()
    return bool(login.is_authenticated and login.left_on is None)


def roles_of(user: Any) -> Iterable[str]:
    """Return the roles of a login (or of nobody), as named in Access."""
    if not getattr(user, "is_authenticated", False):
        return ("nobody",)
    if user.left_on is not None:
        return () if user.is_program else ("leaver",)
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
    """Return how far a login's roles reach; empty: not at all."""
    return {scope for role in roles_of(user) if (scope := getattr(access, role)) is not NONE}


def is_granted(roles: Iterable[str], access: Access) -> bool:
    """Return whether one of these roles reaches anything at all."""
    return any(getattr(access, role) is not NONE for role in roles)


def permission_for(endpoint: str | None, method: str) -> Permission | None:
    """Return the table's row for an endpoint and a method; HEAD and OPTIONS count as GET."""
    method = "GET" if method in ("HEAD", "OPTIONS") else method
    return TABLE.get((endpoint or "", method))


def access_to(endpoint: str | None, method: str = "GET") -> Access:
    """Return how far each role may use an endpoint; nobody may use one that is not declared."""
    permission = permission_for(endpoint, method)
    return permission.access if permission is not None else Access()


def may(endpoint: str, method: str = "GET") -> bool:
    """Return whether the current login may use an endpoint at all; for menus and buttons."""
    return is_granted(roles_of(present_login()), access_to(endpoint, method))


def may_touch(
    endpoint: str,
    method: str = "GET",
    *,
    member_id: int | None = None,
    workshop_id: int | None = None,
    user_id: int | None = None,
) -> bool:
    """Return whether the current login may use an endpoint on an object of this member, workshop or login."""
    return _reaches(access_to(endpoint, method), member_id, workshop_id, user_id)


def require(
    *,
    member_id: int | None = None,
    workshop_id: int | None = None,
    user_id: int | None = None,
    missing: Exception | None = None,
) -> None:
    """Abort with 404 unless the current request may touch an object of this member, workshop or login.

    missing: what is raised where there is no such object. The object of somebody else must get the same message,
    or the message would reveal that it exists.
    """
    if _reaches(access_to(request.endpoint, request.method), member_id, workshop_id, user_id):
        return
    if missing is not None:
        raise missing
    abort(404)


def workshops_within(
    member_id: int | None = None, *, endpoint: str | None = None, method: str = "POST"
) -> frozenset[int] | None:
    """Return the workshops in which the current request may touch objects of a member; None: in all of them.

    endpoint, method: others than those of the request.
    """
    login = present_login()
    access = access_to(request.endpoint, request.method) if endpoint is None else access_to(endpoint, method)
    scopes = scopes_of(login, access)
    if ALL in scopes or (OWN in scopes and _is_own(login, member_id, None)):
        return None
    managed: frozenset[int] = login.managed_workshop_ids
    return managed if WORKSHOP in scopes else frozenset()


def reaches_all() -> bool:
    """Return whether the current request may touch every object, so that lists need no narrowing."""
    return ALL in scopes_of(present_login(), access_to(request.endpoint, request.method))


def check_request() -> ResponseReturnValue | None:
    """Return None where the current request may go on, else what to answer. Aborts with 401 or 403.

    Raises MembershipOver, SecondFactorMissing.
    """
    asked = present_request()
    endpoint, method = asked.endpoint, asked.method
    if endpoint is None:
        return None  # no such address or method: the router's own 404 or 405 follows
    permission = permission_for(endpoint, method)
    if permission is None:
        current_app.logger.error("%s %s is denied because it is not declared", endpoint, method)
        abort(403)
    # A public endpoint must not look the login up: /readyz must work without the database.
    if not permission.is_open_before_second_factor and getattr(present_login(), "owes_second_factor", False):
        return _lead_to_second_factor()
    if permission.access.nobody is ALL or scopes_of(present_login(), permission.access):
        return None
    return _refuse()


def _lead_to_second_factor() -> ResponseReturnValue:
    if request.path.startswith("/api/"):
        raise SecondFactorMissing()
    return redirect(url_for("account.second_factor"), code=303)


def _refuse() -> ResponseReturnValue:
    if current_user.is_authenticated:
        if current_user.left_on is not None:
            raise MembershipOver(left_on=current_user.left_on)
        abort(403)
    if request.path.startswith("/api/"):
        abort(401)
    return redirect(url_for("auth.login", next=here() if request.method == "GET" else None), code=303)


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
