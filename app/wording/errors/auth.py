"""Texts and statuses of the errors of log-in and permissions."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from app.wording.errors.text import ErrorText

ERRORS = (
    ErrorText("wrong_credentials", 422, _l("Not logged in"), _l("The e-mail address or the password is wrong.")),
    ErrorText(
        "too_many_screens",
        422,
        _l("Too many screens"),
        _l("The ring has %(limit)s screens already. Withdraw one that is no longer used."),
    ),
    ErrorText(
        "wrong_code",
        422,
        _l("Wrong code"),
        _l("This code is wrong or was already used. Try the next one, or check your phone's clock."),
    ),
    ErrorText(
        "second_factor_unreadable",
        422,
        _l("Codes of your app cannot be checked"),
        _l(
            "The ring cannot check codes of your app at present, because its secret key was changed. Use a recovery"
            " code, or ask an administrator to reset your second factor."
        ),
    ),
    ErrorText(
        "log_in_expired",
        422,
        _l("Please log in again"),
        _l("The log-in took too long or was completed elsewhere. Please start again."),
    ),
    ErrorText(
        "second_factor_changed",
        409,
        _l("Changed in the meantime"),
        _l("Your second factor was switched on or off in the meantime. Please check its current state."),
    ),
    ErrorText(
        "second_factor_missing",
        403,
        _l("Second factor missing"),
        _l("The ring requires a second factor for treasurers and administrators. Log in and set it up first."),
    ),
    ErrorText(
        "membership_over",
        403,
        _l("Your membership has ended"),
        _l(
            "After the last day of your membership you can still log in and see your usage slips, charges and costs."
            " Everything else is closed. If the day is wrong, ask an administrator of the ring."
        ),
    ),
    ErrorText(
        "not_confirmed",
        403,
        _l("Password needed again"),
        _l("You logged in more than ten minutes ago. Log in again, or use a token, and send the same once more."),
    ),
    ErrorText(
        "own_second_factor",
        409,
        _l("This is your own second factor"),
        _l("Switch off your own second factor in your account, with your password and a code."),
    ),
    ErrorText(
        "too_many_attempts",
        429,
        _l("Too many attempts"),
        _l("Too many attempts in a short time. Please wait a while and try again."),
    ),
    ErrorText(
        "too_many_pictures",
        429,
        _l("Too many pictures"),
        _l("You have sent many pictures in a short time. Nothing was stored; please wait a minute and try again."),
    ),
    ErrorText(
        "link_not_valid",
        404,
        _l("This link no longer works"),
        _l("Each link works only once and for a limited time. Request a new one."),
    ),
    ErrorText("email_taken", 409, _l("Address already in use"), _l("Another login already has this e-mail address.")),
    ErrorText(
        "last_administrator",
        409,
        _l("Last administrator"),
        _l(
            "The ring needs an administrator who can log in and whose membership has no last day."
            " Name another one first."
        ),
    ),
    ErrorText("login_not_found", 404, _l("No such login"), _l("There is no login with this e-mail address.")),
    ErrorText(
        "not_your_workshop", 404, _l("Not your workshop"), _l("Only a manager of a workshop can name deputies for it.")
    ),
    ErrorText("already_manages", 409, _l("Already a manager"), _l("This login already manages the workshop.")),
    ErrorText(
        "weak_password",
        422,
        _l("Choose another password"),
        _l("This password is too short, too long, or easy to guess."),
    ),
    ErrorText(
        "secret_key_differs",
        503,
        _l("One part of the server is set up wrongly"),
        _l("Nothing was stored; please try again. The operator finds the reason in the log."),
    ),
    ErrorText("already_set_up", 404, _l("Already set up"), _l("The ring has been set up. The set-up page is closed.")),
)
