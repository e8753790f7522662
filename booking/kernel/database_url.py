"""DATABASE_URL in the form that SQLAlchemy and psycopg read, with one or several hosts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import parse_qsl, quote, urlencode

SCHEMES = ("postgresql", "postgres", "postgresql+psycopg")
# A name or an address, IPv6 in brackets, and its port; anything else is a folder or a bare IPv6 address.
_HOST_AND_PORT = re.compile(r"(?:\[(?P<ipv6>[^\]]*)\]|(?P<name>[^:/]*))(?::(?P<port>\d*))?")


def sqlalchemy_url(database_url: str) -> str:
    """Return an address of PostgreSQL for SQLAlchemy and psycopg 3; any other as it is.

    Several hosts may be given as libpq takes them (`postgresql://user@a:5432,b/ring`, `?host=a,b&port=5432,5433`) and
    as SQLAlchemy does (`?host=a:5432&host=b`).
    """
    scheme, separator, rest = database_url.partition("://")
    if scheme not in SCHEMES or not separator:
        return database_url
    return "postgresql+psycopg://" + _hosts_as_query(rest)


def _hosts_as_query(rest: str) -> str:
    address, _, query = rest.partition("?")
    authority, _, name = address.partition("/")
    user, at, in_authority = authority.rpartition("@")
    options = parse_qsl(query, keep_blank_values=True)
    in_query = [part for key, value in options if key == "host" for part in value.split(",")]
    hosts = list(_hosts(in_query or in_authority.split(",")))
    if len(hosts) == 1:
        return rest
    ports = [part for key, value in options if key == "port" for part in value.split(",")]
    pairs = [(host, port or _port_of(ports, number)) for number, (host, port) in enumerate(hosts)]
    others = [(key, value) for key, value in options if key not in ("host", "port")]
    several = [("host", ",".join(host for host, _ in pairs)), ("port", ",".join(port for _, port in pairs))]
    return f"{user}{at}/{name}?" + urlencode([*several, *others], quote_via=quote, safe=",/:")


def _hosts(parts: list[str]) -> Iterator[tuple[str, str]]:
    for part in parts:
        found = _HOST_AND_PORT.fullmatch(part)
        yield ((found["ipv6"] or found["name"] or "", found["port"] or "") if found else (part, ""))


def _port_of(ports: list[str], number: int) -> str:
    """Return the port of a host without one of its own: one port counts for all hosts."""
    if len(ports) == 1:
        return ports[0] or "5432"
    return (ports[number] if number < len(ports) else "") or "5432"
