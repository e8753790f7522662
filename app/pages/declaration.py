"""How a page declares itself: one decorator carries its address, its methods, who may use it and where it stands.

    @page(bp, "/new", methods=GET_POST, access=Access(admin=ALL), keeps_input=True)
    def new() -> ResponseReturnValue: ...

Nothing else has to be told of a new page but docs/permissions.txt, which `ring permissions` prints.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, TypeVar

from flask import Blueprint

from app.auth import permissions
from app.auth.permissions import Access
from app.web import rate_limits

FILE = "/file."  # in the address of a table as a file
GET_POST = ("GET", "POST")
POST = ("POST",)
ACTION = 25  # the place of a bar's large button: between the second and the third of a phone

View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class MenuEntry:
    """A page's place in the menu (menu.py).

    order: from the top of "More". icon: a name of the sprite. bar: role -> place in the bar of that role (member,
    manager, treasurer or admin); ACTION: its one large button. phone: the roles whose bar on a phone has it, too; four
    at most. label_without_member: for a login that acts for no member. label_of_role: role -> its own word. roles: it
    is in the menu of these alone; empty: of all who may open it. own: the page to which the entry leads those who reach
    only what is their own, so that they need not wait for a redirection.
    """

    label: Any  # translated when it is shown
    order: int
    icon: str
    bar: Mapping[str, int] = field(default_factory=dict)
    phone: tuple[str, ...] = ()
    label_without_member: Any = None
    label_of_role: Mapping[str, Any] = field(default_factory=dict)
    roles: tuple[str, ...] = ()
    own: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """What is known of a page beside its row in the permission table.

    is_open_before_setup: also while the ring has no administrator; all other pages lead to the set-up then.
    keeps_input: what was typed into its form outlives the end of the log-in (saved_submission.py). None: it has no
    form into which something is typed. needs_confirmation: a form that is sent asks for the password again
    (confirmation.py).
    """

    is_open_before_setup: bool = False
    needs_confirmation: bool = False
    keeps_input: bool | None = None
    menu: MenuEntry | None = None


PAGES: dict[str, Page] = {}


def page(
    blueprint: Blueprint,
    rule: str,
    *,
    access: Access | Mapping[str, Access] | None = None,
    methods: Sequence[str] = ("GET",),
    endpoint: str | None = None,
    before_second_factor: bool = False,
    before_setup: bool = False,
    keeps_input: bool | None = None,
    needs_confirmation: bool = False,
    menu: MenuEntry | None = None,
    is_expensive: bool = False,
) -> Callable[[View], View]:
    """Offer a view as a page of a blueprint.

    access: how far each role may use it (app/auth/permissions.py), by method where they differ. endpoint: the
    name of the view unless said. is_expensive: EXPORT_LIMIT applies, as to everything that ends in a file. The
    others: see Page and Permission. Raises DeclarationError for a page without access and for one that is declared
    twice.
    """

    def declare(view: View) -> View:
        own_name = endpoint or view.__name__
        name = f"{blueprint.name}.{own_name}"
        permissions.declare(name, access, methods=methods, before_second_factor=before_second_factor)
        PAGES[name] = Page(before_setup, needs_confirmation, keeps_input, menu)
        limited = _limited(view) if is_expensive or FILE in rule else view
        blueprint.add_url_rule(rule, own_name, limited, methods=list(methods))
        return view

    return declare


def _limited(view: View) -> View:
    """Return a view whose requests are counted (app/web/rate_limits.py)."""

    @wraps(view)
    def counted(*args: Any, **kwargs: Any) -> Any:
        rate_limits.count(rate_limits.EXPORTS)
        return view(*args, **kwargs)

    return counted  # type: ignore[return-value]
