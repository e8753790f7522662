"""DATABASE_URL in the form that SQLAlchemy and psycopg read, with one or several hosts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import parse_qsl, quote, urlencode

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

SCHEMES = ("postgresql", "postgres", "postgresql+psycopg")
EXAMPLES = "postgresql://user:password@host/ring or sqlite:////srv/ring/ring.sqlite"
PORTS = 65_536
SQLITE_MARK = b"SQLite format 3\0"
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


def file_url(file: Path) -> str:
    """Return the address of a SQLite file, whatever its folders are called: a bare `?` would end the path."""
    return URL.create("sqlite", database=str(file.absolute())).render_as_string()


def former_file(file: Path) -> Path | None:
    """Return the database that lies where addresses of this file led until November 2026, while there is no file yet.

    They were written without encoding: `?` ended the path, and `%41` was read as A.
    """
    with suppress(ArgumentError, ValueError, OSError):
        former = Path(make_url(f"sqlite:///{file}").database or "")
        if former != file and not file.exists() and former.is_file():
            with former.open("rb") as content:
                return former if content.read(len(SQLITE_MARK)) == SQLITE_MARK else None
    return None


def require_usable(database_url: str) -> str:
    """Return an address that can work, as far as it alone shows; empty is the default. Raises ValueError."""
    if not database_url:
        return database_url
    scheme, separator, _rest = database_url.partition("://")
    if not separator or scheme not in (*SCHEMES, "sqlite"):
        raise ValueError(f"it must begin with postgresql:// or sqlite:////, as in {EXAMPLES}")
    try:
        url = make_url(sqlalchemy_url(database_url))
    except (ArgumentError, ValueError):
        raise ValueError(f"its port is no number, or it is no address such as {EXAMPLES}") from None
    if scheme == "sqlite":
        _require_file(url)
    else:
        _require_server(url)
    return database_url


def _require_file(url: URL) -> None:
    file = Path(url.database or "")
    if url.host or not file.is_absolute():
        raise ValueError("a file needs its whole path after four slashes, such as sqlite:////srv/ring/ring.sqlite")
    if file.is_dir():
        raise ValueError(f"{file} is a folder; add the name of a file, such as {file / 'ring.sqlite'}")
    if not file.parent.is_dir():
        raise ValueError(f"there is no folder {file.parent}")


def _require_server(url: URL) -> None:
    ports = [url.port, *",".join(_texts(url.query.get("port"))).split(",")]
    if any(port not in (None, "") and not 0 < _number(port) < PORTS for port in ports):
        raise ValueError("its port is no number from 1 to 65535")
    if re.search("[/@]", url.database or ""):
        raise ValueError("write / @ : ? and % in a password as %2F %40 %3A %3F and %25")
    try:
        from psycopg import ProgrammingError
        from psycopg.conninfo import make_conninfo
    except ImportError:
        raise ValueError("the driver psycopg is missing; install requirements.txt") from None
    try:
        make_conninfo(**{name: ",".join(_texts(value)) for name, value in url.query.items() if name != "pooler"})
    except ProgrammingError as error:
        raise ValueError(f"PostgreSQL does not know its options ({str(error).strip()})") from None


def _texts(value: str | tuple[str, ...] | None) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else value or ()


def _number(port: int | str | None) -> int:
    text = str(port)
    return int(text) if text.isascii() and text.isdigit() else 0


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
