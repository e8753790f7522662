"""What happens to logins: payloads of the event log. Never an address, a name or a secret."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from booking.kernel.events import Event


@dataclass(frozen=True, slots=True)
class LoginEvent(Event):
    """Something happened to a login."""

    user_id: int


@dataclass(frozen=True, slots=True)
class LoginInvited(LoginEvent):
    """A login was entered without a password; its first one comes through a mailed link."""

    type: ClassVar[str] = "login_invited"


@dataclass(frozen=True, slots=True)
class InvitationAccepted(LoginEvent):
    """An invited login chose its first password."""

    type: ClassVar[str] = "invitation_accepted"


@dataclass(frozen=True, slots=True)
class LoginMade(LoginEvent):
    """A login was created with a password: at the set-up or by a command."""

    type: ClassVar[str] = "login_made"


@dataclass(frozen=True, slots=True)
class PasswordLinkSent(LoginEvent):
    """Somebody asked for a new password; whether it was the owner is not known."""

    type: ClassVar[str] = "password_link_sent"


@dataclass(frozen=True, slots=True)
class PasswordChanged(LoginEvent):
    """by_link: through a mailed link, not with the old password."""

    by_link: bool = False
    type: ClassVar[str] = "password_changed"


@dataclass(frozen=True, slots=True)
class LoginDisabled(LoginEvent):
    """A login was disabled and logged out on every device."""

    type: ClassVar[str] = "login_disabled"


@dataclass(frozen=True, slots=True)
class LoginEnabled(LoginEvent):
    """A disabled login was enabled."""

    type: ClassVar[str] = "login_enabled"


@dataclass(frozen=True, slots=True)
class RolesChanged(LoginEvent):
    """The roles as they are now, so that the log answers who could do what when."""

    member_id: int | None
    is_treasurer: bool
    is_admin: bool
    type: ClassVar[str] = "roles_changed"


@dataclass(frozen=True, slots=True)
class ManagerNamed(LoginEvent):
    """A login manages a workshop from now on; days as ISO dates, "" when open."""

    workshop_id: int
    is_deputy: bool = False
    valid_from: str = ""
    valid_until: str = ""
    type: ClassVar[str] = "manager_named"


@dataclass(frozen=True, slots=True)
class ManagerWithdrawn(LoginEvent):
    """A login is no longer manager or deputy of a workshop."""

    workshop_id: int
    is_deputy: bool = False
    type: ClassVar[str] = "manager_withdrawn"


@dataclass(frozen=True, slots=True)
class ApiTokenMade(LoginEvent):
    """A program may act for the login from now on; is_read_only: it may not change anything."""

    token_id: int
    is_read_only: bool
    type: ClassVar[str] = "api_token_made"


@dataclass(frozen=True, slots=True)
class ApiTokenRevoked(LoginEvent):
    """A program may no longer act for the login."""

    token_id: int
    type: ClassVar[str] = "api_token_revoked"


@dataclass(frozen=True, slots=True)
class SessionsEnded(LoginEvent):
    """The owner logged out another device, or every device. is_all: which of the two."""

    is_all: bool = False
    type: ClassVar[str] = "sessions_ended"


@dataclass(frozen=True, slots=True)
class SecondFactorSwitchedOn(LoginEvent):
    """By its owner, with a first code of the app."""

    type: ClassVar[str] = "second_factor_switched_on"


@dataclass(frozen=True, slots=True)
class SecondFactorSwitchedOff(LoginEvent):
    """By its owner, with password and code."""

    type: ClassVar[str] = "second_factor_switched_off"


@dataclass(frozen=True, slots=True)
class SecondFactorReset(LoginEvent):
    """Reset by somebody else, because app and codes were lost."""

    type: ClassVar[str] = "second_factor_reset"


@dataclass(frozen=True, slots=True)
class RecoveryCodesMade(LoginEvent):
    """A new set replaced the previous one."""

    type: ClassVar[str] = "recovery_codes_made"


@dataclass(frozen=True, slots=True)
class RecoveryCodeUsed(LoginEvent):
    """codes_left: how many remain."""

    codes_left: int
    type: ClassVar[str] = "recovery_code_used"
