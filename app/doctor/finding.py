"""One line of the doctor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Level = Literal["ok", "warn", "error"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at, how it is, and the way out where it is not right. No secret is ever part of it."""

    level: Level
    subject: str
    text: str
    way_out: str = ""

    def line(self) -> str:
        """Return the line for the terminal."""
        return f"{self.level:5} {self.subject}: {self.text}" + (f" -> {self.way_out}" if self.way_out else "")


def ok(subject: str, text: str) -> Finding:
    """Return a finding that all is well."""
    return Finding("ok", subject, text)


def warn(subject: str, text: str, way_out: str) -> Finding:
    """Return a finding that may be wanted."""
    return Finding("warn", subject, text, way_out)


def error(subject: str, text: str, way_out: str) -> Finding:
    """Return a finding that has to be mended."""
    return Finding("error", subject, text, way_out)
