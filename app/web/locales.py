"""Which language a page speaks: the one chosen in this browser, the login's own, the browser's, the ring's first."""

from __future__ import annotations

from flask import Flask, current_app, g, has_request_context, request, session
from flask_babel import get_locale
from flask_login import current_user

from app.extensions import babel


def speak(app: Flask) -> None:
    """Join the choice of language to the application."""
    babel.init_app(app, locale_selector=choose)
    app.jinja_env.globals.update(get_locale=get_locale)


def choose() -> str | None:
    """The language of the present request, a code of the setting LOCALES. None outside of a request."""
    if not has_request_context():
        return None
    offered = current_app.config["LOCALES"]
    if g.get("language") in offered:
        return g.language
    own = getattr(current_user, "language", None)
    chosen = session.get("language") if session.get("language_instead_of") == own else None
    for wish in (chosen, own, session.get("language")):
        if wish in offered:
            return wish
    return request.accept_languages.best_match(offered) or offered[0]


def remember(language: str) -> None:
    """Speak a language in this browser from now on, until the login's own is set or another one logs in."""
    session["language"] = language
    session["language_instead_of"] = getattr(current_user, "language", None)


def forget() -> None:
    """The login's own language was set: it counts again."""
    session.pop("language", None)
