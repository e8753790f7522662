"""The form of e-mail addresses: one check for forms, imports, commands, set-up and settings. Pure."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from email.utils import getaddresses

import idna

from booking.errors.schedule_errors import Violation

EMAIL_LENGTH_MAX = 254
_NAME = re.compile(r"""[^\s@"(),:;<>\[\]\\\x00-\x1f\x7f]+""")
_HOST = re.compile(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")
# What networks call themselves besides .local (RFC 6762, appendix G; .internal: ICANN, 2024; the routers of AVM).
_PRIVATE = ("corp", "fritz.box", "home", "internal", "intranet", "lan", "localdomain", "private")
_ELSEWHERE = "farm.example"  # stands for a domain that is not looked at
_DOMAIN = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*|\[[0-9A-Za-z.:]+\]")


@dataclass(frozen=True, slots=True)
class Mailbox:
    """An e-mail address as a mail carries it: the name before the @, and the domain in ASCII (IDNA)."""

    name: str
    domain: str


def normalize_email(text: str) -> str:
    """Return an e-mail address in the form by which logins are found."""
    return text.strip().lower()


def mailbox(text: str) -> Mailbox:
    """Return an address as a mail carries it. "Ring <ring@hof.example>" gives the address in it. Raises ValueError.

    More lenient than check_email, which checks what is entered: this is for addresses that are stored.
    """
    found = getaddresses([text])
    name, at, domain = found[0][1].rpartition("@") if len(found) == 1 else ("", "", "")
    if not (at and _NAME.fullmatch(name)):
        raise ValueError(f"not a mail address: {text!r}")
    domain = ascii_domain(domain)
    if not _DOMAIN.fullmatch(domain):
        raise ValueError(f"not a mail address: {text!r}")
    return Mailbox(unicodedata.normalize("NFC", name), domain)


def ascii_domain(domain: str) -> str:
    """Return a domain as mail servers and the name service know it (IDNA). Raises ValueError."""
    return domain if domain.isascii() else idna.encode(domain, uts46=True).decode("ascii")


def check_email(text: str, field: str = "email", *, may_be_local: bool = False) -> list[Violation]:
    """Return what is wrong with an address that is entered: email_form, email_local, email_letters; actual: the text.

    email_local: a domain reserved for local use, such as werk.local, to which no mail comes from outside; may_be_local
    allows it, and a single name such as localhost. email_letters: letters such as ö before the @. Only servers with
    SMTPUTF8 take such an address, and so few do that it is a slip of the pen for oe. A domain may have them (IDNA).

    Not for addresses that are stored already: a login is found by what is stored, whatever was allowed when.
    """
    text = text.strip()
    if not text:
        return []
    name, _, domain = text.rpartition("@")
    if may_be_local and _HOST.fullmatch(domain):
        text = f"{name}@{_ELSEWHERE}"
    is_reserved = not may_be_local and _is_reserved(domain)
    if is_reserved and _is_valid(f"{name}@{_ELSEWHERE}"):
        return [Violation("email_local", field, actual=text[:80])]
    if is_reserved or not _is_valid(text):
        return [Violation("email_form", field, actual=text[:80])]
    return [] if name.isascii() else [Violation("email_letters", field, actual=text[:80])]


def check_changed_email(text: str, stored: str, field: str = "email") -> list[Violation]:
    """Return what is wrong with an address, unless it is the one that is stored: it was allowed when it was entered."""
    return [] if text.strip() == stored else check_email(text, field)


def _is_valid(text: str) -> bool:
    # Imported at the first use: 22 ms of the two seconds within which a ring answers after its start.
    from email_validator import EmailNotValidError, validate_email

    try:
        validate_email(text, check_deliverability=False)
    except EmailNotValidError:
        return False
    return True


def _is_reserved(domain: str) -> bool:
    from email_validator import SPECIAL_USE_DOMAIN_NAMES

    is_part = any(f".{domain.lower()}".endswith(f".{each}") for each in (*SPECIAL_USE_DOMAIN_NAMES, *_PRIVATE))
    return is_part and "." in domain and bool(_HOST.fullmatch(domain))
