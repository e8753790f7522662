"""The login behind a request: found by its session row, with its roles, in one statement."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask_login import UserMixin
from sqlalchemy import (
    ColumnElement,
    Date,
    ScalarSelect,
    and_,
    bindparam,
    exists,
    literal,
    null,
    or_,
    select,
)
from sqlalchemy.orm import Session

from app.auth import deputies, memberships
from app.auth.models import ApiToken, LoginSession, ManagedWorkshop, SecondFactor, User
from booking import queries
from booking.kernel.json_rows import json_rows
from booking.kernel.orm import UtcDateTime, table_of
from booking.kernel.prepared import PreparedStatement
from booking.kernel.tokens import hash_of
from booking.models import Ring, Workshop
from booking.times.wall_clock import local_day

# A session from the future was created before the clock was put back, and would be valid too long. The clocks of
# several machines may differ a little.
CLOCKS_DIFFER = timedelta(minutes=5)
A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Login(UserMixin):
    """The current login: a frozen value loaded for each request, so that withdrawn rights take effect at once.

    left_on: the last day of its membership, once that is over; then it has no role but `leaver`.
    overdue: what its member has not brought back in time, which each page shows; None where no page asked.
    """

    id: int
    email: str
    name: str
    member_id: int | None
    is_treasurer: bool
    is_admin: bool
    language: str
    theme: str
    uses_search_key: bool
    tour_ended_at: datetime | None
    managed_workshop_ids: frozenset[int]
    session_token: str = ""
    is_program: bool = False  # authenticated by an API token, not by a session cookie
    is_read_only: bool = False
    owes_second_factor: bool = False  # the ring requires one, and there is none yet
    left_on: date | None = None
    overdue: int | None = None

    def get_id(self) -> str:
        """Return what the cookie carries: the secret of the session row, never the login's id."""
        return self.session_token


def by_session_token(session: Session, token: str, *, now: datetime) -> Login | None:
    """Return the login of a session that has not ended, unless it is disabled."""
    wanted = {"token_hash": hash_of(token), "now": now, "latest": now + CLOCKS_DIFFER}
    return _load(session, _BY_SESSION, wanted, now=now, token=token)


def by_api_token(session: Session, token: str, *, now: datetime, is_alone: bool = False) -> Login | None:
    """Return the login for which a program acts, unless the token is revoked or over, or the login disabled.

    is_alone: nothing else is read before the transaction of a writer, which discards what was read.
    """
    wanted = {"token_hash": hash_of(token), "now": now}
    return _load(session, _BY_API_TOKEN, wanted, now=now, is_program=True, is_alone=is_alone)


def by_user_id(session: Session, user_id: int, *, now: datetime) -> Login | None:
    """Return the login of an id as its next request would find it, unless it is disabled."""
    return _load(session, _BY_ID, {"user_id": user_id}, now=now)


def _load(
    session: Session,
    found: PreparedStatement,
    wanted: dict[str, Any],
    *,
    now: datetime,
    token: str = "",
    is_program: bool = False,
    is_alone: bool = False,
) -> Login | None:
    days = {"yesterday": local_day(now - A_DAY, UTC), "tomorrow": local_day(now + A_DAY, UTC)}
    days["today"] = memberships.ring_day(now)
    asked = {**wanted, **days}
    row = found.one_alone(session, asked) if is_alone else found.one_or_none(session.connection(), asked)
    if row is None:
        return None
    *who, managed, is_read_only, owes_second_factor, left_on, overdue = row
    login = Login(
        *who,
        managed_workshop_ids=frozenset(
            workshop_id for workshop_id, *days in managed or () if _includes_today(*days, now=now)
        ),
        session_token=token,
        is_program=is_program,
        is_read_only=bool(is_read_only),
        owes_second_factor=bool(owes_second_factor),
        overdue=overdue,
    )
    return login if left_on is None else _of_leaver(login, left_on)


