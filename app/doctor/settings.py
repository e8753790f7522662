"""The settings: names that are none, addresses and proxies that contradict each other, keys that can be guessed."""

from __future__ import annotations

import math
import os
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from app.config import SOURCES, UNKNOWN, Settings
from app.doctor.finding import Finding, error, ok, warn
from app.setting_names import PREFIX, without_prefix
from app.web.security_headers import LOOPBACK

KEY_BITS_MIN = 100
TOKEN_LENGTH_MIN = 16
ZLIB_FRAME_BYTES = 8


def check(config: Mapping[str, Any]) -> Iterator[Finding]:
    """Look at the settings; those that cannot be used at all are refused at every start."""
    yield from _names(config)
    yield _address(config)
    yield _hosts(config)
    yield _proxies(config)
    yield _key(config)
    if config["METRICS_TOKEN"] and len(config["METRICS_TOKEN"]) < TOKEN_LENGTH_MIN:
        yield warn("METRICS_TOKEN", "can be guessed", f"use at least {TOKEN_LENGTH_MIN} random characters")


def _names(config: Mapping[str, Any]) -> Iterator[Finding]:
    unknown = config[UNKNOWN]
    for sentence in unknown:
        yield warn("settings", sentence, "correct or remove it")
    bare = without_prefix(os.environ, Settings.model_fields)
    for name in bare:
        yield warn("settings", f"{name} in the environment has no effect", f"it is called {PREFIX}{name}")
    if not unknown and not bare:
        yield ok("settings", f"{len(config[SOURCES])} are set, every name is known")


def _address(config: Mapping[str, Any]) -> Finding:
    url, subject = config["BASE_URL"], "BASE_URL"
    host = urlsplit(url).hostname or ""
    if host in LOOPBACK:
        return warn(subject, f"links in mails lead to {url}, this machine alone", "set it to the public address")
    if url.startswith("http://"):
        return warn(
            subject, f"{url} is not encrypted: passwords can be read on the way", "use https, behind a proxy with TLS"
        )
    return ok(subject, url)


def _hosts(config: Mapping[str, Any]) -> Finding:
    own = urlsplit(config["BASE_URL"]).hostname or ""
    return ok("TRUSTED_HOSTS", f"answers under {', '.join([own, *config['TRUSTED_HOSTS'], 'loopback'])}")


def _proxies(config: Mapping[str, Any]) -> Finding:
    number, url = config["TRUSTED_PROXIES"], config["BASE_URL"]
    if url.startswith("https://") and number == 0:
        return warn(
            "TRUSTED_PROXIES",
            "0, but BASE_URL begins with https, so a proxy is in front: all visitors count as one",
            "set it to the number of proxies",
        )
    if url.startswith("http://") and number > 0:
        return warn(
            "TRUSTED_PROXIES",
            f"{number}, but BASE_URL begins with http: without a proxy, visitors may claim any address",
            "set BASE_URL to the address of the proxy, or this to 0",
        )
    return ok("TRUSTED_PROXIES", str(number))


def _key(config: Mapping[str, Any]) -> Finding:
    key, source = config["SECRET_KEY"], config[SOURCES].get("SECRET_KEY", "default")
    if bits(key) < KEY_BITS_MIN:
        return error(
            "SECRET_KEY",
            f"from {source}: can be guessed, so anybody could log in as anybody",
            'take the output of: python3 -c "import secrets; print(secrets.token_urlsafe(48))"',
        )
    if key in config["SECRET_KEY_FALLBACKS"]:
        return warn("SECRET_KEY", "is among SECRET_KEY_FALLBACKS, too", "name only former keys there")
    return ok("SECRET_KEY", f"from {source}, {len(key)} characters")


def bits(text: str) -> float:
    """Return at most how much a text tells: by how often each character occurs (Shannon), and by what repeats."""
    shares = [count / len(text) for count in Counter(text).values()]
    by_characters = -len(text) * sum(share * math.log2(share) for share in shares)
    by_repeats = 8 * (len(zlib.compress(text.encode(), 9)) - ZLIB_FRAME_BYTES)
    return min(by_characters, by_repeats)
