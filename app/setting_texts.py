"""Settings as text: the list of `ring settings`, and the file for a service manager."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import Any

from pydantic.fields import FieldInfo

from app.config import SOURCES, Settings
from app.setting_names import PREFIX

ENV_FILE_HEAD = """\
# Settings of a ring, for a service manager or a container: take the # away before what you set. Made by
# `ring settings --env-file`; `ring doctor` looks at what is set. Readable by root and the ring's own user alone (0640).
"""
ENV_FILE_END = """\
# Read by ringbuch@.service and not by the program: where the ring listens, and how long its backups are stored.
#HOST=127.0.0.1
#PORT=8000
#BACKUP_DAYS=30"""
WIDTH = 118


def describe(config: Mapping[str, Any]) -> list[str]:
    """Return a line for each setting: name, value, source, unit, default, sentence. Secrets stay hidden."""
    lines = []
    for name, field in Settings.model_fields.items():
        extra = _extra(field)
        value = "(set)" if extra["is_secret"] and config[name] else repr(config[name])
        source = config[SOURCES].get(name, "default")
        lines.append(f"{PREFIX}{name} = {value}  ({source})  [{extra['unit']}, default {field.default!r}]")
        lines[-1] += f"\n    {field.description}"
    return lines


def env_file() -> list[str]:
    """Return the lines of a file with every setting, commented out at its default."""
    lines = [ENV_FILE_HEAD]
    for name, field in Settings.model_fields.items():
        lines += [f"# {line}" for line in textwrap.wrap(f"{field.description} [{_extra(field)['unit']}]", WIDTH)]
        lines.append(f"#{PREFIX}{name}={_as_variable(field.default)}\n")
    return [*lines, ENV_FILE_END]


def _as_variable(default: Any) -> str:
    return ",".join(default) if isinstance(default, list) else str(default)


def _extra(field: FieldInfo) -> dict[str, Any]:
    extra: dict[str, Any] = field.json_schema_extra  # type: ignore[assignment]
    return extra
