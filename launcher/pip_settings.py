"""What the files of pip on this computer set that matters to the set-up."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path

from launcher.steps import SetupError

# In the order of pip.
FILES = ("/etc/xdg/pip/pip.conf", "/etc/pip.conf", "~/.pip/pip.conf", "~/.config/pip/pip.conf")
# Name another place for packages than the index.
PLACES = {"index-url", "extra-index-url", "find-links", "no-index", "index"}
# Name another place to install into than the private environment, or install nothing.
ELSEWHERE = ("target", "prefix", "root", "python", "dry-run")


def require_own_environment() -> None:
    """Raise SetupError where pip would install into another folder than the private environment."""
    settings = {} if shutil.which("uv") else read()
    for name in ELSEWHERE:
        if name in settings:
            value, file = settings[name]
            raise SetupError(
                f"{file} tells pip to install elsewhere ({name} = {value}). Remove that line, or start with "
                f"PIP_CONFIG_FILE={os.devnull} in the environment, so that pip reads no such file."
            )


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
