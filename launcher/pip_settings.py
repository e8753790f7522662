"""What the files and variables of pip on this computer set that matters to the set-up."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from launcher.steps import SetupError

# In the order of pip.
FILES = ("/etc/xdg/pip/pip.conf", "/etc/pip.conf", "~/.pip/pip.conf", "~/.config/pip/pip.conf")
# Name another place for packages than the index.
PLACES = {"index-url", "extra-index-url", "find-links", "no-index", "index"}
# Say how packages are reached: with PLACES all that counts of pip's variables.
REACHING = PLACES | {
    *("proxy", "cert", "client-cert", "trusted-host", "timeout", "default-timeout", "retries", "keyring-provider"),
    *("cache-dir", "no-cache-dir", "config-file", "disable-pip-version-check", "only-binary", "use-feature"),
}
# Name another place to install into than the private environment, or have pip install something else, or nothing.
ELSEWHERE = ("target", "prefix", "root", "python", "dry-run", "requirement", "editable", "no-binary")


def require_own_environment() -> None:
    """Drop the variables by which pip would install elsewhere or something else; raise SetupError for such a file."""
    for name in [name for name in os.environ if name.startswith("PIP_") and name not in variables(REACHING)]:
        del os.environ[name]
    settings = {} if shutil.which("uv") else read()
    for name in ELSEWHERE:
        if name in settings:
            value, file = settings[name]
            raise SetupError(
                f"{file} tells pip to install elsewhere, or something else ({name} = {value}). Remove that line, or "
                f"start with PIP_CONFIG_FILE={os.devnull} in the environment, so that pip reads no such file."
            )


def variables(names: Iterable[str]) -> set[str]:
    """Return the variables of options of pip."""
    return {"PIP_" + name.upper().replace("-", "_") for name in names}


def read() -> dict[str, tuple[str, str]]:
    """Return what the files of pip set, each with the file; of two files the later counts, as for pip."""
    from configparser import Error, RawConfigParser  # here, because every later start would wait for it

    found: dict[str, tuple[str, str]] = {}
    own = os.environ.get("PIP_CONFIG_FILE", "")
    for name in () if own == os.devnull else (*FILES, own):
        parser = RawConfigParser()
        with suppress(OSError, ValueError, Error, RuntimeError):  # a number alone, as in a container, has no home
            parser.read_string(Path(name).expanduser().read_text(encoding="utf-8"))
            for section in ("global", "install"):
                words = parser.items(section) if parser.has_section(section) else []
                found.update({key.replace("_", "-"): (value, name) for key, value in words})
    return found
