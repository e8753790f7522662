"""Secrets that must be read again, unlike those of tokens.py: encrypted with a key that the database does not hold.

So neither a database nor a backup alone gives a working secret. AES-256-GCM; the key is derived (HKDF-SHA256) from a
long random text that the caller has. An encrypted text names its key, and is decrypted for its own purpose alone.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_MARK = "enc1"  # the version of the format: mark.key.nonce and ciphertext
_NONCE_BYTES = 12
_KEY_NAME_LENGTH = 8


class CannotDecrypt(Exception):
    """A text that was encrypted with a key that is not known here, for another purpose, or was changed."""


class SecretBox:
    """Encrypts with the first of its keys and decrypts with any: those after it were in use before."""

    def __init__(self, keys: Sequence[str]) -> None:
        """Keys: long random texts, at least one."""
        self._keys = {_name_of(key): key for key in map(_derived, keys)}
        self._current = next(iter(self._keys))

    def encrypt(self, text: str, purpose: str) -> str:
        """Return a text encrypted. purpose: what it is for and whose it is ("second factor 7")."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        encrypted = nonce + _cipher(self._keys[self._current]).encrypt(nonce, text.encode(), purpose.encode())
        return f"{self.current_mark}{urlsafe_b64encode(encrypted).decode()}"

    def decrypt(self, stored: str, purpose: str) -> str:
        """Return what was encrypted; a text that was never encrypted as it is. Raises CannotDecrypt."""
        if not is_encrypted(stored):
            return stored
        from cryptography.exceptions import InvalidTag

        try:
            _mark, name, encoded = stored.split(".")
            encrypted = urlsafe_b64decode(encoded)
            nonce, ciphertext = encrypted[:_NONCE_BYTES], encrypted[_NONCE_BYTES:]
            return _cipher(self._keys[name]).decrypt(nonce, ciphertext, purpose.encode()).decode()
        except (KeyError, ValueError, InvalidTag) as error:
            raise CannotDecrypt() from error

    @property
    def current_mark(self) -> str:
        """Return how every text begins that was encrypted with the first key."""
        return f"{_MARK}.{self._current}."

    @property
    def earlier_marks(self) -> list[str]:
        """Return how every text begins that was encrypted with another known key."""
        return [f"{_MARK}.{name}." for name in self._keys if name != self._current]


def is_encrypted(stored: str) -> bool:
    """Return whether a stored text is encrypted, with whatever key."""
    return stored.startswith(f"{_MARK}.")


def _derived(key: str) -> bytes:
    """Return a key of 32 bytes (HKDF-SHA256 of RFC 5869 without salt; its first block is enough)."""
    pseudorandom = hmac.digest(bytes(32), key.encode(), "sha256")
    return hmac.digest(pseudorandom, b"ringbuch encrypted secrets\x01", "sha256")


def _name_of(key: bytes) -> str:
    return hashlib.sha256(b"name of key" + key).hexdigest()[:_KEY_NAME_LENGTH]


def _cipher(key: bytes) -> AESGCM:
    # Imported at the first use: it takes time and memory, and most processes never open a secret.
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    return AESGCM(key)
