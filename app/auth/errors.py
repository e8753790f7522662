"""The errors of log-in and permissions: codes and facts; the texts are in app/wording/errors/auth.py."""

from __future__ import annotations

from booking.kernel.errors import DomainError, Unavailable


class WrongCredentials(DomainError):
    """No login that is not disabled has this e-mail address and password. The message does not say which is wrong."""

    code = "wrong_credentials"


class PasswordReplaced(WrongCredentials):
    """The password that was checked is not the login's any more: it was changed meanwhile."""


class WrongCode(DomainError):
    """Neither a code that the login's app shows now nor an unused recovery code. The message gives no reason."""

    code = "wrong_code"


class SecondFactorUnreadable(WrongCode):
    """The secret of the login's app was encrypted with another SECRET_KEY, so that no code of it can be checked."""

    code = "second_factor_unreadable"


class LogInExpired(DomainError):
    """The second step came too late, in another browser, or twice: the password must be entered again."""

    code = "log_in_expired"


class SecondFactorChanged(DomainError):
    """The second factor was switched on or off meanwhile, or its set-up began too long ago."""

    code = "second_factor_changed"


class SecondFactorMissing(DomainError):
    """The ring requires a second factor of this login, which has none yet."""

    code = "second_factor_missing"


class MembershipOver(DomainError):
    """The login's member has left the ring: only its own money may be read. facts: left_on."""

    code = "membership_over"


class NotConfirmed(DomainError):
    """A call with which a stolen session could stay, from a session that was not confirmed in the last ten minutes."""

    code = "not_confirmed"


class OwnSecondFactor(DomainError):
    """Administrators cannot reset their own second factor; they switch it off with password and code."""

    code = "own_second_factor"


class TooManyAttempts(DomainError):
    """Too many recent attempts with this address, or too many log-ins at once. facts: retry_after_seconds."""

    code = "too_many_attempts"


class LinkNotValid(DomainError):
    """A one-use link that was used, has expired or never existed."""

    code = "link_not_valid"


class EmailTaken(DomainError):
    """Another login already has this e-mail address."""

    code = "email_taken"


class LastAdministrator(DomainError):
    """The ring would be left, now or after a last day, without an administrator."""

    code = "last_administrator"


class LoginNotFound(DomainError):
    """There is no such login. facts: id, or email."""

    code = "login_not_found"


class NotYourWorkshop(DomainError):
    """Only a manager of a workshop, not a deputy, names deputies for it. facts: workshop_id."""

    code = "not_your_workshop"


class AlreadyManages(DomainError):
    """The login manages this workshop already. facts: user_id, workshop_id."""

    code = "already_manages"


class WeakPassword(DomainError):
    """A password that may not be used. facts: reason (too_short, too_long, common, personal)."""

    code = "weak_password"


class AlreadySetUp(DomainError):
    """The ring has an administrator; the set-up is closed."""

    code = "already_set_up"


class SecretKeyDiffers(Unavailable):
    """This process has another SECRET_KEY than the installation. facts: retry_after_seconds."""

    code = "secret_key_differs"


class TooManyScreens(DomainError):
    """The ring has as many screens as it may have. Facts: limit."""

    code = "too_many_screens"
