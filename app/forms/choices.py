"""The choices of select fields and radio buttons."""

from __future__ import annotations

from typing import Any

from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # its type stubs do not know it


def select_choice(value: object, label: object, group: str | None = None) -> Any:
    """Return one choice.

    value: text or a number. label: text, perhaps translated later. group: the heading under which it is listed.
    """
    return SelectChoice(value, label, optgroup=group)
