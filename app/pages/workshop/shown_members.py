"""Which members a manager may know by name: those who reserve with the manager, and those whom a search showed.

A search needs three letters of a name or a whole number (queries.is_enough_to_search), so that nobody can list the
members; an id in an address or a form is no search. What a search showed is carried in a signed field.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from flask import current_app
from flask_login import current_user
from itsdangerous import BadData, URLSafeSerializer

from app.extensions import db
from app.pages.workshop import presenter
from booking import queries

FIELD = "shown"


def sign_shown(member_ids: Iterable[int]) -> str:
    """Return the field that says which members a search showed to the present login."""
    return _signer().dumps([current_user.id, sorted(member_ids)])


def read_shown(text: str | None) -> frozenset[int]:
    """Return what sign_shown() wrote for the present login; nothing for anything else."""
    try:
        user_id, member_ids = _signer().loads(text or "")
    except (BadData, ValueError):
        return frozenset()
    return frozenset(member_ids) if user_id == current_user.id else frozenset()


def known(member_ids: Collection[int], shown: Collection[int]) -> frozenset[int]:
    """Return which of some members the present login may know by name. shown: those whom its search showed."""
    workshop_ids = presenter.my_workshop_ids()
    if workshop_ids is None:
        return frozenset(member_ids)
    reserving = queries.reserving_in(db.session(), member_ids, workshop_ids)
    return reserving | (frozenset(member_ids) & frozenset(shown))


def _signer() -> URLSafeSerializer:
    keys = [*current_app.config["SECRET_KEY_FALLBACKS"], current_app.config["SECRET_KEY"]]  # the last one signs
    return URLSafeSerializer(keys, salt="members shown by a search")
