"""Header lines of mails, encoded here and written as they are.

The email package decodes encoded words (`=?utf-8?q?...?=`) in the texts that it is given; before Python 3.11.10 and
3.12.5 a line end encoded in a name became one in the message, and what followed a header of its own. So its parser
gets no text of a person: what is more than plain ASCII, or looks like an encoded word, is encoded whole.
"""

from __future__ import annotations

import re
from email.header import Header
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import quote

from booking.email_addresses import Mailbox

_NOT_PLAIN = re.compile(r"[^A-Za-z0-9._-]+")
POLICY = SMTP.clone(refold_source="none")  # write the lines of set_raw() without parsing them


def set_text(message: EmailMessage, name: str, text: str) -> None:
    """Add a header with any text, as `Subject`."""
    message.set_raw(name, _encoded(text, name) if _needs_encoding(text) else _folded(text, name))


def set_mailbox(message: EmailMessage, name: str, display_name: str, address: Mailbox) -> None:
    """Add a header with one address and the name of its owner, as `To`."""
    mailbox = f"{address.name}@{address.domain}"
    if not display_name:
        message.set_raw(name, mailbox)
        return
    phrase = _encoded(display_name, name) if _needs_encoding(display_name) else f'"{quote(display_name)}"'
    message.set_raw(name, f"{phrase}\n <{mailbox}>")


def _needs_encoding(text: str) -> bool:
    return "=?" in text or not (text.isascii() and text.isprintable())


def _encoded(text: str, name: str) -> str:
    """Return text as encoded words of at most 75 characters, on lines of their own (RFC 2047)."""
    return Header(text, "utf-8", header_name=name).encode()


def _folded(text: str, name: str) -> str:
    return Header(text, "us-ascii", header_name=name).encode()


def file_name(text: str) -> str:
    """Return the name of an attachment with plain letters only: the email package reads encoded words there as well."""
    return _NOT_PLAIN.sub("-", text)


def address_in(message: EmailMessage, name: str) -> str:
    """Return the address of a header of set_mailbox(), as it was given."""
    line = next(str(value) for header, value in message.raw_items() if header == name)
    return line.rpartition("<")[2].removesuffix(">")
