"""Headers and host checks on every answer."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Flask, Response, abort, current_app, request

CONTENT_SECURITY_POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)
LOOPBACK = ("127.0.0.1", "localhost", "[::1]", "::1")


def protect(app: Flask) -> None:
    """Join the checks to the application."""
    if app.config["TRUSTED_HOSTS"]:
        # Flask looks at this list too, before us: it must know the names that always count.
        own = urlsplit(app.config["BASE_URL"]).hostname or ""
        app.config["TRUSTED_HOSTS"] = list(dict.fromkeys([*app.config["TRUSTED_HOSTS"], own, *LOOPBACK]))
    app.before_request(refuse_foreign_hosts)
    app.after_request(add_headers)


def refuse_foreign_hosts() -> None:
    """Answer 400 to a Host header that is not ours: links in mails and pages must not follow a stranger's word."""
    trusted = set(current_app.config["TRUSTED_HOSTS"])
    trusted.add(urlsplit(current_app.config["BASE_URL"]).hostname or "")
    trusted.update(LOOPBACK)
    host = urlsplit(f"//{request.host}").hostname
    if host not in trusted:
        abort(400)


def add_headers(response: Response) -> Response:
    """Content security policy and its friends; private pages are never stored by caches between."""
    headers = response.headers
    headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Referrer-Policy", "same-origin")
    headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
    headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    if current_app.config["SESSION_COOKIE_SECURE"]:
        headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    if request.endpoint not in ("static", "bootstrap.static"):
        headers.setdefault("Cache-Control", "no-store")
        response.vary.add("Cookie")
    return response