def _of_leaver(login: Login, left_on: date) -> Login:
    """Return a login without the roles it had as long as its member belonged to the ring."""
    return replace(
        login,
        is_treasurer=False,
        is_admin=False,
        owes_second_factor=False,
        managed_workshop_ids=frozenset(),
        left_on=left_on,
    )


_user, _managed, _workshop = map(table_of, (User, ManagedWorkshop, Workshop))
_session, _api_token, _ring, _factor = map(table_of, (LoginSession, ApiToken, Ring, SecondFactor))


def _managed_workshops() -> ScalarSelect[list[list[Any]]]:
    """Return the workshops a login manages: id, zone, first and last day of a deputy.

    Deputies whose days lie more than a day away are left out here; which day it is at the workshop is
    decided in Python (`_includes_today`), so that one statement serves both databases.
    """
    first, last = _managed.c.valid_from, _managed.c.valid_until
    return (
        select(json_rows(_managed.c.workshop_id, _workshop.c.timezone, first, last))
        .join_from(_managed, _workshop, _workshop.c.id == _managed.c.workshop_id)
        .where(
            _managed.c.user_id == _user.c.id,
            or_(first.is_(None), first <= bindparam("tomorrow", type_=Date)),
            or_(last.is_(None), last >= bindparam("yesterday", type_=Date)),
            deputies.is_backed(),
        )
        .correlate(_user)
        .scalar_subquery()
    )


def _owes_second_factor() -> ColumnElement[bool]:
    """Whether the ring requires a second factor of a login that has none."""
    is_required = exists().where(_ring.c.requires_second_factor)
    has_one = exists().where(_factor.c.user_id == _user.c.id, _factor.c.switched_on_at.is_not(None))
    return and_(or_(_user.c.is_treasurer, _user.c.is_admin), is_required, ~has_one.correlate(_user))


_USER_COLUMNS = (
    "id", "email", "name", "member_id", "is_treasurer", "is_admin", "language", "theme", "uses_search_key",
    "tour_ended_at",
)  # fmt: skip


def _logins(
    *found: ColumnElement[bool], is_read_only: ColumnElement[bool] | None = None, of_pages: bool = False
) -> PreparedStatement:
    """Return the statement for the columns of a Login. Built once, because each request runs one first."""
    read_only = literal(False) if is_read_only is None else is_read_only
    columns = (
        *(_user.c[name] for name in _USER_COLUMNS),
        _managed_workshops(),
        read_only,
        _owes_second_factor(),
        memberships.left_on(),
        queries.own_overdue(_user.c.member_id).correlate(_user).scalar_subquery() if of_pages else null(),
    )
    return PreparedStatement(select(*columns).where(*found, _user.c.disabled_at.is_(None)))


_BY_SESSION = _logins(
    _session.c.token_hash == bindparam("token_hash"),
    _session.c.expires_at > bindparam("now", type_=UtcDateTime),
    _session.c.created_at <= bindparam("latest", type_=UtcDateTime),
    _session.c.user_id == _user.c.id,
    of_pages=True,
)
_BY_API_TOKEN = _logins(
    _api_token.c.token_hash == bindparam("token_hash"),
    _api_token.c.revoked_at.is_(None),
    _api_token.c.expires_at > bindparam("now", type_=UtcDateTime),
    _api_token.c.user_id == _user.c.id,
    is_read_only=_api_token.c.is_read_only,
)
_BY_ID = _logins(_user.c.id == bindparam("user_id"))


def _includes_today(zone: str, valid_from: str | None, valid_until: str | None, *, now: datetime) -> bool:
    """Return whether a management holds on the workshop's own day of `now`. Days as "YYYY-MM-DD"; None: unlimited."""
    if valid_from is None and valid_until is None:
        return True
    today = local_day(now, ZoneInfo(zone)).isoformat()
    return (valid_from or today) <= today <= (valid_until or today)
