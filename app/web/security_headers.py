"""Security headers and the check of the Host header."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from http import HTTPStatus
from ipaddress import ip_address
from urllib.parse import urlsplit

from flask import Flask, Response, abort

from app.present import present_app, present_request
from app.web.clean_request import CleanRequest

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
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Robots-Tag": "noindex",
}
STRICTER = {**STRICT, "Strict-Transport-Security": "max-age=31536000"}  # behind TLS
# For answers that are made before the program runs.
REFUSAL_HEADERS = (
    *({**STRICT, "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'"}.items()),
    ("Cache-Control", "no-store"),
)
FILE_STATUSES = (HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT, HTTPStatus.NOT_MODIFIED)
PRIVATE = {"Cache-Control": "no-store", "Vary": "Cookie"}
LOOPBACK = ("127.0.0.1", "localhost", "[::1]", "::1")
TRUSTED_HOSTS = "ringbuch_trusted_hosts"


class RingRequest(CleanRequest):
    """A request whose host is checked below only: Flask's own check does not know IPv6 addresses."""

    @property
    def trusted_hosts(self) -> None:  # type: ignore[override]
        """Nothing, so that Flask checks no host."""

    @trusted_hosts.setter
    def trusted_hosts(self, _names: object) -> None:
        """Ignore TRUSTED_HOSTS, which Flask sets on each request."""


def init_app(app: Flask) -> None:
    """Register the host check and the headers."""
    own = urlsplit(app.config["BASE_URL"]).hostname or ""
    app.extensions[TRUSTED_HOSTS] = {_normalize(name) for name in (*app.config["TRUSTED_HOSTS"], own, *LOOPBACK)} - {""}
    app.request_class = RingRequest
    app.before_request(refuse_foreign_hosts)
    app.after_request(add_headers)


def trust_hosts(app: Flask, hosts: Iterable[str]) -> None:
    """Trust more names or addresses than the settings name."""
    app.extensions[TRUSTED_HOSTS] |= {_normalize(host) for host in hosts}


def refuse_foreign_hosts() -> None:
    """Abort with 400 for a Host header that is not trusted, because links in pages are built from it."""
    if _normalize(present_request().host) not in present_app().extensions[TRUSTED_HOSTS]:
        abort(400)


def is_loopback_host(host: str) -> bool:
    """Return whether a Host header names this machine."""
    return _normalize(host) in {_normalize(name) for name in LOOPBACK}


@lru_cache(maxsize=64)
def _normalize(host: str) -> str:
    """Return a host without port and brackets, an IP address in its canonical form; empty for an invalid host."""
    for name in (host.strip("[]"), _without_port(host)):
        try:
            return str(ip_address(name))
        except ValueError:
            pass  # a name
    return _without_port(host)


def _without_port(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:  # brackets around something other than an address
        return ""


def _is_static_file(response: Response) -> bool:
    """Return whether the answer is a file of the app or of a blueprint, and no page about one that is not there."""
    return (present_request().endpoint or "").rpartition(".")[2] == "static" and response.status_code in FILE_STATUSES


def add_headers(response: Response) -> Response:
    """Add the security headers; no page may be stored by shared caches."""
    wanted = STRICTER if present_app().config["SESSION_COOKIE_SECURE"] else STRICT
    if not _is_static_file(response):
        wanted = {**wanted, **PRIVATE}
        if "Vary" in response.headers:
            response.vary.add("Cookie")
    present = {name.lower() for name, _value in response.headers}
    response.headers.extend([(name, value) for name, value in wanted.items() if name.lower() not in present])
    return response
