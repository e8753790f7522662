"""The mail server: connect, greet, encrypt and log in, and send nothing."""

from __future__ import annotations

from collections.abc import Iterator

from flask import Flask

from app.doctor.finding import Finding, error, ok, warn
from app.mail.delivery import transport_of
from app.mail.failures import DeliverySuspended
from app.mail.transport import MailTransport


def check(app: Flask) -> Iterator[Finding]:
    """Look at MAIL_URL and MAIL_FROM."""
    transport = transport_of(app)
    if transport.scheme == "console":
        yield warn("mail", "is only printed by the worker", "set MAIL_URL to a mail server")
        return
    yield _connection(transport)
    sender = app.config["MAIL_FROM"]
    if not sender or sender.endswith("@localhost"):
        yield warn(
            "MAIL_FROM", sender or "empty: the ring's own address is the sender", "set an address of your domain"
        )


def _connection(transport: MailTransport) -> Finding:
    server = f"{transport.host}:{transport.port}"
    try:
        with transport.connect():
            pass
    except DeliverySuspended as failure:
        return error("mail", f"{server}: {failure}", "see MAIL_URL: host, port, user and password, certificate")
    return ok("mail", f"{server} answers" + (" and accepts the log-in" if transport.user else ""))
