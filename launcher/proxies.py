"""The proxy through which packages would be fetched: where it is set, and whether it answers."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Sequence
from contextlib import suppress
from typing import NamedTuple
from urllib.parse import SplitResult, urlsplit

from launcher import pip_settings
from launcher.steps import NOTHING_FETCHED, SetupError

# The variables that pip obeys, in its order.
PROXY_VARIABLES = ("PIP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")
PROXY_SECONDS = 5.0
INDEX = "pypi.org"
DEFAULT_PORTS = {"https": 443, "socks5": 1080, "socks5h": 1080}


def require_proxy_of_index() -> None:
    """Raise SetupError where packages would be fetched through a proxy that does not answer.

    Only where it is certain that they would: other places for packages may need no proxy.
    """
    from urllib.request import proxy_bypass  # here, because every later start would wait for it

    of_places = pip_settings.variables(pip_settings.PLACES)
    has_own_index = any(value and (name in of_places or name.startswith("UV_")) for name, value in os.environ.items())
    if not (has_own_index or pip_settings.PLACES & pip_settings.read().keys() or proxy_bypass(INDEX)):
        require_living_proxy()


def require_living_proxy(*variables: str) -> None:
    """Raise SetupError where a variable, by default one of pip's, names a proxy that does not answer."""
    proxy = _proxy(variables or PROXY_VARIABLES)
    if proxy is None:
        return
    try:
        parts = _parts(proxy.url)
        port = parts.port or DEFAULT_PORTS.get(parts.scheme, 80)
        socket.create_connection((parts.hostname or "", port), timeout=PROXY_SECONDS).close()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise SetupError(
            f"{NOTHING_FETCHED.partition(':')[0]}: the proxy {_host(proxy)} {proxy.place} does not answer "
            f"({reason}). {proxy.way_out}, then start again."
        ) from error


def nothing_fetched(reason: str = NOTHING_FETCHED) -> SetupError:
    """Return the error for packages that were not reached. Raises SetupError where a proxy is to blame."""
    require_living_proxy()
    proxy = _proxy(PROXY_VARIABLES)
    if proxy is None:
        return SetupError(reason)
    return SetupError(
        f"{reason.partition('.')[0]} through the proxy {_host(proxy)} {proxy.place}. "
        f"{proxy.way_out} and connect; then start again."
    )


class Proxy(NamedTuple):
    """A proxy that is set, where, and what to do about it."""

    url: str
    place: str
    way_out: str


def _proxy(variables: Sequence[str]) -> Proxy | None:
    """Return the proxy of the first variable that is set; that of pip's files counts before all but pip's own."""
    found = [
        Proxy(os.environ[name], f"of the variable {name}", f"Correct the variable or remove it (unset {name})")
        for name in variables
        if os.environ.get(name)
    ]
    in_file = None if shutil.which("uv") or os.environ.get("PIP_PROXY") else pip_settings.read().get("proxy")
    if in_file and "PIP_PROXY" in variables:
        return Proxy(in_file[0], f"in {in_file[1]}", "Correct it there or remove it")
    return next(iter(found), None)


def _host(proxy: Proxy) -> str:
    with suppress(ValueError):  # brackets that are not closed
        return _parts(proxy.url).hostname or ""
    return ""


def _parts(proxy: str) -> SplitResult:
    return urlsplit(proxy if "://" in proxy else f"http://{proxy}")
