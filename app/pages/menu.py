"""The menu: one list of desks that the stylesheet puts at the left of a screen or at the bottom of a phone.

Which page stands where is said by its declaration (MenuEntry). A login has one bar, that of its daily work; what else
it may open is behind "More".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from flask import g, request, url_for

from app.auth import permissions
from app.auth.permissions import ALL
from app.clock import now
from app.extensions import db
from app.pages.declaration import ACTION, PAGES, MenuEntry
from app.present import present_login
from booking import queries

# Where pages of a blueprint without a desk belong: the first of these that the login has, else Today.
DESKS_BESIDE = {
    "series": ("reservations.index",),
    "waiting": ("reservations.index",),
    "exchanges": ("reservations.index",),
    "groups": ("workshop.index", "machines.index"),
    "inductions": ("workshop.list_inductions", "machines.index"),
    "fees": ("workshop.index",),
    "costs": ("machines.index",),
    "account": (),  # marked in the header
    "search": (),
}


@dataclass(frozen=True, slots=True)
class MenuItem:
    """One entry as a page shows it.

    is_action: the one large button. is_wide: in the bar of a screen only; a phone has it behind "More".
    count: what waits there.
    """

    endpoint: str
    label: str
    address: str
    icon: str
    is_here: bool
    is_action: bool = False
    is_wide: bool = False
    count: int = 0


@dataclass(frozen=True, slots=True)
class Menu:
    """The bar, and what is behind "More"."""

    bar: tuple[MenuItem, ...] = ()
    more: tuple[MenuItem, ...] = ()

    def __bool__(self) -> bool:
        """Return whether there is anything in it."""
        return bool(self.bar or self.more)

    @property
    def waiting(self) -> int:
        """Return the sum of what waits; it stands in the page's title."""
        return sum(item.count for item in self.bar + self.more)

    @property
    def waiting_in_more(self) -> int:
        """Return what waits behind "More"."""
        return sum(item.count for item in self.more)

    @property
    def is_in_more(self) -> bool:
        """Return whether the present desk is behind "More"."""
        return any(item.is_here for item in self.more)


def menu() -> Menu:
    """Return the menu of the present login, made once for each request; an empty one while it owes a second factor.

    Of a login whose member has left: without the pages that are public anyway.
    """
    login = present_login()
    owner, made = g.get("menu", (None, Menu()))
    if owner is not login:
        g.menu = login, (made := _menu_of(login))
    return made


def _menu_of(login: Any) -> Menu:
    if not login.is_authenticated or login.owes_second_factor:
        return Menu()
    role = role_of(login)
    entries = _entries_of(tuple(permissions.roles_of(login)), is_leaver=login.left_on is not None)
    shown = {endpoint: (entry, url_for(_target(endpoint, entry, login))) for endpoint, entry in entries}
    here = _present_desk({endpoint: url_for(endpoint) for endpoint in shown})
    counts = _counts(login)
    items = {
        endpoint: MenuItem(
            endpoint,
            _label(entry, login, role),
            address,
            entry.icon,
            endpoint == here,
            is_action=entry.bar.get(role) == ACTION,
            is_wide=role in entry.bar and role not in entry.phone,
            count=counts.get(endpoint, 0),
        )
        for endpoint, (entry, address) in shown.items()
    }
    places = {endpoint: entry.bar[role] for endpoint, (entry, _address) in shown.items() if role in entry.bar}
    bar = tuple(items[endpoint] for endpoint in sorted(places, key=lambda one: places[one]))
    return Menu(bar, tuple(item for endpoint, item in items.items() if endpoint not in places))


def role_of(login: Any) -> str:
    """Return the role whose daily work the bar is for."""
    if login.managed_workshop_ids:
        return "manager"
    if login.member_id is None and login.is_treasurer:
        return "treasurer"
    if login.member_id is None and login.is_admin:
        return "admin"
    return "member"


def _target(endpoint: str, entry: MenuEntry, login: Any) -> str:
    reaches_all = ALL in permissions.scopes_of(login, permissions.access_to(endpoint))
    return endpoint if entry.own is None or reaches_all else entry.own


def _label(entry: MenuEntry, login: Any, role: str) -> str:
    if role in entry.label_of_role:
        return str(entry.label_of_role[role])
    if entry.label_without_member is not None and login.member_id is None:
        return str(entry.label_without_member)
    return str(entry.label)


@cache
def _entries_of(roles: tuple[str, ...], *, is_leaver: bool) -> tuple[tuple[str, MenuEntry], ...]:
    """Return endpoint and entry of the pages in the menu of these roles, in the order of "More"."""

    def is_shown(endpoint: str, entry: MenuEntry) -> bool:
        access = permissions.access_to(endpoint)
        if not permissions.is_granted(roles, access) or (entry.roles and set(entry.roles).isdisjoint(roles)):
            return False
        return not (is_leaver and access.is_public)

    entries = [(endpoint, page.menu) for endpoint, page in PAGES.items() if page.menu is not None]
    shown = [(endpoint, entry) for endpoint, entry in entries if is_shown(endpoint, entry)]
    return tuple(sorted(shown, key=lambda one: one[1].order))


def _present_desk(addresses: Mapping[str, str]) -> str | None:
    """Return the endpoint of the desk to which the present page belongs: the longest address that its own begins with.

    Else the desk of the same blueprint, or the one that pages of this blueprint stand beside.
    """
    path = request.script_root + request.path
    above = [endpoint for endpoint, address in addresses.items() if path == address or path.startswith(f"{address}/")]
    if above:
        return max(above, key=lambda endpoint: len(addresses[endpoint]))
    blueprint = (request.endpoint or "").partition(".")[0]
    of_same = [endpoint for endpoint in addresses if endpoint.partition(".")[0] == blueprint]
    beside = DESKS_BESIDE.get(blueprint, ("today.show",))
    return next((endpoint for endpoint in (*of_same, *beside) if endpoint in addresses), None)


def _counts(login: Any) -> dict[str, int]:
    """Return endpoint -> how much waits there for the login, in one statement; with the login for a member alone."""
    if not (login.is_admin or login.managed_workshop_ids or login.is_treasurer):
        if login.member_id is None:
            return {}
        if login.overdue is not None:
            return {"today.show": login.overdue}
    workshop_ids = None if login.is_admin else login.managed_workshop_ids
    waits = queries.desk_counts(
        db.session(), workshop_ids, login.member_id, now=now(), sees_all_objections=login.is_treasurer
    )
    return {
        "approvals.index": waits.requests + waits.swaps,
        "usage.index": waits.objections,
        "today.show": waits.overdue,
    }
