"""The way out: a mail server spoken to by SMTP, or the worker's own output. Set by MAIL_URL.

Nothing here knows the database, and nobody may hold a transaction while calling it.
"""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from email.message import EmailMessage
from ipaddress import ip_address
from typing import Protocol
from urllib.parse import unquote, urlsplit

import click

TIMEOUT_SECONDS = 10.0
DEFAULT_PORTS = {"smtp": 25, "smtps": 465}


class MailUrlUnusable(ValueError):
    """MAIL_URL does not say where letters go."""


class Unreachable(Exception):
    """The mail server cannot be spoken to, or does not take mail from us. Not a letter's fault: try again later."""


class Postponed(Exception):
    """The server does not want this letter now. Try again later; the next letter may go."""


class Refused(Exception):
    """The server will never take this letter."""


class Line(Protocol):
    """An open connection to whoever takes letters."""

    def send(self, message: EmailMessage) -> None:
        """Hand over a message. Raises Refused, Postponed or Unreachable."""


@dataclass(frozen=True, slots=True)
class PostOffice:
    """Where letters go, as MAIL_URL says. scheme: smtp, smtps or console."""

    scheme: str
    host: str = ""
    port: int = 0
    user: str = ""
    password: str = ""
    our_name: str = "localhost"

    @contextmanager
    def open(self) -> Iterator[Line]:
        """A line for some letters. Raises Unreachable."""
        if self.scheme == "console":
            yield Console()
            return
        try:
            smtp = self._connect()
        except (smtplib.SMTPException, OSError) as error:
            raise Unreachable(_reason(error)) from error
        try:
            yield SmtpLine(smtp)
            with suppress(smtplib.SMTPException, OSError):
                smtp.quit()
        finally:
            smtp.close()

    @property
    def is_near(self) -> bool:
        """Whether the server is this very machine, so that nobody can listen in."""
        try:
            return self.host == "localhost" or ip_address(self.host).is_loopback
        except ValueError:
            return False

    def _connect(self) -> smtplib.SMTP:
        tls = ssl.create_default_context()
        if self.is_near:
            tls.check_hostname, tls.verify_mode = False, ssl.CERT_NONE  # a machine's own server signs for itself
        if self.scheme == "smtps":
            return self._introduced(
                smtplib.SMTP_SSL(self.host, self.port, self.our_name, timeout=TIMEOUT_SECONDS, context=tls), None
            )
        return self._introduced(smtplib.SMTP(self.host, self.port, self.our_name, timeout=TIMEOUT_SECONDS), tls)

    def _introduced(self, smtp: smtplib.SMTP, tls: ssl.SSLContext | None) -> smtplib.SMTP:
        """Greet, encrypt where offered, log in. tls: None when the line is encrypted already."""
        try:
            smtp.ehlo_or_helo_if_needed()
            is_encrypted = tls is None
            if tls is not None and smtp.has_extn("starttls"):
                smtp.starttls(context=tls)
                smtp.ehlo_or_helo_if_needed()
                is_encrypted = True
            if self.user:
                if not (is_encrypted or self.is_near):
                    raise Unreachable("the server offers no encryption, so it is not told the password")
                smtp.login(self.user, self.password)
        except BaseException:
            smtp.close()
            raise
        return smtp


def post_office(mail_url: str, our_name: str = "localhost") -> PostOffice:
    """Read MAIL_URL: smtp://user:pass@host:port, smtps://..., or console:. Raises MailUrlUnusable.

    our_name: how we introduce ourselves to the server.
    """
    hint = "use smtp://user:pass@host:port, smtps://... or console:"
    try:
        parts = urlsplit(mail_url)
        port = parts.port
    except ValueError as error:
        raise MailUrlUnusable(f"MAIL_URL cannot be read ({error}); {hint}") from error
    if parts.scheme == "console":
        return PostOffice("console")
    if parts.scheme not in DEFAULT_PORTS or not parts.hostname:
        raise MailUrlUnusable(f"MAIL_URL names no mail server; {hint}")
    return PostOffice(
        parts.scheme,
        parts.hostname,
        port or (587 if parts.username and parts.scheme == "smtp" else DEFAULT_PORTS[parts.scheme]),
        unquote(parts.username or ""),
        unquote(parts.password or ""),
        our_name,
    )


class SmtpLine:
    """A connection to a mail server."""

    def __init__(self, smtp: smtplib.SMTP) -> None:
        self._smtp = smtp

    def send(self, message: EmailMessage) -> None:
        try:
            self._smtp.send_message(message)
        except smtplib.SMTPRecipientsRefused as refusal:
            code, text = next(iter(refusal.recipients.values()))
            raise _verdict(code, text) from refusal
        except smtplib.SMTPDataError as refusal:
            raise _verdict(refusal.smtp_code, refusal.smtp_error) from refusal
        except smtplib.SMTPNotSupportedError as refusal:
            raise Refused(str(refusal)) from refusal
        except (smtplib.SMTPException, OSError) as error:
            raise Unreachable(_reason(error)) from error


class Console:
    """Prints letters where the worker prints: for trying the ring out."""

    def send(self, message: EmailMessage) -> None:
        body = message.get_body(("plain",))
        click.echo(f"\nLetter to {message['To']}: {message['Subject']}\n")
        click.echo(body.get_content() if body is not None else "")


def _verdict(code: int, text: bytes | str) -> Exception:
    words = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return (Refused if 500 <= code < 600 else Postponed)(f"{code} {words}")


def _reason(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        return str(_verdict(error.smtp_code, error.smtp_error))
    return str(error) or type(error).__name__
