"""The set-up code, which only who started the program knows: a ring without an administrator belongs to nobody else.

It is computed from SECRET_KEY, so that nothing is stored and every process and machine of a ring has the same.
"""

from __future__ import annotations

import base64
import hashlib
import hmac

LENGTH = 12  # characters of five bits
LOOKALIKES = str.maketrans("018", "OIB")  # digits that no code holds


def setup_code(secret_key: str) -> str:
    """Return the code in groups: ABCD-EFGH-IJKL."""
    digest = hmac.new(secret_key.encode(), b"set-up code", hashlib.sha256).digest()
    code = base64.b32encode(digest).decode()[:LENGTH]
    return "-".join(code[start : start + 4] for start in range(0, LENGTH, 4))


def matches(typed: str, secret_key: str) -> bool:
    """Return whether the code was typed, with or without hyphens and spaces; takes the same time whatever is wrong."""
    given = "".join(typed.upper().split()).replace("-", "").translate(LOOKALIKES)
    return hmac.compare_digest(given.encode("utf-8", "replace"), setup_code(secret_key).replace("-", "").encode())
