"""Passwords: policy, hashing, and a limit of concurrent hashing.

Stored as argon2id (m=9 MiB, t=4, p=1). The OWASP cheat sheet names it beside m=46 MiB, t=1 and m=19 MiB, t=2 as equally
strong; it takes 10 ms of processor time instead of 38 and 17: much of theirs is the system's work for fresh memory.
libsodium takes two thirds of the time of the reference implementation, whose hashes it verifies.
Length is the only formal rule; common passwords and names of the owner or the ring are refused.
"""

from __future__ import annotations

import re
import threading
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from nacl.exceptions import CryptoError
from nacl.pwhash import argon2id

from app.auth.errors import TooManyAttempts, WeakPassword

LENGTH_MIN, LENGTH_MAX = 8, 1_024
PART_LENGTH_MIN = 4  # shorter parts of names ("von", "Ring") forbid too much


@dataclass(frozen=True, slots=True)
class Hasher:
    """Hashes with these parameters, and verifies what was hashed with any."""

    passes: int
    memory_kib: int

    def hash(self, typed: bytes) -> str:
        """Return the hash with its parameters and fresh salt, as text."""
        return argon2id.str(typed, self.passes, self.memory_kib * 1_024).decode("ascii")

    @staticmethod
    def verify(stored: str, typed: bytes) -> bool:
        """Return whether a password has this hash; what is no hash has none."""
        try:
            return argon2id.verify(stored.encode(), typed)
        except (CryptoError, ValueError):
            return False

    def has_made(self, stored: str) -> bool:
        """Return whether a hash has these parameters."""
        return stored.startswith(f"$argon2id$v=19$m={self.memory_kib},t={self.passes},p=1$")


HASHER, OLD_HASHER = Hasher(4, 9_216), Hasher(1, 47_104)
# Hashes of discarded random bytes. A failed check costs one verification of each kind of hash that is stored, whoever
# was asked for: unknown logins, and known ones whose hash is of today's parameters or of those until November 2026.
DUMMY_HASH = "$argon2id$v=19$m=9216,t=4,p=1$rGTNyiWmUzzO757q3MU9bg$b7FurAcUDtLVFxD8Pvg2bkWAEPnhjY7XcQB9fbNDrBQ"
OLD_DUMMY_HASH = "$argon2id$v=19$m=47104,t=1,p=1$kHakUVRoKeoNumrTGU8Reg$unS+GDm3VW8l8iDl4mIylWJ0OCqcG+5N3ZA1YD3ubnM"

# Of one web process. Each hashing fills a core and 9 MiB; more at once would only delay all requests, pages
# included. A waiting log-in occupies a thread of the process, so their number is limited: pages need the others.
HASHINGS_AT_ONCE, WAITING_MAX = 1, 4
WAIT_SECONDS = 1.0
_hashings = threading.BoundedSemaphore(HASHINGS_AT_ONCE)
_places = threading.BoundedSemaphore(HASHINGS_AT_ONCE + WAITING_MAX)

COMMON_WORDS = Path(__file__).with_name("common_passwords.txt")
RUNS = (
    "01234567890123456789",
    "abcdefghijklmnopqrstuvwxyz",
    "qwertzuiopü+",
    "qwertyuiop[]",
    "asdfghjklöä#",
    "asdfghjkl;'",
    "yxcvbnm,.-",
    "zxcvbnm,./",
    "1q2w3e4r5t6z7u8i9o0p",
    "1q2w3e4r5t6y7u8i9o0p",
    "1qaz2wsx3edc4rfv5tgb",
    "1qay2wsx3edc4rfv5tgb",
)
LOOKALIKES = str.maketrans("@4301$5!7", "aaeolssit")


def hash_of(password: str) -> str:
    """Return the hash to store. Takes about 10 ms. Raises TooManyAttempts when too many are being hashed."""
    with hashing_slot():
        return HASHER.hash(_bytes(password))


