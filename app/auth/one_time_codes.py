"""Codes of the second factor: what an app shows for half a minute (TOTP, RFC 6238), and recovery codes on paper.

Codes are computed by pyotp; this module decides which are accepted. Pure: no database, the time is an argument.
"""

from __future__ import annotations

import re
import secrets
import unicodedata
from datetime import datetime

import pyotp
from pyotp.exceptions import OTPVerificationError

VALID_WINDOW_STEPS = 1  # clocks differ: the code before and the code after count, too
RECOVERY_CODES = 10
# 31 characters that are not confused with each other; twelve of them are 59 bits.
ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
GROUP, GROUPS = 4, 3

_APP_CODE = re.compile(r"[0-9]{6}")


def new_secret() -> str:
    """Return a secret for an app: 160 bits as 32 base32 characters."""
    return pyotp.random_base32()


def provisioning_uri(secret: str, *, login: str, ring: str) -> str:
    """Return the otpauth:// URI of the QR code; the app shows the ring's name and the login beside the code."""
    return pyotp.TOTP(secret).provisioning_uri(name=login, issuer_name=ring)


def matching_time_step(secret: str, code: str, *, now: datetime) -> int | None:
    """Return the 30-second time step of a code: the current one or one beside it; None where it matches none."""
    try:
        return pyotp.TOTP(secret).verify_and_get_timecode(code, for_time=now, valid_window=VALID_WINDOW_STEPS)
    except OTPVerificationError:
        return None


def is_app_code(code: str) -> bool:
    """Whether a code (see as_typed) has the form of an app's; else it may be a recovery code."""
    return _APP_CODE.fullmatch(code) is not None


def normalize_code(text: str) -> str:
    """Return a code in upper case, without the spaces and hyphens of its display form."""
    plain = unicodedata.normalize("NFKC", text).upper()
    return "".join(char for char in plain if char.isalnum())


def group_code(code: str, mark: str) -> str:
    """Return a code or secret in groups of four characters, easier to read and to type."""
    return mark.join(code[start : start + GROUP] for start in range(0, len(code), GROUP))


def new_recovery_codes() -> list[str]:
    """Return ten codes of three groups; each replaces the app once."""
    codes: set[str] = set()
    while len(codes) < RECOVERY_CODES:
        codes.add("".join(secrets.choice(ALPHABET) for _place in range(GROUP * GROUPS)))
    return sorted(group_code(code, "-") for code in codes)
