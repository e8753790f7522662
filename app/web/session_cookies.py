"""The cookie that carries a seat's secret, and what a page remembers for the next one."""

from __future__ import annotations

from functools import lru_cache

from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from itsdangerous import URLSafeTimedSerializer


class SeatCookies(SecureCookieSessionInterface):
    """Flask's signed cookies; the signer is made once for a key and not twice in each request."""

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        """The signer of the ring's present keys."""
        if not app.secret_key:
            return None
        return _signer(self, (*(app.config["SECRET_KEY_FALLBACKS"] or ()), app.secret_key))


@lru_cache(maxsize=8)
def _signer(cookies: SeatCookies, keys: tuple[str | bytes, ...]) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(
        list(keys),  # type: ignore[arg-type]
        salt=cookies.salt,
        serializer=cookies.serializer,
        signer_kwargs={"key_derivation": cookies.key_derivation, "digest_method": cookies.digest_method},
    )
