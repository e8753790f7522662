"""The signed session cookie, read and written only where there is something in it: programs with a token have none."""

from __future__ import annotations

from flask import Flask, Request, Response
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface, SessionMixin

COOKIES = "HTTP_COOKIE"  # in the WSGI environment


class CookieSessions(SecureCookieSessionInterface):
    """Flask's sessions, without the signer that Flask makes for each request, and before it knows of any cookie."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """Return the session of a request, empty where no cookie was sent."""
        return super().open_session(app, request) if COOKIES in request.environ else self.session_class()

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Set the cookie where something was changed; one that is empty and untouched needs none."""
        if session or session.modified or session.accessed:
            super().save_session(app, session, response)
