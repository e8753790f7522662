"""The types of the values of settings: what each must be, and what is said of anything else."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator

from booking.email_addresses import check_email, mailbox
from booking.kernel.database_url import file_url, require_usable

MAIL_PORTS = {"smtp": 25, "smtps": 465}
MAIL_PORT_WITH_LOGIN = 587  # of smtp
SECRET_KEY_MIN_LENGTH, SECRET_KEY_CHARACTERS_MIN = 32, 10
IN_PASSWORDS = "write / @ : ? # and % in a password as %2F %40 %3A %3F %23 and %25"
EXAMPLE_KEYS = ("changeme", "changethis", "replaceme", "secretkey", "yoursecret", "yourkey", "0123456789abcdef")


def split(value: Any) -> Any:
    """Return the words of a comma-separated text; what is no text as it is."""
    return [word.strip() for word in value.split(",") if word.strip()] if isinstance(value, str) else value


def require_time_zone(name: str) -> str:
    """Return the IANA name of a time zone. Raises ValueError."""
    try:
        ZoneInfo(name)
    except (LookupError, ValueError, OSError):
        raise ValueError("there is no such time zone") from None
    return name


def require_http(url: str) -> str:
    """Return an address of the web, or nothing. Raises ValueError."""
    if not url:
        return url
    if not url.startswith(("http://", "https://")):
        raise ValueError("it must begin with http:// or https://")
    try:
        parts = urlsplit(url)
        is_named = bool(parts.hostname) and parts.port != 0
    except ValueError:  # brackets around what is no address, a port that is no number
        is_named = False
    if not is_named or "@" in parts.netloc or any(letter.isspace() for letter in url):
        raise ValueError("it must name a host, and nothing before it, such as https://ring.example or http://ring:8000")
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError("it must not hold a path: a ring needs a host name or a port of its own")
    return url


def require_mail_address(text: str) -> str:
    """Return the address in a setting such as "Ring <ring@hof.example>". Raises ValueError.

    The rules of every address that is entered, but the sender may be local: a mail server on this machine knows it.
    """
    if not text.strip():
        return ""
    try:
        address = mailbox(text.strip())
    except ValueError:
        raise ValueError("it must be a mail address such as ring@hof.example") from None
    written = f"{address.name}@{address.domain}"
    broken = {violation.rule for violation in check_email(written, may_be_local=True)}
    if "email_letters" in broken:
        raise ValueError(
            "letters such as ö before the @ are refused by many mail servers; use an address such as buero@hof.example"
        )
    if broken:
        raise ValueError("it must be a mail address such as ring@hof.example")
    return written


class MailServer(NamedTuple):
    """The parts of MAIL_URL. scheme: smtp, smtps or console."""

    scheme: str
    host: str = ""
    port: int = 0
    user: str = ""
    password: str = ""


def mail_server(mail_url: str) -> MailServer:
    """Return the parts of smtp://user:pass@host:port, smtps://... or console:. Raises ValueError.

    User and password may hold spaces, as the passwords that large providers give to programs do.
    """
    scheme, _, rest = mail_url.strip().partition(":")
    scheme = scheme.lower()
    if scheme == "console":
        return MailServer("console")
    if scheme not in MAIL_PORTS or not rest.startswith("//"):
        raise ValueError("it must begin with smtp:// or smtps://, or be console:, as in smtp://user:pass@host:587")
    try:
        parts = urlsplit(f"{scheme}:{rest}")
        port = parts.port
    except ValueError:  # of which the sentence could hold the beginning of a password
        raise ValueError(f"its port is no number from 1 to 65535; {IN_PASSWORDS}") from None
    if not parts.hostname or port == 0 or any(letter.isspace() for letter in parts.hostname):
        raise ValueError("it names no mail server, as in smtp://user:pass@host:587")
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError(f"nothing may follow the port; {IN_PASSWORDS}")
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    if not (user + password).isascii():
        raise ValueError("the user name or password has letters such as ö, which no log-in carries")
    usual = MAIL_PORT_WITH_LOGIN if user and scheme == "smtp" else MAIL_PORTS[scheme]
    return MailServer(scheme, parts.hostname, port or usual, user, password)


def require_mail_url(mail_url: str) -> str:
    """Return an address of a mail server, or console:. Raises ValueError."""
    mail_server(mail_url)
    return mail_url.strip()


def require_host_names(names: list[str]) -> list[str]:
    """Return host names and addresses. Raises ValueError for what no request can name."""
    for name in names:
        if re.search(r"[/*@?#\s]", name):
            raise ValueError(f"{name!r} is no host name or address alone, such as ring.example.org or 192.0.2.7")
    return names


def require_rate(text: str) -> str:
    """Return a rate such as "120 per minute". Raises ValueError."""
    from limits import parse

    try:
        rate = parse(text)
    except ValueError:
        raise ValueError("it must be a rate such as 120 per minute, or 20000 per 5 minutes") from None
    if rate.amount < 1:
        raise ValueError("it must allow at least one")
    return text


def require_bearer(text: str) -> str:
    """Return a token that a header can carry, or nothing. Raises ValueError."""
    if not all("!" <= letter <= "~" for letter in text):
        raise ValueError("it must consist of visible ASCII characters without a space, as a header carries it")
    return text


def require_keys(keys: list[str]) -> list[str]:
    """Return secret keys. Raises ValueError."""
    if any(len(key) < SECRET_KEY_MIN_LENGTH for key in keys):
        raise ValueError(f"each key has at least {SECRET_KEY_MIN_LENGTH} characters")
    return keys


def weakness_of_key(key: str) -> str:
    """Return why a key that signs cookies could be guessed; "" if it could not."""
    if len(key) < SECRET_KEY_MIN_LENGTH:
        return "is too short"
    if len(set(key)) < SECRET_KEY_CHARACTERS_MIN:
        return "consists of too few different characters"
    if any(key == (key[:length] * len(key))[: len(key)] for length in range(1, len(key) // 2 + 1)):
        return "repeats itself"
    plain = re.sub(r"[\W_]+", "", key.casefold())
    return "is an example" if any(word in plain for word in EXAMPLE_KEYS) else ""


RateText = Annotated[str, AfterValidator(require_rate)]
MailAddress = Annotated[str, AfterValidator(require_mail_address)]
TimeZoneName = Annotated[str, AfterValidator(require_time_zone)]
DatabaseUrl = Annotated[str, AfterValidator(require_usable)]
HttpUrl = Annotated[str, AfterValidator(require_http)]
SecretKeys = Annotated[list[str], BeforeValidator(split), AfterValidator(require_keys)]
HostNames = Annotated[list[str], BeforeValidator(split), AfterValidator(require_host_names)]
BearerToken = Annotated[str, AfterValidator(require_bearer)]
MailUrl = Annotated[str, AfterValidator(require_mail_url)]
Languages = Annotated[list[Literal["de", "en"]], BeforeValidator(split)]


def sentence_about_key(weakness: str, source: str, key_file: str) -> str:
    """Return what to do about a key that could be guessed, such as a file that a power cut left empty."""
    if Path(source).name == key_file:
        return (
            f"The key in {source} {weakness}: put your copy of it there. Without one, delete the file and type: ring "
            "prepare --new-secret-key (everybody logs in again, and second factors need recovery codes)."
        )
    return (
        f"SECRET_KEY {weakness}: use at least {SECRET_KEY_MIN_LENGTH} random characters, or leave it out. "
        "A key that was in use goes to SECRET_KEY_FALLBACKS."
    )


def sentence_about_former(former: Path, file: Path, prefix: str) -> str:
    """Return what to do where the database lies at its former address, and a start would make an empty one."""
    return (
        f"The database of this ring is {former}, where it was stored before: stop Ringbuch and move it, with "
        f"{former.name}-wal if there is one, to {file}. If it is that of another ring, set "
        f"{prefix}DATABASE_URL={file_url(file)}."
    )
