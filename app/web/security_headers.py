"""Headers and host checks on every answer."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import ip_address
from urllib.parse import urlsplit

from flask import Flask, Request, Response, abort, current_app, request

CONTENT_SECURITY_POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)
STRICT = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}
STRICTER = {**STRICT, "Strict-Transport-Security": "max-age=31536000"}  # behind TLS
PRIVATE = {"Cache-Control": "no-store", "Vary": "Cookie"}
LOOPBACK = ("127.0.0.1", "localhost", "[::1]", "::1")
ANSWERED = "ringbuch_answered_hosts"


class RingRequest(Request):
    """A request whose host is looked at below and nowhere else: the look of Flask's own knows no IPv6 address."""

    @property
    def trusted_hosts(self) -> None:  # type: ignore[override]
        """Nothing that Flask should look at."""

    @trusted_hosts.setter
    def trusted_hosts(self, _names: object) -> None:
        """Flask hands over TRUSTED_HOSTS with each request."""


def protect(app: Flask) -> None:
    """Join the checks to the application."""
    own = urlsplit(app.config["BASE_URL"]).hostname or ""
    app.extensions[ANSWERED] = {_plain(name) for name in (*app.config["TRUSTED_HOSTS"], own, *LOOPBACK)} - {""}
    app.request_class = RingRequest
    app.before_request(refuse_foreign_hosts)
    app.after_request(add_headers)


def answer_to(app: Flask, hosts: Iterable[str]) -> None:
    """Let the ring answer under more names or addresses than its settings name."""
    app.extensions[ANSWERED] |= {_plain(host) for host in hosts}


def refuse_foreign_hosts() -> None:
    """Answer 400 to a Host header that is not ours: links in mails and pages must not follow a stranger's word."""
    if _plain(request.host) not in current_app.extensions[ANSWERED]:
        abort(400)


@lru_cache(maxsize=64)  # the same few hosts are asked for again and again
def _plain(host: str) -> str:
    """A host without port and brackets, an address in its one spelling; empty where it is none."""
    for name in (host.strip("[]"), _without_port(host)):
        try:
            return str(ip_address(name))
        except ValueError:
            pass  # a name
    return _without_port(host)


def _without_port(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:  # brackets around what is no address
        return ""


def add_headers(response: Response) -> Response:
    """Content security policy and its friends; private pages are never stored by caches between."""
    wanted = STRICTER if current_app.config["SESSION_COOKIE_SECURE"] else STRICT
    if request.endpoint not in ("static", "bootstrap.static"):
        wanted = {**wanted, **PRIVATE}
        if "Vary" in response.headers:
            response.vary.add("Cookie")
    given = {name.lower() for name, _value in response.headers}
    response.headers.extend([(name, value) for name, value in wanted.items() if name.lower() not in given])
    return response
