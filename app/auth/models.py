"""Logins, their rights, sessions and secrets.

Secrets are stored hashed, but for one: codes of the second factor are computed from its secret, which is encrypted.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, text, true
from sqlalchemy.orm import Mapped, mapped_column

from booking.kernel.orm import Base, UtcDateTime


class User(Base):
    """A login. It may act for a member, manage workshops (ManagedWorkshop), be treasurer or admin, or several."""

    __tablename__ = "auth_user"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(unique=True)  # lower case
    name: Mapped[str]
    password_hash: Mapped[str | None]  # null until the invitation is accepted
    member_id: Mapped[int | None] = mapped_column(ForeignKey("booking_member.id"), index=True)
    is_treasurer: Mapped[bool] = mapped_column(default=False)
    is_admin: Mapped[bool] = mapped_column(default=False)
    language: Mapped[str] = mapped_column(default="de")
    theme: Mapped[str] = mapped_column(default="system")
    uses_search_key: Mapped[bool] = mapped_column(default=True, server_default=true())
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    disabled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    tour_ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # null: it is still offered (pages/tour.py)
    revision: Mapped[int] = mapped_column(default=0)


class ManagedWorkshop(Base):
    """A login manages a workshop; with dates, as the deputy of a manager.

    One row for each manager, and one for each span of a deputy. The migration adds what the database forbids: spans of
    one deputy that overlap or last more than 90 days, a deputy without a manager who named it; and it ends deputies
    with the management of that manager.
    """

    __tablename__ = "auth_managed_workshop"
    __table_args__ = (
        CheckConstraint("valid_from IS NULL OR valid_until IS NULL OR valid_from <= valid_until", name="days"),
        Index(None, "user_id", "workshop_id"),
        Index(
            "ix_auth_managed_workshop_manager",
            "user_id",
            "workshop_id",
            unique=True,
            sqlite_where=text("NOT is_deputy"),
            postgresql_where=text("NOT is_deputy"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("auth_user.id"))
    workshop_id: Mapped[int] = mapped_column(ForeignKey("booking_workshop.id"), index=True)
    is_deputy: Mapped[bool] = mapped_column(default=False)
    valid_from: Mapped[date | None]
    valid_until: Mapped[date | None]
    named_by: Mapped[int | None]  # user id; of a deputy, a manager of the workshop


class Attempts(Base):
    """Recent attempts on an e-mail address, whether a login has it or not: from everywhere, a network, a known device.

    Keyed by a hash of what is counted (attempts.Source), so that a stranger learns nothing from being slowed down, and
    so that no list of mistyped addresses comes into being.
    """

    __tablename__ = "auth_attempts"
    __table_args__ = (CheckConstraint("kind IN ('login', 'password', 'code')", name="kind"),)

    kind: Mapped[str] = mapped_column(primary_key=True)
    key_hash: Mapped[str] = mapped_column("email_hash", primary_key=True)
    tries: Mapped[int] = mapped_column(default=0)
    last_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    locked_until: Mapped[datetime | None] = mapped_column(UtcDateTime)


class LoginRate(Base):
    """How often log-ins were tried from a network address in the time of LOGIN_LIMIT. See login_rate.py."""

    __tablename__ = "auth_login_rate"

    key_hash: Mapped[str] = mapped_column(primary_key=True)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    used: Mapped[int]


class LoginSession(Base):
    """A session on one device. Deleting the row logs that device out at its next request."""

    __tablename__ = "auth_session"

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("auth_user.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    device: Mapped[str] = mapped_column(default="")


class ShownOnce(Base):
    """A secret that the next page of a session shows, encrypted: see shown_once.py."""

    __tablename__ = "auth_shown_once"

    session_id: Mapped[int] = mapped_column(
        ForeignKey("auth_session.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    kind: Mapped[str]
    secret: Mapped[str]
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)


class SecondFactor(Base):
    """The secret that a login's app shares with the ring, and the last code that was accepted.

    Without `switched_on_at` the set-up is not finished and no code is required. `last_step` counts spans of 30 seconds
    since 1970: a code of this step or an earlier one is never accepted again.
    """

    __tablename__ = "auth_second_factor"
    __table_args__ = (CheckConstraint("length(secret) >= 32", name="secret"),)

    user_id: Mapped[int] = mapped_column(ForeignKey("auth_user.id"), primary_key=True)
    secret: Mapped[str]  # base32, encrypted (stored_secrets.py); never shown again once switched on
    begun_at: Mapped[datetime] = mapped_column(UtcDateTime)
    switched_on_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_step: Mapped[int] = mapped_column(BigInteger, default=0)


class RecoveryCode(Base):
    """A one-time code on paper in place of the app. Using it deletes the row."""

    __tablename__ = "auth_recovery_code"
    __table_args__ = (Index(None, "user_id", "code_hash", unique=True),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("auth_second_factor.user_id"))
    code_hash: Mapped[str]


class PendingLogin(Base):
    """A log-in whose password was right and whose code is pending. Finishing deletes the row."""

    __tablename__ = "auth_pending_login"

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("auth_user.id"), index=True)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)


class SecurityEntry(Base):
    """How often something of one kind happened in a minute: see security_log.py. user_id: 0 for none.

    file, row_count: of exports, which table in which format, and how many rows of it were sent.
    """

    __tablename__ = "auth_security_entry"
    __table_args__ = (
        Index(None, "minute", "kind", "network", "user_id", "file", unique=True),
        Index(None, "kind", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    minute: Mapped[datetime] = mapped_column(UtcDateTime)
    kind: Mapped[str]
    network: Mapped[str]  # shortened: /24, /64
    user_id: Mapped[int]
    count: Mapped[int]
    file: Mapped[str] = mapped_column(default="")
    row_count: Mapped[int] = mapped_column(BigInteger, default=0)


class OneUseToken(Base):
    """A mailed link that works once: an invitation (days) or a new password (an hour)."""

    __tablename__ = "auth_one_use_token"
    __table_args__ = (CheckConstraint("purpose IN ('invitation', 'password')", name="purpose"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("auth_user.id"), index=True)
    purpose: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ApiToken(Base):
    """A program may act for a login."""

    __tablename__ = "auth_api_token"

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("auth_user.id"), index=True)
    label: Mapped[str] = mapped_column(default="")
    is_read_only: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # within an hour
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class WallScreen(Base):
    """A screen that shows the plan of a workshop, or of all, without a log-in: see wall_screens.py.

    made_by: the login that made it; None of those that were there before this was noted.
    """

    __tablename__ = "auth_wall_screen"
    __table_args__ = (CheckConstraint("theme IN ('system', 'light', 'dark')", name="theme"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(unique=True)
    workshop_id: Mapped[int | None] = mapped_column(ForeignKey("booking_workshop.id"), index=True)
    label: Mapped[str] = mapped_column(default="")
    language: Mapped[str] = mapped_column(default="de")
    theme: Mapped[str] = mapped_column(default="system")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    made_by: Mapped[int | None] = mapped_column(ForeignKey("auth_user.id"))