def matches(password: str, kept: str | None) -> bool:
    """Return whether a password matches the stored hash; a failure takes the same time for every login.

    kept: None for no such login or no password yet. Call within hashing_slot().
    """
    typed = _bytes(password[: LENGTH_MAX + 1])
    is_old = kept is not None and OLD_HASHER.has_made(kept)
    if _verifies(typed, kept or DUMMY_HASH):
        return kept is not None
    _verifies(typed, DUMMY_HASH if is_old else OLD_DUMMY_HASH)
    return False


def _verifies(typed: bytes, stored: str) -> bool:
    return HASHER.verify(stored, typed)


def needs_new_hash(kept: str) -> bool:
    """Return whether a hash has other parameters than the current ones."""
    return not HASHER.has_made(kept)


def require_strong(password: str, known: Iterable[str] = ()) -> None:
    """Raise WeakPassword unless the password may be used. known: name, e-mail address, the ring's name."""
    if reason := weakness_of(password, known):
        raise WeakPassword(reason=reason)


def weakness_of(password: str, known: Iterable[str] = ()) -> str | None:
    """Return why a password is refused: too_short, too_long, common, personal; None if it is not."""
    normalized = unicodedata.normalize("NFKC", password[: LENGTH_MAX + 1])  # as much of it as matches() reads
    if max(len(normalized), len(password)) > LENGTH_MAX:
        return "too_long"
    if len(normalized) < LENGTH_MIN:
        return "too_short"
    plain = normalized.casefold()
    if is_common(plain):
        return "common"
    personal = parts_of(known)
    words = set(re.findall(r"[^\W\d_]+", plain))
    consists_of_names = bool(words) and words <= personal
    return "personal" if consists_of_names or cores_of(plain) & personal else None


def is_common(plain: str) -> bool:
    """Return whether a password (case folded) is common."""
    if len(set(plain)) <= 2 or _is_run(plain):
        return True
    return not cores_of(plain).isdisjoint(common_words())


def cores_of(plain: str) -> set[str]:
    """Return the words within a password, without digits and symbols around them and with look-alikes undone."""
    readings = {plain, plain.translate(LOOKALIKES)}
    trimmed = {re.sub(r"^[\W\d_]+|[\W\d_]+$", "", reading) for reading in readings}
    trimmed |= {word.translate(LOOKALIKES) for word in trimmed}
    doubled = {word[: len(word) // 2] for word in trimmed if word and word[: len(word) // 2] * 2 == word}
    return (readings | trimmed | doubled) - {""}


def parts_of(known: Iterable[str]) -> set[str]:
    """Return the names that a password must not be: words of names, parts of addresses, and the words joined."""
    parts: set[str] = set()
    for text in known:
        words = re.findall(r"\w+", text.casefold())
        parts.update(words)
        parts.update(("".join(words), text.casefold()))
    return {part for part in parts if len(part) >= PART_LENGTH_MIN}


@lru_cache(maxsize=1)
def common_words() -> frozenset[str]:
    """Return the words of common_passwords.txt."""
    lines = COMMON_WORDS.read_text(encoding="utf-8").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())


def _is_run(plain: str) -> bool:
    halves = {plain, plain[: len(plain) // 2]} if plain[: len(plain) // 2] * 2 == plain else {plain}
    return any(part in run or part[::-1] in run for part in halves for run in RUNS)


@contextmanager
def hashing_slot() -> Iterator[None]:
    """Wait for the slot for hashing. Raises TooManyAttempts when the queue is full, or after a second."""
    if not _places.acquire(blocking=False):
        raise TooManyAttempts(retry_after_seconds=2)
    try:
        if not _hashings.acquire(timeout=WAIT_SECONDS):
            raise TooManyAttempts(retry_after_seconds=2)
        try:
            yield
        finally:
            _hashings.release()
    finally:
        _places.release()


def _bytes(password: str) -> bytes:
    # Unicode normalization; lone surrogates must not crash.
    return unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")
