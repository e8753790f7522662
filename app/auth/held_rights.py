"""What of its rights a login had when something was made for it: whoever has lost one of them must not read it later.

A file of two workshops that was made for their manager may not be read by him when he manages one of them, nor one of
all members by a treasurer who is a member now.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from app.auth import permissions
from app.auth.permissions import ALL, NONE, OWN, Access


def rights_of(login: Any, access: Access) -> list[str]:
    """Return by which rights a login may use an endpoint: those that reach all, or its workshops and its member."""
    found: set[str] = set()
    for role in permissions.roles_of(login):
        scope = getattr(access, role)
        if scope is ALL:
            found.add(role)
        elif scope is OWN:
            found.add(f"member {login.member_id}")
        elif scope is not NONE:
            found.update(f"workshop {each}" for each in login.managed_workshop_ids)
    return sorted(found)


def are_held(rights: Collection[str] | None, login: Any, access: Access) -> bool:
    """Return whether a login may use an endpoint still, with every right that it had. rights: None of no known ones."""
    scopes = permissions.scopes_of(login, access)
    return ALL in scopes or (bool(scopes) and set(rights or ()) <= set(rights_of(login, access)))
