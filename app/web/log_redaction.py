"""Redaction of the logs: no secret in an address (calendar subscription, link of a mail) appears in them."""

from __future__ import annotations

import logging
import re

from flask import Flask

# A mistyped address contains the secret too: without its end, or with another one. The rest may be encoded ("%2F"),
# as where an address is a parameter of another.
_SLASH = r"(?:/|%2F)"
_SECRET = re.compile(
    rf"({_SLASH}feeds{_SLASH})(?:[^/\s\"'?&]+?(?=\.ics)|[^/\s\"'?&.]{{20,}})"
    rf"|({_SLASH}(?:invitation|password{_SLASH}new|mails|not-needed|offered|proposed|exchanged|sign-up|plan{_SLASH}wall){_SLASH}+)[^/\s\"'?&]+",
    re.IGNORECASE,
)
_WORDS = (
    "feeds",
    "invitation",
    "password",
    "mails",
    "not-needed",
    "offered",
    "proposed",
    "exchanged",
    "sign-up",
    "wall",
)
_LOGS = ("werkzeug", "granian", "_granian", "granian.access", "gunicorn.error", "gunicorn.access", "waitress", "wsgi")


class SecretRedactor(logging.Filter):
    """A filter that replaces secrets and drops no record."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Redact secrets in the formatted line."""
        line = record.getMessage()
        if any(word in line.lower() for word in _WORDS):
            record.msg, record.args = redacted(line), None
        return True


def init_app(app: Flask) -> None:
    """Add the filter to the loggers of the application and of the servers it runs under."""
    for log in (app.logger, *(logging.getLogger(name) for name in _LOGS)):
        if not any(isinstance(each, SecretRedactor) for each in log.filters):
            log.addFilter(SecretRedactor())


def redacted(text: str) -> str:
    """Return a text with *** in place of the secrets in addresses."""
    return _SECRET.sub(lambda found: f"{found[1] or found[2]}***", text)
