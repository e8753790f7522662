"""Mail transports: an SMTP server, or the worker's own output. Chosen by MAIL_URL.

Nothing here knows the database, and no caller may hold a transaction open while calling it.
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

import click

from app.mail.failures import (
    LoginRefused,
    MailNotComposed,
    PermanentFailure,
    SenderInvalid,
    ServerUnreachable,
    failure_of,
    failure_of_sender,
    reply_text,
)
from app.mail.headers import address_in
from app.mail.message import COMPOSING_ERRORS
from app.setting_types import mail_server

TIMEOUT_SECONDS = 10.0


class MailConnection(Protocol):
    """An open connection that sends messages."""

    def send(self, message: EmailMessage) -> None:
        """Send a message. Raises PermanentFailure, TemporaryFailure, DeliverySuspended or MailNotComposed."""


@dataclass(frozen=True, slots=True)
class MailTransport:
    """A parsed MAIL_URL. scheme: smtp, smtps or console; our_name: the host name of our EHLO."""

    scheme: str
    host: str = ""
    port: int = 0
    user: str = ""
    password: str = ""
    our_name: str = "localhost"

    @contextmanager
    def connect(self) -> Iterator[MailConnection]:
        """Open a connection for several mails. Raises ServerUnreachable."""
        if self.scheme == "console":
            yield ConsoleConnection()
            return
        try:
            smtp = self._connect()
        except (smtplib.SMTPAuthenticationError, smtplib.SMTPNotSupportedError) as refusal:
            raise LoginRefused(_reason(refusal)) from refusal
        except (smtplib.SMTPException, OSError) as error:
            raise ServerUnreachable(_reason(error)) from error
        try:
            yield SmtpConnection(smtp)
            with suppress(smtplib.SMTPException, OSError):
                smtp.quit()
        finally:
            smtp.close()

    @property
    def is_loopback(self) -> bool:
        """Whether the server is this machine, so that nobody can read the connection."""
        try:
            return self.host == "localhost" or ip_address(self.host).is_loopback
        except ValueError:
            return False

    def _connect(self) -> smtplib.SMTP:
        if self.scheme == "smtps":
            tls = self._tls()
            return self._authenticated(
                smtplib.SMTP_SSL(self.host, self.port, self.our_name, timeout=TIMEOUT_SECONDS, context=tls)
            )
        return self._authenticated(smtplib.SMTP(self.host, self.port, self.our_name, timeout=TIMEOUT_SECONDS))

    def _tls(self) -> ssl.SSLContext:
        """Return how to encrypt. Reading the certificates of the system takes 20 ms: not for what needs none."""
        if not self.is_loopback:
            return ssl.create_default_context()
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        tls.check_hostname, tls.verify_mode = False, ssl.CERT_NONE  # a machine's own server is self-signed
        return tls

    def _authenticated(self, smtp: smtplib.SMTP) -> smtplib.SMTP:
        """Send EHLO, encrypt where offered and not done already, log in."""
        try:
            smtp.ehlo_or_helo_if_needed()
            is_encrypted = self.scheme == "smtps"
            if not is_encrypted and smtp.has_extn("starttls"):
                smtp.starttls(context=self._tls())
                smtp.ehlo_or_helo_if_needed()
                is_encrypted = True
            if self.user:
                if not (is_encrypted or self.is_loopback):
                    raise LoginRefused("the server offers no encryption, so the password is not sent")
                self._log_in(smtp)
        except BaseException:
            smtp.close()
            raise
        return smtp

    def _log_in(self, smtp: smtplib.SMTP) -> None:
        try:
            smtp.login(self.user, self.password)
        except smtplib.SMTPAuthenticationError as refusal:
            if refusal.smtp_code < 500:
                raise ServerUnreachable(_reason(refusal)) from refusal
            raise
        except (smtplib.SMTPResponseException, smtplib.SMTPServerDisconnected):
            raise
        except smtplib.SMTPException as error:  # the server offers no way to log in that we know, such as XOAUTH2 only
            raise LoginRefused(_reason(error)) from error


def transport_from_url(mail_url: str, our_name: str = "localhost") -> MailTransport:
    """Return the transport of MAIL_URL: smtp://user:pass@host:port, smtps://..., or console:. Raises ValueError."""
    return MailTransport(*mail_server(mail_url), our_name)


class SmtpConnection:
    """A connection to an SMTP server."""

    def __init__(self, smtp: smtplib.SMTP) -> None:
        self._smtp = smtp

    def send(self, message: EmailMessage) -> None:
        """Send a message. Raises PermanentFailure, TemporaryFailure, DeliverySuspended, MailNotComposed."""
        sender, recipient = address_in(message, "From"), address_in(message, "To")
        self._require_letters(sender, recipient)
        try:
            self._smtp.send_message(message, sender, [recipient])
        except smtplib.SMTPRecipientsRefused as refusal:
            code, text = next(iter(refusal.recipients.values()))
            raise failure_of(code, text) from refusal
        except smtplib.SMTPSenderRefused as refusal:
            raise failure_of_sender(refusal.smtp_code, refusal.smtp_error) from refusal
        except smtplib.SMTPDataError as refusal:
            raise failure_of(refusal.smtp_code, refusal.smtp_error) from refusal
        except (smtplib.SMTPException, OSError) as error:
            raise ServerUnreachable(_reason(error), is_about_mail=True) from error
        except COMPOSING_ERRORS as error:
            raise MailNotComposed(f"cannot be composed: {type(error).__name__}: {error}") from error

    def _require_letters(self, sender: str, recipient: str) -> None:
        """Raise for an address with letters such as ö before the @ unless the server carries it (SMTPUTF8)."""
        if self._smtp.has_extn("smtputf8"):
            return
        if not sender.isascii():
            raise SenderInvalid(
                f"the sender of our mails, {sender}, has letters before the @ that the mail server does not carry (no "
                "SMTPUTF8): set RINGBUCH_MAIL_FROM, or enter another e-mail address of the ring (Administration)"
            )
        if not recipient.isascii():
            raise PermanentFailure(
                f"{recipient} has letters before the @ that the mail server does not carry (no SMTPUTF8)", is_clear=True
            )


class ConsoleConnection:
    """Prints mails to the worker's standard output: for trying the ring out."""

    def send(self, message: EmailMessage) -> None:
        """Print a message."""
        body = message.get_body(("plain",))
        click.echo(f"\nMail to {message['To']}: {message['Subject']}\n")
        click.echo(body.get_content() if body is not None else "")


def _reason(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        return reply_text(error.smtp_code, error.smtp_error)
    return str(error) or type(error).__name__
