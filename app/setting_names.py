"""Names that are no setting, in the environment and in instance/config.py: each with what was meant."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from difflib import get_close_matches

PREFIX = "RINGBUCH_"
# Read by the launcher, the servers and the tests; not by the settings.
OTHER_VARIABLES = frozenset({"INSTANCE", "SERVER_THREADS", "CHROMIUM", "PICTURES"})
CLOSENESS_MIN = 0.7


def unknown_in_environment(environment: Iterable[str], known: Iterable[str]) -> list[str]:
    """Return a sentence for each variable that begins like a setting and is none."""
    names = {*known, *OTHER_VARIABLES}
    return [
        f"{variable} in the environment is no setting{_hint(variable[len(PREFIX) :], names, PREFIX)}"
        for variable in sorted(environment)
        if variable.upper().startswith(PREFIX)
        and not (variable[len(PREFIX) :] in names and variable.startswith(PREFIX))
    ]


def unknown_in_file(source: bytes, known: Iterable[str], path: str) -> list[str]:
    """Return a sentence for each name that the file assigns and that is no setting.

    Names in small letters belong to the operator's own program, unless one is a setting in another case.
    """
    names = set(known)
    return [
        f"{name} in {path} is no setting{_hint(name.upper().removeprefix(PREFIX), names, '')}"
        for name in _assigned(source)
        if name not in names and (name.isupper() or name.upper().removeprefix(PREFIX) in names)
    ]


def _assigned(source: bytes) -> list[str]:
    """Return the names that a program assigns at its top level, in their order."""
    found: dict[str, None] = {}
    for statement in ast.parse(source).body:
        targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
        for target in targets:
            found.update(
                dict.fromkeys(node.id for node in ast.walk(target) if isinstance(node, ast.Name)) if target else {}
            )
    return list(found)


def _hint(name: str, names: set[str], prefix: str) -> str:
    near = get_close_matches(name.upper(), names, n=1, cutoff=CLOSENESS_MIN)
    if not near:
        return " and has no effect. `ring settings` prints all that there are."
    return f" and has no effect; did you mean {prefix}{near[0]}?"


def without_prefix(environment: Mapping[str, str], known: Iterable[str]) -> list[str]:
    """Return the settings that the environment names without the prefix, as other programs do."""
    return [name for name in known if name in environment and PREFIX + name not in environment]
